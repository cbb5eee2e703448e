// The stack of a new program: argument and environment strings, and above the stack pointer argc, argv,
// envp and the auxiliary vector (create_elf_tables() of Linux).
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "linux/arch.h"
#include "linux/program/loader.h"

namespace dragoman::linux_abi {

namespace {

using memory::kPageSize;

constexpr u64 kSmallestStack = 128 << 10;
constexpr u64 kLargestStack = u64{1} << 30;

/// Writes downwards from the top of the stack.
class StackWriter {
public:
    StackWriter(const Process& process, const std::string& name)
        : process_(process), name_(name), sp_(process.stack_top) {}

    u64 sp() const { return sp_; }
    void align() { sp_ = align_down(sp_, 16); }

    u64 push_bytes(const void* data, std::size_t size) {
        // As the kernel, leave most of the stack to the program (a quarter for arguments at most).
        if (sp_ - process_.stack_low < size + (process_.stack_top - process_.stack_low) / 4 * 3) {
            throw FatalError(126, name_ + ": " + std::strerror(E2BIG));
        }
        sp_ -= size;
        std::memcpy(process_.host(sp_), data, size);
        return sp_;
    }
    u64 push_string(const std::string& text) { return push_bytes(text.c_str(), text.size() + 1); }

    /// Strings, so that the first one has the lowest address. @returns their addresses in order
    std::vector<u64> push_strings(const std::vector<std::string>& strings) {
        std::vector<u64> addresses(strings.size());
        for (std::size_t i = strings.size(); i-- > 0;) addresses[i] = push_string(strings[i]);
        return addresses;
    }

private:
    const Process& process_;
    const std::string& name_;
    u64 sp_;
};

u64 stack_size(const ProcessOptions& options) {
    u64 size = options.stack_size;
    rlimit limit;
    if (size == 0 && ::getrlimit(RLIMIT_STACK, &limit) == 0) size = limit.rlim_cur;
    return align_down(std::clamp(size, kSmallestStack, kLargestStack), kPageSize);
}

void random_bytes(const ProcessOptions& options, u8 (&bytes)[16]) {
    if (!options.seed_set) {
        if (::getrandom(bytes, sizeof bytes, 0) == sizeof bytes) return;
    }
    u64 state = options.seed;
    for (u8& byte : bytes) {  // splitmix64
        u64 z = state += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        byte = static_cast<u8>(z ^ z >> 31);
    }
}

/// What rseq(2) has of struct rseq: the host's kernel fills it.
template <class Add>
void add_rseq(const Process& process, const Add& add) {
    constexpr u64 kFeatureSize = 27, kAlign = 28;  // AT_RSEQ_*
    if (process.space->guest_base() != 0 || ::getauxval(kFeatureSize) == 0) return;
    add(kFeatureSize, ::getauxval(kFeatureSize));
    add(kAlign, ::getauxval(kAlign));
}

}  // namespace

void map_stack(Process& process) {
    u64 size = stack_size(process.options);
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    const u64 top = process.arch->address_space_top - kPageSize;
    i64 low =
        process.space->mmap(top - size, size, PROT_READ | PROT_WRITE, kFlags | MAP_FIXED_NOREPLACE, -1, 0, "[stack]");
    // A smaller address space (-R) has no room there.
    if (low < 0) low = process.space->mmap(0, size, PROT_READ | PROT_WRITE, kFlags, -1, 0, "[stack]");
    if (low < 0) {
        char text[96];
        std::snprintf(
            text, sizeof text, "the guest's stack of %llu KiB does not fit in %#llx bytes of address space (-R)",
            static_cast<unsigned long long>(size >> 10), static_cast<unsigned long long>(process.space->limit()));
        throw FatalError(126, text);
    }
    process.stack_low = static_cast<u64>(low);
    process.stack_top = process.stack_low + size;
}

void let_stack_execute(Process& process) {
    process.space->mprotect(process.stack_low, process.stack_top - process.stack_low,
                            PROT_READ | PROT_WRITE | PROT_EXEC);
}

u64 build_stack(Process& process, const Program& program, const LoadedImage& image, u64 interpreter_base) {
    const Arch& arch = *process.arch;
    StackWriter stack(process, program.name);
    const u64 zero = 0, word_bytes = arch.layouts.word_bytes;
    stack.push_bytes(&zero, word_bytes);
    u64 file_name = stack.push_string(program.name);
    process.env_end = stack.sp();
    std::vector<u64> environment = stack.push_strings(process.options.environment);
    process.env_start = process.arg_end = stack.sp();
    std::vector<u64> arguments = stack.push_strings(program.arguments);
    process.arg_start = stack.sp();
    stack.align();
    u64 platform = arch.platform ? stack.push_string(arch.platform) : 0;
    u8 random[16];
    random_bytes(process.options, random);
    u64 random_address = stack.push_bytes(random, sizeof random);
    stack.align();

    std::vector<u64>& auxv = process.auxv;
    auxv.clear();
    auto add = [&](u64 type, u64 value) {
        auxv.push_back(type);
        auxv.push_back(value);
    };
    add(AT_SYSINFO_EHDR, process.vdso);
    auxv.insert(auxv.end(), arch.auxv.begin(), arch.auxv.end());
    add(AT_MINSIGSTKSZ, arch.minimum_signal_stack(process.engine->model()));
    add(AT_HWCAP, arch.hwcap(process.engine->model()));
    add(AT_PAGESZ, kPageSize);
    add(AT_CLKTCK, 100);
    add(AT_PHDR, image.phdr);
    add(AT_PHENT, arch.elf_class == ELFCLASS32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr));
    add(AT_PHNUM, image.phnum);
    add(AT_BASE, interpreter_base);
    add(AT_FLAGS, 0);
    add(AT_ENTRY, image.entry);
    add(AT_UID, ::getuid());
    add(AT_EUID, ::geteuid());
    add(AT_GID, ::getgid());
    add(AT_EGID, ::getegid());
    add(AT_SECURE, ::getauxval(AT_SECURE));
    add(AT_RANDOM, random_address);
    add(AT_HWCAP2, 0);
    add(AT_EXECFN, file_name);
    if (platform) add(AT_PLATFORM, platform);
    add_rseq(process, add);
    add(AT_NULL, 0);

    // argc, argv[], NULL, envp[], NULL, auxv; the stack pointer at argc is 16-byte aligned.
    std::vector<u64> vector{arguments.size()};
    vector.insert(vector.end(), arguments.begin(), arguments.end());
    vector.push_back(0);
    vector.insert(vector.end(), environment.begin(), environment.end());
    vector.push_back(0);
    vector.insert(vector.end(), auxv.begin(), auxv.end());
    while (vector.size() * word_bytes % 16 != stack.sp() % 16) stack.push_bytes(&zero, word_bytes);
    if (word_bytes == sizeof(u64)) return stack.push_bytes(vector.data(), vector.size() * word_bytes);
    const std::vector<u32> words(vector.begin(), vector.end());
    return stack.push_bytes(words.data(), words.size() * word_bytes);
}

}  // namespace dragoman::linux_abi
