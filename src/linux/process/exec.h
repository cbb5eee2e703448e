// Execution of programs by the guest.
#pragma once

#include <string>
#include <vector>

namespace dragoman::linux_abi {

/// The translator's environment as the guest is to see it. Variables that would act on the translator
/// itself (its dynamic linker's) are passed on under other names when a guest program is executed.
/// @param trusted whether what a translator may have left in it for this one is believed
/// @param policy  gets what inherit_policy is to take over
std::vector<std::string> guest_environment(char** environment, bool trusted, std::string& policy);

/// Notes which file the translator's own executable is. Call once, after guest_environment. `path` is its name in case
/// that there is no /proc.
void remember_self(const std::string& path);

/// The guest is about to give names another meaning (chroot, another mount namespace): keeps the translator's
/// executable open, so that it can be executed again.
void hold_self(const std::string& path);

}  // namespace dragoman::linux_abi
