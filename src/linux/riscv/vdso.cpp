// The vDSO of riscv64: an ELF image with the functions that the C library takes from the kernel, made
// at start from a table of their instructions. Names and version are those of Linux (vdso.lds.S).
#include <elf.h>

#include <algorithm>
#include <cstring>
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
constexpr unsigned kFunctionCount = std::size(kFunctions);
constexpr std::string_view kSoname = "linux-vdso.so.1", kVersion = "LINUX_4.15";

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
    u64 starts[kFunctionCount], sizes[kFunctionCount];
};

Code make_code() {
    Code code;
    for (unsigned i = 0; i < kFunctionCount; ++i) {
        code.starts[i] = code.words.size() * 4;
        if (kFunctions[i].host_call >= 0) {
            code.words.push_back(dragoman::riscv::host_call_insn(static_cast<unsigned>(kFunctions[i].host_call)));
        } else {
            code.words.push_back(addi(kA7, kZero, kFunctions[i].syscall));
            code.words.push_back(kEcall);
        }
        if (i != 0) code.words.push_back(kRet);
        code.sizes[i] = code.words.size() * 4 - code.starts[i];
        while (code.words.size() % 4 != 0) code.words.push_back(kRet);
    }
    return code;
}

struct VersionDefinition {
    Elf64_Verdef def;
    Elf64_Verdaux aux;
};

VersionDefinition version_definition(u16 flags, u16 index, std::string_view name, u32 string, bool last) {
    VersionDefinition d{};
    u32 next = last ? 0 : static_cast<u32>(sizeof d);
    d.def = {VER_DEF_CURRENT, flags, index, 1, elf_hash(name), sizeof(Elf64_Verdef), next};
    d.aux = {string, 0};
    return d;
}

/// A part of the image, as the program header says it.
struct Part {
    u64 offset, size;
};

/// Symbols with their names, hash table and versions; their values count from `text`. @returns the dynamic section
Part add_dynamic(Image& image, const Code& code, u64 text) {
    std::vector<char> strings(1, 0);
    u32 soname = add_string(strings, kSoname), version = add_string(strings, kVersion);
    std::vector<Elf64_Sym> symbols(1);
    std::vector<Elf64_Half> versions(1, 0);
    for (unsigned i = 0; i < kFunctionCount; ++i) {
        Elf64_Sym symbol{};
        symbol.st_name = add_string(strings, kFunctions[i].name);
        symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
        symbol.st_shndx = 1;  // any section: defined
        symbol.st_value = text + code.starts[i];
        symbol.st_size = code.sizes[i];
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

    u64 verdef = image.add(version_definition(VER_FLG_BASE, 1, kSoname, soname, false), 8);
    image.add(version_definition(0, 2, kVersion, version, true));

    // clang-format off
    const Elf64_Dyn dynamic[] = {
        {DT_SONAME, {soname}},     {DT_HASH, {hash_at}},   {DT_STRTAB, {strtab}},  {DT_STRSZ, {strings.size()}},
        {DT_SYMTAB, {symtab}},     {DT_SYMENT, {sizeof(Elf64_Sym)}},
        {DT_VERSYM, {versym}},     {DT_VERDEF, {verdef}},  {DT_VERDEFNUM, {2}},    {DT_NULL, {0}},
    };
    // clang-format on
    return {image.add_bytes(dynamic, sizeof dynamic, 8), sizeof dynamic};
}

Elf64_Phdr program_header(u32 type, u32 flags, Part part, u64 alignment) {
    Elf64_Phdr header{};
    header.p_type = type;
    header.p_flags = flags;
    header.p_offset = header.p_vaddr = header.p_paddr = part.offset;
    header.p_filesz = header.p_memsz = part.size;
    header.p_align = alignment;
    return header;
}

Built build() {
    Image image;
    image.add(Elf64_Ehdr{});
    u64 phdrs = image.add_bytes(nullptr, 2 * sizeof(Elf64_Phdr), 8);
    Code code = make_code();
    u64 text = image.add_bytes(code.words.data(), code.words.size() * 4, 16);
    Part dynamic = add_dynamic(image, code, text);
    image.at<Elf64_Phdr>(phdrs) = program_header(PT_LOAD, PF_R | PF_X, {0, image.size()}, 4096);
    image.at<Elf64_Phdr>(phdrs + sizeof(Elf64_Phdr)) = program_header(PT_DYNAMIC, PF_R, dynamic, 8);

    Elf64_Ehdr& header = image.at<Elf64_Ehdr>(0);
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = EM_RISCV;
    header.e_version = EV_CURRENT;
    header.e_entry = text;
    header.e_phoff = phdrs;
    header.e_flags = EF_RISCV_RVC | EF_RISCV_FLOAT_ABI_DOUBLE;
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    return {image.take(), text};
}

}  // namespace

const VdsoImage& vdso() {
    static const Built built = build();
    static const VdsoImage image{built.bytes, built.sigreturn};
    return image;
}

}  // namespace dragoman::linux_abi::riscv
