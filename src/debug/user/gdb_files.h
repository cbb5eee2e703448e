// The vFile packets: gdb reads the guest's program and libraries through us, so that it finds the same files
// as the guest (-L). gdb manual, "Host I/O Packets".
#pragma once

#include <string>
#include <string_view>

#include "linux/task.h"

namespace dragoman::debug {

/// Answers "vFile:OPERATION:ARGUMENTS" (given without "vFile:"); empty when the operation is not known.
/// @param task sees the files of /proc that are about the guest
std::string answer_file_request(linux_abi::Task& task, std::string_view request);

}  // namespace dragoman::debug
