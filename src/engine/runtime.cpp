// What guests' helpers ask for (guest/runtime.h), in user mode and in system mode.
#include "guest/runtime.h"

#include <cstring>
#include <ctime>

#include "engine/impl.h"
#include "memory/host_access.h"

namespace dragoman::guest {

namespace {

using engine::Place;
using engine::Softmmu;
using memory::Region;

/// User mode: a helper's access to guest memory failed at `address`. Leaves with the details that the host's
/// signal would have had; the user-mode layer finds out from the mapping which code it is.
[[noreturn]] void access_fault(ir::Env* env, u64 address) {
    engine::current->raise(env, ir::kExceptionHelperFault, address);
}

/// System mode: null in user mode.
Softmmu* softmmu_of(ir::Env* env) { return engine::vcpu_of(env).softmmu.get(); }

/// Resolves an access or raises what the guest's MMU says.
Place resolve(ir::Env* env, Softmmu& mmu, u64 address, Access access, unsigned mmu_index) {
    Place place;
    engine::GuestFault fault;
    if (!mmu.resolve(address, access, mmu_index, place, fault)) raise(env, fault.exception, fault.value);
    return place;
}

[[noreturn]] void bus_error(ir::Env* env, const Softmmu& mmu, Access access, u64 address) {
    raise(env, mmu.ops().access_fault(access), address);
}

/// The part in the next page of an access of `size` bytes whose first part is `place`, too short for it. An access may
/// be split at the end of a page, and nowhere else.
Place resolve_rest(ir::Env* env, Softmmu& mmu, const Place& place, u64 address, unsigned size, Access access,
                   unsigned mmu_index) {
    if (!is_aligned(address + place.bytes, engine::kPageBytes)) bus_error(env, mmu, access, address);
    const Place rest = resolve(env, mmu, address + place.bytes, access, mmu_index);
    if (rest.bytes < size - place.bytes) bus_error(env, mmu, access, address + place.bytes);
    return rest;
}

void check_watchpoints(ir::Env* env, const Softmmu& mmu, u64 address, unsigned bytes, Access access) {
    u64 watched;
    if (!mmu.watchpoints().empty() && mmu.watchpoints().hit(address, bytes, access, watched))
        raise(env, ir::kExceptionWatch, watched);
}

unsigned data_index(ir::Env* env, const Softmmu& mmu) { return mmu.ops().mmu_index(env, false); }

}  // namespace

void raise(ir::Env* env, u32 exception, u64 value) { engine::current->raise(env, exception, value); }

void request_exit(ir::Env* env) { engine::Engine::request_exit(env); }

void fence_i(ir::Env*) { engine::current->fence_i(); }

u64 mmu_load(ir::Env* env, u64 address, unsigned size_log2, unsigned mmu_index) {
    Softmmu& mmu = *softmmu_of(env);
    ++mmu.statistics.slow_accesses;
    const unsigned size = 1u << size_log2;
    check_watchpoints(env, mmu, address, size, Access::Load);
    u64 value = 0;
    if (const u8* host = mmu.direct(address, size, Access::Load, mmu_index)) return memory::load_once(host, size);
    Place place = resolve(env, mmu, address, Access::Load, mmu_index);
    if (place.bytes >= size) {
        if (!mmu.physical().load(place.physical, size, value)) bus_error(env, mmu, Access::Load, address);
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
    Softmmu& mmu = *softmmu_of(env);
    ++mmu.statistics.slow_accesses;
    const unsigned size = 1u << size_log2;
    check_watchpoints(env, mmu, address, size, Access::Store);
    if (u8* host = mmu.direct(address, size, Access::Store, mmu_index)) {
        memory::store_once(host, size, value);
        return;
    }
    Place place = resolve(env, mmu, address, Access::Store, mmu_index);
    if (place.bytes >= size) {
        if (!mmu.physical().store(place.physical, size, value)) bus_error(env, mmu, Access::Store, address);
        mmu.retry_fast_store(address, mmu_index, place.physical);
        return;
    }
    // All of it must be permitted before a byte is written.
    const Place rest = resolve_rest(env, mmu, place, address, size, Access::Store, mmu_index);
    for (unsigned i = 0; i < size; ++i) {
        const u64 physical = i < place.bytes ? place.physical + i : rest.physical + (i - place.bytes);
        if (!mmu.physical().store(physical, 1, value >> (8 * i))) bus_error(env, mmu, Access::Store, address + i);
    }
}

void* mmu_atomic_pointer(ir::Env* env, u64 address, unsigned bytes, unsigned mmu_index) {
    Softmmu& mmu = *softmmu_of(env);
    ++mmu.statistics.slow_accesses;
    check_watchpoints(env, mmu, address, bytes, Access::Load);
    check_watchpoints(env, mmu, address, bytes, Access::Store);
    Place place = resolve(env, mmu, address, Access::Store, mmu_index);
    u8* host = place.bytes < bytes ? nullptr : mmu.physical().ram(place.physical, bytes);
    if (host == nullptr) bus_error(env, mmu, Access::Store, address);
    // The write follows. What is translated of the old bytes meanwhile is no older than what the guest may execute
    // until its next fence.i.
    mmu.physical().wrote(place.physical, bytes);
    mmu.retry_fast_store(address, mmu_index, place.physical);
    return host;
}

void load(ir::Env* env, void* to, u64 address, unsigned bytes) {
    if (Softmmu* mmu = softmmu_of(env)) {
        const unsigned index = data_index(env, *mmu);
        for (unsigned done = 0; done < bytes;) {
            // The first piece brings the page in.
            if (const u8* host = mmu->direct(address + done, bytes - done, Access::Load, index)) {
                std::memcpy(static_cast<u8*>(to) + done, host, bytes - done);
                return;
            }
            const unsigned size_log2 = static_cast<unsigned>(std::bit_width(std::min(bytes - done, 8u))) - 1;
            u64 value = mmu_load(env, address + done, size_log2, index);
            std::memcpy(static_cast<u8*>(to) + done, &value, std::size_t{1} << size_log2);
            done += 1u << size_log2;
        }
        return;
    }
    std::size_t missing = memory::copy_checked(to, engine::current->space().host(address), bytes);
    if (missing != 0) access_fault(env, address + bytes - missing);
}

void store(ir::Env* env, u64 address, const void* from, unsigned bytes) {
    if (Softmmu* mmu = softmmu_of(env)) {
        const unsigned index = data_index(env, *mmu);
        for (unsigned done = 0; done < bytes;) {
            if (u8* host = mmu->direct(address + done, bytes - done, Access::Store, index)) {
                std::memcpy(host, static_cast<const u8*>(from) + done, bytes - done);
                return;
            }
            const unsigned size_log2 = static_cast<unsigned>(std::bit_width(std::min(bytes - done, 8u))) - 1;
            u64 value = 0;
            std::memcpy(&value, static_cast<const u8*>(from) + done, std::size_t{1} << size_log2);
            mmu_store(env, address + done, value, size_log2, index);
            done += 1u << size_log2;
        }
        return;
    }
    std::size_t missing = memory::copy_checked(engine::current->space().host(address), from, bytes);
    if (missing != 0) access_fault(env, address + bytes - missing);
}

void* atomic_pointer(ir::Env* env, u64 address, unsigned bytes) {
    if (Softmmu* mmu = softmmu_of(env)) return mmu_atomic_pointer(env, address, bytes, data_index(env, *mmu));
    auto* host = reinterpret_cast<u8*>(engine::current->space().host(address));
    // Writing back a byte that was read would race with other threads: ask the map instead, and touch
    // the page for reading only.
    u8 ignored[16];
    load(env, ignored, address, bytes);
    if (!engine::current->space().accessible(address, bytes, true)) access_fault(env, address);
    engine::current->space().unprotect_code(align_down(address, memory::kPageSize));
    engine::current->invalidate(address, address + bytes);
    return host;
}

u64 time_nanoseconds(ir::Env*) {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec);
}

bool physical_load(ir::Env* env, u64 address, unsigned bytes, u64& value) {
    memory::PhysicalSpace& physical = softmmu_of(env)->physical();
    const u8* host = physical.ram(address, bytes);
    if (host == nullptr) {
        const Region* region = physical.find(address);
        return region != nullptr && region->directly_readable() && physical.load(address, bytes, value);
    }
    value = bytes == 8 ? __atomic_load_n(reinterpret_cast<const u64*>(host), __ATOMIC_ACQUIRE)
                       : __atomic_load_n(reinterpret_cast<const u32*>(host), __ATOMIC_ACQUIRE);
    return true;
}

bool physical_compare_exchange(ir::Env* env, u64 address, unsigned bytes, u64 expected, u64 desired, bool& swapped) {
    return softmmu_of(env)->physical().compare_exchange(address, bytes, expected, desired, swapped);
}

// A hart that is being made has no vCPU yet, and nothing cached.

void flush_tlb(ir::Env* env, const TlbFlush& what) {
    if (env->vcpu != nullptr) softmmu_of(env)->flush(what);
}

void switch_address_space(ir::Env* env, u64 id, u64 asid) {
    if (env->vcpu != nullptr) softmmu_of(env)->switch_space(id, asid);
}

u64 cycles() { return engine::current->hooks().cycles(); }

u64 time_ticks(ir::Env* env) { return engine::current->hooks().time_ticks(env); }

void timer_changed(ir::Env* env) { engine::current->hooks().timer_changed(env); }

}  // namespace dragoman::guest
