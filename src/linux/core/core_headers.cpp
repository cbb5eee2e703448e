#include "linux/core/core_headers.h"

#include <cstring>

namespace dragoman::linux_abi {

namespace {

template <class T>
void append(std::vector<u8>& bytes, const T& header) {
    const u8* first = reinterpret_cast<const u8*>(&header);
    bytes.insert(bytes.end(), first, first + sizeof header);
}

u32 narrow(u64 value) { return static_cast<u32>(value); }

Elf32_Ehdr narrowed(const Elf64_Ehdr& h) {
    Elf32_Ehdr out{};
    std::memcpy(out.e_ident, h.e_ident, sizeof out.e_ident);
    out.e_type = h.e_type;
    out.e_machine = h.e_machine;
    out.e_version = h.e_version;
    out.e_phoff = narrow(h.e_phoff);
    out.e_shoff = narrow(h.e_shoff);
    out.e_flags = h.e_flags;
    out.e_ehsize = h.e_ehsize;
    out.e_phentsize = h.e_phentsize;
    out.e_phnum = h.e_phnum;
    out.e_shentsize = h.e_shentsize;
    out.e_shnum = h.e_shnum;
    return out;
}

Elf32_Phdr narrowed(const Elf64_Phdr& h) {
    return {h.p_type,           narrow(h.p_offset), narrow(h.p_vaddr), narrow(h.p_paddr),
            narrow(h.p_filesz), narrow(h.p_memsz),  h.p_flags,         narrow(h.p_align)};
}

}  // namespace

std::vector<u8> header_bytes(const Elf64_Ehdr& file, std::span<const Elf64_Phdr> programs) {
    const bool is_32bit = file.e_ident[EI_CLASS] == ELFCLASS32;
    std::vector<u8> bytes;
    is_32bit ? append(bytes, narrowed(file)) : append(bytes, file);
    for (const Elf64_Phdr& program : programs) is_32bit ? append(bytes, narrowed(program)) : append(bytes, program);
    return bytes;
}

std::vector<u8> header_bytes(u8 elf_class, const Elf64_Shdr& section) {
    std::vector<u8> bytes;
    if (elf_class == ELFCLASS32) {
        Elf32_Shdr out{};  // only the count is told
        out.sh_info = section.sh_info;
        append(bytes, out);
    } else {
        append(bytes, section);
    }
    return bytes;
}

}  // namespace dragoman::linux_abi
