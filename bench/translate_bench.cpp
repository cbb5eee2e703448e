// What translating costs per guest instruction, by stage: all code of a program, block after block, by a translator
// alone.
//
//     translate_bench PROGRAM [ROUNDS [first|passes]]
//
// PROGRAM is an ELF executable or shared library for a guest of this build. Each round translates all of its sections
// with code, first translations and those with all passes, or one kind only. Of each block and stage the smallest of
// all rounds counts, so that other load on the machine matters little.
#include <elf.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/translate/translator.h"

namespace dragoman::engine {
namespace {

/// Where position-independent programs go: addresses like those that they have when they run.
constexpr u64 kBias = u64{0x2a} << 32;
constexpr u32 kMaxInsns = Config{}.max_insns;

/// A section with code.
struct Stretch {
    u64 address;              ///< of the page that it begins on
    u64 start, end;           ///< what is in the file
    std::vector<u8> bytes{};  ///< whole pages
};

struct Program {
    const guest::Guest* guest = nullptr;
    std::vector<Stretch> code;
};

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "translate_bench: %s\n", what.c_str());
    std::exit(1);
}

Program load(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    Elf64_Ehdr head{};
    if (text.size() < sizeof head) fail(name + ": cannot be read, or is no ELF file");
    std::memcpy(&head, text.data(), sizeof head);
    Program program;
    if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) == 0)
        program.guest = guest::find(head.e_machine, head.e_ident[EI_CLASS]);
    if (program.guest == nullptr || head.e_ident[EI_CLASS] != ELFCLASS64) fail(name + ": no program of a guest");
    // Segments have more than code in them.
    for (unsigned i = 0; i < head.e_shnum; ++i) {
        Elf64_Shdr section{};
        const u64 place = head.e_shoff + i * sizeof section;
        if (head.e_shoff > text.size() || place > text.size() - sizeof section) fail(name + ": truncated");
        std::memcpy(&section, text.data() + place, sizeof section);
        if (section.sh_type != SHT_PROGBITS || (section.sh_flags & SHF_EXECINSTR) == 0) continue;
        if (section.sh_size > text.size() || section.sh_offset > text.size() - section.sh_size)
            fail(name + ": truncated");
        const u64 start = section.sh_addr + (head.e_type == ET_DYN ? kBias : 0);
        Stretch code{.address = align_down(start, kPageBytes), .start = start, .end = start + section.sh_size};
        code.bytes.resize(align_up(code.end, kPageBytes) - code.address);
        std::memcpy(code.bytes.data() + (start - code.address), text.data() + section.sh_offset, section.sh_size);
        program.code.push_back(std::move(code));
    }
    if (program.code.empty()) fail(name + ": no code");
    return program;
}

class ProgramSource final : public CodeSource {
public:
    explicit ProgramSource(const Program& program) : program_(program) {}
    bool open(u64 address, bool, CodeStretch& code, GuestFault&) override {
        for (const Stretch& stretch : program_.code) {
            if (address - stretch.address >= stretch.bytes.size()) continue;
            code.host = stretch.bytes.data() + (address - stretch.address);
            code.bytes = kPageBytes - address % kPageBytes;
            code.page_number = address / kPageBytes;
            return true;
        }
        return false;
    }

private:
    const Program& program_;
};

/// The same chunk of memory again and again.
class OneChunk final : public CodeRoom {
public:
    OneChunk() : buffer_(CodeBuffer::kChunkSize), chunk_(*buffer_.take_chunk()) {}
    Chunk* take_chunk() override {
        chunk_.next = chunk_.start;
        return &chunk_;
    }
    u8* prologue() const { return buffer_.prologue(); }

private:
    CodeBuffer buffer_;
    Chunk& chunk_;
};

struct Cost {
    u64 guest = ~u64{0}, passes = ~u64{0}, code = ~u64{0};
};

/// @param first  as first translations, without the passes
void measure(const Program& program, const guest::Model& model, unsigned rounds, bool first) {
    OneChunk room;
    std::unique_ptr<host::Backend> backend = host::make_x64();
    host::Options options;
    options.loops = true;
    backend->init(model.layout(), options, room.prologue(), CodeBuffer::kPrologueSize);
    log::Selection log;
    log.mask = static_cast<u32>(log::Item::Stats);  // has the translator look at the clock
    Translator translator({.model = model,
                           .backend = *backend,
                           .log = log,
                           .profile = nullptr,
                           .system = false,
                           .optimise = true,
                           .count_insns = false},
                          room);
    ProgramSource source(program);
    std::vector<Cost> costs;
    TranslationStatistics one_round;
    for (unsigned round = 0; round < rounds; ++round) {
        std::size_t number = 0;
        for (const Stretch& stretch : program.code) {
            for (u64 pc = stretch.start; pc < stretch.end; ++number) {
                TranslationRequest request{.pc = pc, .max_insns = kMaxInsns, .optimise = !first, .first = first};
                CodeReader reader(source, true, true);
                const TranslationStatistics before = translator.statistics;
                while (translator.translate(request, reader) == Translator::Outcome::TooLarge) reader.restart();
                const TranslationStatistics& after = translator.statistics;
                if (number == costs.size()) costs.emplace_back();
                Cost& cost = costs[number];
                cost.guest = std::min(cost.guest, after.ns_translate - before.ns_translate);
                cost.passes = std::min(cost.passes, after.ns_optimise - before.ns_optimise);
                cost.code = std::min(cost.code, after.ns_compile - before.ns_compile);
                translator.chunk()->next += translator.block().compiled.size;
                pc += translator.block().guest_size;
            }
        }
        if (round == 0) one_round = translator.statistics;
    }
    u64 guest = 0, passes = 0, code = 0;
    for (const Cost& cost : costs) {
        guest += cost.guest;
        passes += cost.passes;
        code += cost.code;
    }
    const auto insns = static_cast<double>(one_round.guest_insns);
    std::printf("%s: %llu blocks, %llu guest instructions, %.2f IR ops for each, %.3f host bytes per guest byte\n",
                first ? "first translations" : "with all passes", static_cast<unsigned long long>(one_round.tbs),
                static_cast<unsigned long long>(one_round.guest_insns), static_cast<double>(one_round.ir_ops) / insns,
                static_cast<double>(one_round.host_bytes) / static_cast<double>(one_round.guest_bytes));
    std::printf("    ns per guest instruction: guest to IR %.1f, passes %.1f, code generation %.1f, all %.1f\n",
                static_cast<double>(guest) / insns, static_cast<double>(passes) / insns,
                static_cast<double>(code) / insns, static_cast<double>(guest + passes + code) / insns);
}

int run(const std::string& name, unsigned rounds, const std::string& kind) {
    const Program program = load(name);
    std::string error;
    const std::unique_ptr<guest::Model> model = program.guest->configure("", false, error);
    if (kind != "passes") measure(program, *model, rounds, true);
    if (kind != "first") measure(program, *model, rounds, false);
    return 0;
}

}  // namespace
}  // namespace dragoman::engine

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: translate_bench PROGRAM [ROUNDS [first|passes]]\n");
        return 1;
    }
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
    return dragoman::engine::run(argv[1], static_cast<unsigned>(std::max(rounds, 1)), argc > 3 ? argv[3] : "");
}
