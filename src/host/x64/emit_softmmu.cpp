#include "host/x64/softmmu.h"

#include "host/x64/emit_float.h"
#include "host/x64/emit_memory.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::kNoVar;
using ir::MemOp;
using ir::Type;
using ir::Var;

namespace {

constexpr unsigned kTestEax = 0xa9;  // opcode of test eax, imm32

struct BaseAndDisplacement {
    HostReg base;
    i32 displacement;
};

/// The address as one register and a displacement; with an index, or to be wrapped, it is added up in a scratch
/// register.
BaseAndDisplacement address_of(Emitter& e, Var base, Var index, MemOp m, i64 displacement) {
    HostReg b = e.ra.use(base);
    if (index == kNoVar && !m.wrap32) return {b, static_cast<i32>(displacement)};
    Xbyak::RegExp exp = r64(b) + static_cast<std::size_t>(displacement);
    HostReg i = b;
    if (index != kNoVar) {
        i = e.ra.use(index);
        exp = exp + r64(i) * (1 << m.scale);
    }
    HostReg sum = e.ra.scratch(RegClass::Gpr);
    e.c.lea(gpr(sum, m.wrap32 ? 32 : 64), e.c.ptr[exp]);
    e.ra.unlock(b);
    e.ra.unlock(i);
    return {sum, 0};
}

constexpr std::size_t tag_offset(bool write) {
    return write ? offsetof(ir::TlbEntry, write) : offsetof(ir::TlbEntry, read);
}

/// `entry` = address of the TLB entry for the guest address in `from`.
void find_entry(CodeWriter& c, const Shared& shared, HostReg entry, HostReg from, unsigned mmu_index) {
    DRAGOMAN_ASSERT(mmu_index < ir::kMmuIndexes);
    constexpr unsigned kShift = 7;  // page number times the size of an entry
    static_assert(sizeof(ir::TlbEntry) == 1u << (12 - kShift));
    if (shared.features.bmi2) {
        c.rorx(r64(entry), r64(from), kShift);
    } else {
        if (entry != from) c.op_reg(0x8b, entry, from, true);
        c.shr(r64(entry), kShift);
    }
    const auto view = static_cast<i32>(offsetof(ir::Env, tlb) + mmu_index * sizeof(ir::TlbView)) -
                      static_cast<i32>(shared.plan.env_bias);
    c.op_mem(0x23, entry, kRbp, view + static_cast<i32>(offsetof(ir::TlbView, mask)), true);
    c.op_mem(0x03, entry, kRbp, view + static_cast<i32>(offsetof(ir::TlbView, entries)), true);
}

/// to = base + displacement, in one instruction.
void add_up(CodeWriter& c, HostReg to, HostReg base, i32 displacement) {
    displacement != 0 ? c.op_mem(0x8d, to, base, displacement, true) : c.op_reg(0x8b, to, base, true);
}

/// Emits the lookup up to the compare: `entry` points at the TLB entry, `page` is spent.
void probe(Emitter& e, BaseAndDisplacement a, MemOp m, bool write, HostReg entry, HostReg page) {
    const bool vector = m.size_log2 > 3;
    if (!vector || a.displacement != 0) add_up(e.c, page, a.base, a.displacement);
    find_entry(e.c, e.shared, entry, a.displacement != 0 ? page : a.base, m.mmu_index);
    if (vector) {  // often misaligned: only its last byte must be on the same page
        add_up(e.c, page, a.base, a.displacement + static_cast<i32>(m.bytes() - 1));
        e.c.op_imm(4, page, -4096, true);
    } else {
        e.c.op_imm(4, page, static_cast<i32>(-4096 | static_cast<i32>(m.bytes() - 1)), true);
    }
    e.c.op_mem(0x3b, page, entry, static_cast<i32>(tag_offset(write)), true);
}

void load_addend(CodeWriter& c, HostReg entry) {
    c.op_mem(0x8b, entry, entry, static_cast<i32>(offsetof(ir::TlbEntry, addend)), true);
}

void call_slow_path(Emitter& e, const Access& access) {
    e.call_common(Common::MmuAccess);
    e.c.db(kTestEax);
    e.c.dd(access.pack());
    e.c.db(kTestEax);
    e.c.dd(static_cast<u32>(access.displacement));
}

/// The miss of a lookup whose compare has just been emitted, and the addend in `entry`. @returns the cold path, to be
/// resumed behind the access.
u32 miss_to_slow_path(Emitter& e, HostReg entry, const Access& access) {
    u32 jump = e.c.jcc(Cc::NE);
    load_addend(e.c, entry);
    return e.cold(jump, [access](Emitter& e) {
        const Xbyak::Address wide = e.env(kWideAccessOffset, ir::type_bits(access.type));
        const bool vector = ir::is_vector(access.type);
        if (vector && access.kind == Access::Kind::Store) e.ra.store(wide, access.value, access.type);
        call_slow_path(e, access);
        if (vector && access.kind == Access::Kind::Load) e.ra.load(access.value, wide, access.type);
    });
}

Xbyak::Address host_operand(BaseAndDisplacement a, HostReg addend, unsigned bits) {
    return Xbyak::Address(bits, false, r64(a.base) + r64(addend) + static_cast<std::size_t>(i64{a.displacement}));
}

u64 swap_bytes(u64 v, MemOp m) { return __builtin_bswap64(v) >> (64 - m.bytes() * 8); }

void store_gpr(Emitter& e, BaseAndDisplacement a, HostReg addend, HostReg v, MemOp m) {
    if (m.size_log2 == 1) e.c.db(0x66);
    e.c.op_sib(m.size_log2 == 0 ? 0x88 : 0x89, v, a.base, addend, a.displacement, m.size_log2 == 3, m.size_log2 == 0);
}

/// A constant that the store instruction can hold, or that goes through the scratch register `temp`.
void store_constant(Emitter& e, u64 v, BaseAndDisplacement a, HostReg entry, HostReg temp, Access access) {
    const MemOp m = access.mem;
    const u64 image = m.big_endian ? swap_bytes(v, m) : v;
    const bool immediate = m.size_log2 != 3 || fits_i32(static_cast<i64>(image));
    if (!immediate) e.ra.load_const(temp, image, Type::I64, true);
    access.value = temp;
    u32 jump = e.c.jcc(Cc::NE);
    load_addend(e.c, entry);
    u32 path = e.cold(jump, [access, v](Emitter& e) {
        e.ra.load_const(access.value, v, Type::I64);
        call_slow_path(e, access);
    });
    if (immediate) {
        e.c.mov(host_operand(a, entry, 8u << m.size_log2),
                m.size_log2 == 3 ? image : image & low_mask(8u << m.size_log2));
    } else {
        store_gpr(e, a, entry, temp, m);
    }
    e.resume(path);
}

}  // namespace

