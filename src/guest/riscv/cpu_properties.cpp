#include "guest/riscv/cpu_properties.h"

#include <span>

#include "base/number.h"
#include "guest/riscv/context.h"
#include "guest/riscv/cpu_models.h"

namespace dragoman::riscv {

namespace {

using enum Extension;

std::string quoted(std::string_view s) { return "'" + std::string(s) + "'"; }

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

std::string join(std::span<const std::string_view> list) {
    std::string text;
    for (std::string_view item : list) text += (text.empty() ? "" : ", ") + std::string(item);
    return text;
}

// --- switches ---

/// Switches of QEMU's CPUs that describe what this guest has not, or cannot be without.
constexpr std::string_view kAlwaysOff[] = {"big-endian",    "x-misa-w",        "short-isa-string",  "rvv_ta_all_1s",
                                           "rvv_ma_all_1s", "rvv_vl_half_avl", "rvv_vsetvl_x0_vill"};
constexpr std::string_view kAlwaysOn[] = {"u"};

struct Alias {
    std::string_view name;
    Extension extension;
};
constexpr Alias kAliases[] = {{"debug", Sdtrig}, {"svukte", Svukte}};

void set(CpuProperties& properties, const ExtensionSet& extensions, bool on) {
    for_each(extensions, [&](Extension e) {
        (on ? properties.on : properties.off).add(e);
        (on ? properties.off : properties.on).remove(e);
    });
}

/// What goes with an extension that is turned off: without M there is no multiplication either, though Zmmul alone
/// exists.
ExtensionSet with_parts(Extension e) {
    ExtensionSet set{e};
    if (e == M || e == A || e == C) set.add(extension_info(e).needs);
    return set;
}

std::string set_switch(CpuProperties& properties, std::string_view name, bool on) {
    auto refuse = [&](const ExtensionSet& missing) {
        std::string what = "CPU property " + quoted(name) + " cannot be turned on: not supported";
        return missing == ExtensionSet{} ? what : what + " (" + list_names(missing) + ")";
    };
    if (const Profile* profile = find_profile(name)) {
        ExtensionSet missing = unsupported(profile->extensions);
        if (on && !missing.empty()) return refuse(missing);
        ExtensionSet switched = profile->extensions;
        if (!on) switched.remove(I);
        set(properties, switched, on);
        return {};
    }
    if (name == "g") {
        set(properties, {M, A, F, D, Zicsr, Zifencei}, on);
        return {};
    }
    if (name == "mmu") {
        if (on) properties.off.remove({Sv32, Sv39});
        else set(properties, {Sv32, Sv39}, false);
        return {};
    }
    std::optional<Extension> extension = find_extension(name);
    for (const Alias& alias : kAliases) {
        if (name == alias.name) extension = alias.extension;
    }
    if (extension) {
        if (extension_info(*extension).is_base()) return "unknown CPU property " + quoted(name) + " (see -cpu help)";
        if (on && ExtensionSet{Zclsd, Zilsd}.has(*extension)) {
            return "CPU property " + quoted(name) + " cannot be turned on: RV64 does not have it";
        }
        if (on && !extension_info(*extension).executed()) return refuse({});
        set(properties, on ? ExtensionSet{*extension} : with_parts(*extension), on);
        if (ExtensionSet{Sv39, Sv48, Sv57}.has(*extension) && on) properties.paging_modes.add(*extension);
        return {};
    }
    bool always_off = contains(kAlwaysOff, name), always_on = contains(kAlwaysOn, name);
    if (always_off && on) return refuse({});
    if (always_on && !on) return "CPU property " + quoted(name) + " cannot be turned off: not supported";
    if (always_off || always_on) return {};
    return "unknown CPU property " + quoted(name) + " (see -cpu help)";
}

// --- properties with other values ---

/// Descriptions of hardware with a few possible values.
constexpr std::string_view kVectorSpecs[] = {"v1.0"};
constexpr std::string_view kVectorLengths[] = {"128", "256", "512", "1024"};
constexpr std::string_view kElementLengths[] = {"32", "64"};
constexpr std::string_view kPrivilegedSpecs[] = {"v1.10.0", "v1.11.0", "v1.12.0", "v1.13.0"};
struct ValueProperty {
    std::string_view name;
    std::span<const std::string_view> values;
};
constexpr ValueProperty kValueProperties[] = {
    {"priv_spec", kPrivilegedSpecs}, {"vext_spec", kVectorSpecs}, {"vlen", kVectorLengths}, {"elen", kElementLengths}};
constexpr std::string_view kRnmiInterruptVector = "rnmi-interrupt-vector";
constexpr std::string_view kRnmiExceptionVector = "rnmi-exception-vector";
constexpr std::string_view kNumbers[] = {"mvendorid", "marchid", "mimpid", kRnmiInterruptVector, kRnmiExceptionVector};
constexpr std::string_view kBlockSizes[] = {"cbom_blocksize", "cbop_blocksize", "cboz_blocksize"};

void set_privileged_spec(CpuProperties& properties, std::string_view version) {
    set(properties, {Sm1p11}, version != "v1.10.0");
    set(properties, {Sm1p12}, version != "v1.10.0" && version != "v1.11.0");
}

std::string set_number(CpuProperties& properties, std::string_view name, std::string_view text) {
    std::optional<u64> value = parse_number(text);
    if (!value) return "bad value " + quoted(text) + " of CPU property " + quoted(name) + " (a number)";
    constexpr u64 kTop = u64{1} << 63;
    if (contains(kBlockSizes, name)) {
        return *value == kCacheBlock ? std::string{} : "CPU property " + quoted(name) + " can only be 64";
    }
    if (name == kRnmiInterruptVector) {
        properties.rnmi_interrupt_vector = value;
    } else if (name == kRnmiExceptionVector) {
        properties.rnmi_exception_vector = value;
    } else if (name == "mvendorid") {
        if (*value > 0xffff'ffff) return "CPU property 'mvendorid' has 32 bits";
        properties.vendor = value;
    } else if (name == "mimpid") {
        properties.implementation = value;
    } else {
        if (*value == kTop)
            return "bad value " + quoted(text) + " of CPU property 'marchid': bit 63 alone is not allowed";
        properties.architecture = value;
    }
    return {};
}

}  // namespace

std::string apply_cpu_property(CpuProperties& properties, std::string_view item) {
    if (item.empty()) return "empty CPU property";
    // The old spelling: "+ext" and "-ext".
    if (item[0] == '+' || item[0] == '-') return set_switch(properties, item.substr(1), item[0] == '+');
    std::size_t equals = item.find('=');
    std::string_view name = item.substr(0, equals);
    std::string_view text = equals == item.npos ? "on" : item.substr(equals + 1);
    for (const ValueProperty& property : kValueProperties) {
        if (property.name != name) continue;
        if (!contains(property.values, text)) {
            return "bad value " + quoted(text) + " of CPU property " + quoted(name) + " (" + join(property.values) +
                   ")";
        }
        if (name == "priv_spec") set_privileged_spec(properties, text);
        if (name == "vlen") properties.vlen = static_cast<unsigned>(*parse_number(text));
        return {};
    }
    if (contains(kBlockSizes, name) || contains(kNumbers, name)) {
        return set_number(properties, name, text);
    }
    std::optional<bool> value = parse_bool(text);
    if (!value) return "bad value " + quoted(text) + " of CPU property " + quoted(name) + " (on or off)";
    return set_switch(properties, name, *value);
}

std::string list_names(const ExtensionSet& set) {
    std::string text;
    for_each(set, [&](Extension e) { text += (text.empty() ? "" : ", ") + std::string(extension_info(e).name); });
    return text;
}

ExtensionSet unsupported(const ExtensionSet& set) {
    ExtensionSet missing = set - executed_extensions(), result = missing;
    for_each(missing, [&](Extension e) { result.remove(extension_info(e).needs); });
    return result;
}

}  // namespace dragoman::riscv
