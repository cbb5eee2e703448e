// What guests' helpers and translated code's slow paths ask for in system mode: everything goes through softmmu.
#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/impl.h"
#include "engine/runtime.h"
#include "memory/host_access.h"

namespace dragoman::engine {

namespace {

using guest::Access;
using memory::Region;

Softmmu& softmmu_of(ir::Env* env) { return *vcpu_of(env).softmmu; }

[[noreturn]] void raise_access(ir::Env* env, u32 exception, u64 value) {
    vcpu_of(env).engine.engine.raise_access(env, exception, value);
}

/// Resolves an access or raises what the guest's MMU says.
Place resolve(ir::Env* env, Softmmu& mmu, u64 address, Access access, unsigned mmu_index) {
    Place place;
    GuestFault fault;
    if (!mmu.resolve(address, access, mmu_index, place, fault)) raise_access(env, fault.exception, fault.value);
    return place;
}

[[noreturn]] void bus_error(ir::Env* env, const Softmmu& mmu, Access access, u64 address) {
    raise_access(env, mmu.ops().access_fault(access), address);
}

/// The part in the next page of an access of `size` bytes whose first part is `place`, too short for it. An access may
/// be split at the end of a page, and nowhere else.
Place resolve_rest(ir::Env* env, Softmmu& mmu, const Place& place, u64 address, unsigned size, Access access,
                   unsigned mmu_index) {
    if (!is_aligned(address + place.bytes, kPageBytes)) bus_error(env, mmu, access, address);
    const Place rest = resolve(env, mmu, address + place.bytes, access, mmu_index);
    if (rest.bytes < size - place.bytes) bus_error(env, mmu, access, address + place.bytes);
    return rest;
}

void check_watchpoints(ir::Env* env, const Softmmu& mmu, u64 address, unsigned bytes, Access access) {
    u64 watched;
    if (!mmu.watchpoints().empty() && mmu.watchpoints().hit(address, bytes, access, watched))
        raise_access(env, ir::kExceptionWatch, watched);
}

bool is_device(const Softmmu& mmu, u64 physical) {
    const Region* region = mmu.physical().find(physical);
    return region != nullptr && (region->kind == Region::Kind::Mmio || region->kind == Region::Kind::Flash);
}

unsigned data_index(ir::Env* env, const Softmmu& mmu) { return mmu.ops().mmu_index(env, false); }

// Accesses with `size_log2` 0..3 and any alignment. They raise what the guest's MMU says (SystemOps::translate), access
// and misaligned exceptions included. Values are zero-extended.

u64 mmu_load(ir::Env* env, u64 address, unsigned size_log2, unsigned mmu_index) {
    Softmmu& mmu = softmmu_of(env);
    ++mmu.statistics.slow_accesses;
    const unsigned size = 1u << size_log2;
    check_watchpoints(env, mmu, address, size, Access::Load);
    u64 value = 0;
    if (const u8* host = mmu.direct(address, size, Access::Load, mmu_index)) return memory::load_once(host, size);
    Place place = resolve(env, mmu, address, Access::Load, mmu_index);
    if (place.bytes >= size) {
        const bool device = is_device(mmu, place.physical);
        if (device) vcpu_of(env).engine.before_device(env);
        if (!mmu.physical().load(place.physical, size, value)) bus_error(env, mmu, Access::Load, address);
        if (device) vcpu_of(env).engine.after_device(env);
        return value;
    }
    const Place rest = resolve_rest(env, mmu, place, address, size, Access::Load, mmu_index);
    for (unsigned i = 0; i < size; ++i) {
        const u64 physical = i < place.bytes ? place.physical + i : rest.physical + (i - place.bytes);
        u64 byte;
        if (!mmu.physical().load(physical, 1, byte)) bus_error(env, mmu, Access::Load, address + i);
        value |= byte << (8 * i);
    }
    return value;
}

void mmu_store(ir::Env* env, u64 address, u64 value, unsigned size_log2, unsigned mmu_index) {
    Softmmu& mmu = softmmu_of(env);
    ++mmu.statistics.slow_accesses;
    const unsigned size = 1u << size_log2;
    check_watchpoints(env, mmu, address, size, Access::Store);
    if (u8* host = mmu.direct(address, size, Access::Store, mmu_index)) {
        memory::store_once(host, size, value);
        return;
    }
    Place place = resolve(env, mmu, address, Access::Store, mmu_index);
    engine::vcpu_of(env).engine.before_store(env, place.physical, size);
    if (place.bytes >= size) {
        const bool device = is_device(mmu, place.physical);
        if (device) vcpu_of(env).engine.before_device(env);
        if (!mmu.physical().store(place.physical, size, value)) bus_error(env, mmu, Access::Store, address);
        if (device) return vcpu_of(env).engine.after_device(env);
        mmu.retry_fast_store(address, mmu_index, place.physical);
        return;
    }
    // All of it must be permitted before a byte is written.
    const Place rest = resolve_rest(env, mmu, place, address, size, Access::Store, mmu_index);
    engine::vcpu_of(env).engine.before_store(env, rest.physical, size);
    for (unsigned i = 0; i < size; ++i) {
        const u64 physical = i < place.bytes ? place.physical + i : rest.physical + (i - place.bytes);
        if (!mmu.physical().store(physical, 1, value >> (8 * i))) bus_error(env, mmu, Access::Store, address + i);
    }
}

/// Of an access by more than a word that is not one copy: brings its pages in, and raises what forbids it. What is not
/// all in RAM, the guest does in its own widths, if it wants to: devices tell them apart.
void prepare_wide(ir::Env* env, Softmmu& mmu, u64 address, unsigned size, Access access, unsigned mmu_index) {
    const Place place = resolve(env, mmu, address, access, mmu_index);
    const unsigned first = static_cast<unsigned>(std::min<u64>(place.bytes, size));
    bool ram = mmu.physical().ram(place.physical, first) != nullptr;
    if (first < size) {
        const Place rest = resolve_rest(env, mmu, place, address, size, access, mmu_index);
        ram = ram && mmu.physical().ram(rest.physical, size - first) != nullptr;
    }
    if (!ram) vcpu_of(env).engine.engine.retry_access(env);
}

void mmu_load_wide(ir::Env* env, u64 address, void* to, unsigned size_log2, unsigned mmu_index) {
    Softmmu& mmu = softmmu_of(env);
    const unsigned size = 1u << size_log2;
    check_watchpoints(env, mmu, address, size, Access::Load);
    if (const u8* host = mmu.direct(address, size, Access::Load, mmu_index)) {
        std::memcpy(to, host, size);
        return;
    }
    prepare_wide(env, mmu, address, size, Access::Load, mmu_index);
    for (unsigned done = 0; done < size; done += 8) {
        const u64 word = mmu_load(env, address + done, 3, mmu_index);
        std::memcpy(static_cast<u8*>(to) + done, &word, sizeof word);
    }
}

void mmu_store_wide(ir::Env* env, u64 address, const void* from, unsigned size_log2, unsigned mmu_index) {
    Softmmu& mmu = softmmu_of(env);
    const unsigned size = 1u << size_log2;
    check_watchpoints(env, mmu, address, size, Access::Store);
    if (u8* host = mmu.direct(address, size, Access::Store, mmu_index)) {
        std::memcpy(host, from, size);
        return;
    }
    // All of it must be permitted before a word is written.
    prepare_wide(env, mmu, address, size, Access::Store, mmu_index);
    for (unsigned done = 0; done < size; done += 8) {
        u64 word;
        std::memcpy(&word, static_cast<const u8*>(from) + done, sizeof word);
        mmu_store(env, address + done, word, 3, mmu_index);
    }
}

/// Host address for an aligned atomic access of `bytes` in RAM; raises an access fault for devices.
void* mmu_atomic_pointer(ir::Env* env, u64 address, unsigned bytes, unsigned mmu_index) {
    Softmmu& mmu = softmmu_of(env);
    ++mmu.statistics.slow_accesses;
    check_watchpoints(env, mmu, address, bytes, Access::Load);
    check_watchpoints(env, mmu, address, bytes, Access::Store);
    Place place = resolve(env, mmu, address, Access::Store, mmu_index);
    u8* host = place.bytes < bytes ? nullptr : mmu.physical().ram(place.physical, bytes);
    if (host == nullptr) bus_error(env, mmu, Access::Store, address);
    engine::vcpu_of(env).engine.before_store(env, place.physical, bytes);
    // The write follows. What is translated of the old bytes meanwhile is no older than what the guest may execute
    // until its next fence.i.
    mmu.physical().wrote(place.physical, bytes);
    mmu.retry_fast_store(address, mmu_index, place.physical);
    return host;
}

class MachineRuntime final : public guest::SystemRuntime {
public:
    explicit MachineRuntime(Engine& engine) : engine_(engine) {}

