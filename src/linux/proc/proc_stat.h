// /proc/PID/stat, statm and status: the host's text, with what it says about the address space and the signals
// replaced by the guest's.
#pragma once

#include <string>

#include "linux/task.h"

namespace dragoman::linux_abi {

/// The text of the host's file `path`, which is `stat`, `statm` or `status` of this process or of one of its threads.
std::string stat_text(const Task& task, const std::string& path);
std::string statm_text(const Task& task, const std::string& path);
std::string status_text(const Task& task, const std::string& path);

}  // namespace dragoman::linux_abi
