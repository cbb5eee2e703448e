// Extensions, sets of them, and the guards of the instruction table: which extensions an instruction needs.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/bits.h"
#include "guest/riscv/extension_table.h"

namespace dragoman::riscv {

/// An extension that can be on or off.
enum class Extension : u8 {
#define X(id, ...) id,
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
    constexpr void remove(const ExtensionSet& s) {
        for (unsigned i = 0; i < kWords; ++i) word_[i] &= ~s.word_[i];
    }
    constexpr bool contains(const ExtensionSet& s) const {
        for (unsigned i = 0; i < kWords; ++i) {
            if ((s.word_[i] & ~word_[i]) != 0) return false;
        }
        return true;
    }
    constexpr bool empty() const { return *this == ExtensionSet{}; }
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

constexpr ExtensionSet operator+(ExtensionSet a, const ExtensionSet& b) {
    a.add(b);
    return a;
}
constexpr ExtensionSet operator-(ExtensionSet a, const ExtensionSet& b) {
    a.remove(b);
    return a;
}

/// Calls f(extension) for each member, in the order of ISA strings.
template <class F>
constexpr void for_each(const ExtensionSet& set, F f) {
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        if (set.has(static_cast<Extension>(i))) f(static_cast<Extension>(i));
    }
}

/// The extensions that an instruction or a CSR needs: all of one of two alternatives. Written as an expression:
/// `Zbb`, `Zcb && Zbb`, `Zbb || Zbkb`.
struct Guard {
    /// All of these, up to the first Count_.
    struct Alternative {
        Extension all[3] = {Extension::Count_, Extension::Count_, Extension::Count_};
        constexpr bool admits(const ExtensionSet& on) const {
            for (Extension e : all) {
                if (e == Extension::Count_) break;
                if (!on.has(e)) return false;
            }
            return true;
        }
    };
    Alternative first, second;

    constexpr Guard(Extension e) : first{{e, Extension::Count_, Extension::Count_}}, second(first) {}
    constexpr Guard(const Alternative& a, const Alternative& b) : first(a), second(b) {}
    constexpr bool admits(const ExtensionSet& on) const { return first.admits(on) || second.admits(on); }
};

consteval Guard operator&&(Guard a, Extension b) {
    for (Guard::Alternative* alternative : {&a.first, &a.second}) {
        unsigned n = 0;
        while (n < 3 && alternative->all[n] != Extension::Count_) ++n;
        if (n == 3) throw "a guard has up to three extensions";
        alternative->all[n] = b;
    }
    return a;
}
consteval Guard operator&&(Extension a, Extension b) { return Guard(a) && b; }
consteval Guard operator||(Guard a, Guard b) { return {a.first, b.first}; }
consteval Guard operator||(Extension a, Extension b) { return Guard(a) || Guard(b); }

/// What an extension is to this guest (extension_table.h).
enum class ExtensionKind : u8 { Base, User, UserSum, System, SystemSum, Knob, Absent, SystemAbsent };

/// A row of the table.
struct ExtensionInfo {
    static constexpr u8 kNoProbe = 0xff;

    std::string_view name;
    ExtensionKind kind;
    u8 hwprobe;  ///< bit of the 128 of RISCV_HWPROBE_KEY_IMA_EXT_0 and, behind them, _1; kNoProbe
    ExtensionSet needs;

    constexpr bool is_base() const { return kind == ExtensionKind::Base; }
    constexpr bool executed() const { return kind != ExtensionKind::Absent && kind != ExtensionKind::SystemAbsent; }
    constexpr bool is_sum() const { return kind == ExtensionKind::UserSum || kind == ExtensionKind::SystemSum; }
    constexpr bool seen_by_user() const {
        return kind == ExtensionKind::User || kind == ExtensionKind::UserSum || kind == ExtensionKind::Absent ||
               is_base();
    }
    constexpr bool in_isa_string() const { return executed() && kind != ExtensionKind::Knob && !is_base(); }
};

const ExtensionInfo& extension_info(Extension e);

/// The extension of a name as -cpu spells it.
std::optional<Extension> find_extension(std::string_view name);

/// All that this guest executes.
const ExtensionSet& executed_extensions();
/// Those that user programs see, executed or not.
const ExtensionSet& user_extensions();

}  // namespace dragoman::riscv
