// The list of guests that the Linux layer knows, and the names of machines.
#include "linux/arch.h"

#include <elf.h>

#include "linux/riscv/arch.h"

namespace dragoman::linux_abi {

std::string machine_name(unsigned elf_machine) {
    switch (elf_machine) {
        case EM_X86_64: return "x86-64";
        case EM_386: return "i386";
        case EM_AARCH64: return "aarch64";
        case EM_ARM: return "arm";
        case EM_RISCV: return "riscv";
        default: return "machine " + std::to_string(elf_machine);
    }
}

const Arch* find_arch(u16 elf_machine, u8 elf_class) {
    static const Arch* const kAll[] = {&riscv::kArch64, &riscv::kArch32};
    for (const Arch* arch : kAll) {
        if (arch->elf_machine == elf_machine && arch->elf_class == elf_class) return arch;
    }
    return nullptr;
}

}  // namespace dragoman::linux_abi
