// Vector bit manipulation and carry-less multiplication (Zvbb, Zvkb, Zvbc).
#include <bit>

#include "guest/riscv/v/elements.h"

namespace dragoman::riscv::vector_functions {

namespace {

template <class T>
T reverse_bits(T value, unsigned width) {
    T result = 0;
    for (unsigned bit = 0; bit < kBitsOf<T>; ++bit) {
        const unsigned to = bit / width * width + (width - 1 - bit % width);
        result = static_cast<T>(result | static_cast<T>(static_cast<T>(value >> bit & 1) << to));
    }
    return result;
}

u128 carryless_product(u64 a, u64 b) {
    u128 product = 0;
    for (unsigned bit = 0; bit < 64; ++bit) {
        if ((b >> bit & 1) != 0) product ^= u128{a} << bit;
    }
    return product;
}

}  // namespace

void vandn(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return a & ~b; });
}
void vbrev(VectorRun& run) {
    unary_elements(run, [](auto a) { return reverse_bits(a, kBitsOf<decltype(a)>); });
}
void vbrev8(VectorRun& run) {
    unary_elements(run, [](auto a) { return reverse_bits(a, 8); });
}
void vrev8(VectorRun& run) {
    unary_elements(run, [](auto a) { return __builtin_bswap64(a) >> (64 - kBitsOf<decltype(a)>); });
}
void vclz(VectorRun& run) {
    unary_elements(run, [](auto a) { return std::countl_zero(a); });
}
void vctz(VectorRun& run) {
    unary_elements(run, [](auto a) { return std::countr_zero(a); });
}
void vcpop_v(VectorRun& run) {
    unary_elements(run, [](auto a) { return std::popcount(a); });
}
void vrol(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return std::rotl(a, static_cast<int>(b & (kBitsOf<decltype(a)> - 1))); });
}
void vror(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return std::rotr(a, static_cast<int>(b & (kBitsOf<decltype(a)> - 1))); });
}
void vclmul(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return static_cast<u64>(carryless_product(a, b)); });
}
void vclmulh(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return static_cast<u64>(carryless_product(a, b) >> 64); });
}

}  // namespace dragoman::riscv::vector_functions
