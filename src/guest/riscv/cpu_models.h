// The CPU models that -cpu knows by name, and the profiles, which are models and switches at once.
#pragma once

#include <span>
#include <string_view>

#include "guest/riscv/extension.h"

namespace dragoman::riscv {

/// Who made a hart: mvendorid, marchid, mimpid (Privileged specification, "Machine-Level CSRs").
struct HartIds {
    u64 vendor = 0, architecture = 0, implementation = 0;
    constexpr bool operator==(const HartIds&) const = default;
};

/// Whether extensions may be added to a model. What a manufacturer sells has what it has.
enum class ModelKind : u8 { Open, Vendor };

struct CpuModelInfo {
    std::string_view name;
    std::string_view help;
    ModelKind kind;
    ExtensionSet extensions;  ///< those that the model is defined by; what these need comes along
    HartIds ids;
};

/// Models as QEMU names them and with what they have there, and rv64gc: those of RV64, then those of RV32.
std::span<const CpuModelInfo> cpu_models();
/// V, its subsets and what needs them.
const ExtensionSet& vector_extensions();
/// The width of a model's integer registers: Rv32, or Rv64.
constexpr Extension base_of(const ExtensionSet& extensions) {
    return extensions.has(Extension::Rv32) ? Extension::Rv32 : Extension::Rv64;
}
/// The model of a name among those of a base; null when there is none.
const CpuModelInfo* find_cpu_model(std::string_view name, Extension base);
/// Whether the name is that of a model that no guest has: of RV128.
bool is_foreign_cpu_model(std::string_view name);
/// What is not executed with a base, though it is with the other.
const ExtensionSet& excluded_extensions(Extension base);

struct Profile {
    std::string_view name;
    ExtensionSet extensions;  ///< the mandatory ones
    ExtensionSet optional;    ///< those that the profile names beside them
};

std::span<const Profile> profiles();
const Profile* find_profile(std::string_view name);

/// The extensions of the model that is in force unless -cpu names one: all that are executed and do not contradict
/// each other.
const ExtensionSet& max_extensions();

}  // namespace dragoman::riscv
