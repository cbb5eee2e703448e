// Random instructions from the rows of the instruction tables.
#include <cstring>

#include "fuzz/program.h"

namespace dragoman::fuzz {

namespace {

using riscv::InsnRow;

bool is_reserved(unsigned r) { return r == kStackPointer || r == kCounter || r == kMemory || r == kRecord; }

bool contains(const InsnRow& row, const char* text) { return std::strstr(row.syntax, text) != nullptr; }
bool is_named(const InsnRow& row, const char* mnemonic) { return std::strcmp(row.mnemonic, mnemonic) == 0; }

/// The syntax has the operand `name` as a whole word.
bool has_operand(const InsnRow& row, const char* name) {
    std::size_t n = std::strlen(name);
    for (const char* p = row.syntax; (p = std::strstr(p, name)) != nullptr; ++p) {
        bool starts = p == row.syntax || !std::isalnum(static_cast<unsigned char>(p[-1]));
        if (starts && !std::isalnum(static_cast<unsigned char>(p[n]))) return true;
    }
    return false;
}

/// An access at rs1 + (rs2 << imm).
bool is_indexed(const InsnRow& row) {
    const riscv::Extension set = row.guard.first.all[0];
    return (set == riscv::Extension::Xtheadmemidx || set == riscv::Extension::Xtheadfmemidx) && contains(row, ",rs2,");
}
/// An access that changes its base register.
bool steps(const InsnRow& row) { return contains(row, "step"); }

/// What more than one instruction is made for.
bool has_company(const InsnRow& row) { return steps(row) || is_indexed(row) || is_named(row, "cm.push"); }

/// Whether the field is that of a second result.
bool is_second_target(const InsnRow& row, const riscv::RegField& field) {
    const char* second = &field == &row.rs2 ? "rd,rs2,(rs1)" : "rd,rs3,imm(rs1)";
    return std::string_view(row.syntax).starts_with(second);
}

/// Calls of the environment, jumps to registers, what waits, and what emulators are free to do differently.
bool is_excluded(const InsnRow& row) {
    for (const char* m :
         {"ecall",   "ebreak",    "c.ebreak",  "jalr",      "c.jalr",     "c.jr",  "wrs.nto", "wrs.sto",
          "wfi",     "cbo.inval", "cbo.clean", "cbo.flush", "fence.i",    "sc.w",  "sc.d",    "c.addi16sp",
          "c.unimp", "unimp",     "cm.pop",    "cm.popret", "cm.popretz", "cm.jt", "cm.jalt"}) {
        if (is_named(row, m)) return true;
    }
    // Their addresses would be anywhere.
    for (const char* prefix : {"vls", "vss", "vlux", "vlox", "vsux", "vsox"}) {
        const bool segments =
            std::strncmp(row.mnemonic, "vlseg", 5) == 0 || std::strncmp(row.mnemonic, "vsseg", 5) == 0;
        const bool access = contains(row, "(rs1)");
        if (access && !segments && std::strncmp(row.mnemonic, prefix, std::strlen(prefix)) == 0) return true;
    }
    return contains(row, "csr") && !is_named(row, "csrrwi") && !contains(row, "rs1") && !contains(row, "zimm");
}

u32 random_bits(Random& random, u32 mask) { return static_cast<u32>(random()) & mask; }

u32 with_field(u32 bits, const riscv::RegField& f, unsigned value) {
    if (f.mask == 0) return bits;
    return (bits & ~(u32{f.mask} << f.shift)) | ((value - f.base) & f.mask) << f.shift;
}

u32 with_imm(u32 bits, const InsnRow& row, i64 value) {
    for (unsigned i = 0; i < row.imm_segments; ++i) {
        const riscv::ImmSegment& s = row.imm[i];
        u32 mask = static_cast<u32>(low_mask(s.length)) << s.from;
        bits = (bits & ~mask) | (static_cast<u32>(static_cast<u64>(value) >> s.to) << s.from & mask);
    }
    return bits;
}

/// A register for a result: none of the reserved ones, and no pair that one of them is part of.
unsigned random_target(Random& random, const InsnRow& row) {
    bool pair = has(row.reserved, riscv::Reserved::RdOdd);
    for (;;) {
        unsigned r = static_cast<unsigned>(random() & row.rd.mask) + row.rd.base;
        if (pair) r &= ~1u;
        if (!is_reserved(r) && !(pair && is_reserved(r + 1))) return r;
    }
}

}  // namespace

InsnSource::InsnSource(const riscv::Decoder& decoder, const std::string& only, const std::vector<std::string>& without)
    : decoder_(decoder) {
    for (const InsnRow* row : decoder.rows()) {
        std::string_view name = row->mnemonic;
        bool wanted = !is_excluded(*row) && name.starts_with(only);
        for (const std::string& prefix : without) wanted = wanted && !name.starts_with(prefix);
        if (wanted) rows_.push_back(row);
        vectors_ |= wanted && row->uses_vectors;
    }
}

bool InsnSource::make(Random& random, const InsnRow& row, Insn& out) const {
    u32 bits = row.match | random_bits(random, ~row.mask);
    if (row.length == 2) bits &= 0xffff;
    for (const char *p = row.pattern, *end = p + std::strlen(p); p != end; ++p) {
        if (*p != '-' || row.uses_vectors) continue;  // masked or not
        unsigned after = 0;                           // pattern characters behind this one
        for (const char* q = p + 1; q != end; ++q) after += *q != ' ';
        bits &= ~(1u << after);
    }
    if (std::strchr(row.pattern, 'm') && has_operand(row, "rm")) {
        u32 rm = random() % 2 ? 7 : static_cast<u32>(random() % 5);
        bits = (bits & ~(7u << 12)) | rm << 12;
    }
    if (has_operand(row, "rd")) {
        if (row.rd.mask == 0 && is_reserved(row.rd.base)) return false;
        if (row.rd.mask != 0) bits = with_field(bits, row.rd, random_target(random, row));
    }
    for (const riscv::RegField* second : {&row.rs2, &row.rs3}) {
        if (is_second_target(row, *second)) bits = with_field(bits, *second, random_target(random, row));
    }
    if (contains(row, "(rs1)") || is_indexed(row)) {
        bits = with_field(bits, row.rs1, steps(row) ? kPointer : kMemory);
        if (is_indexed(row)) bits = with_field(bits, row.rs2, kIndex);
        if (contains(row, "aqrl") && random() % 2) bits &= ~(3u << 25);
    }
    if (has(row.reserved, riscv::Reserved::Rs2Odd))
        bits = with_field(bits, row.rs2, static_cast<unsigned>(random() % 16 * 2));
    if (has_operand(row, "csr")) {
        // fflags with any value; frm only by small numbers, as others make later instructions illegal.
        bool rounding = is_named(row, "csrrwi") && random() % 2;
        bits = with_imm(bits, row, rounding ? 2 : 1);
        if (rounding) bits = with_field(bits, row.rs1, static_cast<unsigned>(random() % 5));
    }
    out = {bits, row.length, &row, has_operand(row, "target")};
    if (out.skips_next) return true;
    const InsnRow* found = decoder_.find(bits);
    return found != nullptr && !is_excluded(*found) && std::strcmp(found->syntax, row.syntax) == 0;
}

void InsnSource::append_known(std::vector<Insn>& body, u32 bits) const {
    body.push_back({bits, 4, decoder_.find(bits)});
}

void InsnSource::append_vset(Random& random, std::vector<Insn>& body) const {
    // Legal mostly; lengths of all sizes.
    const u32 sew = static_cast<u32>(random() % 4), policy = static_cast<u32>(random() % 4);
    constexpr u32 kLmul[] = {0, 0, 0, 1, 2, 3, 5, 6, 7};
    const u32 vtype = policy << 6 | sew << 3 | kLmul[random() % std::size(kLmul)];
    const unsigned rd = random() % 2 ? 0 : 5;
    u32 bits = 0x57 | 7u << 12 | rd << 7 | vtype << 20;
    switch (random() % 4) {
        case 0: bits |= 3u << 30 | static_cast<u32>(random() % 32) << 15; break;  // vsetivli
        case 1: bits |= static_cast<u32>(random() % 32) << 15; break;
        default: bits = (bits & ~(31u << 7)) | 5u << 7; break;  // the greatest length
    }
    body.push_back({bits, 4, decoder_.find(bits)});
}

void InsnSource::append(Random& random, std::vector<Insn>& body) const {
    if (vectors_ && random() % 6 == 0) append_vset(random, body);
    const InsnRow* row = rows_[random() % rows_.size()];
    Insn insn;
    for (unsigned tries = 0; !make(random, *row, insn); ++tries) {
        if (tries == 20) return;
    }
    // A base register that may change, and an index of which nothing is known, are set straight before.
    constexpr unsigned kSource = 5;
    if (steps(*row)) append_known(body, 0x13 | kPointer << 7 | kMemory << 15);                     // addi
    if (is_indexed(*row)) append_known(body, 0x7013 | kIndex << 7 | kSource << 15 | 0x7fu << 20);  // andi
    body.push_back(insn);
    if (is_named(*row, "lr.w") || is_named(*row, "lr.d")) {
        // Straight behind it a store-conditional of the same width, which succeeds everywhere.
        u32 sc = insn.bits & ~(0x1fu << 27);
        sc |= 3u << 27;
        sc = with_field(sc, row->rd, 1 + static_cast<unsigned>(random() % 6 != 1 ? 4 : 9));
        if (is_reserved(sc >> 7 & 31)) sc = (sc & ~(31u << 7)) | 5u << 7;
        sc = (sc & ~(31u << 20)) | static_cast<u32>(random() & 31) << 20;
        body.push_back({sc, 4, decoder_.find(sc)});
    } else if (insn.skips_next) {
        Insn next;
        do {
            row = rows_[random() % rows_.size()];
        } while (!make(random, *row, next) || next.skips_next || next.row->mnemonic[0] == 'l' ||
                 has_company(*next.row));
        body.back().bits = with_imm(insn.bits, *insn.row, insn.length + next.length);
        // The compressed branch's and jump's immediates have room for it; a reserved encoding is dropped.
        if (decoder_.find(body.back().bits) != insn.row) body.pop_back();
        body.push_back(next);
    }
}

}  // namespace dragoman::fuzz
