#include "debug/symbol_file.h"

#include <cxxabi.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace dragoman::debug {

namespace {

/// What is larger has no names: listings are not worth more memory.
constexpr u64 kLargestFile = u64{1} << 30;

struct Symbol {
    u64 address, size;
    int rank;  ///< the highest names the address
    const char* name;
};

std::string demangled(const char* name) {
    if (std::strncmp(name, "_Z", 2) != 0) return name;
    int status = 0;
    std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
    return status == 0 ? text.get() : name;
}

/// Of several symbols at an address, functions come before labels, and what others can see before what they cannot.
int rank_of(const GElf_Sym& symbol) {
    const int type = GELF_ST_TYPE(symbol.st_info);
    return (type == STT_NOTYPE ? 0 : 2) + (GELF_ST_BIND(symbol.st_info) == STB_LOCAL ? 0 : 1);
}

bool names_code(Elf* elf, const GElf_Sym& symbol, const char* name) {
    const int type = GELF_ST_TYPE(symbol.st_info);
    if (symbol.st_shndx == SHN_UNDEF || name == nullptr || *name == '\0') return false;
    if (type == STT_FUNC || type == STT_GNU_IFUNC) return true;
    // Labels of assembly; not those that mark where code begins ($x), nor the assembler's own.
    if (type != STT_NOTYPE || *name == '$' || std::strncmp(name, ".L", 2) == 0) return false;
    GElf_Shdr section;
    Elf_Scn* scn = symbol.st_shndx < SHN_LORESERVE ? elf_getscn(elf, symbol.st_shndx) : nullptr;
    return scn != nullptr && gelf_getshdr(scn, &section) != nullptr && (section.sh_flags & SHF_EXECINSTR) != 0;
}

}  // namespace

struct SymbolFile::Image {
    std::vector<char> bytes;
    Elf* elf = nullptr;
    Dwarf* dwarf = nullptr;

    ~Image() {
        if (dwarf != nullptr) dwarf_end(dwarf);
        if (elf != nullptr) elf_end(elf);
    }

    static std::unique_ptr<Image> read(int fd) {
        struct stat status;
        if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return nullptr;
        if (static_cast<u64>(status.st_size) > kLargestFile) return nullptr;
        auto image = std::make_unique<Image>();
        image->bytes.resize(static_cast<std::size_t>(status.st_size));
        std::size_t filled = 0;
        while (filled < image->bytes.size()) {
            const ssize_t n =
                ::pread(fd, image->bytes.data() + filled, image->bytes.size() - filled, static_cast<off_t>(filled));
            if (n <= 0) return nullptr;
            filled += static_cast<std::size_t>(n);
        }
        elf_version(EV_CURRENT);
        image->elf = elf_memory(image->bytes.data(), image->bytes.size());
        if (image->elf == nullptr || elf_kind(image->elf) != ELF_K_ELF) return nullptr;
        return image;
    }

    /// The section with this name, as libelf has it; null: none.
    Elf_Data* section(const char* wanted) const {
        std::size_t names = 0;
        if (elf_getshdrstrndx(elf, &names) != 0) return nullptr;
        for (Elf_Scn* scn = elf_nextscn(elf, nullptr); scn != nullptr; scn = elf_nextscn(elf, scn)) {
            GElf_Shdr header;
            if (gelf_getshdr(scn, &header) == nullptr || header.sh_type == SHT_NOBITS) continue;
            const char* name = elf_strptr(elf, names, header.sh_name);
            if (name != nullptr && std::strcmp(name, wanted) == 0) return elf_getdata(scn, nullptr);
        }
        return nullptr;
    }

    bool has_lines() const { return section(".debug_line") != nullptr; }

    /// Where distributions keep the debugging information of the file with this build id.
    std::string build_id_path() const {
        Elf_Data* notes = section(".note.gnu.build-id");
        if (notes == nullptr) return {};
        GElf_Nhdr note;
        std::size_t name = 0, id = 0;
        if (gelf_getnote(notes, 0, &note, &name, &id) == 0 || note.n_type != NT_GNU_BUILD_ID) return {};
        std::string path = "/usr/lib/debug/.build-id/";
        for (std::size_t i = 0; i < note.n_descsz; ++i) {
            char digits[4];
            std::snprintf(digits, sizeof digits, i == 0 ? "%02x/" : "%02x",
                          static_cast<u8>(static_cast<const char*>(notes->d_buf)[id + i]));
            path += digits;
        }
        return path + ".debug";
    }

    /// The file name in .gnu_debuglink; empty: none.
    std::string debug_link() const {
        Elf_Data* link = section(".gnu_debuglink");
        if (link == nullptr) return {};
        const char* name = static_cast<const char*>(link->d_buf);
        return std::string(name, ::strnlen(name, link->d_size));
    }
};

