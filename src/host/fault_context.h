// What a signal frame of the host tells of a fault: the one place beside the back ends that knows the host's registers.
#pragma once

#include <csignal>

namespace dragoman::host {

/// Whether the access that took a page fault was a write.
bool is_write_fault(const ucontext_t* uc);

}  // namespace dragoman::host
