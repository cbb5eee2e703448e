#include "host/x64/return_stack.h"

#include <sys/mman.h>

#include "base/error.h"

namespace dragoman::host::x64 {

namespace {

constexpr std::size_t kGuard = 4096;
constexpr std::size_t kSize = 512 << 10;
/// A miss looks at this many frames (prologue.cpp) and may start at the base.
constexpr std::size_t kSentinels = 32;

}  // namespace

ReturnStack::ReturnStack() {
    void* p = mmap(nullptr, kGuard + kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) die(1, "cannot allocate a return stack: out of memory");
    memory_ = static_cast<u8*>(p);
    mprotect(memory_, kGuard, PROT_NONE);
    u64* sentinel = reinterpret_cast<u64*>(base());
    for (std::size_t i = 0; i < kSentinels * 2; ++i) sentinel[i] = ir::kNoPc;
}

ReturnStack::~ReturnStack() { munmap(memory_, kGuard + kSize); }

u8* ReturnStack::base() const { return memory_ + kGuard + kSize - kSentinels * 16; }

bool ReturnStack::in_guard(u64 address) const { return address - reinterpret_cast<u64>(memory_) < kGuard; }

}  // namespace dragoman::host::x64
