// The RISC-V extensions that this guest knows, sets of them, and the guards of the instruction
// table: which extensions an instruction needs.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "base/bits.h"

namespace dragoman::riscv {

// clang-format off
//  X(enumerator, name, extensions that it needs or brings along)
#define DRAGOMAN_RISCV_EXTENSIONS(X)  \
    X(I, "i", )                       \
    X(M, "m", )                       \
    X(A, "a", )                       \
    X(F, "f", Zicsr)                  \
    X(D, "d", F)                      \
    X(C, "c", )                       \
    X(Zicsr, "zicsr", )               \
    X(Zifencei, "zifencei", )         \
    X(Zicntr, "zicntr", Zicsr)        \
    X(Zihpm, "zihpm", Zicsr)          \
    X(Zba, "zba", )                   \
    X(Zbb, "zbb", )                   \
    X(Zbc, "zbc", )                   \
    X(Zbs, "zbs", )                   \
    X(Zbkb, "zbkb", )                 \
    X(Zbkc, "zbkc", )                 \
    X(Zbkx, "zbkx", )                 \
    X(Zicond, "zicond", )             \
    X(Zfh, "zfh", Zfhmin)             \
    X(Zfhmin, "zfhmin", F)            \
    X(Zfa, "zfa", F)                  \
    X(Zicbom, "zicbom", )             \
    X(Zicboz, "zicboz", )             \
    X(Zicbop, "zicbop", )             \
    X(Zihintpause, "zihintpause", )   \
    X(Zihintntl, "zihintntl", )       \
    X(Zawrs, "zawrs", A)              \
    X(Zacas, "zacas", A)              \
    X(Zabha, "zabha", A)              \
    X(Zcb, "zcb", C)                  \
    X(Zimop, "zimop", )               \
    X(Zcmop, "zcmop", C)              \
    /* privileged: system mode */     \
    X(S, "s", Zicsr)                  \
    X(Pmp, "pmp", )                   \
    X(Smepmp, "smepmp", Pmp)          \
    X(Smstateen, "smstateen", S)      \
    X(Sscofpmf, "sscofpmf", Zihpm)    \
    X(Sstc, "sstc", S)                \
    X(Sdtrig, "sdtrig", )             \
    X(Sv39, "sv39", S)                \
    X(Sv48, "sv48", Sv39)             \
    X(Sv57, "sv57", Sv48)             \
    X(Svade, "svade", )               \
    X(Svadu, "svadu", )               \
    X(Svinval, "svinval", S)          \
    X(Svnapot, "svnapot", S)          \
    X(Svpbmt, "svpbmt", S)
// clang-format on

/// An extension that can be on or off.
enum class Extension : u8 {
#define X(id, name, needs) id,
    DRAGOMAN_RISCV_EXTENSIONS(X)
#undef X
        Count_
};

inline constexpr unsigned kExtensionCount = static_cast<unsigned>(Extension::Count_);

/// A set of extensions.
class ExtensionSet {
public:
    constexpr ExtensionSet() = default;
    constexpr ExtensionSet(std::initializer_list<Extension> list) {
        for (Extension e : list) add(e);
    }
    constexpr bool has(Extension e) const { return (word_[index(e)] & bit(e)) != 0; }
    constexpr void add(Extension e) { word_[index(e)] |= bit(e); }
    constexpr void remove(Extension e) { word_[index(e)] &= ~bit(e); }
    constexpr void add(const ExtensionSet& s) {
        for (unsigned i = 0; i < kWords; ++i) word_[i] |= s.word_[i];
    }
    constexpr bool contains(const ExtensionSet& s) const {
        for (unsigned i = 0; i < kWords; ++i) {
            if ((s.word_[i] & ~word_[i]) != 0) return false;
        }
        return true;
    }
    constexpr bool operator==(const ExtensionSet&) const = default;
    constexpr u64 hash() const {
        u64 h = 0;
        for (u64 word : word_) h = (h ^ word) * 0x9e3779b97f4a7c15;
        return h;
    }

private:
    static constexpr unsigned kWords = (kExtensionCount + 63) / 64;
    static constexpr unsigned index(Extension e) { return static_cast<unsigned>(e) / 64; }
    static constexpr u64 bit(Extension e) { return u64{1} << (static_cast<unsigned>(e) % 64); }
    u64 word_[kWords] = {};
};

/// The extensions that an instruction needs: all of one of two alternatives. Written as an
/// expression: `Zbb`, `Zcb && Zbb`, `Zbb || Zbkb`.
struct Guard {
    ExtensionSet first, second;

    constexpr Guard(Extension e) : first{e}, second{e} {}
    constexpr Guard(const ExtensionSet& a, const ExtensionSet& b) : first(a), second(b) {}
    constexpr bool admits(const ExtensionSet& on) const { return on.contains(first) || on.contains(second); }
};

constexpr Guard operator&&(Guard a, Guard b) {
    // Conjunctions with an alternative on both sides would need four sets; the table has none.
    a.first.add(b.first);
    a.second.add(b.second);
    return a;
}
constexpr Guard operator&&(Extension a, Extension b) { return Guard(a) && Guard(b); }
constexpr Guard operator||(Extension a, Extension b) { return {ExtensionSet{a}, ExtensionSet{b}}; }

/// Name of an extension as -cpu spells it.
std::string_view extension_name(Extension e);
/// The extensions that `e` needs directly.
const ExtensionSet& extension_needs(Extension e);

}  // namespace dragoman::riscv
