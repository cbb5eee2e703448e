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
    {VectorConst::NanF32, 4, 0x7fc00000},      {VectorConst::NanF64, 8, 0x7ff8000000000000},
    {VectorConst::MagnitudeF32, 4, 0x7fffffff}, {VectorConst::MagnitudeF64, 8, 0x7fffffffffffffff},
    {VectorConst::InfinityF32, 4, 0x7f800000}, {VectorConst::InfinityF64, 8, 0x7ff0000000000000},
    {VectorConst::Bits8, 1, 7},                {VectorConst::Bits16, 2, 15},
    {VectorConst::Bits32, 4, 31},              {VectorConst::Bits64, 8, 63},
};

}  // namespace

void init_vector_constants(ir::Env* env) {
    for (const Repeated& r : kRepeated) {
        u8* const to = env->vector_constants[static_cast<unsigned>(r.which)];
        for (unsigned i = 0; i < 64; i += r.bytes) std::memcpy(to + i, &r.value, r.bytes);
    }
    for (unsigned i = 0; i < 64; ++i) {
        env->vector_constants[static_cast<unsigned>(VectorConst::Iota8)][i] = static_cast<u8>(i);
    }
}

}  // namespace dragoman::host::x64
