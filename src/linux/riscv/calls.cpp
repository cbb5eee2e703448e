// System calls that only riscv has.
#include <cerrno>

#include "guest/riscv/csr.h"
#include "guest/riscv/extension.h"
#include "guest/riscv/model.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

using dragoman::riscv::Extension;

struct Pair {
    i64 key;
    u64 value;
};

// asm/hwprobe.h
enum Key : i64 {
    kVendor = 0,
    kArchitecture = 1,
    kImplementation = 2,
    kBaseBehavior = 3,
    kExtensions = 4,
    kPerformance = 5,
    kZicbozBlock = 6,
    kHighestAddress = 7,
    kTimeFrequency = 8,
    kScalarMisaligned = 9,
};

struct Bit {
    Extension extension;
    unsigned bit;
};
constexpr Bit kBits[] = {
    {Extension::C, 1},      {Extension::Zba, 3},    {Extension::Zbb, 4},     {Extension::Zbs, 5},
    {Extension::Zicboz, 6}, {Extension::Zbc, 7},    {Extension::Zbkb, 8},    {Extension::Zbkc, 9},
    {Extension::Zbkx, 10},  {Extension::Zfh, 27},   {Extension::Zfhmin, 28}, {Extension::Zihintntl, 29},
    {Extension::Zfa, 32},   {Extension::Zacas, 34}, {Extension::Zicond, 35}, {Extension::Zihintpause, 36},
    {Extension::Zimop, 42}, {Extension::Zcb, 44},   {Extension::Zcmop, 47},  {Extension::Zawrs, 48},
};

bool enabled(Extension e) { return dragoman::riscv::extensions().has(e); }

u64 extension_bits() {
    u64 bits = enabled(Extension::F) && enabled(Extension::D) ? 1 : 0;
    for (const Bit& b : kBits) {
        if (enabled(b.extension)) bits |= u64{1} << b.bit;
    }
    if (enabled(Extension::C)) bits |= u64{1} << 43 | u64{1} << 45;  // Zca, Zcd
    return bits;
}

// Answers one pair; keys that are not known become -1.
void probe(Pair& pair) {
    constexpr u64 kMisalignedFast = 3;
    switch (pair.key) {
        case kVendor:
        case kArchitecture:
        case kImplementation: pair.value = 0; break;
        case kBaseBehavior: pair.value = 1; break;  // IMA
        case kExtensions: pair.value = extension_bits(); break;
        case kPerformance:
        case kScalarMisaligned: pair.value = kMisalignedFast; break;
        case kZicbozBlock: pair.value = enabled(Extension::Zicboz) ? 64 : 0; break;
        case kHighestAddress: pair.value = (u64{1} << 38) - 1; break;
        case kTimeFrequency: pair.value = riscv::kTimeFrequency; break;
        default: pair = {-1, 0}; break;
    }
}

}  // namespace

SyscallResult sys_riscv_flush_icache(Task& task, const SyscallArgs& args) {
    if (args[2] & ~u64{1}) return -EINVAL;
    task.process->engine->fence_i(args[0], args[1]);
    return 0;
}

SyscallResult sys_riscv_hwprobe(Task& task, const SyscallArgs& args) {
    constexpr u64 kWhichCpus = 1;
    if (args[4] & ~kWhichCpus) return -EINVAL;
    bool which = args[4] & kWhichCpus;
    bool all_equal = true;
    for (u64 i = 0; i < args[1]; ++i) {
        u64 address = args[0] + i * sizeof(Pair);
        Pair pair;
        if (!task.read(pair, address)) return -EFAULT;
        Pair wanted = pair;
        probe(pair);
        if (which) {
            bool bitmask = pair.key == kExtensions || pair.key == kBaseBehavior;
            all_equal &= bitmask ? (pair.value & wanted.value) == wanted.value : pair.value == wanted.value;
            if (pair.key >= 0) continue;
        }
        if (!task.write(address, pair)) return -EFAULT;
    }
    // All harts are alike: the set of those with the wanted values is all or nothing.
    if (which && !all_equal) {
        for (u64 i = 0; i < args[2]; ++i) {
            if (!task.write(args[3] + i, u8{0})) return -EFAULT;
        }
    }
    return 0;
}

}  // namespace dragoman::linux_abi
