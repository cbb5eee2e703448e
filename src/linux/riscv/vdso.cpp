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

Built build() {
    Image image;
    image.add(Elf64_Ehdr{});
    u64 phdrs = image.add_bytes(nullptr, 2 * sizeof(Elf64_Phdr), 8);

    std::vector<u32> code;
    u64 starts[kFunctionCount], sizes[kFunctionCount];
    for (unsigned i = 0; i < kFunctionCount; ++i) {
        starts[i] = code.size() * 4;
        if (kFunctions[i].host_call >= 0) {
            code.push_back(dragoman::riscv::host_call_insn(static_cast<unsigned>(kFunctions[i].host_call)));
        } else {
            code.push_back(addi(kA7, kZero, kFunctions[i].syscall));
            code.push_back(kEcall);
        }
        if (i != 0) code.push_back(kRet);
        sizes[i] = code.size() * 4 - starts[i];
        while (code.size() % 4 != 0) code.push_back(kRet);
    }
    u64 text = image.add_bytes(code.data(), code.size() * 4, 16);

    std::vector<char> strings(1, 0);
    u32 soname = add_string(strings, kSoname), version = add_string(strings, kVersion);
    std::vector<Elf64_Sym> symbols(1);
    std::vector<Elf64_Half> versions(1, 0);
    for (unsigned i = 0; i < kFunctionCount; ++i) {
        Elf64_Sym symbol{};
        symbol.st_name = add_string(strings, kFunctions[i].name);
        symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
        symbol.st_shndx = 1;  // any section: defined
        symbol.st_value = text + starts[i];
        symbol.st_size = sizes[i];
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

    struct VersionDefinition {
        Elf64_Verdef def;
        Elf64_Verdaux aux;
    };
    auto definition = [](u16 flags, u16 index, std::string_view name, u32 string, bool last) {
        VersionDefinition d{};
        u32 next = last ? 0 : static_cast<u32>(sizeof d);
        d.def = {VER_DEF_CURRENT, flags, index, 1, elf_hash(name), sizeof(Elf64_Verdef), next};
        d.aux = {string, 0};
        return d;
    };
    u64 verdef = image.add(definition(VER_FLG_BASE, 1, kSoname, soname, false), 8);
    image.add(definition(0, 2, kVersion, version, true));

    // clang-format off
    const Elf64_Dyn dynamic[] = {
        {DT_SONAME, {soname}},     {DT_HASH, {hash_at}},   {DT_STRTAB, {strtab}},  {DT_STRSZ, {strings.size()}},
        {DT_SYMTAB, {symtab}},     {DT_SYMENT, {sizeof(Elf64_Sym)}},
        {DT_VERSYM, {versym}},     {DT_VERDEF, {verdef}},  {DT_VERDEFNUM, {2}},    {DT_NULL, {0}},
    };
    // clang-format on
    u64 dynamic_at = image.add_bytes(dynamic, sizeof dynamic, 8);

    Elf64_Phdr load{};
    load.p_type = PT_LOAD;
    load.p_flags = PF_R | PF_X;
    load.p_filesz = load.p_memsz = image.size();
    load.p_align = 4096;
    Elf64_Phdr dyn{};
    dyn.p_type = PT_DYNAMIC;
    dyn.p_flags = PF_R;
    dyn.p_offset = dyn.p_vaddr = dyn.p_paddr = dynamic_at;
    dyn.p_filesz = dyn.p_memsz = sizeof dynamic;
    dyn.p_align = 8;
    image.at<Elf64_Phdr>(phdrs) = load;
    image.at<Elf64_Phdr>(phdrs + sizeof load) = dyn;

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
