// Where guest code comes from: the address space of a process, or physical memory through the hart's MMU.
#pragma once

#include "engine/engine.h"
#include "engine/softmmu/softmmu.h"
#include "memory/user_space.h"

namespace dragoman::engine {

struct Vcpu;

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
    virtual bool open(Vcpu& v, u64 address, bool watch, CodeStretch& code, GuestFault& fault) = 0;
    /// Copies from a hidden stretch. @returns number of bytes that could NOT be copied
    virtual std::size_t copy_hidden(void*, u64, std::size_t bytes) { return bytes; }
};

class UserCodeSource final : public CodeSource {
public:
    explicit UserCodeSource(memory::UserSpace& space) : space_(space) {}
    bool open(Vcpu& v, u64 address, bool watch, CodeStretch& code, GuestFault& fault) override;
    std::size_t copy_hidden(void* to, u64 address, std::size_t bytes) override {
        return space_.copy_code(to, address, bytes);
    }

private:
    memory::UserSpace& space_;
};

class PhysicalCodeSource final : public CodeSource {
public:
    explicit PhysicalCodeSource(Engine::Impl& engine) : engine_(engine) {}
    bool open(Vcpu& v, u64 address, bool watch, CodeStretch& code, GuestFault& fault) override;

private:
    Engine::Impl& engine_;
};

}  // namespace dragoman::engine
