// Interrupts that reach a hart as messages (Advanced Interrupt Architecture 1.0, chapter 3).
#pragma once

#include <span>

#include "base/bits.h"

namespace dragoman::ir {
struct Env;
}

namespace dragoman::riscv {

/// The interrupt file of a hart and privilege level, which its CSRs speak with. Called on the hart's thread; messages
/// arrive meanwhile.
class InterruptFile {
public:
    virtual ~InterruptFile() = default;
    /// Whether there is a register that xiselect numbers so (0x70 to 0xff).
    virtual bool has(unsigned number) const = 0;
    /// A register that there is.
    virtual u64 read(unsigned number) = 0;
    /// Writes the bits of `mask`.
    virtual void write(unsigned number, u64 value, u64 mask) = 0;
    /// The identity to be served first; 0: none.
    virtual unsigned top() = 0;
    /// It is served: no longer pending.
    virtual void claim(unsigned identity) = 0;
};

/// The line of the file of guest `guest` (from 1) among those of SystemOps::set_interrupt.
inline constexpr unsigned kGuestFileLines = 64;
/// The most guests' files that a hart may have (GEILEN).
inline constexpr unsigned kMostGuestFiles = 7;

/// What a hart has beyond its CPU: files of machine and supervisor level, null where there is none, and those of its
/// guests.
void attach_interrupt_files(ir::Env* env, InterruptFile* machine, InterruptFile* supervisor,
                            std::span<InterruptFile* const> guests = {});

}  // namespace dragoman::riscv
