// -cpu: models, extension switches and what they bring along.
#include "guest/riscv/model.h"

#include <optional>

namespace dragoman::riscv {

namespace {

struct ExtensionInfo {
    std::string_view name;
    ExtensionSet needs;
};

using enum Extension;

constexpr ExtensionInfo kExtensions[] = {
#define X(id, name, ...) {name, ExtensionSet{__VA_ARGS__}},
    DRAGOMAN_RISCV_EXTENSIONS(X)
#undef X
};

constexpr ExtensionSet all_extensions() {
    ExtensionSet all;
    for (unsigned i = 0; i < kExtensionCount; ++i) all.add(static_cast<Extension>(i));
    return all;
}

/// Extensions of the privileged architecture, which user programs do not see.
constexpr ExtensionSet kSystemExtensions = {S,    Pmp,  Smepmp, Smstateen, Sscofpmf, Sstc,    Sdtrig, Sv39,
                                            Sv48, Sv57, Svade,  Svadu,     Svinval,  Svnapot, Svpbmt};

/// Everything, but accessed and dirty bits that trap: with Svade beside Svadu, firmware has to choose one.
constexpr ExtensionSet default_extensions() {
    ExtensionSet set = all_extensions();
    set.remove(Svade);
    return set;
}

/// The smallest useful guest: what Debian's riscv64 port is compiled for.
constexpr ExtensionSet kGc = {I, M, A, F, D, C, Zicsr, Zifencei, Zicntr, Zihpm, S, Pmp, Sv39};

constexpr guest::CpuModel kModels[] = {
    {"rv64", "RV64GC with all extensions that are implemented (default)"},
    {"max", "the same as rv64"},
    {"rv64gc", "RV64GC only: IMAFDC, Zicsr, Zifencei, Zicntr, Zihpm"},
    {"rv64i", "RV64I only"},
};

constexpr ExtensionSet without(ExtensionSet set, const ExtensionSet& removed) {
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        Extension e = static_cast<Extension>(i);
        if (removed.has(e)) set.remove(e);
    }
    return set;
}

std::optional<ExtensionSet> model_extensions(std::string_view name) {
    if (name == "rv64" || name == "max") return default_extensions();
    if (name == "rv64gc") return kGc;
    if (name == "rv64i") return ExtensionSet{I};
    return std::nullopt;
}

/// Properties that QEMU's CPUs have and this guest does not: accepted with the value that describes
/// this guest.
constexpr std::string_view kOffProperties[] = {
    "v",        "h",      "e",        "zve32f", "zve32x", "zve64d",   "zve64f",    "zve64x",   "zvbb",    "zvbc",
    "zvkb",     "zvkg",   "zvkned",   "zvknha", "zvknhb", "zvksed",   "zvksh",     "zvkt",     "zvkn",    "zvknc",
    "zvkng",    "zvks",   "zvksc",    "zvksg",  "zvfh",   "zvfhmin",  "zvfbfmin",  "zvfbfwma", "zfbfmin", "zfinx",
    "zdinx",    "zhinx",  "zhinxmin", "zcmp",   "zcmt",   "zcf",      "zce",       "ztso",     "zknd",    "zkne",
    "zknh",     "zksed",  "zksh",     "zkr",    "zk",     "zkn",      "zks",       "zicfilp",  "zicfiss", "zama16b",
    "smaia",    "ssaia",  "x-svukte", "zalasr", "zclsd",  "zilsd",    "smcntrpmf", "smcdeleg", "ssccfg",  "smcsrind",
    "sscsrind", "smrnmi", "smmpm",    "smnpm",  "ssnpm",  "smdbltrp", "ssdbltrp",  "smctr",    "ssctr",   "svrsw60t59b",
};
constexpr std::string_view kOnProperties[] = {"u", "mmu", "zaamo", "zalrsc", "zca", "zcd", "zmmul", "zkt", "zic64b"};

std::optional<bool> parse_bool(std::string_view value) {
    if (value == "on" || value == "true" || value == "yes" || value == "y") return true;
    if (value == "off" || value == "false" || value == "no" || value == "n") return false;
    return std::nullopt;
}

bool contains(std::span<const std::string_view> list, std::string_view name) {
    for (std::string_view s : list) {
        if (s == name) return true;
    }
    return false;
}

/// Properties of QEMU's CPUs that are not switches, and their values.
constexpr std::string_view kSpecs[] = {"v1.10.0", "v1.11.0", "v1.12.0", "v1.13.0"};
constexpr std::string_view kVectorSpecs[] = {"v1.0"};
constexpr std::string_view kVectorLengths[] = {"128", "256", "512", "1024"};
constexpr std::string_view kElementLengths[] = {"32", "64"};
struct ValueProperty {
    std::string_view name;
    std::span<const std::string_view> values;
};
constexpr ValueProperty kValueProperties[] = {
    {"priv_spec", kSpecs}, {"vext_spec", kVectorSpecs}, {"vlen", kVectorLengths}, {"elen", kElementLengths}};

const ValueProperty* find_value_property(std::string_view name) {
    for (const ValueProperty& property : kValueProperties) {
        if (property.name == name) return &property;
    }
    return nullptr;
}

std::string join(std::span<const std::string_view> list) {
    std::string text;
    for (std::string_view item : list) text += (text.empty() ? "" : ", ") + std::string(item);
    return text;
}

/// What the property list asked for explicitly.
struct Switches {
    ExtensionSet on, off;
};

std::string quoted(std::string_view s) { return "'" + std::string(s) + "'"; }

std::string set_property(Switches& switches, std::string_view name, bool value) {
    auto set = [&](Extension e) {
        (value ? switches.on : switches.off).add(e);
        (value ? switches.off : switches.on).remove(e);
    };
    if (name == "g") {
        for (Extension e : {I, M, A, F, D, Zicsr, Zifencei}) set(e);
        return {};
    }
    if (name == "debug") name = extension_name(Sdtrig);
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        if (kExtensions[i].name == name) {
            set(static_cast<Extension>(i));
            return {};
        }
    }
    if (name == "mmu" && !value) {
        switches.off.add(Sv39);
        return {};
    }
    bool is_off = contains(kOffProperties, name), is_on = contains(kOnProperties, name);
    if ((is_off && !value) || (is_on && value)) return {};
    if (is_off || is_on) {
        return "CPU property " + quoted(name) + " cannot be turned " + (value ? "on" : "off") + ": not supported";
    }
    return "unknown CPU property " + quoted(name) + " (see -cpu help)";
}

