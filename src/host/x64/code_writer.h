// xbyak's code generator, set on the memory of one TB after another, with plain offsets in place of
// xbyak's labels (which cost hash-table entries).
#pragma once

#include <atomic>
#include <cstring>

#include <xbyak/xbyak.h>

#include "base/bits.h"
#include "host/x64/regs.h"

namespace dragoman::host::x64 {

/// x86 condition codes, as in the low four bits of jcc, setcc and cmovcc.
enum class Cc : u8 { O, NO, B, AE, E, NE, BE, A, S, NS, P, NP, L, GE, LE, G };
constexpr Cc invert(Cc c) { return static_cast<Cc>(static_cast<u8>(c) ^ 1); }

inline Xbyak::Reg64 r64(HostReg r) { return Xbyak::Reg64(r); }
inline Xbyak::Reg32 r32(HostReg r) { return Xbyak::Reg32(r); }
inline Xbyak::Reg16 r16(HostReg r) { return Xbyak::Reg16(r); }
inline Xbyak::Reg8 r8(HostReg r) { return Xbyak::Reg8(r, r >= 4 && r < 8); }
/// General register as a `bits` wide operand.
inline Xbyak::Reg gpr(HostReg r, unsigned bits) {
    return bits == 8 ? Xbyak::Reg(r8(r)) : Xbyak::Reg(r, Xbyak::Operand::REG, static_cast<int>(bits));
}
/// For VEX-encoded instructions: 32 or 64 bits.
inline Xbyak::Reg32e gpr32e(HostReg r, unsigned bits) { return Xbyak::Reg32e(r, static_cast<int>(bits)); }
inline Xbyak::Xmm xmm(HostReg r) { return Xbyak::Xmm(r - kFirstXmm); }
inline Xbyak::Ymm ymm(HostReg r) { return Xbyak::Ymm(r - kFirstXmm); }
inline Xbyak::Zmm zmm(HostReg r) { return Xbyak::Zmm(r - kFirstXmm); }
inline Xbyak::Opmask opmask(HostReg r) { return Xbyak::Opmask(r - kFirstMask); }

/// [base + displacement] of `bits` (0: size given by the other operand).
inline Xbyak::Address memory(unsigned bits, HostReg base, i64 displacement) {
    return Xbyak::Address(bits, false, Xbyak::RegExp(r64(base)) + static_cast<std::size_t>(displacement));
}

class CodeWriter : public Xbyak::CodeGenerator {
public:
    CodeWriter() : CodeGenerator(sizeof(placeholder_), placeholder_) {}

    /// Goes on at `code`, which has `size` bytes of room.
    void retarget(u8* code, std::size_t size) {
        top_ = code;
        maxSize_ = size;
        size_ = 0;
    }

    // In place of xbyak's, which write byte by byte and look for room each time.
    void db(int code) { top_[size_++] = static_cast<u8>(code); }
    void dd(u32 code) { put(code); }
    void dq(u64 code) { put(code); }

    u32 here() const { return static_cast<u32>(size_); }
    std::size_t room() const { return maxSize_ - size_; }
    u8* at(u32 offset) { return top_ + offset; }
    u64 address(u32 offset) const { return reinterpret_cast<u64>(top_) + offset; }

    /// Jumps whose target is bound later. They return the offset of their displacement.
    u32 jcc(Cc c) {
        put(static_cast<u16>(0x800f | static_cast<unsigned>(c) << 8));
        dd(0);
        return here() - 4;
    }
    u32 jump() {
        db(0xe9);
        dd(0);
        return here() - 4;
    }
    u32 jcc_short(Cc c) {
        db(0x70 | static_cast<int>(c));
        db(0);
        return here() - 1;
    }
    u32 jump_short() {
        db(0xeb);
        db(0);
        return here() - 1;
    }
    void bind(u32 jump_offset) { set_rel32(jump_offset, here()); }
    void bind_short(u32 jump_offset) { top_[jump_offset] = static_cast<u8>(here() - (jump_offset + 1)); }
    void set_rel32(u32 field, u32 target) {
        u32 value = target - (field + 4);
        std::memcpy(top_ + field, &value, 4);
    }
    /// Jumps to a known offset.
    void jump_to(u32 target) { set_rel32(jump(), target); }
    void jcc_to(Cc c, u32 target) {
        i32 distance = static_cast<i32>(target) - static_cast<i32>(here() + 2);
        if (!fits_i8(distance)) return set_rel32(jcc(c), target);
        db(0x70 | static_cast<int>(c));
        db(static_cast<u8>(distance));
    }
    /// Jump or call to an absolute address within reach; returns the offset of the displacement.
    u32 jump_absolute(const u8* target) {
        db(0xe9);
        return rel32_absolute(target);
    }
    u32 call_absolute(const u8* target) {
        db(0xe8);
        return rel32_absolute(target);
    }
    /// A displacement field that makes the enclosing rip-relative operand (at its end) reach `target`.
    u32 rel32_absolute(const u8* target) {
        dd(static_cast<u32>(reinterpret_cast<u64>(target) - (address(here()) + 4)));
        return here() - 4;
    }

    /// mov of an immediate, in the form that has all its 4 or 8 bytes at the end: those of `value` as a 64-bit number,
    /// or the low 32 bits for a 32-bit register.
    void mov_imm(HostReg r, u64 value, bool wide) {
        const unsigned low = r & 7, high = r >= 8;
        if (!wide || fits_u32(value)) {
            if (high) db(0x41);
            db(static_cast<int>(0xb8 | low));
            dd(static_cast<u32>(value));
        } else if (fits_i32(static_cast<i64>(value))) {
            put(static_cast<u16>(0xc748 | high));
            db(static_cast<int>(0xc0 | low));
            dd(static_cast<u32>(value));
        } else {
            put(static_cast<u16>(0xb848 | high | low << 8));
            dq(value);
        }
    }

