// A set of guest registers, by their index in GuestLayout::globals.
#pragma once

#include <array>
#include <bit>

#include "base/bits.h"

namespace dragoman::ir {

/// Most globals that a guest can have.
inline constexpr unsigned kMaxGlobals = 256;

/// Plain data; all operations are on whole words, so sets of few registers cost next to nothing.
class GlobalSet {
public:
    constexpr GlobalSet() = default;
    static constexpr GlobalSet all() {
        GlobalSet s;
        for (u64& word : s.words_) word = ~u64{0};
        return s;
    }

    constexpr bool has(unsigned global) const { return (words_[global / 64] >> global % 64 & 1) != 0; }
    constexpr void add(unsigned global) { words_[global / 64] |= u64{1} << global % 64; }
    constexpr void remove(unsigned global) { words_[global / 64] &= ~(u64{1} << global % 64); }
    constexpr void clear() { words_ = {}; }
    constexpr bool empty() const {
        u64 any = 0;
        for (u64 word : words_) any |= word;
        return any == 0;
    }

    constexpr GlobalSet& operator&=(const GlobalSet& o) {
        for (std::size_t i = 0; i < kWords; ++i) words_[i] &= o.words_[i];
        return *this;
    }
    constexpr GlobalSet& operator|=(const GlobalSet& o) {
        for (std::size_t i = 0; i < kWords; ++i) words_[i] |= o.words_[i];
        return *this;
    }
    /// Takes out what is in `o`.
    constexpr GlobalSet& operator-=(const GlobalSet& o) {
        for (std::size_t i = 0; i < kWords; ++i) words_[i] &= ~o.words_[i];
        return *this;
    }
    friend constexpr GlobalSet operator&(GlobalSet a, const GlobalSet& b) { return a &= b; }
    friend constexpr GlobalSet operator|(GlobalSet a, const GlobalSet& b) { return a |= b; }
    friend constexpr GlobalSet operator-(GlobalSet a, const GlobalSet& b) { return a -= b; }
    constexpr bool operator==(const GlobalSet&) const = default;

    /// Calls `f` with each register in the set, the lowest first.
    template <class F>
    constexpr void for_each(F f) const {
        for (unsigned i = 0; i < kWords; ++i) {
            for (u64 rest = words_[i]; rest != 0; rest &= rest - 1) {
                f(i * 64 + static_cast<unsigned>(std::countr_zero(rest)));
            }
        }
    }

private:
    static constexpr std::size_t kWords = kMaxGlobals / 64;
    std::array<u64, kWords> words_{};
};

}  // namespace dragoman::ir
