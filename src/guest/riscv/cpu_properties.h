// The property list of -cpu: what QEMU's RISC-V CPUs take, checked.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "guest/riscv/extension.h"

namespace dragoman::riscv {

/// What a property list asks for.
struct CpuProperties {
    ExtensionSet on, off;          ///< explicitly; disjoint
    ExtensionSet paging_modes;     ///< of `on`: those that were named
    std::optional<unsigned> vlen;  ///< bits
    std::optional<u64> vendor, architecture, implementation;
    std::optional<u64> rnmi_interrupt_vector, rnmi_exception_vector;
};

/// Applies one property: "name=value", "name", "+name" or "-name". @returns empty, or what was wrong with it.
std::string apply_cpu_property(CpuProperties& properties, std::string_view item);

/// "a, b, c", in the order of ISA strings.
std::string list_names(const ExtensionSet& set);
/// The members of `set` that are not executed, without those that others of them bring along.
ExtensionSet unsupported(const ExtensionSet& set);

}  // namespace dragoman::riscv
