// The target description that tells gdb which registers the guest has. gdb manual, "Target Descriptions".
#pragma once

#include <span>
#include <string>

#include "guest/guest.h"

namespace dragoman::debug {

std::string target_xml(const char* architecture, std::span<const guest::RegisterInfo> registers);

}  // namespace dragoman::debug
