#include "host/x64/float_constants.h"

#include "base/mxcsr.h"

namespace dragoman::host::x64 {

namespace {

constexpr u64 value_of(FloatConst c) {
    constexpr u64 kSign64 = u64{1} << 63, kSign32 = u64{1} << 31, kUpper = ~u64{0} << 32;
    switch (c) {
        case FloatConst::SignF64: return kSign64;
        case FloatConst::MagnitudeF64: return ~kSign64;
        case FloatConst::NanF64: return 0x7ff8000000000000;
        case FloatConst::SignF32: return kSign32;
        case FloatConst::MagnitudeF32: return ~kSign32;
        case FloatConst::NanF32: return kUpper | 0x7fc00000;
        case FloatConst::Box: return kUpper;
        case FloatConst::TwoTo63F64: return std::bit_cast<u64>(0x1p63);
        case FloatConst::TwoTo63F32: return kUpper | std::bit_cast<u32>(0x1p63f);
        case FloatConst::TwoTo32F64: return std::bit_cast<u64>(0x1p32);
        case FloatConst::TwoTo32F32: return kUpper | std::bit_cast<u32>(0x1p32f);
        case FloatConst::Count_: break;
    }
    return 0;
}

}  // namespace

void init_float_constants(ir::Env* env) {
    for (unsigned i = 0; i < static_cast<unsigned>(FloatConst::Count_); ++i) {
        env->float_constants[i][0] = value_of(static_cast<FloatConst>(i));
        env->float_constants[i][1] = 0;
    }
    for (unsigned i = 0; i < kMxcsrFlags; ++i) env->flag_tables[i] = static_cast<u8>(mxcsr::flags_of(i));
    for (unsigned i = 0; i < kFflags; ++i) {
        env->flag_tables[kMxcsrFlags + i] = static_cast<u8>(mxcsr::with_flags(0, i));
    }
}

}  // namespace dragoman::host::x64