void softmmu_load(Emitter& e, const Insn& insn) {
    const MemOp m = insn.mem();
    const Type t = e.ra.type(insn.out());
    BaseAndDisplacement a = address_of(e, insn.in(0), insn.in(1), m, insn.displacement());
    if (insn.state != 0) e.map_access(a.base, kNoReg, 0, a.displacement);
    HostReg entry = e.ra.scratch(RegClass::Gpr);
    HostReg page = e.ra.scratch(RegClass::Gpr);
    probe(e, a, m, false, entry, page);
    e.ra.unlock(page);
    // What target moves away is moved on both paths, and moving keeps the flags.
    HostReg d = e.ra.target(insn.out());
    u32 path = miss_to_slow_path(e, entry, {Access::Kind::Load, t, a.base, d, m, a.displacement});
    if (!is_xmm(d)) {
        const bool wide = t == Type::I64;
        e.c.op_sib(load_opcode(m.size_log2, m.sign, wide), d, a.base, entry, a.displacement,
                   m.size_log2 == 3 || (m.sign && wide));
        if (m.big_endian) swap_loaded(e, d, m.size_log2, m.sign, t);
    } else if (m.big_endian) {
        load_gpr(e, page, host_operand(a, entry, 8u << m.size_log2), m.size_log2, false, Type::I64);
        swap_loaded(e, page, m.size_log2, false, Type::I64);
        move_to_xmm(e, d, page, t);
    } else {
        e.ra.load(d, host_operand(a, entry, ir::type_bits(t)), t);
        if (t == Type::F32) box_f32(e, d);
    }
    e.resume(path);
    e.ra.define(insn.out(), d);
}

