// Guest accesses of system mode: an inline lookup in the softmmu TLB, and a slow path for what misses.
//
// The lookup of an access at `address`:
//
//     lea page, [address]
//     rorx entry, address, 7        ; 12 bits of page offset, 5 of entry size
//     and entry, [env.tlb.mask]
//     add entry, [env.tlb.entries]
//     and page, ~4095 | (size - 1)  ; low bits stay set when misaligned: then no tag matches
//     cmp page, [entry.tag]
//     jne miss
//     mov entry, [entry.addend]
//     access [address + entry]
//
// Misaligned accesses are rare in RISC-V code. So they miss, which covers those that cross a page, and the slow path
// carries them out.
// Accesses that share a lookup (ir/passes/share_lookups.cpp) have its addend, or 0, in a register: `test`, `je`,
// access. Without an addend they look for themselves in a cold path, through a common routine.
#pragma once

#include "host/x64/emitter.h"

namespace dragoman::host::x64 {

/// What the slow path must do, as the immediates of instructions (`test eax, imm32`) behind the call, which do
/// nothing: so the code remains one that a disassembler can follow.
struct Access {
    enum class Kind : u8 { Load, Store, AtomicPointer };
    Kind kind;
    ir::Type type;
    HostReg base;   ///< guest address = base + displacement
    HostReg value;  ///< result of a load, host pointer of an atomic, or what is stored
    ir::MemOp mem;
    i32 displacement;
    bool shared = false;  ///< a third word says what else the addend is for

    /// Of the MemOp, what the slow path needs: the address has been wrapped, and orders are those of the host.
    u32 pack() const {
        return (mem.pack() & 0xffff) | u32{base} << 16 | u32{value} << 20 | static_cast<u32>(type) << 26 |
               static_cast<u32>(kind) << 29 | u32{shared} << 31;
    }
    static Access unpack(u32 v, i32 displacement) {
        return {static_cast<Kind>(v >> 29 & 3),
                static_cast<ir::Type>(v >> 26 & 7),
                static_cast<HostReg>(v >> 16 & 15),
                static_cast<HostReg>(v >> 20 & 63),
                ir::MemOp::unpack(v & 0xffff),
                displacement,
                v >> 31 != 0};
    }
};

/// The third word: the register that gets the addend for the accesses that follow, and the bytes around this access's
/// address that it must hold for.
struct SharedPage {
    HostReg addend;
    u16 before, after;
    bool write;

    u32 pack() const { return addend | u32{write} << 4 | u32{before} << 5 | u32{after} << 17; }
    static SharedPage unpack(u32 v) {
        return {static_cast<HostReg>(v & 15), static_cast<u16>(v >> 5 & 0xfff), static_cast<u16>(v >> 17 & 0xfff),
                (v >> 4 & 1) != 0};
    }
};

/// The routine that looks up the guest address in the scratch register `r`: zero flag and the addend in `r`, or no zero
/// flag. An access of up to 8 bytes there may not reach into the next page. It keeps the other registers.
constexpr Common lookup_routine(HostReg r, unsigned mmu_index, bool write) {
    return static_cast<Common>(static_cast<unsigned>(Common::PageLookup) + (mmu_index * 3 + r) * 2 + write);
}
/// Emits them: into the prologue area.
void write_lookup_routines(CodeWriter& c, Shared& shared);

/// Carries out the access that stands at `code`, on registers at their homes. Called by Common::MmuAccess.
void run_mmu_access(ir::Env* env, const u8* code, const Shared* shared);

void softmmu_load(Emitter& e, const ir::Insn& insn);
void softmmu_store(Emitter& e, const ir::Insn& insn);
/// Host address, in rdx, of an atomic access, which must be aligned. rax and rcx are free afterwards.
Xbyak::Address softmmu_pointer(Emitter& e, ir::Var address, ir::MemOp m);

}  // namespace dragoman::host::x64
