#include "host/x64/vector_constants.h"

#include <cstring>

namespace dragoman::host::x64 {

namespace {

struct Repeated {
    VectorConst which;
    unsigned bytes;
    u64 value;
};
constexpr Repeated kRepeated[] = {
    {VectorConst::NanF32, 4, 0x7fc00000},
    {VectorConst::NanF64, 8, 0x7ff8000000000000},
    {VectorConst::MagnitudeF32, 4, 0x7fffffff},
    {VectorConst::MagnitudeF64, 8, 0x7fffffffffffffff},
    {VectorConst::InfinityF32, 4, 0x7f800000},
    {VectorConst::InfinityF64, 8, 0x7ff0000000000000},
    {VectorConst::Bits8, 1, 7},
    {VectorConst::Bits16, 2, 15},
    {VectorConst::MinI32, 4, 0x80000000},
    {VectorConst::MinI64, 8, u64{1} << 63},
    {VectorConst::MaxI32, 4, 0x7fffffff},
    {VectorConst::MaxI64, 8, ~(u64{1} << 63)},
    {VectorConst::Bits32, 4, 31},
    {VectorConst::Bits64, 8, 63},
    {VectorConst::ReverseBits, 8, 0x8040201008040201},
    {VectorConst::GhashModulus, 8, 0x87},
    {VectorConst::Zero, 8, 0},
    {VectorConst::Bytes16, 1, 16},
    {VectorConst::Bytes112, 1, 0x70},
    {VectorConst::ExponentF64, 8, u64{0x433} << 52},
};

}  // namespace

void init_vector_constants(ir::Env* env) {
    for (const Repeated& r : kRepeated) {
        u8* const to = env->vector_constants[static_cast<unsigned>(r.which)];
        for (unsigned i = 0; i < 64; i += r.bytes) std::memcpy(to + i, &r.value, r.bytes);
    }
    auto set_bits = [env](VectorConst which, unsigned bytes, unsigned period) {
        u8* const to = env->vector_constants[static_cast<unsigned>(which)];
        for (unsigned i = 0; i < 64 / bytes; ++i) {
            const u64 bit = u64{1} << i % period;
            std::memcpy(to + i * bytes, &bit, bytes);
        }
    };
    set_bits(VectorConst::MaskBit8, 1, 8);
    set_bits(VectorConst::MaskBit16, 2, 16);
    set_bits(VectorConst::MaskBit32, 4, 32);
    set_bits(VectorConst::MaskBit64, 8, 64);
    auto set_reversal = [env](VectorConst which, unsigned bytes) {
        u8* const to = env->vector_constants[static_cast<unsigned>(which)];
        for (unsigned i = 0; i < 64; ++i) to[i] = static_cast<u8>((i ^ (bytes - 1)) % 16);
    };
    set_reversal(VectorConst::Reverse16, 2);
    set_reversal(VectorConst::Reverse32, 4);
    set_reversal(VectorConst::Reverse64, 8);
    set_reversal(VectorConst::Reverse128, 16);
    for (unsigned i = 0; i < 64; i += 16) {
        constexpr u64 kFold[] = {1, u64{0xc2} << 56};
        std::memcpy(env->vector_constants[static_cast<unsigned>(VectorConst::GhashFold)] + i, kFold, sizeof kFold);
    }
    for (unsigned i = 0; i < 7; ++i) {
        const u64 bits = low_mask(1u << i);
        u8* const to = env->vector_constants[static_cast<unsigned>(VectorConst::LowBits1) + i];
        std::memset(to, 0, 64);
        std::memcpy(to, &bits, sizeof bits);
    }
    for (unsigned i = 0; i < 64; ++i) {
        env->vector_constants[static_cast<unsigned>(VectorConst::MaskByte)][i] = static_cast<u8>(i / 8);
        env->vector_constants[static_cast<unsigned>(VectorConst::Iota8)][i] = static_cast<u8>(i);
    }
}

}  // namespace dragoman::host::x64
