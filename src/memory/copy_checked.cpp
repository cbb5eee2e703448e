// Checked copies (copy_checked.S) and the fix-up for their faults.
#include "memory/user_space.h"

extern "C" {
std::size_t dragoman_copy_checked(void* to, const void* from, std::size_t bytes);
extern const char dragoman_copy_checked_string[], dragoman_copy_checked_insn[], dragoman_copy_checked_done[];
}

namespace dragoman::memory {

std::size_t copy_checked(void* to, const void* from, std::size_t bytes) {
    return dragoman_copy_checked(to, from, bytes);
}

bool fix_copy_fault(ucontext_t* context) {
    greg_t& pc = context->uc_mcontext.gregs[REG_RIP];
    auto address = [](auto* place) { return reinterpret_cast<greg_t>(place); };
    if (pc >= address(dragoman_copy_checked) && pc < address(dragoman_copy_checked_string)) {
        pc = address(dragoman_copy_checked_string);
    } else if (pc == address(dragoman_copy_checked_insn)) {
        pc = address(dragoman_copy_checked_done);
    } else {
        return false;
    }
    return true;
}

}  // namespace dragoman::memory
