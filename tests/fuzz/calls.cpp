// Functions of random programs: calls by name and by register, returns that fit and such that do not, tail calls,
// recursion, coroutines, loops. Who calls whom has no cycle but a recursive function's own, so that every program ends.
#include "fuzz/program.h"

namespace dragoman::fuzz {

namespace {

constexpr unsigned kRa = 1, kT0 = 5;                      // the registers that calls put the return address in
constexpr unsigned kT1 = 6, kT3 = 28;                     // free for what a call needs
constexpr unsigned kStackCell = 1024, kDepthCell = 1032;  // from kRecord on: top of the stack of return addresses;
constexpr unsigned kStack = 1040;                         // how deep a recursion may still go; the stack itself
constexpr unsigned kMaxFunctions = 5, kMaxDepth = 12, kMaxInsns = 6;
constexpr unsigned kMoreIterations = 40;
constexpr unsigned kLongLoop = 1200;  // with a few calls enough for a translation of its own

u32 addi(unsigned rd, unsigned rs1, i32 imm) { return static_cast<u32>(imm) << 20 | rs1 << 15 | rd << 7 | 0x13; }
u32 andi(unsigned rd, unsigned rs1, i32 imm) { return addi(rd, rs1, imm) | 7 << 12; }
u32 load(unsigned rd, unsigned rs1, unsigned offset) { return offset << 20 | rs1 << 15 | 3 << 12 | rd << 7 | 0x03; }
u32 store(unsigned rs2, unsigned rs1, unsigned offset) {
    return (offset >> 5) << 25 | rs2 << 20 | rs1 << 15 | 3 << 12 | (offset & 31) << 7 | 0x23;
}
u32 jal(unsigned rd) { return rd << 7 | 0x6f; }
u32 jalr(unsigned rd, unsigned rs1, i32 offset = 0) { return addi(rd, rs1, offset) ^ (0x13 ^ 0x67); }
u32 auipc(unsigned rd) { return rd << 7 | 0x17; }
/// funct3 0: beq, 1: bne, 4: blt; over a few instructions of `bytes`
u32 branch_over(unsigned funct3, unsigned rs1, unsigned rs2, unsigned bytes) {
    return rs2 << 20 | rs1 << 15 | funct3 << 12 | ((bytes + 4) >> 1 & 15) << 8 | 0x63;
}

struct Function {
    unsigned link = kRa;     ///< where it expects the return address
    bool frame = false;      ///< keeps that on the stack, and may call others
    bool recursive = false;  ///< calls itself
    bool skips = false;      ///< returns behind the instruction that follows the call
    unsigned yields = 0;     ///< coroutine: how often it goes back to its caller before it ends
    bool swaps = false;      ///< ... and with the other link register then
    bool unwinds = false;    ///< returns to where the function before it was called from
};

class Maker {
public:
    Maker(Random& random, const InsnSource& source, Program& p) : random_(random), source_(source), p_(p) {}
    void make();

private:
    bool chance(unsigned of) { return random_() % of == 0; }
    unsigned number(unsigned below) { return static_cast<unsigned>(random_() % below); }
    static unsigned other(unsigned link) { return link == kRa ? kT0 : kRa; }

    void plan();
    void put(u32 bits, unsigned length = 4) {
        out_->push_back({.bits = bits, .length = static_cast<u8>(length), .row = source_.row(bits), .fixed = true});
    }
    void put(u32 bits, Fix fix, unsigned function) {
        put(bits);
        out_->back().fix = fix;
        out_->back().function = static_cast<u8>(function);
    }
    /// Random instructions that leave `kept` alone; 0: nothing. `plain`: those of are_plain.
    void insns(unsigned kept = 0, bool plain = false);
    void loop();
    void address(unsigned rd, unsigned function) {
        put(auipc(rd), Fix::High, function);
        put(addi(rd, rd, 0), Fix::Low, function);
    }
    void jump_to_register(unsigned rd, unsigned rs1);
    void push(unsigned link);
    void pop(unsigned link);
    void jump(unsigned rd, unsigned function);
    void call(unsigned function);
    void call_one_of(unsigned a, unsigned b);
    void call_some(unsigned first);
    void body(unsigned index);
    void end(unsigned index);

