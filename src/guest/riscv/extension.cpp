// The table of extensions, as data.
#include "guest/riscv/extension.h"

namespace dragoman::riscv {

namespace {

using enum Extension;
using enum ExtensionKind;

constexpr u8 kNone = ExtensionInfo::kNoProbe;
constexpr u8 key0(unsigned bit) { return static_cast<u8>(bit); }
constexpr u8 key1(unsigned bit) { return static_cast<u8>(64 + bit); }

constexpr ExtensionInfo kExtensions[] = {
#define X(id, name, kind, hwprobe, ...) {name, kind, hwprobe, ExtensionSet{__VA_ARGS__}},
    DRAGOMAN_RISCV_EXTENSIONS(X)
#undef X
};

template <class Predicate>
constexpr ExtensionSet those(Predicate predicate) {
    ExtensionSet set;
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        if (predicate(kExtensions[i])) set.add(static_cast<Extension>(i));
    }
    return set;
}

constexpr ExtensionSet kExecuted = those([](const ExtensionInfo& e) { return e.executed(); });
constexpr ExtensionSet kUser = those([](const ExtensionInfo& e) { return e.seen_by_user(); });

}  // namespace

const ExtensionInfo& extension_info(Extension e) { return kExtensions[static_cast<unsigned>(e)]; }

std::optional<Extension> find_extension(std::string_view name) {
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        if (kExtensions[i].name == name) return static_cast<Extension>(i);
    }
    return std::nullopt;
}

const ExtensionSet& executed_extensions() { return kExecuted; }
const ExtensionSet& user_extensions() { return kUser; }

}  // namespace dragoman::riscv
