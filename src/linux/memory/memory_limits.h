// Resource limits. Those on memory are the guest's alone: they are kept here and applied to its address space, because
// the translator's own memory does not count against them.
#pragma once

#include <string>

#include "memory/user_space.h"

namespace dragoman::linux_abi {

/// The limits that are kept here, as text for the translator of a program that the guest executes. Empty: none.
std::string kept_limits();
/// Takes them over, before anything else is asked of them.
void restore_limits(const char* text);

/// Memory limits that this process was started with become the guest's; its own are lifted as far as the host lets.
/// @returns bytes that are left to the whole process, ~0 without limit
u64 lift_host_limits();

/// The guest's soft limit for `resource` (RLIMIT_*).
u64 soft_limit(unsigned resource);

/// The text of /proc/self/limits, given the host's: with the limits that are kept here.
std::string limits_text(const std::string& host);

/// Applies the kept limits to the guest's address space.
void limit_space(memory::UserSpace& space);

}  // namespace dragoman::linux_abi