    Random& random_;
    const InsnSource& source_;
    Program& p_;
    std::vector<Function> functions_;
    std::vector<Insn>* out_ = nullptr;
    unsigned loops_ = 0;
};

void Maker::insns(unsigned kept, bool plain) {
    for (unsigned n = number(kMaxInsns + 1); n != 0; --n) {
        const std::size_t first = out_->size();
        source_.append(random_, *out_);
        bool writes = false;
        for (std::size_t i = first; i < out_->size(); ++i) {
            const Insn& insn = (*out_)[i];
            if (insn.row == nullptr) continue;
            const unsigned rd = insn.row->rd.get(insn.bits);
            const bool pair = has(insn.row->reserved, riscv::Reserved::RdOdd) && rd != 0;
            writes = writes || (kept != 0 && (rd == kept || (pair && rd + 1 == kept)));
        }
        if (writes || (plain && !are_plain(*out_, first))) out_->resize(first);
    }
}

void Maker::loop() {
    put(addi(kT3, 0, static_cast<i32>(loops_ < 2 ? kLongLoop : 3)));
    ++loops_;
    const std::size_t first = out_->size();
    insns(kT3, true);
    put(addi(kT3, kT3, -1));
    i32 back = 0;
    for (std::size_t i = first; i < out_->size(); ++i) back -= (*out_)[i].length;
    auto o = static_cast<u32>(back);
    put((o >> 12 & 1) << 31 | (o >> 5 & 63) << 25 | kT3 << 15 | 1 << 12 | (o >> 1 & 15) << 8 | (o >> 11 & 1) << 7 |
        0x63);
}

void Maker::jump_to_register(unsigned rd, unsigned rs1) {
    if (rd > 1 || chance(2)) put(jalr(rd, rs1));
    else put((rd == 0 ? 0x8002u : 0x9002u) | rs1 << 7, 2);
}

void Maker::push(unsigned link) {
    put(load(kT1, kRecord, kStackCell));
    put(store(link, kT1, 0));
    put(addi(kT1, kT1, 8));
    put(store(kT1, kRecord, kStackCell));
}

void Maker::pop(unsigned link) {
    put(load(kT1, kRecord, kStackCell));
    put(addi(kT1, kT1, -8));
    put(store(kT1, kRecord, kStackCell));
    put(load(link, kT1, 0));
}

void Maker::jump(unsigned rd, unsigned function) {
    switch (number(3)) {
        case 0: put(jal(rd), Fix::Jump, function); break;
        case 1:
            put(auipc(kT1), Fix::High, function);
            put(jalr(rd, kT1), Fix::Low, function);
            break;
        default: address(kT1, function); jump_to_register(rd, kT1);
    }
}

/// Calls a function and does what it expects of its caller. Changes the link register.
void Maker::call(unsigned function) {
    const Function& f = functions_[function];
    if (f.recursive) {
        put(addi(kT1, 0, static_cast<i32>(number(kMaxDepth))));
        put(store(kT1, kRecord, kDepthCell));
    }
    jump(f.link, function);
    if (f.skips) put(addi(kT3, kT3, 1));
    for (unsigned i = 0; i < f.yields; ++i) {
        const unsigned resume = f.swaps ? other(f.link) : f.link;
        insns(resume);
        put(jalr(f.link, resume));
    }
}

/// By the loop's counter, so that one call has several targets.
void Maker::call_one_of(unsigned a, unsigned b) {
    address(kT1, a);
    put(andi(kT3, kCounter, static_cast<i32>(1 + number(3))));
    put(branch_over(1, kT3, 0, 8));
    address(kT1, b);
    jump_to_register(functions_[a].link, kT1);
}

/// Some calls of functions from `first` on.
void Maker::call_some(unsigned first) {
    const auto count = static_cast<unsigned>(functions_.size());
    for (unsigned n = 1 + number(2); n != 0 && first < count; --n) {
        const unsigned a = first + number(count - first), b = first + number(count - first);
        const Function &f = functions_[a], &g = functions_[b];
        if (f.unwinds) continue;
        auto plain = [](const Function& h) { return !h.recursive && !h.skips && h.yields == 0 && !h.unwinds; };
        if (plain(f) && plain(g) && f.link == g.link && chance(2)) call_one_of(a, b);
        else call(a);
        insns();
    }
}

void Maker::plan() {
    const unsigned count = 1 + number(kMaxFunctions);
    bool recursion = false;
    while (functions_.size() < count) {
        Function f;
        f.link = chance(4) ? kT0 : kRa;
        f.frame = !chance(3);
        if (!f.frame) {
            f.skips = chance(4);
            if (!f.skips && chance(3)) f.yields = 1 + number(3);
            f.swaps = chance(2);
        } else if (!recursion && chance(3)) {
            f.recursive = recursion = true;
        }
        functions_.push_back(f);
        if (f.frame && chance(4)) functions_.push_back({.link = f.link, .unwinds = true});
    }
}

/// How function `index` ends: with a return, or as another function.
void Maker::end(unsigned index) {
    const Function& f = functions_[index];
    for (unsigned i = index + 1; f.frame && i < functions_.size(); ++i) {
        const Function& g = functions_[i];
        if (g.link != f.link || g.skips || g.recursive || g.yields != 0 || g.unwinds || !chance(4)) continue;
        jump(0, i);
        return;
    }
    if (f.skips && chance(2)) {
        put(jalr(0, f.link, 4));
        return;
    }
    if (f.skips) put(addi(f.link, f.link, 4));
    jump_to_register(0, f.link);
}

void Maker::body(unsigned index) {
    const Function& f = functions_[index];
    if (f.unwinds) {
        insns();
        pop(f.link);
        jump_to_register(0, f.link);
        return;
    }
    if (!f.frame) {
        insns(f.link);
        for (unsigned i = 0; i < f.yields; ++i) {
            put(jalr(f.swaps ? other(f.link) : f.link, f.link));
            insns(f.link);
        }
        return end(index);
    }
    push(f.link);
    insns();
    if (chance(8)) loop();
    for (unsigned n = f.recursive ? 1 + number(2) : 0; n != 0; --n) {
        put(load(kT1, kRecord, kDepthCell));
        put(addi(kT1, kT1, -1));
        put(store(kT1, kRecord, kDepthCell));
        put(branch_over(4, kT1, 0, 4));
        put(jal(f.link), Fix::Jump, index);
        insns();
    }
    call_some(index + 1);
    if (index + 1 < functions_.size() && functions_[index + 1].unwinds) {
        put(andi(kT3, kCounter, 1));
        put(branch_over(0, kT3, 0, 4));
        put(jal(f.link), Fix::Jump, index + 1);
        insns();
    }
    pop(f.link);
    end(index);
}

void Maker::make() {
    plan();
    p_.functions.resize(functions_.size());
    for (unsigned i = 0; i < functions_.size(); ++i) {
        out_ = &p_.functions[i];
        body(i);
    }
    out_ = &p_.body;
    put(addi(kT1, kRecord, kStack));
    put(store(kT1, kRecord, kStackCell));
    insns();
    for (unsigned n = 1 + number(2); n != 0; --n) call_some(0);
    if (loops_ == 0 && chance(4)) p_.registers[kCounter - 1] = kMoreIterations + number(8);
}

}  // namespace

void make_calls(Random& random, const InsnSource& source, Program& p) { Maker(random, source, p).make(); }

}  // namespace dragoman::fuzz