void softmmu_store(Emitter& e, const Insn& insn) {
    const MemOp m = insn.mem();
    const Var value = insn.in(0);
    const Type t = e.ra.type(value);
    BaseAndDisplacement a = address_of(e, insn.in(1), insn.in(2), m, insn.displacement());
    if (insn.state != 0) e.map_access(a.base, kNoReg, 0, a.displacement);
    HostReg entry = e.ra.scratch(RegClass::Gpr);
    HostReg page = e.ra.scratch(RegClass::Gpr);
    probe(e, a, m, true, entry, page);
    Access access{Access::Kind::Store, t, a.base, kNoReg, m, a.displacement};
    if (ir::is_int(t) && e.ra.is_const(value) && !e.f->vars[value].guest_address &&
        (m.big_endian || !e.ra.in_reg(value))) {
        return store_constant(e, e.ra.const_value(value), a, entry, page, access);
    }
    // Only now is there a register to load the value into for sure. Loading keeps the flags.
    e.ra.unlock(page);
    const HostReg v = access.value = e.ra.use(value);
    u32 path = miss_to_slow_path(e, entry, access);
    if (m.big_endian && m.size_log2 != 0) {
        is_xmm(v) ? move_from_xmm(e, page, v, t) : e.ra.move(page, v, Type::I64);
        m.size_log2 == 3 ? e.c.bswap(r64(page)) : e.c.bswap(r32(page));
        if (m.size_log2 == 1) e.c.shr(r32(page), 16);
        store_gpr(e, a, entry, page, m);
        if (v == page) e.ra.to_memory(value);  // it came from there
    } else if (is_xmm(v)) {
        const Type stored = m.size_log2 == 2 ? Type::F32 : m.size_log2 == 3 ? Type::F64 : t;
        e.ra.store(host_operand(a, entry, ir::type_bits(stored)), v, stored);
    } else {
        store_gpr(e, a, entry, v, m);
    }
    e.resume(path);
}

Xbyak::Address softmmu_pointer(Emitter& e, Var address, MemOp m) {
    e.ra.use_in(address, kRdx);
    if (m.wrap32) e.c.mov(e.c.edx, e.c.edx);
    HostReg entry = e.ra.scratch(RegClass::Gpr);
    HostReg page = e.ra.scratch(RegClass::Gpr);
    // Memory that may be written may be read.
    probe(e, {kRdx, 0}, m, true, entry, page);
    u32 jump = e.c.jcc(Cc::NE);
    e.c.op_mem(0x03, kRdx, entry, static_cast<i32>(offsetof(ir::TlbEntry, addend)), true);
    e.cold(jump, [access = Access{Access::Kind::AtomicPointer, Type::I64, kRdx, kRdx, m, 0}](Emitter& e) {
        call_slow_path(e, access);
    });
    e.ra.unlock(entry);
    e.ra.unlock(page);
    return memory(8u << m.size_log2, kRdx, 0);
}

// ---- Shared lookups -----------------------------------------------------------------------------

namespace {

/// A page_ld or page_st, with all that its code needs to know.
struct PageAccess {
    Access access;
    HostReg addend;
    bool constant;  ///< stores the constant `value`
    u64 value;