    // The forms that make up most of the code, encoded without xbyak's generality. `opcode`: one byte, or
    // kTwoByte + the second byte. They rely on the room that Emitter has checked for.
    static constexpr unsigned kTwoByte = 0x100;
    /// `opcode` with register `reg` and memory operand [base + displacement].
    void op_mem(unsigned opcode, HostReg reg, HostReg base, i32 displacement, bool wide, bool byte_reg = false) {
        u8* p = top_ + size_;
        p = prefix(p, opcode, reg, base, wide, byte_reg && reg >= 4);
        const u8 low = static_cast<u8>((reg & 7) << 3 | (base & 7));
        const bool disp8 = fits_i8(displacement);
        if (displacement == 0 && (base & 7) != kRbp) {
            *p++ = low;
            if ((base & 7) == kRsp) *p++ = 0x24;
        } else {
            *p++ = static_cast<u8>((disp8 ? 0x40 : 0x80) | low);
            if ((base & 7) == kRsp) *p++ = 0x24;
            std::memcpy(p, &displacement, 4);
            p += disp8 ? 1 : 4;
        }
        size_ = static_cast<std::size_t>(p - top_);
    }
    /// `opcode` with register `reg` and memory operand [base + index + displacement]; index is not rsp.
    void op_sib(unsigned opcode, HostReg reg, HostReg base, HostReg index, i32 displacement, bool wide,
                bool byte_reg = false) {
        u8* p = top_ + size_;
        const unsigned rex = 0x40u | (wide ? 8 : 0) | (reg >= 8 ? 4 : 0) | (index >= 8 ? 2 : 0) | (base >= 8 ? 1 : 0);
        if (rex != 0x40 || (byte_reg && reg >= 4)) *p++ = static_cast<u8>(rex);
        if (opcode >= kTwoByte) *p++ = 0x0f;
        *p++ = static_cast<u8>(opcode);
        const bool none = displacement == 0 && (base & 7) != kRbp;
        const bool disp8 = fits_i8(displacement);
        *p++ = static_cast<u8>((none ? 0 : disp8 ? 0x40 : 0x80) | (reg & 7) << 3 | 4);
        *p++ = static_cast<u8>((index & 7) << 3 | (base & 7));
        if (!none) {
            std::memcpy(p, &displacement, 4);
            p += disp8 ? 1 : 4;
        }
        size_ = static_cast<std::size_t>(p - top_);
    }
    /// `opcode` with register `reg` and register `rm` (bytes: of both).
    void op_reg(unsigned opcode, HostReg reg, HostReg rm, bool wide, bool byte_rm = false) {
        u8* p = prefix(top_ + size_, opcode, reg, rm, wide, byte_rm && rm >= 4);
        *p++ = static_cast<u8>(0xc0 | (reg & 7) << 3 | (rm & 7));
        size_ = static_cast<std::size_t>(p - top_);
    }
    /// Group-1 operation (`extension`: 0 add, 1 or, 4 and, 5 sub, 6 xor, 7 cmp) with an immediate.
    void op_imm(unsigned extension, HostReg rm, i32 value, bool wide) {
        const bool imm8 = fits_i8(value);
        op_reg(imm8 ? 0x83 : 0x81, static_cast<HostReg>(extension), rm, wide);
        std::memcpy(top_ + size_, &value, 4);
        size_ += imm8 ? 1 : 4;
    }

    /// The same with memory operand [base + displacement].
    void op_mem_imm(unsigned extension, HostReg base, i32 displacement, i32 value, bool wide) {
        const bool imm8 = fits_i8(value);
        op_mem(imm8 ? 0x83 : 0x81, static_cast<HostReg>(extension), base, displacement, wide);
        std::memcpy(top_ + size_, &value, 4);
        size_ += imm8 ? 1 : 4;
    }
    /// mov of a constant of 1 << size_log2 bytes (of 8: sign-extended from 4) to [base + displacement]
    void mov_mem_imm(unsigned size_log2, HostReg base, i32 displacement, u32 value) {
        if (size_log2 == 1) db(0x66);
        op_mem(size_log2 == 0 ? 0xc6 : 0xc7, 0, base, displacement, size_log2 == 3);
        std::memcpy(top_ + size_, &value, 4);
        size_ += size_log2 == 3 ? 4 : 1u << size_log2;
    }
    /// call [base + displacement]
    void call_mem(HostReg base, i32 displacement) { op_mem(0xff, 2, base, displacement, false); }
    /// dec of 32 bits at [base + displacement]
    void dec_mem(HostReg base, i32 displacement) { op_mem(0xff, 1, base, displacement, false); }

    void setcc(Cc c, HostReg r) {
        db(0x40 | (r >= 8));  // a REX prefix makes 4..7 spl..dil
        db(0x0f);
        db(0x90 | static_cast<int>(c));
        db(0xc0 | (r & 7));
    }
    void cmov(Cc c, const Xbyak::Reg& to, const Xbyak::Operand& from);

private:
    template <class T>
    void put(T value) {
        std::memcpy(top_ + size_, &value, sizeof value);
        size_ += sizeof value;
    }
    static u8* prefix(u8* p, unsigned opcode, HostReg reg, HostReg rm, bool wide, bool force) {
        const unsigned rex = 0x40u | (wide ? 8 : 0) | (reg >= 8 ? 4 : 0) | (rm >= 8 ? 1 : 0);
        if (rex != 0x40 || force) *p++ = static_cast<u8>(rex);
        if (opcode >= kTwoByte) *p++ = 0x0f;
        *p++ = static_cast<u8>(opcode);
        return p;
    }

    u8 placeholder_[16];
};

}  // namespace dragoman::host::x64
