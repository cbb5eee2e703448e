#include "devices/sifive_otp.h"

#include "devices/state.h"

namespace dragoman::devices {

namespace {

/// By offset / 4.
enum Register : unsigned {
    kAddress,
    kBit,
    kRedundant,
    kInputEnable,
    kClock,
    kDataIn,
    kDataOut,
    kDeepStandby,
    kProgram,
    kTestColumn,
    kTestMode,
    kTestModeRepair,
    kTestRow,
    kTrim,
    kWriteEnable,
};

constexpr u32 kOn = 1;
constexpr unsigned kSerialFuse = 0xFC;  // the fuse behind it holds the complement
constexpr u32 kNothing = 0xFF;          // what comes out of a memory that is not powered

}  // namespace

SifiveOtp::SifiveOtp(u32 serial) {
    fuses_.fill(~u32{0});
    fuses_[kSerialFuse] = serial;
    fuses_[kSerialFuse + 1] = ~serial;
}

void SifiveOtp::reset() {
    LockGuard lock(mutex_);
    registers_.fill(0);
}

void SifiveOtp::visit(State& state) {
    state.version(1);
    LockGuard lock(mutex_);
    state.fields("register", std::span<u32>(registers_));
    state.fields("fuse", std::span<u32>(fuses_));
}

u32 SifiveOtp::data_out() const {
    const bool powered = (registers_[kInputEnable] & registers_[kDeepStandby] & registers_[kTrim] & kOn) != 0;
    return powered ? fuses_[registers_[kAddress] % kFuses] : kNothing;
}

bool SifiveOtp::read(u64 offset, unsigned, u64& value) {
    const u64 index = offset / 4;
    LockGuard lock(mutex_);
    value = index == kDataOut ? data_out() : index < kRegisters ? registers_[index] : 0;
    return true;
}

bool SifiveOtp::write(u64 offset, unsigned, u64 wide) {
    const u64 index = offset / 4;
    const u32 value = static_cast<u32>(wide);
    if (index >= kRegisters || index == kDataOut) return true;
    LockGuard lock(mutex_);
    registers_[index] = value;
    // The write pulse programs one bit; the redundant cells are not there.
    const bool programs = index == kWriteEnable && (value & kOn) != 0 && registers_[kRedundant] == 0;
    if (programs && (registers_[kDataIn] & kOn) == 0) {
        fuses_[registers_[kAddress] % kFuses] &= ~(u32{1} << (registers_[kBit] & 31));
    }
    return true;
}

}  // namespace dragoman::devices