    void raise(ir::Env* env, u32 exception, u64 value) override { engine_.raise(env, exception, value); }
    void fence_i(ir::Env*) override { engine_.fence_i(); }

    void load(ir::Env* env, void* to, u64 address, unsigned bytes) override {
        Softmmu& mmu = softmmu_of(env);
        const unsigned index = data_index(env, mmu);
        for (unsigned done = 0; done < bytes;) {
            // The first piece brings the page in.
            if (const u8* host = mmu.direct(address + done, bytes - done, Access::Load, index)) {
                std::memcpy(static_cast<u8*>(to) + done, host, bytes - done);
                return;
            }
            const unsigned size_log2 = piece_log2(bytes - done);
            u64 value = mmu_load(env, address + done, size_log2, index);
            std::memcpy(static_cast<u8*>(to) + done, &value, std::size_t{1} << size_log2);
            done += 1u << size_log2;
        }
    }
    bool try_store(ir::Env* env, u64 address, const void* from, unsigned bytes) override {
        Softmmu& mmu = softmmu_of(env);
        u8* host = mmu.direct(address, bytes, Access::Store, data_index(env, mmu));
        if (host != nullptr) std::memcpy(host, from, bytes);
        return host != nullptr;
    }
    bool try_load(ir::Env* env, void* to, u64 address, unsigned bytes) override {
        Softmmu& mmu = softmmu_of(env);
        const unsigned index = data_index(env, mmu);
        if (const u8* host = mmu.direct(address, bytes, Access::Load, index)) return std::memcpy(to, host, bytes), true;
        for (unsigned done = 0; done < bytes;) {
            Place place;
            GuestFault fault;
            if (!mmu.resolve(address + done, Access::Load, index, place, fault)) return false;
            const auto part = static_cast<unsigned>(std::min<u64>(place.bytes, bytes - done));
            const u8* host = mmu.physical().ram(place.physical, part);
            if (host == nullptr) return part == bytes && load_device(mmu, to, place.physical, bytes);
            std::memcpy(static_cast<u8*>(to) + done, host, part);
            done += part;
        }
        return true;
    }
    /// What is not RAM sees an access of the guest's width, or none.
    static bool load_device(Softmmu& mmu, void* to, u64 physical, unsigned bytes) {
        u64 value;
        if (!std::has_single_bit(bytes) || bytes > sizeof value) return false;
        if (!mmu.physical().load(physical, bytes, value)) return false;
        std::memcpy(to, &value, bytes);
        return true;
    }
    void store(ir::Env* env, u64 address, const void* from, unsigned bytes) override {
        Softmmu& mmu = softmmu_of(env);
        const unsigned index = data_index(env, mmu);
        for (unsigned done = 0; done < bytes;) {
            if (u8* host = mmu.direct(address + done, bytes - done, Access::Store, index)) {
                std::memcpy(host, static_cast<const u8*>(from) + done, bytes - done);
                return;
            }
            const unsigned size_log2 = piece_log2(bytes - done);
            u64 value = 0;
            std::memcpy(&value, static_cast<const u8*>(from) + done, std::size_t{1} << size_log2);
            mmu_store(env, address + done, value, size_log2, index);
            done += 1u << size_log2;
        }
    }
    void* atomic_pointer(ir::Env* env, u64 address, unsigned bytes) override {
        return mmu_atomic_pointer(env, address, bytes, data_index(env, softmmu_of(env)));
    }

