// Register contents of random programs, the code around their bodies, and the ELF file.
#include "fuzz/program.h"

#include <elf.h>

#include <cstring>
#include <span>

#include "guest/riscv/disassemble.h"

namespace dragoman::fuzz {

namespace {

constexpr u64 kCode = 0x10000;
constexpr u64 kRecords = 0x4000000;  ///< initial registers
constexpr u64 kMemoryStart = 0x6000000;
constexpr u64 kSaved = 0x6100000;    ///< final registers of the running program
constexpr u64 kVectors = 0x6200000;  ///< initial vector registers
constexpr unsigned kVectorBytes = 4096;
/// Behind them, the stack of signal handlers: what a frame holds is not compared.
constexpr u64 kSignalStack = kVectors + kVectorBytes;
constexpr unsigned kSignalStackBytes = 0x10000;
constexpr unsigned kIterations = 3;
/// Of one program in kLongEvery: enough for the loop to get a translation of its own (host/x64/loops.h).
constexpr unsigned kLongIterations = 2500, kLongEvery = 16, kLongInsns = 24;
constexpr unsigned kCallsEvery = 4;
constexpr unsigned kSinglesEvery = 3;  ///< of one program in so many all float registers have singles

u64 random_int(Random& r) {
    u64 v = r();
    switch (r() % 8) {
        case 0: return v % 64;
        case 1: return ~(v % 64);
        case 2: return u64{1} << v % 64;
        case 3: return static_cast<u64>(static_cast<i32>(v));
        case 4: return (u64{1} << v % 64) - 1;
        case 5: return static_cast<u32>(v);
        default: return v;
    }
}

/// Bits of a float of 1 + exponent + fraction bits.
u64 random_float(Random& r, unsigned exponent, unsigned fraction) {
    u64 sign = (r() & 1) << (exponent + fraction);
    u64 mask = low_mask(fraction), bias = low_mask(exponent - 1);
    u64 f = r() & mask;
    auto with_exponent = [&](u64 e) { return sign | (e & low_mask(exponent)) << fraction | f; };
    switch (r() % 12) {
        case 0: return sign;
        case 1: return sign | low_mask(exponent) << fraction;                                 // infinity
        case 2: return sign | low_mask(exponent) << fraction | u64{1} << (fraction - 1) | f;  // quiet NaN
        case 3: return sign | low_mask(exponent) << fraction | (f >> 1) | 1;                  // signalling NaN
        case 4: return sign | f;                                                              // subnormal
        case 5: return sign | bias << fraction;                                               // one
        case 6: return with_exponent(bias + r() % 64);
        case 7: return with_exponent(low_mask(exponent) - 1);
        case 8: return with_exponent(1);
        case 9: f = (f & ~(mask >> (r() % fraction))); return with_exponent(bias + r() % fraction);
        default: return with_exponent(bias - 8 + r() % 16);
    }
}

u64 random_single(Random& r) { return ~u64{0} << 32 | random_float(r, 8, 23); }

u64 random_fpr(Random& r) {
    switch (r() % 8) {
        case 0:
        case 1: return random_single(r);
        case 2: return ~u64{0} << 16 | random_float(r, 5, 10);
        case 3: return r();
        default: return random_float(r, 11, 52);
    }
}

class Code {
public:
    /// @param rv32 integer registers have 32 bits: their loads and stores, too
    explicit Code(bool rv32) : rv32_(rv32) {}
    void emit(u32 bits, unsigned length = 4) { bytes_.append(reinterpret_cast<const char*>(&bits), length); }
    /// rd = a positive value below 2^31 whose low 12 bits are zero
    void load_page(unsigned rd, u64 value) { emit(static_cast<u32>(value) | rd << 7 | 0x37); }
    void addi(unsigned rd, unsigned rs1, i32 imm) { emit(static_cast<u32>(imm) << 20 | rs1 << 15 | rd << 7 | 0x13); }
    void load(unsigned rd, unsigned rs1, unsigned offset, bool fp = false) {
        emit(offset << 20 | rs1 << 15 | width(fp) << 12 | rd << 7 | (fp ? 0x07 : 0x03));
    }
    void store(unsigned rs2, unsigned rs1, unsigned offset, bool fp = false) {
        emit((offset >> 5) << 25 | rs2 << 20 | rs1 << 15 | width(fp) << 12 | (offset & 31) << 7 | (fp ? 0x27 : 0x23));
    }
    void csrrw(unsigned rd, unsigned csr, unsigned rs1) { emit(csr << 20 | rs1 << 15 | 1 << 12 | rd << 7 | 0x73); }
    void csrrs(unsigned rd, unsigned csr, unsigned rs1) { emit(csr << 20 | rs1 << 15 | 2 << 12 | rd << 7 | 0x73); }
    void bne_zero(unsigned rs1, i32 offset) {
        auto o = static_cast<u32>(offset);
        emit((o >> 12 & 1) << 31 | (o >> 5 & 63) << 25 | rs1 << 15 | 1 << 12 | (o >> 1 & 15) << 8 | (o >> 11 & 1) << 7 |
             0x63);
    }
    void ecall() { emit(0x73); }
    std::size_t size() const { return bytes_.size(); }
    const std::string& bytes() const { return bytes_; }

private:
    u32 width(bool fp) const { return rv32_ && !fp ? 2 : 3; }

