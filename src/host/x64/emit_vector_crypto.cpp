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

/// The host's inverse round adds the key behind InvMixColumns, the guest's in front of it.
void emit_v_aes(Emitter& e, const Insn& insn) {
    const auto round = static_cast<ir::AesRound>(insn.imm[0]);
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