    void emit(Emitter& e) const {
        const MemOp m = access.mem;
        const BaseAndDisplacement a{access.base, access.displacement};
        const HostReg r = access.value;
        if (constant) {
            e.c.mov(host_operand(a, addend, 8u << m.size_log2),
                    m.size_log2 == 3 ? value : value & low_mask(8u << m.size_log2));
        } else if (access.kind == Access::Kind::Store) {
            const bool low_word = m.size_log2 == 2;
            is_xmm(r) ? e.ra.store(host_operand(a, addend, low_word ? 32 : 64), r, low_word ? Type::F32 : Type::F64)
                      : store_gpr(e, a, addend, r, m);
        } else if (is_xmm(r)) {
            e.ra.load(r, host_operand(a, addend, ir::type_bits(access.type)), access.type);
            if (access.type == Type::F32) box_f32(e, r);
        } else {
            const bool wide = access.type == Type::I64;
            e.c.op_sib(load_opcode(m.size_log2, m.sign, wide), r, a.base, addend, a.displacement,
                       m.size_log2 == 3 || (m.sign && wide));
        }
    }
};

/// Without the shared addend: looks for one of its own, else takes the slow path.
void access_alone(Emitter& e, PageAccess p, SharedPage page) {
    add_up(e.c, p.addend, p.access.base, p.access.displacement);
    e.call_common(lookup_routine(p.addend, p.access.mem.mmu_index, p.access.kind == Access::Kind::Store));
    u32 miss = e.c.jcc_short(Cc::NE);
    p.emit(e);
    if (p.access.shared) e.c.op_reg(0x33, p.addend, p.addend, false);
    u32 done = e.c.jump_short();
    e.c.bind_short(miss);
    if (p.constant) {
        p.access.value = p.addend;
        e.ra.load_const(p.addend, p.value, Type::I64);
    }
    call_slow_path(e, p.access);
    if (p.access.shared) {
        e.c.db(kTestEax);
        e.c.dd(page.pack());
    }
    e.c.bind_short(done);
}

/// Whether the immediate of a store instruction can hold `v`.
bool is_storable(const Emitter& e, Var v, MemOp m) {
    return ir::is_int(e.ra.type(v)) && e.ra.is_const(v) && !e.f->vars[v].guest_address && !e.ra.in_reg(v) &&
           (m.size_log2 != 3 || fits_i32(static_cast<i64>(e.ra.const_value(v))));
}

/// @param probed the lookup's compare has just been emitted, and `addend` points at the TLB entry
void emit_page_access(Emitter& e, const Insn& insn, bool probed) {
    const ir::PageOp op = ir::PageOp::unpack(insn.imm[0]);
    const bool store = insn.op == ir::Op::page_st;
    const Var data = insn.args[0];  // of both ops
    const HostReg base = e.ra.use(insn.args[1]);
    const HostReg addend = e.ra.use(insn.args[2]);
    PageAccess p{{store ? Access::Kind::Store : Access::Kind::Load, e.ra.type(data), base, kNoReg, op.mem,
                  static_cast<i32>(insn.displacement()), !e.ra.dies(insn.args[2])},
                 addend,
                 store && is_storable(e, data, op.mem),
                 0};
    if (p.constant) {
        p.value = e.ra.const_value(data);
    } else {
        p.access.value = store ? e.ra.use(data) : e.ra.target(data);
    }
    if (!probed) e.c.op_reg(0x85, addend, addend, true);
    u32 jump = e.c.jcc(probed ? Cc::NE : Cc::E);
    if (probed) load_addend(e.c, addend);
    const SharedPage page{addend, op.before, op.after, op.write};
    u32 path = e.cold(jump, [p, page](Emitter& e) { access_alone(e, p, page); });
    p.emit(e);
    e.resume(path);
    if (!store) e.ra.define(data, p.access.value);
}

}  // namespace

// The entry is that of the first byte, the tag compared with the page of the last one: if that is another page, it
// belongs to another entry. The access that follows is emitted with the lookup, as it uses the compare.
void emit_page_probe(Emitter& e, const Insn& insn) {
    const ir::PageOp op = ir::PageOp::unpack(insn.imm[0]);
    const auto first = static_cast<i32>(insn.displacement());
    const HostReg base = e.ra.use(insn.in(0));
    const HostReg entry = e.ra.target(insn.out());
    e.ra.define(insn.out(), entry);
    const HostReg page = e.ra.scratch(RegClass::Gpr);
    const u32 next = e.next_op();
    e.fuse(next);
    if (first != 0) add_up(e.c, page, base, first);
    find_entry(e.c, e.shared, entry, first != 0 ? page : base, op.mem.mmu_index);
    add_up(e.c, page, base, first + op.after);
    e.c.op_imm(4, page, -4096, true);
    e.c.op_mem(0x3b, page, entry, static_cast<i32>(tag_offset(op.write)), true);
    e.ra.unlock(page);
    emit_page_access(e, e.f->insns[next], true);
}

void emit_page_ld(Emitter& e, const Insn& insn) { emit_page_access(e, insn, false); }
void emit_page_st(Emitter& e, const Insn& insn) { emit_page_access(e, insn, false); }

