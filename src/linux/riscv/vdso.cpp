// The vDSOs of riscv64 and riscv32: an ELF image with the functions that the C library takes from the kernel, made
// at start from a table of their instructions. Names and version are those of Linux (vdso.lds.S).
#include <elf.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "guest/riscv/host_call.h"
#include "linux/riscv/arch.h"
#include "linux/riscv/vdso_calls.h"

namespace dragoman::linux_abi::riscv {

namespace {

constexpr unsigned kA7 = 17, kZero = 0;

constexpr u32 addi(unsigned rd, unsigned rs1, i32 imm) {
    return static_cast<u32>(imm & 0xfff) << 20 | rs1 << 15 | rd << 7 | 0x13;
}
constexpr u32 kEcall = 0x00000073, kRet = 0x00008067;

struct Function {
    std::string_view name;
    i32 syscall;
    int host_call = -1;  ///< kVdsoCalls entry that does it without a system call
};

// The trampoline comes first: unwinders know a signal frame by its two instructions.
constexpr Function kFunctions[] = {
    {"__vdso_rt_sigreturn", 139},
    {"__vdso_clock_gettime", 113, kVdsoClockGettime},
    {"__vdso_gettimeofday", 169, kVdsoGettimeofday},
    {"__vdso_clock_getres", 114, kVdsoClockGetres},
    {"__vdso_getcpu", 168, kVdsoGetcpu},
    {"__vdso_flush_icache", 259},
    {"__vdso_riscv_hwprobe", 258},
};
/// riscv32's kernel gives no time there.
constexpr Function kFunctions32[] = {
    {"__vdso_rt_sigreturn", 139},
    {"__vdso_getcpu", 168},
    {"__vdso_flush_icache", 259},
    {"__vdso_riscv_hwprobe", 258},
};
constexpr std::string_view kSoname = "linux-vdso.so.1", kVersion = "LINUX_4.15";

/// What differs between the classes of ELF files.
struct Elf64 {
    using Ehdr = Elf64_Ehdr;
    using Phdr = Elf64_Phdr;
    using Sym = Elf64_Sym;
    using Dyn = Elf64_Dyn;
    using Verdef = Elf64_Verdef;
    using Verdaux = Elf64_Verdaux;
    static constexpr u8 kClass = ELFCLASS64;
    static constexpr std::span<const Function> kFunctions = riscv::kFunctions;
};
struct Elf32 {
    using Ehdr = Elf32_Ehdr;
    using Phdr = Elf32_Phdr;
    using Sym = Elf32_Sym;
    using Dyn = Elf32_Dyn;
    using Verdef = Elf32_Verdef;
    using Verdaux = Elf32_Verdaux;
    static constexpr u8 kClass = ELFCLASS32;
    static constexpr std::span<const Function> kFunctions = kFunctions32;
};

u32 elf_hash(std::string_view name) {
    u32 h = 0;
    for (unsigned char c : name) {
        h = (h << 4) + c;
        u32 high = h & 0xf0000000;
        h = (h ^ high >> 24) & ~high;
    }
    return h;
}

class Image {
public:
    // Appends an object, aligned; returns its offset.
    template <class T>
    u64 add(const T& object, unsigned alignment = alignof(T)) {
        return add_bytes(&object, sizeof object, alignment);
    }
    u64 add_bytes(const void* data, std::size_t size, unsigned alignment) {
        u64 offset = align_up(bytes_.size(), alignment);
        bytes_.resize(offset + size);
        if (data) std::memcpy(&bytes_[offset], data, size);
        return offset;
    }
    template <class T>
    T& at(u64 offset) {
        return *reinterpret_cast<T*>(&bytes_[offset]);
    }
    u64 size() const { return bytes_.size(); }
    std::vector<u8> take() { return std::move(bytes_); }

private:
    std::vector<u8> bytes_;
};

u32 add_string(std::vector<char>& table, std::string_view text) {
    u32 at = static_cast<u32>(table.size());
    table.insert(table.end(), text.begin(), text.end());
    table.push_back(0);
    return at;
}

struct Built {
    std::vector<u8> bytes;
    u64 sigreturn;
};

/// The functions' code, one behind the other, and where each lies in it.
struct Code {
    std::vector<u32> words;
    std::vector<u64> starts, sizes;
};

Code make_code(std::span<const Function> functions) {
    Code code;
    for (const Function& function : functions) {
        code.starts.push_back(code.words.size() * 4);
        if (function.host_call >= 0) {
            code.words.push_back(dragoman::riscv::host_call_insn(static_cast<unsigned>(function.host_call)));
        } else {
            code.words.push_back(addi(kA7, kZero, function.syscall));
            code.words.push_back(kEcall);
        }
        if (&function != &functions.front()) code.words.push_back(kRet);
        code.sizes.push_back(code.words.size() * 4 - code.starts.back());
        while (code.words.size() % 4 != 0) code.words.push_back(kRet);
    }
    return code;
}

template <class Elf>
struct VersionDefinition {
    typename Elf::Verdef def;
    typename Elf::Verdaux aux;
};

template <class Elf>
VersionDefinition<Elf> version_definition(u16 flags, u16 index, std::string_view name, u32 string, bool last) {
    VersionDefinition<Elf> d{};
    u32 next = last ? 0 : static_cast<u32>(sizeof d);
    d.def = {VER_DEF_CURRENT, flags, index, 1, elf_hash(name), sizeof d.def, next};
    d.aux = {string, 0};
    return d;
}

/// A part of the image, as the program header says it.
struct Part {
    u64 offset, size;
};

/// Symbols with their names, hash table and versions; their values count from `text`. @returns the dynamic section
template <class Elf>
Part add_dynamic(Image& image, const Code& code, u64 text) {
    std::vector<char> strings(1, 0);
    u32 soname = add_string(strings, kSoname), version = add_string(strings, kVersion);
    using Word = decltype(Elf::Sym::st_value);
    std::vector<typename Elf::Sym> symbols(1);
    std::vector<u16> versions(1, 0);
    for (unsigned i = 0; i < Elf::kFunctions.size(); ++i) {
        typename Elf::Sym symbol{};
        symbol.st_name = add_string(strings, Elf::kFunctions[i].name);
        symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);  // of both classes
        symbol.st_shndx = 1;                                   // any section: defined
        symbol.st_value = static_cast<Word>(text + code.starts[i]);
        symbol.st_size = static_cast<Word>(code.sizes[i]);
        symbols.push_back(symbol);
        versions.push_back(2);
    }
    u64 symtab = image.add_bytes(symbols.data(), symbols.size() * sizeof symbols[0], 8);
    u64 strtab = image.add_bytes(strings.data(), strings.size(), 1);
    u64 versym = image.add_bytes(versions.data(), versions.size() * 2, 2);

