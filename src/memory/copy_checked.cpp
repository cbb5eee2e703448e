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

u64 copy_fixup(u64 pc) {
    auto address = [](auto* place) { return reinterpret_cast<u64>(place); };
    if (pc >= address(dragoman_copy_checked) && pc < address(dragoman_copy_checked_string))
        return address(dragoman_copy_checked_string);
    return pc == address(dragoman_copy_checked_insn) ? address(dragoman_copy_checked_done) : 0;
}

}  // namespace dragoman::memory