namespace {

std::vector<std::string> debug_paths(const std::string& path, const std::string& by_id, const std::string& link) {
    std::vector<std::string> all;
    if (!by_id.empty()) all.push_back(by_id);
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    if (!link.empty() && link.find('/') == link.npos) {
        if (directory + link != path) all.push_back(directory + link);
        all.push_back(directory + ".debug/" + link);
        all.push_back("/usr/lib/debug" + directory + link);
    }
    return all;
}

}  // namespace

SymbolFile::SymbolFile() = default;
SymbolFile::~SymbolFile() = default;

std::unique_ptr<SymbolFile> SymbolFile::read(int fd, const std::string& path, const Open& open) {
    std::unique_ptr<SymbolFile> file(new SymbolFile);
    file->path_ = path;
    file->image_ = Image::read(fd);
    if (file->image_ == nullptr) return nullptr;
    file->read_segments();
    if (!file->image_->has_lines()) {
        for (const std::string& name : debug_paths(path, file->image_->build_id_path(), file->image_->debug_link())) {
            const int debug = open(name);
            if (debug < 0) continue;
            file->debug_ = Image::read(debug);
            ::close(debug);
            if (file->debug_ != nullptr) break;
        }
    }
    if (file->debug_ != nullptr) file->read_functions(*file->debug_);
    if (file->functions_.empty()) file->read_functions(*file->image_);
    Image& lines = file->debug_ != nullptr ? *file->debug_ : *file->image_;
    lines.dwarf = dwarf_begin_elf(lines.elf, DWARF_C_READ, nullptr);
    return file;
}

void SymbolFile::read_segments() {
    std::size_t count = 0;
    if (elf_getphdrnum(image_->elf, &count) != 0) return;
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr header;
        if (gelf_getphdr(image_->elf, static_cast<int>(i), &header) == nullptr || header.p_type != PT_LOAD) continue;
        segments_.push_back({header.p_offset, header.p_memsz, header.p_vaddr});
    }
}

void SymbolFile::read_functions(const Image& image) {
    std::vector<Symbol> symbols;
    for (Elf_Scn* scn = elf_nextscn(image.elf, nullptr); scn != nullptr; scn = elf_nextscn(image.elf, scn)) {
        GElf_Shdr header;
        if (gelf_getshdr(scn, &header) == nullptr || (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
            continue;
        Elf_Data* data = elf_getdata(scn, nullptr);
        if (data == nullptr || header.sh_entsize == 0) continue;
        for (u64 i = 0; i < data->d_size / header.sh_entsize; ++i) {
            GElf_Sym symbol;
            if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
            const char* name = elf_strptr(image.elf, header.sh_link, symbol.st_name);
            if (names_code(image.elf, symbol, name)) {
                symbols.push_back({symbol.st_value, symbol.st_size, rank_of(symbol), name});
            }
        }
    }
    std::stable_sort(symbols.begin(), symbols.end(), [](const Symbol& a, const Symbol& b) {
        return a.address != b.address ? a.address < b.address : a.rank > b.rank;
    });
    for (const Symbol& symbol : symbols) {
        if (functions_.empty() || functions_.back().address != symbol.address) {
            functions_.push_back({symbol.address, symbol.size, demangled(symbol.name)});
        }
    }
}

std::optional<u64> SymbolFile::address_of(u64 offset) const {
    for (const Segment& s : segments_) {
        // A segment is mapped in whole pages.
        if (offset >= align_down(s.offset, 4096) && offset < s.offset + s.size) return s.address + offset - s.offset;
    }
    return std::nullopt;
}

bool SymbolFile::contains(u64 address) const {
    return std::any_of(segments_.begin(), segments_.end(),
                       [&](const Segment& s) { return address >= s.address && address - s.address < s.size; });
}

const SymbolFile::Function* SymbolFile::function(u64 address) const {
    auto next = std::upper_bound(functions_.begin(), functions_.end(), address,
                                 [](u64 a, const Function& f) { return a < f.address; });
    if (next == functions_.begin() || !contains(address)) return nullptr;
    const Function& found = *std::prev(next);
    if (found.size != 0 && address - found.address >= found.size) return nullptr;
    return &found;
}

std::string SymbolFile::name(u64 address) const {
    const Function* found = function(address);
    if (found == nullptr) return {};
    if (address == found->address) return found->name;
    char offset[24];
    std::snprintf(offset, sizeof offset, "+0x%" PRIx64, address - found->address);
    return found->name + offset;
}

engine::Symbols::Line SymbolFile::line(u64 address) const {
    const auto& file_of_lines = debug_ != nullptr ? debug_ : image_;
    Dwarf* dwarf = file_of_lines->dwarf;
    Dwarf_Die unit;
    if (dwarf == nullptr || dwarf_addrdie(dwarf, address, &unit) == nullptr) return {};
    Dwarf_Line* found = dwarf_getsrc_die(&unit, address);
    int number = 0;
    const char* file = found != nullptr ? dwarf_linesrc(found, nullptr, nullptr) : nullptr;
    if (file == nullptr || dwarf_lineno(found, &number) != 0) return {};
    return {file, number};
}

}  // namespace dragoman::debug