void write_lookup_routines(CodeWriter& c, Shared& shared) {
    constexpr i64 kSaved = static_cast<i64>(kSavedScratchOffset);
    const auto saved = [&](unsigned i) {
        return static_cast<i32>(kSaved + i * 8) - static_cast<i32>(shared.plan.env_bias);
    };
    for (unsigned mmu_index = 0; mmu_index < ir::kMmuIndexes; ++mmu_index) {
        for (HostReg r : {kRax, kRcx, kRdx}) {
            for (bool write : {false, true}) {
                const HostReg entry = r == kRax ? kRcx : kRax, page = r == kRdx ? kRcx : kRdx;
                c.nop((16 - (c.address(c.here()) & 15)) & 15);
                shared.common[static_cast<unsigned>(lookup_routine(r, mmu_index, write))] = c.at(c.here());
                c.op_mem(0x89, entry, kRbp, saved(0), true);
                c.op_mem(0x89, page, kRbp, saved(1), true);
                find_entry(c, shared, entry, r, mmu_index);
                add_up(c, page, r, 7);
                c.op_imm(4, page, -4096, true);
                c.op_mem(0x3b, page, entry, static_cast<i32>(tag_offset(write)), true);
                u32 miss = c.jcc_short(Cc::NE);
                c.op_mem(0x8b, r, entry, static_cast<i32>(offsetof(ir::TlbEntry, addend)), true);
                c.bind_short(miss);
                c.op_mem(0x8b, entry, kRbp, saved(0), true);
                c.op_mem(0x8b, page, kRbp, saved(1), true);
                c.ret();
            }
        }
    }
}

// ---- The slow path ------------------------------------------------------------------------------

namespace {

u64* register_at_home(ir::Env* env, const Shared& shared, HostReg r) {
    return reinterpret_cast<u64*>(reinterpret_cast<u8*>(env) + shared.plan.home[r]);
}

u8* wide_access(ir::Env* env) { return reinterpret_cast<u8*>(env) + kWideAccessOffset; }

/// A loaded value as it is kept in a register of type `t`.
u64 register_image(u64 v, MemOp m, Type t) {
    if (m.sign) v = static_cast<u64>(sign_extend(v, m.bytes() * 8));
    if (t == Type::F32) return v | ~u64{0} << 32;
    return t == Type::I32 ? v & low_mask(32) : v;
}

/// The addend of the page of `address` if it holds for all the accesses, else 0.
u64 shared_addend(const ir::TlbView& view, u64 address, SharedPage page) {
    const u64 first = address - page.before, last = address + page.after;
    const auto* entry = reinterpret_cast<const ir::TlbEntry*>(reinterpret_cast<const u8*>(view.entries) +
                                                              (first >> 12 << 5 & view.mask));
    return (page.write ? entry->write : entry->read) == align_down(last, 4096) ? entry->addend : 0;
}

}  // namespace

void run_mmu_access(ir::Env* env, const u8* code, const Shared* shared) {
    u32 what;
    i32 displacement;
    std::memcpy(&what, code + 1, 4);
    std::memcpy(&displacement, code + 6, 4);
    const Access a = Access::unpack(what, displacement);
    const MemOp m = a.mem;
    const MmuCalls& mmu = shared->options.mmu;
    const u64 address = *register_at_home(env, *shared, a.base) + static_cast<u64>(i64{a.displacement});
    u64* value = register_at_home(env, *shared, a.value);
    if (m.aligned && !is_aligned(address, m.bytes())) {
        mmu.raise(env, a.kind == Access::Kind::Load ? ir::kExceptionMisalignedLoad : ir::kExceptionMisalignedStore,
                  address);
    }
    switch (a.kind) {
        case Access::Kind::Load: {
            if (m.size_log2 > 3) {
                mmu.load_wide(env, address, wide_access(env), m.size_log2, m.mmu_index);
                break;
            }
            u64 v = mmu.load(env, address, m.size_log2, m.mmu_index);
            *value = register_image(m.big_endian ? swap_bytes(v, m) : v, m, a.type);
            break;
        }
        case Access::Kind::Store: {
            if (m.size_log2 > 3) {
                mmu.store_wide(env, address, wide_access(env), m.size_log2, m.mmu_index);
                break;
            }
            u64 v = *value & low_mask(m.bytes() * 8);
            mmu.store(env, address, m.big_endian ? swap_bytes(v, m) : v, m.size_log2, m.mmu_index);
            break;
        }
        case Access::Kind::AtomicPointer:
            *value = reinterpret_cast<u64>(mmu.atomic_pointer(env, address, m.bytes(), m.mmu_index));
            break;
    }
    if (a.shared) {
        u32 word;
        std::memcpy(&word, code + 11, 4);
        const SharedPage page = SharedPage::unpack(word);
        *register_at_home(env, *shared, page.addend) = shared_addend(env->tlb[m.mmu_index], address, page);
    }
}

}  // namespace dragoman::host::x64
