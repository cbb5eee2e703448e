// The list of guests that the Linux layer knows.
#include "linux/arch.h"

#include "linux/riscv/arch.h"

namespace dragoman::linux_abi {

const Arch* find_arch(u16 elf_machine, u8 elf_class) {
    static const Arch* const kAll[] = {&riscv::kArch64};
    for (const Arch* arch : kAll) {
        if (arch->elf_machine == elf_machine && arch->elf_class == elf_class) return arch;
    }
    return nullptr;
}

}  // namespace dragoman::linux_abi
