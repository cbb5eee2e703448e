// Execution of programs by the guest.
#pragma once

#include <string>
#include <vector>

namespace dragoman::linux_abi {

/// What the translator that executed this one has left for it.
struct Inheritance {
    std::string policy;    ///< for inherit_policy
    std::string filters;   ///< for inherit_filters
    std::string tracing;   ///< for inherit_tracing
    int program = -1;      ///< descriptor of the program; -1: it is found by its name
    std::string debugger;  ///< Debugger::before_exec
};

/// The translator's environment as the guest is to see it. Variables that would act on the translator
/// itself (its dynamic linker's) are passed on under other names when a guest program is executed.
/// @param trusted whether what a translator may have left in it for this one is believed
/// @throws FatalError when that may not be believed and cannot be ignored either
std::vector<std::string> guest_environment(char** environment, bool trusted, Inheritance& inheritance);

/// Notes which file the translator's own executable is. Call once, after guest_environment. `path` is its name in case
/// that there is no /proc.
void remember_self(const std::string& path);

/// The guest is about to give names another meaning (chroot, another mount namespace): keeps the translator's
/// executable open, so that it can be executed again.
void hold_self(const std::string& path);

}  // namespace dragoman::linux_abi