    bool rv32_;
    std::string bytes_;
};

/// write(1, address, bytes)
void emit_write(Code& c, u64 address, unsigned bytes) {
    constexpr unsigned a0 = 10, a1 = 11, a2 = 12, a7 = 17;
    c.addi(a0, 0, 1);
    c.load_page(a1, address);
    if (bytes >= 2048) {
        c.load_page(a2, bytes);
    } else {
        c.addi(a2, 0, static_cast<i32>(bytes));
    }
    c.addi(a7, 0, 64);
    c.ecall();
}

u32 with_jump(u32 bits, i64 offset) {
    auto o = static_cast<u32>(offset);
    return bits | (o >> 20 & 1) << 31 | (o >> 1 & 0x3ff) << 21 | (o >> 11 & 1) << 20 | (o >> 12 & 0xff) << 12;
}

/// Registers v0 to v31 from or to `address` in memory, by `opcode`.
void emit_vectors(Code& c, u64 address, unsigned base, unsigned step, bool load) {
    constexpr u32 kWhole8 = 7u << 29 | 1u << 25 | 8u << 20;
    constexpr unsigned kVlenb = 0xc22;
    c.load_page(base, address);
    c.csrrs(step, kVlenb, 0);
    c.emit(3u << 20 | step << 15 | 1u << 12 | step << 7 | 0x13);  // slli step, step, 3
    for (unsigned v = 0; v < 32; v += kVectorGroup) {
        c.emit(kWhole8 | base << 15 | v << 7 | (load ? 0x07 : 0x27));
        c.emit(step << 20 | base << 15 | base << 7 | 0x33);  // add base, base, step
    }
}

/// Has SIGILL skip the instruction.
void emit_handler(Code& c) {
    constexpr unsigned a0 = 10, a1 = 11, a2 = 12, a3 = 13, a7 = 17, t0 = 5, ra = 1, sp = 2;
    constexpr unsigned kContextPc = 176, kSigill = 4, kRtSigaction = 134, kSigaltstack = 132, kHandlerBytes = 16;
    c.emit(with_jump(0x6f, 4 + kHandlerBytes));
    const u64 handler = kCode + c.size();
    c.load(t0, a2, kContextPc);
    c.addi(t0, t0, 4);
    c.store(t0, a2, kContextPc);
    c.emit(ra << 15 | 0x67);  // ret
    // struct sigaction: handler, flags, mask
    c.load_page(sp, kMemoryStart + kMemoryBytes / 2);
    c.load_page(t0, handler & ~u64{0xfff});
    c.addi(t0, t0, static_cast<i32>(handler & 0xfff));
    c.store(t0, sp, 0);
    c.load_page(t0, 0x8000000);  // SA_ONSTACK
    c.addi(t0, t0, 4);           // SA_SIGINFO
    c.store(t0, sp, 8);
    c.store(0, sp, 16);
    c.addi(a0, 0, kSigill);
    c.addi(a1, sp, 0);
    c.addi(a2, 0, 0);
    c.addi(a3, 0, 8);
    c.addi(a7, 0, kRtSigaction);
    c.ecall();
    // stack_t: address, flags, size
    c.load_page(t0, kSignalStack);
    c.store(t0, sp, 0);
    c.store(0, sp, 8);
    c.load_page(t0, kSignalStackBytes);
    c.store(t0, sp, 16);
    c.addi(a0, sp, 0);
    c.addi(a1, 0, 0);
    c.addi(a7, 0, kSigaltstack);
    c.ecall();
    for (unsigned i = 0; i < 3; ++i) c.store(0, sp, i * 8);
}

/// `starts` has the places of the program's functions.
void emit_insns(Code& c, const std::vector<Insn>& insns, const std::vector<std::size_t>& starts) {
    for (const Insn& insn : insns) {
        u32 bits = insn.bits;
        i64 offset = insn.fix == Fix::None ? 0 : static_cast<i64>(starts[insn.function]) - static_cast<i64>(c.size());
        switch (insn.fix) {
            case Fix::None: break;
            case Fix::Jump: bits = with_jump(bits, offset); break;
            case Fix::High: bits |= static_cast<u32>(offset + 0x800) & ~0xfffu; break;
            case Fix::Low: bits |= static_cast<u32>(offset + 4) << 20; break;  // from the auipc on
        }
        c.emit(bits, insn.length);
    }
}

/// The functions, and a jump over them.
std::vector<std::size_t> emit_functions(Code& c, const Program& p) {
    std::vector<std::size_t> starts;
    if (p.functions.empty()) return starts;
    std::size_t at = c.size() + 4;
    for (const std::vector<Insn>& function : p.functions) {
        starts.push_back(at);
        for (const Insn& insn : function) at += insn.length;
    }
    c.emit(with_jump(0x6f, static_cast<i64>(at - c.size())));
    for (const std::vector<Insn>& function : p.functions) emit_insns(c, function, starts);
    return starts;
}

/// The body, as often as kCounter says.
void emit_loop(Code& c, const Program& p, const std::vector<std::size_t>& functions) {
    std::size_t bytes[2] = {};
    for (std::size_t i = 0; i < p.body.size(); ++i) bytes[i < p.split ? 0 : 1] += p.body[i].length;
    const auto split = p.body.begin() + static_cast<std::ptrdiff_t>(p.split);
    auto jump = [&](i32 offset) { c.emit(with_jump(0x6f, offset)); };
    constexpr i32 kJump = 4;
    const i32 first = static_cast<i32>(bytes[0]), second = static_cast<i32>(bytes[1]);
    if (p.split != 0) jump(second + 4 * kJump);
    emit_insns(c, {split, p.body.end()}, functions);
    c.addi(kCounter, kCounter, -1);
    if (p.split == 0) return c.bne_zero(kCounter, -second - kJump);
    c.bne_zero(kCounter, 2 * kJump);
    jump(first + 2 * kJump);
    emit_insns(c, {p.body.begin(), split}, functions);
    jump(-first - second - 3 * kJump);
}

void emit_program(Code& c, const Program& p, u64 record, bool vectors) {
    constexpr unsigned kBase = 31, kFcsr = 3;
    const std::vector<std::size_t> functions = emit_functions(c, p);
    constexpr unsigned kStep = 30, kVstart = 8;
    if (vectors) {
        c.csrrw(0, kVstart, 0);
        emit_vectors(c, kVectors, kBase, kStep, true);
    }
    c.load_page(kBase, record & ~u64{0xfff});
    c.addi(kBase, kBase, static_cast<i32>(record & 0xfff) >> 1);  // in two steps: it may exceed 2047
    c.addi(kBase, kBase, static_cast<i32>(record & 0xfff) - (static_cast<i32>(record & 0xfff) >> 1));
    c.load(1, kBase, 63 * 8);
    c.csrrw(0, kFcsr, 1);
    for (unsigned f = 0; f < 32; ++f) c.load(f, kBase, (31 + f) * 8, true);
    for (unsigned x = 1; x < 32; ++x) c.load(x, kBase, (x - 1) * 8);

    emit_loop(c, p, functions);

    for (unsigned x = 1; x < 32; ++x) c.store(x, kRecord, (x - 1) * 8);
    for (unsigned f = 0; f < 32; ++f) c.store(f, kRecord, (31 + f) * 8, true);
    c.csrrs(1, kFcsr, 0);
    c.store(1, kRecord, 63 * 8);
    emit_write(c, kSaved, kRecordWords * 8);
    if (vectors) {
        c.csrrw(0, kVstart, 0);
        emit_vectors(c, kVectors, kBase, kStep, false);
        emit_write(c, kVectors, kVectorDump);
    }
}

/// A loadable segment, and the rest of the file with it.
void append_segment(std::string& file, Elf64_Phdr& ph, u64 address, u32 flags, const std::string& bytes) {
    file.resize(align_up(file.size(), 4096));
    ph = {};
    ph.p_type = PT_LOAD;
    ph.p_flags = flags;
    ph.p_offset = file.size();
    ph.p_vaddr = ph.p_paddr = address;
    ph.p_filesz = ph.p_memsz = bytes.size();
    ph.p_align = 4096;
    file += bytes;
}

/// Some instructions that run some thousand times.
void make_long(Random& random, const InsnSource& source, Program& p) {
    p.registers[kCounter - 1] = kLongIterations + random() % 8;
    const std::size_t insns = 1 + random() % kLongInsns;
    for (unsigned tries = 0; p.body.size() < insns && tries < 200; ++tries) {
        const std::size_t first = p.body.size();
        source.append(random, p.body);
        if (!are_plain(p.body, first)) p.body.resize(first);
        if (p.split == 0 && random() % 16 == 0) p.split = p.body.size();
    }
}

}  // namespace

bool are_plain(const std::vector<Insn>& body, std::size_t first) {
    using enum riscv::Extension;
    const riscv::ExtensionSet plain{Rv32, Rv64, I,      M,   F,   D,      C,      Zba,    Zbb,
                                    Zbs,  Zbkb, Zicond, Zcb, Zcf, Zve32x, Zve32f, Zve64x, Zve64d};
    for (; first < body.size(); ++first) {
        if (body[first].row == nullptr || !body[first].row->guard.admits(plain)) return false;
    }
    return true;
}

Program make_program(Random& random, const InsnSource& source, unsigned insns) {
    Program p;
    for (unsigned i = 0; i < 31; ++i) p.registers[i] = random_int(random);
    const bool singles = random() % kSinglesEvery == 0;
    for (unsigned i = 31; i < 63; ++i) p.registers[i] = singles ? random_single(random) : random_fpr(random);
    p.registers[63] = random() % 5 << 5 | random() % 32;
    p.registers[kStackPointer - 1] = kMemoryStart + kMemoryBytes / 2;
    p.registers[kMemory - 1] = kMemoryStart + kMemoryBytes / 2;
    p.registers[kRecord - 1] = kSaved;
    p.registers[kCounter - 1] = kIterations;
    if (random() % kLongEvery == 0) {
        make_long(random, source, p);
        return p;
    }
    if (random() % kCallsEvery == 0) {
        make_calls(random, source, p);
        return p;
    }
    for (unsigned i = 0; i < insns; ++i) source.append(random, p.body);
    return p;
}

namespace {

/// Puts the headers in front of the segments. Of ELF32 files: no address needs more than 32 bits.
void write_headers(std::string& file, const Elf64_Ehdr& header, std::span<const Elf64_Phdr> segments) {
    std::memcpy(file.data(), &header, sizeof header);
    std::memcpy(file.data() + sizeof header, segments.data(), segments.size_bytes());
}
void write_headers32(std::string& file, const Elf64_Ehdr& wide, std::span<const Elf64_Phdr> segments) {
    Elf32_Ehdr header{};
    std::memcpy(header.e_ident, wide.e_ident, sizeof header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS32;
    header.e_type = wide.e_type;
    header.e_machine = wide.e_machine;
    header.e_version = wide.e_version;
    header.e_entry = static_cast<Elf32_Addr>(wide.e_entry);
    header.e_phoff = header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf32_Phdr);
    header.e_phnum = wide.e_phnum;
    header.e_flags = wide.e_flags;
    std::memcpy(file.data(), &header, sizeof header);
    std::size_t at = sizeof header;
    for (const Elf64_Phdr& ph : segments) {
        const auto word = [](u64 value) { return static_cast<u32>(value); };
        const Elf32_Phdr narrow{ph.p_type,         word(ph.p_offset), word(ph.p_vaddr), word(ph.p_paddr),
                                word(ph.p_filesz), word(ph.p_memsz),  ph.p_flags,       word(ph.p_align)};
        std::memcpy(file.data() + at, &narrow, sizeof narrow);
        at += sizeof narrow;
    }
}

}  // namespace

std::string make_elf(const std::vector<Program>& programs, u64 memory_seed, bool vectors, bool rv32) {
    Code code(rv32);
    if (vectors) emit_handler(code);
    std::string records;
    for (const Program& p : programs) {
        emit_program(code, p, kRecords + records.size(), vectors);
        records.append(reinterpret_cast<const char*>(p.registers), sizeof p.registers);
    }
    emit_write(code, kMemoryStart, kMemoryBytes);
    code.addi(10, 0, 0);
    code.addi(17, 0, 94);  // exit_group
    code.ecall();

    Random random(memory_seed);
    std::string memory;
    for (unsigned i = 0; i < kMemoryBytes / 8; ++i) {
        u64 v = random() % 2 ? random_fpr(random) : random_int(random);
        memory.append(reinterpret_cast<const char*>(&v), sizeof v);
    }

    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_RISCV;
    header.e_version = EV_CURRENT;
    header.e_entry = kCode;
    header.e_phoff = sizeof header;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 5;
    header.e_flags = 5;  // RVC, double-float ABI
    Elf64_Phdr ph[5];
    const std::string registers = memory.substr(0, kVectorBytes);
    std::string file(sizeof header + sizeof ph, '\0');
    append_segment(file, ph[0], kCode, PF_R | PF_X, code.bytes());
    append_segment(file, ph[1], kRecords, PF_R, records);
    append_segment(file, ph[2], kMemoryStart, PF_R | PF_W, memory);
    append_segment(file, ph[3], kSaved, PF_R | PF_W, std::string(kSavedBytes, '\0'));
    append_segment(file, ph[4], kVectors, PF_R | PF_W, registers + std::string(kSignalStackBytes, '\0'));
    rv32 ? write_headers32(file, header, ph) : write_headers(file, header, ph);
    return file;
}

std::string list_body(const Program& program) {
    std::string text;
    auto list = [&text](const std::vector<Insn>& insns) {
        u64 pc = 0;
        for (const Insn& insn : insns) {
            if (insn.row != nullptr) {
                char head[32];
                std::snprintf(head, sizeof head, "  %08x  ", insn.bits);
                text += head + riscv::format_insn(*insn.row, insn.row->operands(insn.bits), pc);
                if (insn.fix != Fix::None) text += "  # f" + std::to_string(insn.function);
                text += '\n';
            }
            pc += insn.length;
        }
    };
    list(program.body);
    for (std::size_t i = 0; i < program.functions.size(); ++i) {
        text += "f" + std::to_string(i) + ":\n";
        list(program.functions[i]);
    }
    return text;
}

}  // namespace dragoman::fuzz
