// Where guest code comes from: the address space of a process, or physical memory through the hart's MMU.
#pragma once

#include "engine/softmmu/softmmu.h"
#include "memory/user_space.h"

namespace dragoman::engine {

/// A stretch of guest code that may be fetched.
struct CodeStretch {
    const u8* host = nullptr;
    u64 bytes = 0;        ///< from the address on; at most to the end of the page
    u64 page_number = 0;  ///< what the page index knows the page by
    bool hidden = false;  ///< may be executed but not read: only copy_hidden has its bytes
    bool shared = false;  ///< stores to it through another mapping are not seen
};

class CodeSource {
public:
    virtual ~CodeSource() = default;
    /// Checks that code at `address` may be fetched. `watch`: has stores to its page noticed from now on.
    /// @returns false with `fault` set (system mode)
    virtual bool open(u64 address, bool watch, CodeStretch& code, GuestFault& fault) = 0;
    /// Copies from a hidden stretch. @returns number of bytes that could NOT be copied
    virtual std::size_t copy_hidden(void*, u64, std::size_t bytes) { return bytes; }
};

/// For any thread.
class UserCodeSource final : public CodeSource {
public:
    explicit UserCodeSource(memory::UserSpace& space) : space_(space) {}
    bool open(u64 address, bool watch, CodeStretch& code, GuestFault& fault) override;
    std::size_t copy_hidden(void* to, u64 address, std::size_t bytes) override {
        return space_.copy_code(to, address, bytes);
    }

private:
    memory::UserSpace& space_;
};

/// Who is told that a page of RAM has code from now on.
class CodeWatcher {
public:
    virtual ~CodeWatcher() = default;
    virtual void watch_stores(const memory::Region& ram, u64 physical_page) = 0;
};

/// As a hart sees it now; for its own thread.
class PhysicalCodeSource final : public CodeSource {
public:
    PhysicalCodeSource(const ir::Env* env, Softmmu& mmu, const memory::PhysicalSpace& physical, CodeWatcher& watcher)
        : env_(env), mmu_(mmu), physical_(physical), watcher_(watcher) {}
    bool open(u64 address, bool watch, CodeStretch& code, GuestFault& fault) override;

private:
    const ir::Env* env_;
    Softmmu& mmu_;
    const memory::PhysicalSpace& physical_;
    CodeWatcher& watcher_;
};

}  // namespace dragoman::engine
