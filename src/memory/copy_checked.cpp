// Checked copies (copy_checked.S) and the fix-up for their faults.
#include "memory/user_space.h"

extern "C" {
std::size_t dragoman_copy_checked(void* to, const void* from, std::size_t bytes);
extern const char dragoman_copy_checked_insn[], dragoman_copy_checked_done[];
}

namespace dragoman::memory {

std::size_t copy_checked(void* to, const void* from, std::size_t bytes) {
    return dragoman_copy_checked(to, from, bytes);
}

u64 copy_fixup(u64 pc) {
    return pc == reinterpret_cast<u64>(dragoman_copy_checked_insn) ? reinterpret_cast<u64>(dragoman_copy_checked_done)
                                                                   : 0;
}

}  // namespace dragoman::memory
