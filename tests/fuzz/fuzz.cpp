// The fuzz driver: runs batches of random programs through several emulators and compares what they print. The first
// difference is reduced to the fewest instructions that still show it.
//
//     fuzz --work DIR [--seed N] [--batches N] [--programs N] [--insns N] [--cpu MODEL] [--only PREFIX] [--without
//     PREFIX]... [--vectors] [--rv32] COMMAND...
//
// Each COMMAND (one argument, split by the shell) runs the ELF file that is appended to it. The first is the reference.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "fuzz/program.h"
#include "guest/guest.h"
#include "guest/riscv/model.h"

namespace dragoman::fuzz {

namespace {

struct Settings {
    std::string work;
    u64 seed = 1;
    u64 batches = ~u64{0};
    unsigned programs = 100, insns = 30;
    std::string cpu = "max";
    std::string only;
    std::vector<std::string> without;
    std::vector<std::string> commands;
    bool vectors = false;  ///< the CPU model has them
    bool rv32 = false;     ///< programs are of RV32
};

struct Result {
    int status;
    std::string output;
    bool operator==(const Result&) const = default;
};

Result run(const Settings& s, const std::string& command, const std::string& elf) {
    std::string out = s.work + "/out";
    int status = std::system(("timeout 300 " + command + ' ' + elf + " > " + out + " 2> " + s.work + "/err").c_str());
    std::ostringstream text;
    text << std::ifstream(out, std::ios::binary).rdbuf();
    // Of a program, 126 and 127 mean nothing. What has not been found (it is just being built) is no difference.
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127) && text.str().empty()) {
        std::string why;
        std::getline(std::ifstream(s.work + "/err"), why);
        std::fprintf(stderr, "fuzz: %s did not start: %s\n", command.c_str(), why.c_str());
        std::exit(2);
    }
    return {status, text.str()};
}

void write_elf(const Settings& s, const std::string& path, const std::vector<Program>& programs, u64 seed) {
    std::ofstream(path, std::ios::binary) << make_elf(programs, seed, s.vectors, s.rv32);
    chmod(path.c_str(), 0755);
}

/// Whether commands 0 and `other` differ on the batch.
bool differs(const Settings& s, const std::vector<Program>& programs, u64 seed, std::size_t other) {
    std::string elf = s.work + "/reduced";
    write_elf(s, elf, programs, seed);
    return run(s, s.commands[0], elf) != run(s, s.commands[other], elf);
}

/// Replaces instructions by no-operations, as long as the difference stays.
void reduce_insns(const Settings& s, std::vector<Program>& programs, std::vector<Insn>& body, u64 seed,
                  std::size_t other) {
    for (std::size_t i = body.size(); i-- > 0;) {
        Insn saved = body[i];
        if (saved.fixed) continue;
        body[i] = {saved.length == 2 ? 0x0001u : 0x00000013u, saved.length};
        if (!differs(s, programs, seed, other)) body[i] = saved;
    }
}

void reduce(const Settings& s, std::vector<Program>& programs, u64 seed, std::size_t other) {
    reduce_insns(s, programs, programs.back().body, seed, other);
    for (std::vector<Insn>& function : programs.back().functions) reduce_insns(s, programs, function, seed, other);
    // Then the programs before it, whose traces in memory may matter.
    while (programs.size() > 1) {
        std::vector<Program> fewer(programs.end() - static_cast<std::ptrdiff_t>((programs.size() + 1) / 2),
                                   programs.end());
        if (!differs(s, fewer, seed, other)) break;
        programs = fewer;
    }
}

std::string register_name(unsigned word) {
    if (word < 31) return 'x' + std::to_string(word + 1);
    return word < 63 ? 'f' + std::to_string(word - 31) : "fcsr";
}

