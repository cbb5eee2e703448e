#include "host/fault_context.h"

#include <ucontext.h>

#if !defined(__x86_64__)
#error "signal frames of this host are not known"
#endif

namespace dragoman::host {

bool is_write_fault(const ucontext_t* uc) {
    constexpr greg_t kWrite = 2;  // of the page-fault error code
    return (uc->uc_mcontext.gregs[REG_ERR] & kWrite) != 0;
}

}  // namespace dragoman::host
