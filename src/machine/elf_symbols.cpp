#include "machine/elf_symbols.h"

#include <elf.h>

#include <cstring>
#include <vector>

namespace dragoman::machine {

namespace {

template <class Entry>
std::vector<Entry> read_table(const ImageFile& file, u64 offset, u64 bytes) {
    if (offset > file.size() || bytes > file.size() - offset) file.fail("is truncated or damaged (ELF section)");
    std::vector<Entry> table(bytes / sizeof(Entry));
    if (!table.empty()) file.read(offset, table.data(), table.size() * sizeof(Entry));
    return table;
}

template <class Header, class Section, class Symbol>
std::map<std::string, u64> read(const ImageFile& file) {
    std::map<std::string, u64> symbols;
    Header header;
    if (file.size() < sizeof header) return symbols;
    file.read(0, &header, sizeof header);
    if (header.e_shoff == 0 || header.e_shentsize != sizeof(Section)) return symbols;
    const auto sections = read_table<Section>(file, header.e_shoff, u64{header.e_shnum} * sizeof(Section));
    for (const Section& section : sections) {
        if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
        const Section& names = sections[section.sh_link];
        const auto text = read_table<char>(file, names.sh_offset, names.sh_size);
        for (const Symbol& symbol : read_table<Symbol>(file, section.sh_offset, section.sh_size)) {
            if (symbol.st_name == 0 || symbol.st_name >= text.size()) continue;
            const char* name = text.data() + symbol.st_name;
            symbols[std::string(name, strnlen(name, text.size() - symbol.st_name))] = symbol.st_value;
        }
    }
    return symbols;
}

}  // namespace

std::map<std::string, u64> read_symbols(const ImageFile& file) {
    unsigned char ident[EI_NIDENT];
    if (file.size() < sizeof ident) return {};
    file.read(0, ident, sizeof ident);
    if (std::memcmp(ident, ELFMAG, SELFMAG) != 0 || ident[EI_DATA] != ELFDATA2LSB) return {};
    if (ident[EI_CLASS] == ELFCLASS64) return read<Elf64_Ehdr, Elf64_Shdr, Elf64_Sym>(file);
    return read<Elf32_Ehdr, Elf32_Shdr, Elf32_Sym>(file);
}

}  // namespace dragoman::machine
