// Handlers of guest memory accesses and of loads and stores of the guest state.
//
// In user mode a guest access can fault on the host. The record is noted in Machine::access around it, so that the
// fault handler can tell the guest instruction; see fault_code_position. In system mode it goes through the softmmu
// TLB, and where that has nothing to the MMU, which may raise as a helper does.
#include <bit>

#include "base/error.h"
#include "host/interp/machine.h"

namespace dragoman::host::interp {

namespace {

using ir::MemOp;
using ir::Op;
using ir::Type;

/// Marks a guest access by `r`: stores to the guest state must not move across its ends.
class AccessScope {
public:
    AccessScope(Machine& m, const Record* r) : m_(m) {
        m_.access = r;
        asm volatile("" ::: "memory");
    }
    ~AccessScope() {
        asm volatile("" ::: "memory");
        m_.access = nullptr;
    }
    AccessScope(const AccessScope&) = delete;
    AccessScope& operator=(const AccessScope&) = delete;

private:
    Machine& m_;
};

/// The value of `bytes` bytes as the op's type sees it.
u64 extend(u64 v, MemOp mem, Type type) {
    unsigned bits = mem.bytes() * 8;
    u64 wide = mem.sign ? static_cast<u64>(sign_extend(v, bits)) : v & low_mask(bits);
    return wide & low_mask(ir::type_bits(type));
}

u64 byte_order(u64 v, MemOp mem) { return mem.big_endian ? __builtin_bswap64(v) >> (64 - mem.bytes() * 8) : v; }

/// Aligned accesses are single-copy atomic (RVWMO, "Memory Model Axioms": atomicity of plain accesses).
template <class U>
u64 load_as(u64 host) {
    if (is_aligned(host, sizeof(U))) return __atomic_load_n(reinterpret_cast<const U*>(host), __ATOMIC_RELAXED);
    U v;
    std::memcpy(&v, reinterpret_cast<const void*>(host), sizeof v);
    return v;
}

template <class U>
void store_as(u64 host, u64 value) {
    U v = static_cast<U>(value);
    if (is_aligned(host, sizeof(U))) {
        __atomic_store_n(reinterpret_cast<U*>(host), v, __ATOMIC_RELAXED);
    } else {
        std::memcpy(reinterpret_cast<void*>(host), &v, sizeof v);
    }
}

u64 load(u64 host, unsigned size_log2) {
    switch (size_log2) {
        case 0: return load_as<u8>(host);
        case 1: return load_as<u16>(host);
        case 2: return load_as<u32>(host);
        default: return load_as<u64>(host);
    }
}

void store(u64 host, unsigned size_log2, u64 value) {
    switch (size_log2) {
        case 0: return store_as<u8>(host, value);
        case 1: return store_as<u16>(host, value);
        case 2: return store_as<u32>(host, value);
        default: return store_as<u64>(host, value);
    }
}

/// Stores `desired` if memory holds `expected`; otherwise sets `expected` to what it holds.
template <class U>
bool compare_exchange_as(u64 host, u64& expected, u64 desired) {
    U old = static_cast<U>(expected);
    bool done = __atomic_compare_exchange_n(reinterpret_cast<U*>(host), &old, static_cast<U>(desired), false,
                                            __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    expected = old;
    return done;
}

bool compare_exchange(u64 host, unsigned size_log2, u64& expected, u64 desired) {
    switch (size_log2) {
        case 0: return compare_exchange_as<u8>(host, expected, desired);
        case 1: return compare_exchange_as<u16>(host, expected, desired);
        case 2: return compare_exchange_as<u32>(host, expected, desired);
        default: return compare_exchange_as<u64>(host, expected, desired);
    }
}

/// Guest memory of user mode.
struct DirectMemory {
    static u64 load(Machine& m, const Record* r, u64 address, MemOp mem) {
        AccessScope scope(m, r);
        return interp::load(address + m.guest_base, mem.size_log2);
    }
    static void store(Machine& m, const Record* r, u64 address, MemOp mem, u64 v) {
        AccessScope scope(m, r);
        interp::store(address + m.guest_base, mem.size_log2, v);
    }
    /// Host address for an atomic access, which may fault.
    static u64 pointer(Machine& m, const Record*, u64 address, MemOp) { return address + m.guest_base; }
    static void load_wide(Machine& m, const Record* r, u64 address, MemOp mem, void* to) {
        u8 bytes[64];  // a fault leaves the register as it is
        {
            AccessScope scope(m, r);
            std::memcpy(bytes, reinterpret_cast<const void*>(address + m.guest_base), mem.bytes());
        }
        std::memcpy(to, bytes, mem.bytes());
    }
    static void store_wide(Machine& m, const Record* r, u64 address, MemOp mem, const void* from) {
        AccessScope scope(m, r);
        std::memcpy(reinterpret_cast<void*>(address + m.guest_base), from, mem.bytes());
    }
    static const Record* misaligned(Machine& m, const Record* r, u32 exception, u64 address) {
        m.env->exception = exception;
        m.env->exception_value = address;
        m.env->exit_host_pc = reinterpret_cast<const u8*>(r);
        return m.leave(ir::ExitReason::Exception, r->guest_pc());
    }
};

/// Guest memory of system mode.
struct SoftmmuMemory {
    /// Host address of the access if the TLB has it under `tag`, else 0.
    static u64 find(Machine& m, u64 ir::TlbEntry::*tag, u64 address, MemOp mem) {
        const ir::TlbView& view = m.env->tlb[mem.mmu_index];
        const u64 offset = address >> 12 << 5 & view.mask;
        const auto* entry = reinterpret_cast<const ir::TlbEntry*>(reinterpret_cast<const u8*>(view.entries) + offset);
        if (entry->*tag != align_down(address, 4096) || (address & 4095) + mem.bytes() > 4096) return 0;
        return address + entry->addend;
    }
    static u64 load(Machine& m, const Record* r, u64 address, MemOp mem) {
        if (u64 host = find(m, &ir::TlbEntry::read, address, mem)) return interp::load(host, mem.size_log2);
        m.caller = r;
        return m.mmu.load(m.env, address, mem.size_log2, mem.mmu_index);
    }
    static void store(Machine& m, const Record* r, u64 address, MemOp mem, u64 v) {
        if (u64 host = find(m, &ir::TlbEntry::write, address, mem)) return interp::store(host, mem.size_log2, v);
        m.caller = r;
        m.mmu.store(m.env, address, v & low_mask(mem.bytes() * 8), mem.size_log2, mem.mmu_index);
    }
    static void load_wide(Machine& m, const Record* r, u64 address, MemOp mem, void* to) {
        if (u64 host = find(m, &ir::TlbEntry::read, address, mem)) {
            std::memcpy(to, reinterpret_cast<const void*>(host), mem.bytes());
            return;
        }
        m.caller = r;
        u8 bytes[64];
        m.mmu.load_wide(m.env, address, bytes, mem.size_log2, mem.mmu_index);
        std::memcpy(to, bytes, mem.bytes());
    }
    static void store_wide(Machine& m, const Record* r, u64 address, MemOp mem, const void* from) {
        if (u64 host = find(m, &ir::TlbEntry::write, address, mem)) {
            std::memcpy(reinterpret_cast<void*>(host), from, mem.bytes());
            return;
        }
        m.caller = r;
        m.mmu.store_wide(m.env, address, from, mem.size_log2, mem.mmu_index);
    }
    static u64 pointer(Machine& m, const Record* r, u64 address, MemOp mem) {
        if (u64 host = find(m, &ir::TlbEntry::write, address, mem)) return host;
        m.caller = r;
        return reinterpret_cast<u64>(m.mmu.atomic_pointer(m.env, address, mem.bytes(), mem.mmu_index));
    }
    static const Record* misaligned(Machine& m, const Record* r, u32 exception, u64 address) {
        m.caller = r;
        m.mmu.raise(m.env, exception, address);
        DRAGOMAN_UNREACHABLE();
    }
};

/// Whether a plain access is ordered more than a weak host's.
bool is_ordered(const Machine& m, MemOp mem) {
    return mem.order != ir::MemOrder::Plain || m.layout->memory_model != ir::MemoryModel::Weak;
}

template <class Memory>
const Record* guest_ld(Machine& m, const Record* r) {
    MemOp mem = r->mem();
    u64 address = m.access_address(r);
    if (mem.aligned && !is_aligned(address, mem.bytes())) {
        return Memory::misaligned(m, r, ir::kExceptionMisalignedLoad, address);
    }
    if (mem.order == ir::MemOrder::SeqCst) __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (mem.size_log2 > 3) {
        Memory::load_wide(m, r, address, mem, m.at(r->args[0]));
        return r + 1;
    }
    u64 v = Memory::load(m, r, address, mem);
    if (is_ordered(m, mem)) __atomic_thread_fence(__ATOMIC_ACQUIRE);
    m.set(r->args[0], extend(byte_order(v, mem), mem, r->type));
    return r + 1;
}

template <class Memory>
const Record* guest_st(Machine& m, const Record* r) {
    MemOp mem = r->mem();
    u64 address = m.access_address(r);
    if (mem.aligned && !is_aligned(address, mem.bytes())) {
        return Memory::misaligned(m, r, ir::kExceptionMisalignedStore, address);
    }
    if (is_ordered(m, mem)) __atomic_thread_fence(__ATOMIC_RELEASE);
    if (mem.size_log2 > 3) {
        Memory::store_wide(m, r, address, mem, m.at(r->args[0]));
        return r + 1;
    }
    Memory::store(m, r, address, mem, byte_order(m.get(r->args[0]), mem));
    if (mem.order == ir::MemOrder::SeqCst) __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return r + 1;
}

/// A masked load: one access per active element, to a copy, as a fault leaves the register as it is.
template <class Memory>
const Record* v_ld(Machine& m, const Record* r) {
    MemOp mem = r->mem();
    const u64 address = m.get(r->args[1]) + r->imm[1];
    const unsigned bytes = r->element_bytes();
    MemOp part = mem;
    part.size_log2 = static_cast<u8>(std::countr_zero(bytes));
    u8 value[64];
    std::memcpy(value, m.at(r->args[3]), mem.bytes());
    for (u64 mask = m.get(r->args[2]); mask != 0; mask &= mask - 1) {
        const u64 offset = u64{bytes} * static_cast<unsigned>(std::countr_zero(mask));
        const u64 v = Memory::load(m, r, address + offset, part);
        std::memcpy(value + offset, &v, bytes);
    }
    std::memcpy(m.at(r->args[0]), value, mem.bytes());
    return r + 1;
}

template <class Memory>
const Record* v_gather(Machine& m, const Record* r) {
    MemOp part = r->mem();
    const u64 base = m.get(r->args[1]) + r->imm[1];
    const unsigned bytes = r->element_bytes(), size = part.bytes();
    part.size_log2 = static_cast<u8>(std::countr_zero(bytes));
    u8 value[64] = {};
    for (unsigned i = 0; i < size / 8; ++i) {
        u64 offset;
        std::memcpy(&offset, m.at(r->args[2]) + i * 8, sizeof offset);
        const u64 v = Memory::load(m, r, base + offset, part);
        std::memcpy(value + i * bytes, &v, bytes);
    }
    std::memcpy(m.at(r->args[0]), value, size);
    return r + 1;
}

template <class Memory>
const Record* v_st(Machine& m, const Record* r) {
    MemOp part = r->mem();
    const u64 address = m.get(r->args[1]) + r->imm[1];
    const unsigned bytes = r->element_bytes();
    part.size_log2 = static_cast<u8>(std::countr_zero(bytes));
    for (u64 mask = m.get(r->args[2]); mask != 0; mask &= mask - 1) {
        const u64 offset = u64{bytes} * static_cast<unsigned>(std::countr_zero(mask));
        u64 v = 0;
        std::memcpy(&v, m.at(r->args[0]) + offset, bytes);
        Memory::store(m, r, address + offset, part, v);
    }
    return r + 1;
}

u64 atomic_address(const Machine& m, const Record* r, MemOp mem) {
    const u64 address = m.get(r->args[1]);
    return mem.wrap32 ? static_cast<u32>(address) : address;
}

/// What an atomic op stores: functions of the old value and the operand, both extended from memory's width.
/// Extending as signed values keeps the unsigned order, too.
template <class Memory, class F>
const Record* atomic(Machine& m, const Record* r) {
    MemOp mem = r->mem();
    unsigned bits = mem.bytes() * 8;
    u64 address = atomic_address(m, r, mem);
    if (mem.aligned && !is_aligned(address, mem.bytes())) {
        return Memory::misaligned(m, r, ir::kExceptionMisalignedStore, address);
    }
    i64 operand = sign_extend(m.get(r->args[2]), bits);
    u64 host = Memory::pointer(m, r, address, mem);
    u64 raw;
    i64 old;
    {
        AccessScope scope(m, r);
        raw = load(host, mem.size_log2);
        do {
            old = sign_extend(byte_order(raw, mem), bits);
        } while (!compare_exchange(host, mem.size_log2, raw, byte_order(static_cast<u64>(F{}(old, operand)), mem)));
    }
    m.set(r->args[0], extend(static_cast<u64>(old), mem, r->type));
    return r + 1;
}

template <class Memory>
const Record* atomic_cmpxchg(Machine& m, const Record* r) {
    MemOp mem = r->mem();
    u64 address = atomic_address(m, r, mem);
    if (mem.aligned && !is_aligned(address, mem.bytes())) {
        return Memory::misaligned(m, r, ir::kExceptionMisalignedStore, address);
    }
    u64 expected = byte_order(m.get(r->args[2]), mem);
    u64 desired = byte_order(m.get(r->args[3]), mem);
    u64 host = Memory::pointer(m, r, address, mem);
    {
        AccessScope scope(m, r);
        compare_exchange(host, mem.size_log2, expected, desired);
    }
    m.set(r->args[0], extend(byte_order(expected, mem), mem, r->type));
    return r + 1;
}

/// imm: offset, MemOp.
const Record* env_ld(Machine& m, const Record* r) {
    MemOp mem = MemOp::unpack(r->imm[1]);
    if (mem.size_log2 > 3) {
        std::memmove(m.at(r->args[0]), reinterpret_cast<const u8*>(m.get(r->args[1])) + r->imm[0], mem.bytes());
        return r + 1;
    }
    m.set(r->args[0], extend(load(m.get(r->args[1]) + r->imm[0], mem.size_log2), mem, r->type));
    return r + 1;
}

const Record* env_st(Machine& m, const Record* r) {
    if (const MemOp mem = MemOp::unpack(r->imm[1]); mem.size_log2 > 3) {
        std::memmove(reinterpret_cast<u8*>(m.get(r->args[1])) + r->imm[0], m.at(r->args[0]), mem.bytes());
        return r + 1;
    }
    store(m.get(r->args[1]) + r->imm[0], MemOp::unpack(r->imm[1]).size_log2, m.get(r->args[0]));
    return r + 1;
}

template <class Memory, class F>
void add_atomic(HandlerTable& table, Op op, F) {
    table.set_all_types(op, atomic<Memory, F>);
}

template <class T>
T min(T a, T b) {
    return a < b ? a : b;
}
template <class T>
T max(T a, T b) {
    return a > b ? a : b;
}

template <class Memory>
void add_guest_accesses(HandlerTable& table) {
    table.set_all_types(Op::guest_ld, guest_ld<Memory>);
    table.set_all_types(Op::guest_st, guest_st<Memory>);
    table.set_all_types(Op::v_ld, v_ld<Memory>);
    table.set_all_types(Op::v_gather, v_gather<Memory>);
    table.set_all_types(Op::v_st, v_st<Memory>);
    auto add = [&table](Op op, auto f) { add_atomic<Memory>(table, op, f); };
    add(Op::atomic_xchg, [](i64, i64 v) { return v; });
    add(Op::atomic_add, [](i64 old, i64 v) { return static_cast<u64>(old) + static_cast<u64>(v); });
    add(Op::atomic_and, [](i64 old, i64 v) { return old & v; });
    add(Op::atomic_or, [](i64 old, i64 v) { return old | v; });
    add(Op::atomic_xor, [](i64 old, i64 v) { return old ^ v; });
    add(Op::atomic_min_s, [](i64 old, i64 v) { return min(old, v); });
    add(Op::atomic_max_s, [](i64 old, i64 v) { return max(old, v); });
    add(Op::atomic_min_u, [](u64 old, u64 v) { return min(old, v); });
    add(Op::atomic_max_u, [](u64 old, u64 v) { return max(old, v); });
    table.set_all_types(Op::atomic_cmpxchg, atomic_cmpxchg<Memory>);
}

}  // namespace

void add_memory_handlers(HandlerTable& table, bool softmmu) {
    softmmu ? add_guest_accesses<SoftmmuMemory>(table) : add_guest_accesses<DirectMemory>(table);
    table.set_all_types(Op::env_ld, env_ld);
    table.set_all_types(Op::env_st, env_st);
}

}  // namespace dragoman::host::interp