    u64 cycles(ir::Env*) override { return engine_.hooks().cycles(); }
    u64 time(ir::Env* env) override { return engine_.hooks().time_ticks(env); }
    void entropy(std::span<u8> bytes) override { engine_.hooks().entropy(bytes); }
    void request_exit(ir::Env* env) override { Engine::request_exit(env); }
    const log::Selection& log() const override { return engine_.log(); }
    void timer_changed(ir::Env* env) override { engine_.hooks().timer_changed(env); }

    bool physical_load(ir::Env*, u64 address, unsigned bytes, u64& value) override {
        memory::PhysicalSpace& physical = engine_.physical();
        const u8* host = physical.ram(address, bytes);
        if (host == nullptr) {
            const Region* region = physical.find(address);
            return region != nullptr && region->directly_readable() && physical.load(address, bytes, value);
        }
        value = bytes == 8 ? __atomic_load_n(reinterpret_cast<const u64*>(host), __ATOMIC_ACQUIRE)
                           : __atomic_load_n(reinterpret_cast<const u32*>(host), __ATOMIC_ACQUIRE);
        return true;
    }
    bool physical_compare_exchange(ir::Env*, u64 address, unsigned bytes, u64 expected, u64 desired,
                                   bool& swapped) override {
        return engine_.physical().compare_exchange(address, bytes, expected, desired, swapped);
    }

    bool bus_load(ir::Env*, u64 address, unsigned bytes, u64& value) override {
        return engine_.physical().load(address, bytes, value);
    }
    bool bus_store(ir::Env* env, u64 address, unsigned bytes, u64 value) override {
        vcpu_of(env).engine.before_store(env, address, bytes);
        return engine_.physical().store(address, bytes, value);
    }

    void flush_tlb(ir::Env* env, const guest::TlbFlush& what) override { softmmu_of(env).flush(what); }
    void switch_address_space(ir::Env* env, const guest::AddressSpace& space) override {
        softmmu_of(env).switch_space(space);
    }

private:
    /// Size of the next access of a copy with `left` bytes to go.
    static unsigned piece_log2(unsigned left) { return static_cast<unsigned>(std::bit_width(std::min(left, 8u))) - 1; }

    Engine& engine_;
};

void raise_from_access(ir::Env* env, u32 exception, u64 value) { guest::raise(env, exception, value); }

}  // namespace

std::unique_ptr<guest::SystemRuntime> make_system_runtime(Engine& engine) {
    return std::make_unique<MachineRuntime>(engine);
}

host::MmuCalls mmu_calls() {
    return {mmu_load, mmu_store, mmu_load_wide, mmu_store_wide, mmu_atomic_pointer, raise_from_access};
}

}  // namespace dragoman::engine
