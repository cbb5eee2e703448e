// Vector ops of cryptography. The instructions take 128 bits, those of SHA only xmm0 to xmm15 of them: one lane after
// the other goes through the scratch registers xmm0 to xmm2.
#include "host/x64/emit_vector.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Type;
using ir::Var;

namespace {

constexpr HostReg kX0 = kFirstXmm, kX1 = kFirstXmm + 1, kX2 = kFirstXmm + 2;

/// The inputs of an op that is done lane by lane: in registers other than xmm0 to xmm2, or in memory.
class Lanes {
public:
    Lanes(Emitter& e, const Insn& insn) : e_(e), insn_(insn) {
        for (const HostReg r : {kX0, kX1, kX2}) e.ra.claim(r);
        result_ = e.ra.vector_scratch();
        for (unsigned i = 0; i < info(insn.op).inputs; ++i) inputs_[i] = e.where(insn.in(i));
    }
    unsigned count() const { return ir::type_bytes(insn_.type) / 16; }

    void load(HostReg to, unsigned input, unsigned lane) {
        const Emitter::Rm& from = inputs_[input];
        if (from.is_reg) return extract_lane(e_, insn_.type, to, from.reg, lane);
        e_.c.vmovups(xmm(to), memory(128, kRbp, from.displacement + static_cast<i32>(lane * 16)));
    }
    /// The result of `lane` is in `from`; lanes follow each other.
    void put(HostReg from, unsigned lane) {
        if (lane == 0) return e_.ra.move(result_, from, Type::V128);
        insert_lane(e_, insn_.type, result_, result_, from, lane);
    }
    void define() { e_.ra.define(insn_.out(), result_); }

private:
    Emitter& e_;
    const Insn& insn_;
    HostReg result_;
    Emitter::Rm inputs_[3];
};

/// Calls f(lanes, lane), which leaves the lane's result in xmm1.
template <class F>
void by_lane(Emitter& e, const Insn& insn, F f) {
    Lanes lanes(e, insn);
    for (unsigned lane = 0; lane < lanes.count(); ++lane) {
        f(lanes, lane);
        lanes.put(kX1, lane);
    }
    lanes.define();
}

}  // namespace

void emit_v_clmul(Emitter& e, const Insn& insn) {
    const bool high = insn.imm[0] != 0;
    by_lane(e, insn, [&](Lanes& lanes, unsigned lane) {
        lanes.load(kX1, 0, lane);
        lanes.load(kX2, 1, lane);
        e.c.vpclmulqdq(xmm(kX0), xmm(kX1), xmm(kX2), 0x00);
        e.c.vpclmulqdq(xmm(kX1), xmm(kX1), xmm(kX2), 0x11);
        high ? e.c.vpunpckhqdq(xmm(kX1), xmm(kX0), xmm(kX1)) : e.c.vpunpcklqdq(xmm(kX1), xmm(kX0), xmm(kX1));
    });
}

/// All lanes at once. InvMixColumns is what an inverse round does beside undoing a last round.
static void emit_aes_wide(Emitter& e, const Insn& insn, ir::AesRound round) {
    const Type t = insn.type;
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    const bool mixes = round == ir::AesRound::Decrypt;
    const HostReg zero = mixes ? e.ra.vector_scratch() : kNoReg;
    const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    const Xbyak::Xmm to = vec(t, d), state = vec(t, a), key = vec(t, b);
    switch (round) {
        case ir::AesRound::Encrypt: e.c.vaesenc(to, state, key); break;
        case ir::AesRound::EncryptLast: e.c.vaesenclast(to, state, key); break;
        default: e.c.vaesdeclast(to, state, key); break;
    }
    if (mixes) {
        e.c.vpxord(vec(t, zero), vec(t, zero), vec(t, zero));
        e.c.vaesenclast(to, to, vec(t, zero));
        e.c.vaesdec(to, to, vec(t, zero));
    }
    e.ra.define(insn.out(), d);
}

/// The host's inverse round adds the key behind InvMixColumns, the guest's in front of it.
void emit_v_aes(Emitter& e, const Insn& insn) {
    const auto round = static_cast<ir::AesRound>(insn.imm[0]);
    if (e.features().vaes) return emit_aes_wide(e, insn, round);
    by_lane(e, insn, [&](Lanes& lanes, unsigned lane) {
        const Xbyak::Xmm state = xmm(kX1), key = xmm(kX2);
        lanes.load(kX1, 0, lane);
        lanes.load(kX2, 1, lane);
        switch (round) {
            case ir::AesRound::Encrypt: return e.c.vaesenc(state, state, key);
            case ir::AesRound::EncryptLast: return e.c.vaesenclast(state, state, key);
            case ir::AesRound::Decrypt: e.c.vaesimc(key, key); return e.c.vaesdec(state, state, key);
            case ir::AesRound::DecryptLast: return e.c.vaesdeclast(state, state, key);
        }
    });
}

void emit_v_sha256_rounds(Emitter& e, const Insn& insn) {
    const bool upper = insn.imm[0] != 0;
    by_lane(e, insn, [&](Lanes& lanes, unsigned lane) {
        lanes.load(kX0, 2, lane);
        if (upper) e.c.vpsrldq(xmm(kX0), xmm(kX0), 8);
        lanes.load(kX1, 0, lane);
        lanes.load(kX2, 1, lane);
        e.c.sha256rnds2(xmm(kX1), xmm(kX2));  // the words are in xmm0
    });
}

