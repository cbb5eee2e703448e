// riscv_hwprobe: what the harts can do (Linux, Documentation/arch/riscv/hwprobe.rst and
// arch/riscv/kernel/sys_hwprobe.c).
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "guest/riscv/csr.h"
#include "guest/riscv/model.h"
#include "linux/riscv/calls.h"
#include "linux/riscv/isa.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

namespace {

using dragoman::riscv::Extension;
using dragoman::riscv::Model;

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
    kVectorMisaligned = 10,
    kTheadExtensions = 11,
    kZicbomBlock = 12,
    kSifiveExtensions = 13,
    kMipsExtensions = 14,
    kZicbopBlock = 15,
    kMoreExtensions = 16,
};
constexpr u64 kCacheBlock = 64;

u64 block_size(const Model& model, Extension e) { return model.has(e) ? kCacheBlock : 0; }

bool is_bitmask(i64 key) {
    return key == kBaseBehavior || key == kExtensions || key == kMoreExtensions || key == kPerformance ||
           key == kTheadExtensions || key == kSifiveExtensions || key == kMipsExtensions;
}

/// Answers one pair. @returns false, and key -1, when the key is not known
bool probe(const Task& task, Pair& pair) {
    constexpr u64 kMisalignedFast = 3, kVectorUnsupported = 4;
    const Model& model = dragoman::riscv::riscv_model(task.process->engine->model());
    const dragoman::riscv::HartIds& ids = model.ids();
    switch (pair.key) {
        case kVendor: pair.value = ids.vendor; break;
        case kArchitecture: pair.value = ids.architecture; break;
        case kImplementation: pair.value = ids.implementation; break;
        case kBaseBehavior: pair.value = riscv::hwprobe_base_behavior(model); break;
        case kExtensions: pair.value = riscv::hwprobe_extensions(model, 0); break;
        case kMoreExtensions: pair.value = riscv::hwprobe_extensions(model, 1); break;
        case kPerformance:
        case kScalarMisaligned: pair.value = kMisalignedFast; break;
        case kZicbozBlock: pair.value = block_size(model, Extension::Zicboz); break;
        // As if there were the pages at the very top that no program gets: programs take the value for a mask.
        case kHighestAddress: pair.value = align_up(task.space().limit(), u64{64} << 10) - 1; break;
        case kTimeFrequency: pair.value = dragoman::riscv::kTimeFrequency; break;
        case kVectorMisaligned: pair.value = model.has(Extension::Zve32x) ? kMisalignedFast : kVectorUnsupported; break;
        case kTheadExtensions:
        case kSifiveExtensions:
        case kMipsExtensions: pair.value = 0; break;
        case kZicbomBlock: pair.value = block_size(model, Extension::Zicbom); break;
        case kZicbopBlock: pair.value = block_size(model, Extension::Zicbop); break;
        default: pair = {-1, 0}; return false;
    }
    return true;
}

/// The guest's set of harts, cut to those that are online.
class HartSet {
public:
    static constexpr u64 kBytes = 1024;  // more harts than any kernel is built for

    HartSet() : online_(std::min<u64>(static_cast<u64>(::sysconf(_SC_NPROCESSORS_ONLN)), kBytes * 8)) {}
    bool load(const Task& task, u64 address, u64 bytes) {
        bytes_ = std::min(bytes, align_up((online_ + 7) / 8, sizeof(u64)));
        return task.read(bits_, address, bytes_);
    }
    bool store(const Task& task, u64 address) const { return task.write(address, bits_, bytes_); }
    bool empty() const {
        return std::all_of(bits_, bits_ + sizeof bits_, [](u8 byte) { return byte == 0; });
    }
    void clear() { std::fill_n(bits_, sizeof bits_, u8{0}); }
    void fill() {
        for (u64 hart = 0; hart < online_; ++hart) bits_[hart / 8] |= static_cast<u8>(1u << hart % 8);
    }
    void keep_online() {
        for (u64 hart = online_; hart < sizeof bits_ * 8; ++hart) bits_[hart / 8] &= static_cast<u8>(~(1u << hart % 8));
    }

private:
    u64 online_;
    u64 bytes_ = 0;
    u8 bits_[kBytes] = {};
};

SyscallResult get_values(Task& task, const SyscallArgs& args) {
    const u64 count = args[1], set_size = args[2], set_address = args[3];
    if (set_size != 0 || set_address != 0) {
        HartSet harts;
        if (!harts.load(task, set_address, set_size)) return -EFAULT;
        harts.keep_online();
        if (harts.empty()) return -EINVAL;
    }
    for (u64 i = 0; i < count; ++i) {
        const u64 address = args[0] + i * sizeof(Pair);
        Pair pair;
        if (!task.read(pair.key, address)) return -EFAULT;
        probe(task, pair);
        if (!task.write(address, pair)) return -EFAULT;
    }
    return 0;
}

/// Takes from the set the harts that do not have the values; as all harts are alike, that is all of them or none.
SyscallResult which_harts(Task& task, const SyscallArgs& args) {
    const u64 count = args[1], set_size = args[2], set_address = args[3];
    if (set_size == 0 || set_address == 0) return -EINVAL;
    HartSet harts;
    if (!harts.load(task, set_address, set_size)) return -EFAULT;
    if (harts.empty()) harts.fill();
    harts.keep_online();
    bool all_match = true;
    for (u64 i = 0; i < count; ++i) {
        const u64 address = args[0] + i * sizeof(Pair);
        Pair wanted;
        if (!task.read(wanted, address)) return -EFAULT;
        Pair pair = wanted;
        if (!probe(task, pair)) {
            all_match = false;
            if (!task.write(address, pair)) return -EFAULT;
            continue;
        }
        all_match &= is_bitmask(pair.key) ? (pair.value & wanted.value) == wanted.value : pair.value == wanted.value;
    }
    if (!all_match) harts.clear();
    return harts.store(task, set_address) ? 0 : -EFAULT;
}

}  // namespace

SyscallResult sys_riscv_hwprobe(Task& task, const SyscallArgs& args) {
    constexpr u32 kWhichCpus = 1;
    const u32 flags = static_cast<u32>(args[4]);
    if (flags & ~kWhichCpus) return -EINVAL;
    return flags & kWhichCpus ? which_harts(task, args) : get_values(task, args);
}

}  // namespace dragoman::linux_abi::riscv