    // A hash table with one bucket: all symbols in one chain.
    std::vector<u32> hash{1, static_cast<u32>(symbols.size()), static_cast<u32>(symbols.size() - 1), 0};
    for (u32 i = 1; i < symbols.size(); ++i) hash.push_back(i - 1);
    u64 hash_at = image.add_bytes(hash.data(), hash.size() * 4, 8);

    u64 verdef = image.add(version_definition<Elf>(VER_FLG_BASE, 1, kSoname, soname, false), 8);
    image.add(version_definition<Elf>(0, 2, kVersion, version, true));

    auto entry = [](auto tag, u64 value) {
        typename Elf::Dyn d{};
        d.d_tag = static_cast<decltype(d.d_tag)>(tag);
        d.d_un.d_val = static_cast<decltype(d.d_un.d_val)>(value);
        return d;
    };
    const typename Elf::Dyn dynamic[] = {
        entry(DT_SONAME, soname), entry(DT_HASH, hash_at),
        entry(DT_STRTAB, strtab), entry(DT_STRSZ, strings.size()),
        entry(DT_SYMTAB, symtab), entry(DT_SYMENT, sizeof(typename Elf::Sym)),
        entry(DT_VERSYM, versym), entry(DT_VERDEF, verdef),
        entry(DT_VERDEFNUM, 2),   entry(DT_NULL, 0),
    };
    return {image.add_bytes(dynamic, sizeof dynamic, 8), sizeof dynamic};
}

template <class Elf>
typename Elf::Phdr program_header(u32 type, u32 flags, Part part, u64 alignment) {
    typename Elf::Phdr header{};
    using Word = decltype(header.p_vaddr);
    header.p_type = type;
    header.p_flags = flags;
    header.p_offset = header.p_vaddr = header.p_paddr = static_cast<Word>(part.offset);
    header.p_filesz = header.p_memsz = static_cast<Word>(part.size);
    header.p_align = static_cast<Word>(alignment);
    return header;
}

template <class Elf>
Built build() {
    using Ehdr = typename Elf::Ehdr;
    using Phdr = typename Elf::Phdr;
    using Word = decltype(Ehdr::e_entry);
    Image image;
    image.add(Ehdr{});
    u64 phdrs = image.add_bytes(nullptr, 2 * sizeof(Phdr), 8);
    Code code = make_code(Elf::kFunctions);
    u64 text = image.add_bytes(code.words.data(), code.words.size() * 4, 16);
    Part dynamic = add_dynamic<Elf>(image, code, text);
    image.at<Phdr>(phdrs) = program_header<Elf>(PT_LOAD, PF_R | PF_X, {0, image.size()}, 4096);
    image.at<Phdr>(phdrs + sizeof(Phdr)) = program_header<Elf>(PT_DYNAMIC, PF_R, dynamic, 8);

    Ehdr& header = image.at<Ehdr>(0);
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = Elf::kClass;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = EM_RISCV;
    header.e_version = EV_CURRENT;
    header.e_entry = static_cast<Word>(text);
    header.e_phoff = static_cast<Word>(phdrs);
    header.e_flags = EF_RISCV_RVC | EF_RISCV_FLOAT_ABI_DOUBLE;
    header.e_ehsize = sizeof(Ehdr);
    header.e_phentsize = sizeof(Phdr);
    header.e_phnum = 2;
    return {image.take(), text};
}

template <class Elf>
const VdsoImage& image_of() {
    static const Built built = build<Elf>();
    static const VdsoImage image{built.bytes, built.sigreturn};
    return image;
}

}  // namespace

const VdsoImage& vdso() { return image_of<Elf64>(); }
const VdsoImage& vdso32() { return image_of<Elf32>(); }

}  // namespace dragoman::linux_abi::riscv