void emit_v_sha256_schedule(Emitter& e, const Insn& insn) {
    by_lane(e, insn, [&](Lanes& lanes, unsigned lane) {
        lanes.load(kX1, 0, lane);
        lanes.load(kX2, 1, lane);
        lanes.load(kX0, 2, lane);
        e.c.sha256msg1(xmm(kX1), xmm(kX2));
        e.c.vpalignr(xmm(kX2), xmm(kX0), xmm(kX2), 4);  // words 9 to 12
        e.c.vpaddd(xmm(kX1), xmm(kX1), xmm(kX2));
        e.c.sha256msg2(xmm(kX1), xmm(kX0));
    });
}

/// Low and high half of the carry-less product of 128 bits; `x` and `y` are for what is between them.
static void multiply_128(Emitter& e, const Xbyak::Xmm& a, const Xbyak::Xmm& b, const Xbyak::Xmm& low,
                         const Xbyak::Xmm& high, const Xbyak::Xmm& x, const Xbyak::Xmm& y) {
    auto& c = e.c;
    c.vpclmulqdq(low, a, b, 0x00);
    c.vpclmulqdq(high, a, b, 0x11);
    c.vpclmulqdq(x, a, b, 0x01);
    c.vpclmulqdq(y, a, b, 0x10);
    c.vpxorq(x, x, y);
    c.vpslldq(y, x, 8);
    c.vpsrldq(x, x, 8);
    c.vpxorq(low, low, y);
    c.vpxorq(high, high, x);
}

/// The operands of a product in GF(2^128), room for them in another order, its halves and what is between them.
struct GmulRegisters {
    GmulRegisters(Emitter& e, const Insn& insn)
        : first(vec(insn.type, e.ra.use(insn.in(0)))), second(vec(insn.type, e.ra.use(insn.in(1)))) {
        for (Xbyak::Xmm* scratch : {&a, &b, &low, &high, &x, &y}) *scratch = vec(insn.type, e.ra.vector_scratch());
    }

    Xbyak::Xmm first, second, a, b, low, high, x, y;
};

/// With the bits of each byte in reverse order coefficient i is bit i. The upper 64 bits of the product are folded
/// into those below them, then these.
static void emit_gmul_gfni(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bits = ir::type_bits(t);
    const auto [first, second, a, b, low, high, x, y] = GmulRegisters(e, insn);
    const Xbyak::Address reverse = vector_const(e, VectorConst::ReverseBits, bits);
    c.vgf2p8affineqb(a, first, reverse, 0);
    c.vgf2p8affineqb(b, second, reverse, 0);
    multiply_128(e, a, b, low, high, x, y);
    c.vmovups(b, vector_const(e, VectorConst::GhashModulus, bits));
    c.vpclmulqdq(x, high, b, 0x01);
    c.vpsrldq(y, x, 8);
    c.vpslldq(x, x, 8);
    c.vpxorq(high, high, y);
    c.vpclmulqdq(y, high, b, 0x00);
    constexpr u8 kOddNumberOfOnes = 0x96;
    c.vpternlogq(low, x, y, kOddNumberOfOnes);
    const HostReg d = e.ra.target(insn.out());
    c.vgf2p8affineqb(vec(t, d), low, reverse, 0);
    e.ra.define(insn.out(), d);
}

/// With the bytes in reverse order the coefficients are, too, and a carry-less product is the reversed one less a bit.
/// Its lower half is reduced 64 bits at a time.
void emit_v_gmul(Emitter& e, const Insn& insn) {
    if (e.features().gfni) return emit_gmul_gfni(e, insn);
    constexpr u8 kSwapHalves = 0x4e;
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bits = ir::type_bits(t);
    const auto [first, second, a, b, low, high, x, y] = GmulRegisters(e, insn);
    c.vpshufb(a, first, vector_const(e, VectorConst::Reverse128, bits));
    c.vpshufb(b, second, vector_const(e, VectorConst::Reverse128, bits));
    multiply_128(e, a, b, low, high, x, y);
    // The 256 bits shifted left by one.
    c.vpsrlq(x, low, 63);
    c.vpsrlq(y, high, 63);
    c.vpsllq(low, low, 1);
    c.vpsllq(high, high, 1);
    c.vpslldq(a, x, 8);
    c.vpsrldq(x, x, 8);
    c.vpslldq(y, y, 8);
    c.vporq(low, low, a);
    c.vporq(high, high, y);
    c.vporq(high, high, x);
    c.vmovups(b, vector_const(e, VectorConst::GhashFold, bits));
    for (unsigned step = 0; step < 2; ++step) {
        c.vpclmulqdq(x, low, b, 0x10);
        c.vpshufd(low, low, kSwapHalves);
        c.vpxorq(low, low, x);
    }
    c.vpxorq(high, high, low);
    const HostReg d = e.ra.target(insn.out());
    c.vpshufb(vec(t, d), high, vector_const(e, VectorConst::Reverse128, bits));
    e.ra.define(insn.out(), d);
}

void emit_v_repeat_low(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const HostReg a = e.ra.use(insn.in(0));
    const HostReg d = e.ra.target(insn.out());
    if (t == Type::V128) {
        e.ra.move(d, a, t);
    } else if (e.features().avx512) {
        t == Type::V512 ? e.c.vshufi64x2(zmm(d), zmm(a), zmm(a), 0) : e.c.vshufi64x2(ymm(d), ymm(a), ymm(a), 0);
    } else {
        e.c.vperm2i128(ymm(d), ymm(a), ymm(a), 0);
    }
    e.ra.define(insn.out(), d);
}

}  // namespace dragoman::host::x64