std::string parse_property(Switches& switches, std::string_view item) {
    if (item.empty()) return "empty CPU property";
    // The old spelling: "+ext" and "-ext".
    if (item[0] == '+' || item[0] == '-') return set_property(switches, item.substr(1), item[0] == '+');
    std::size_t equals = item.find('=');
    std::string_view name = item.substr(0, equals);
    std::string_view text = equals == item.npos ? "on" : item.substr(equals + 1);
    if (const ValueProperty* property = find_value_property(name)) {
        // A description of hardware that a user program cannot see: checked, and then of no effect.
        if (contains(property->values, text)) return {};
        return "bad value " + quoted(text) + " of CPU property " + quoted(name) + " (" + join(property->values) + ")";
    }
    if (name == "cbom_blocksize" || name == "cboz_blocksize" || name == "cbop_blocksize") {
        return text == "64" ? std::string{} : "CPU property " + quoted(name) + " can only be 64";
    }
    std::optional<bool> value = parse_bool(text);
    if (!value) return "bad value " + quoted(text) + " of CPU property " + quoted(name) + " (on or off)";
    return set_property(switches, name, *value);
}

/// The first extension that `e` needs and that is not in `set`.
std::optional<Extension> missing(Extension e, const ExtensionSet& set) {
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        Extension needed = static_cast<Extension>(i);
        if (extension_needs(e).has(needed) && !set.has(needed)) return needed;
    }
    return std::nullopt;
}

/// Applies the switches and closes the set: what needs an extension that was turned off goes too, what
/// a member needs otherwise comes along.
std::string resolve(ExtensionSet& set, const Switches& switches) {
    ExtensionSet available = all_extensions();
    for (bool changed = true; changed;) {
        changed = false;
        for (unsigned i = 0; i < kExtensionCount; ++i) {
            Extension e = static_cast<Extension>(i);
            if (!available.has(e)) continue;
            std::optional<Extension> needed = missing(e, available);
            if (!needed && !switches.off.has(e)) continue;
            if (switches.on.has(e)) {
                return "extension " + quoted(extension_name(e)) + " needs " + quoted(extension_name(*needed));
            }
            available.remove(e);
            changed = true;
        }
    }
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        Extension e = static_cast<Extension>(i);
        if (switches.on.has(e)) set.add(e);
        if (!available.has(e)) set.remove(e);
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (unsigned i = 0; i < kExtensionCount; ++i) {
            Extension e = static_cast<Extension>(i);
            std::optional<Extension> needed = set.has(e) ? missing(e, set) : std::nullopt;
            if (!needed) continue;
            set.add(*needed);
            changed = true;
        }
    }
    return {};
}

/// As configured, and those in effect.
ExtensionSet g_configured = default_extensions();
ExtensionSet g_extensions = without(g_configured, kSystemExtensions);
bool g_system_mode = false;

void set_extensions(const ExtensionSet& configured, bool system) {
    g_configured = configured;
    g_extensions = system ? configured : without(configured, kSystemExtensions);
}

}  // namespace

bool system_mode() { return g_system_mode; }

void set_system_mode(bool on) {
    g_system_mode = on;
    set_extensions(g_configured, on);
}

std::string_view extension_name(Extension e) { return kExtensions[static_cast<unsigned>(e)].name; }
const ExtensionSet& extension_needs(Extension e) { return kExtensions[static_cast<unsigned>(e)].needs; }

const ExtensionSet& extensions() { return g_extensions; }

std::string configure(std::string_view cpu) {
    std::size_t comma = cpu.find(',');
    std::string_view name = cpu.substr(0, comma);
    std::optional<ExtensionSet> set = model_extensions(name);
    if (!set) {
        std::string error = "unknown CPU model " + quoted(name) + " (there are";
        for (const guest::CpuModel& model : kModels)
            error += (&model == kModels ? " " : ", ") + std::string(model.name);
        return error + "; see -cpu help)";
    }
    Switches switches;
    while (comma != cpu.npos) {
        cpu.remove_prefix(comma + 1);
        comma = cpu.find(',');
        std::string error = parse_property(switches, cpu.substr(0, comma));
        if (!error.empty()) return error;
    }
    // A paging mode that is named is the largest one.
    bool sv57 = switches.on.has(Sv57), sv48 = sv57 || switches.on.has(Sv48);
    if (switches.on.has(Sv39) && !sv48) switches.off.add(Sv48);
    if ((switches.on.has(Sv39) || sv48) && !sv57) switches.off.add(Sv57);
    if (switches.off.has(I)) return "extension 'i' cannot be turned off";
    std::string error = resolve(*set, switches);
    if (error.empty()) set_extensions(*set, g_system_mode);
    return error;
}

std::span<const guest::CpuModel> models() { return kModels; }

std::vector<std::string> extension_names() {
    std::vector<std::string> names;
    for (const ExtensionInfo& e : kExtensions) names.emplace_back(e.name);
    return names;
}

}  // namespace dragoman::riscv