void report(const Settings& s, std::vector<Program> programs, u64 seed, std::size_t other, const Result& a,
            const Result& b) {
    std::printf("seed %llu: %s differs from %s (status %d, %d)\n", static_cast<unsigned long long>(seed),
                s.commands[other].c_str(), s.commands[0].c_str(), b.status, a.status);
    std::fflush(stdout);
    const std::size_t record_bytes = kRecordWords * 8 + (s.vectors ? kVectorDump : 0);
    std::size_t at = 0;
    while (at < a.output.size() && at < b.output.size() && a.output[at] == b.output[at]) ++at;
    std::size_t index = std::min(at / record_bytes, programs.size() - 1);
    programs.resize(index + 1);
    reduce(s, programs, seed, other);
    std::printf("program %zu, reduced (kept in %s/reduced):\n%s", index, s.work.c_str(),
                list_body(programs.back()).c_str());

    std::string elf = s.work + "/reduced";
    write_elf(s, elf, programs, seed);
    Result x = run(s, s.commands[0], elf), y = run(s, s.commands[other], elf);
    std::size_t start = (programs.size() - 1) * record_bytes;
    if (x.output.size() < start + record_bytes || y.output.size() < start + record_bytes) {
        std::printf("statuses %d and %d, output of %zu and %zu bytes\n", x.status, y.status, x.output.size(),
                    y.output.size());
        return;
    }
    for (unsigned w = kRecordWords; w < record_bytes / 8; ++w) {
        const std::size_t place = start + w * 8;
        u64 v[2];
        std::memcpy(&v[0], x.output.data() + place, 8);
        std::memcpy(&v[1], y.output.data() + place, 8);
        if (v[0] == v[1]) continue;
        std::printf("  vector bytes from %u on %016llx, expected %016llx\n", (w - kRecordWords) * 8,
                    static_cast<unsigned long long>(v[1]), static_cast<unsigned long long>(v[0]));
    }
    const u64* initial = programs.back().registers;
    for (unsigned w = 0; w < kRecordWords; ++w) {
        u64 v[2];
        std::memcpy(&v[0], x.output.data() + start + w * 8, 8);
        std::memcpy(&v[1], y.output.data() + start + w * 8, 8);
        if (v[0] != v[1]) {
            std::printf("  %-5s %016llx, expected %016llx\n", register_name(w).c_str(),
                        static_cast<unsigned long long>(v[1]), static_cast<unsigned long long>(v[0]));
        }
    }
    for (unsigned w = 0; w < kRecordWords; ++w) {
        std::printf("%s%s=%016llx", w % 6 ? " " : "\n  initially ", register_name(w).c_str(),
                    static_cast<unsigned long long>(initial[w]));
    }
    std::printf("\n");
}

int fuzz(const Settings& s) {
    std::string error;
    const std::unique_ptr<guest::Model> model = s.rv32 ? riscv::configure<riscv::Extension::Rv32>(s.cpu, false, error)
                                                       : riscv::configure<riscv::Extension::Rv64>(s.cpu, false, error);
    if (model == nullptr) {
        std::fprintf(stderr, "fuzz: %s\n", error.c_str());
        return 2;
    }
    InsnSource source(static_cast<const riscv::Model&>(*model).decoder(), s.only, s.without);
    if (source.empty()) {
        std::fprintf(stderr, "fuzz: no instruction starts with %s\n", s.only.c_str());
        return 2;
    }
    std::string elf = s.work + "/batch";
    for (u64 batch = 0; batch < s.batches; ++batch) {
        u64 seed = s.seed + batch;
        Random random(seed);
        std::vector<Program> programs;
        for (unsigned i = 0; i < s.programs; ++i) programs.push_back(make_program(random, source, s.insns));
        write_elf(s, elf, programs, seed);
        Result expected = run(s, s.commands[0], elf);
        for (std::size_t c = 1; c < s.commands.size(); ++c) {
            Result actual = run(s, s.commands[c], elf);
            if (actual == expected) continue;
            report(s, programs, seed, c, expected, actual);
            return 1;
        }
        if (batch % 20 == 19) {
            std::printf("%llu programs, no difference\n", static_cast<unsigned long long>((batch + 1) * s.programs));
            std::fflush(stdout);
        }
    }
    return 0;
}

}  // namespace
}  // namespace dragoman::fuzz

int main(int argc, char** argv) {
    dragoman::fuzz::Settings s;
    for (int i = 1; i < argc; ++i) {
        std::string_view arg = argv[i];
        const char* value = i + 1 < argc ? argv[i + 1] : "";
        if (arg == "--work") s.work = value;
        else if (arg == "--seed") s.seed = std::strtoull(value, nullptr, 0);
        else if (arg == "--batches") s.batches = std::strtoull(value, nullptr, 0);
        else if (arg == "--programs") s.programs = static_cast<unsigned>(std::strtoul(value, nullptr, 0));
        else if (arg == "--insns") s.insns = static_cast<unsigned>(std::strtoul(value, nullptr, 0));
        else if (arg == "--cpu") s.cpu = value;
        else if (arg == "--vectors") {
            s.vectors = true;
            continue;
        } else if (arg == "--rv32") {
            s.rv32 = true;
            continue;
        } else if (arg == "--only") s.only = value;
        else if (arg == "--without") s.without.push_back(value);
        else {
            s.commands.push_back(argv[i]);
            continue;
        }
        ++i;
    }
    if (s.work.empty() || s.commands.size() < 2 || s.programs == 0) {
        std::fprintf(
            stderr,
            "usage: fuzz --work DIR [--seed N] [--batches N] [--programs N] [--insns N] [--cpu MODEL] [--only PREFIX] "
            "[--without PREFIX]... [--vectors] [--rv32] "
            "REFERENCE COMMAND...\n");
        return 2;
    }
    return dragoman::fuzz::fuzz(s);
}
