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
#pragma once

#include "host/x64/emitter.h"

namespace dragoman::host::x64 {

/// What the slow path must do, as the immediates of two instructions (`test eax, imm32`) behind the call, which do
/// nothing: so the code remains one that a disassembler can follow.
struct Access {
    enum class Kind : u8 { Load, Store, AtomicPointer };
    Kind kind;
    ir::Type type;
    HostReg base;   ///< guest address = base + displacement
    HostReg value;  ///< result of a load, host pointer of an atomic, or what is stored
    ir::MemOp mem;
    i32 displacement;

    u32 pack() const {
        return mem.pack() | u32{base} << 16 | u32{value} << 20 | static_cast<u32>(type) << 26 |
               static_cast<u32>(kind) << 29;
    }
    static Access unpack(u32 v, i32 displacement) {
        return {static_cast<Kind>(v >> 29 & 3),      static_cast<ir::Type>(v >> 26 & 7), static_cast<HostReg>(v >> 16 & 15),
                static_cast<HostReg>(v >> 20 & 63), ir::MemOp::unpack(v & 0xffff),      displacement};
    }
};

/// Carries out the access that stands at `code`, on registers at their homes. Called by Common::MmuAccess.
void run_mmu_access(ir::Env* env, const u8* code, const Shared* shared);

void softmmu_load(Emitter& e, const ir::Insn& insn);
void softmmu_store(Emitter& e, const ir::Insn& insn);
/// Host address, in rdx, of an atomic access, which must be aligned. rax and rcx are free afterwards.
Xbyak::Address softmmu_pointer(Emitter& e, ir::Var address, ir::MemOp m);

}  // namespace dragoman::host::x64
