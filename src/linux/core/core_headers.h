// The headers of a core file, in the class of the guest's programs.
#pragma once

#include <elf.h>

#include <span>
#include <vector>

#include "base/bits.h"

namespace dragoman::linux_abi {

/// Sizes of an ELF class's headers.
struct HeaderSizes {
    u16 file, program, section;
};
constexpr HeaderSizes header_sizes(u8 elf_class) {
    if (elf_class == ELFCLASS32) return {sizeof(Elf32_Ehdr), sizeof(Elf32_Phdr), sizeof(Elf32_Shdr)};
    return {sizeof(Elf64_Ehdr), sizeof(Elf64_Phdr), sizeof(Elf64_Shdr)};
}

/// As they stand in a file of the class that `file` names.
std::vector<u8> header_bytes(const Elf64_Ehdr& file, std::span<const Elf64_Phdr> programs);
std::vector<u8> header_bytes(u8 elf_class, const Elf64_Shdr& section);

}  // namespace dragoman::linux_abi
