// Where the guest's registers are at a precise point: an op that may fault, a helper that may raise, an exit. What is
// not at home is put there by one function, `restore`, whoever wants to know: faults, helper raises, debuggers.
//
// A map lists only what differs from the map below it. There are three layers:
//   usual   of the back end: the registers that live in host registers in all TBs. Made once
//   TB      of a TB with a plan of its own (loops)
//   point   of one instruction (the register that a load overwrites)
// So a TB without a plan of its own and without such instructions stores nothing.
//
// In the IR a map names guest registers and what every back end knows (Home, Constant, GuestPc, Access); a back end
// makes of it one that names its registers and spill slots, too.
#pragma once

#include <span>

#include "base/plain_vector.h"
#include "ir/global_set.h"

namespace dragoman::ir {

struct Env;
struct GuestLayout;

/// What a value begins with.
enum class StateBase : u8 {
    Home,      ///< the home in env of global `where` (mostly its own: then the value is in place)
    Register,  ///< host register `where`, as the back end numbers them
    Spill,     ///< the bytes at offset `where` from env: a back end's spill slot
    Constant,  ///< 0: the displacement is the value
    GuestPc,   ///< the guest address of the TB: constants that derive from the guest pc move with it
    Access,    ///< the guest address of the access that faulted
    Computed,  ///< GuestLayout::state_functions[where] of the next three entries, its operands. A value held lazily
};

/// What becomes of the sum in the end.
enum class StateExtend : u8 {
    None,
    Sign32,  ///< the sign extension of its low 32 bits
};

inline constexpr u8 kNoStateIndex = 0xff;
/// StateEntry::global of an operand of the Computed entry before it.
inline constexpr u16 kStateOperand = 0xffff;
inline constexpr unsigned kStateOperands = 3;

/// One register: extend(base + (index << scale) + displacement). Of vectors only Home, Register and Spill, without
/// more: their whole size counts.
struct StateEntry {
    u16 global;  ///< index in GuestLayout::globals
    StateBase base = StateBase::Home;
    StateExtend extend = StateExtend::None;
    u8 index = kNoStateIndex;  ///< a host register
    u8 scale = 0;
    u32 where = 0;  ///< as the base says
    i64 displacement = 0;

    bool operator==(const StateEntry&) const = default;

    /// Whether it is where it would be without the entry if that is at home.
    bool is_home() const {
        return base == StateBase::Home && where == global && extend == StateExtend::None && index == kNoStateIndex &&
               displacement == 0;
    }
};

using StateEntries = std::span<const StateEntry>;

/// The entries of one layer while code is made.
class StateMap {
public:
    void clear() {
        entries_.clear();
        extended_.clear();
    }
    void add(const StateEntry& entry) {
        entries_.push_back(entry);
        if (entry.extend == StateExtend::Sign32 && entry.global != kStateOperand) extended_.add(entry.global);
    }
    /// Registers at home whose upper halves are left to whoever leaves: Home with Sign32 for each in `globals`.
    void assign_extended(const GlobalSet& globals) {
        clear();
        globals.for_each([this](unsigned g) {
            add({.global = static_cast<u16>(g), .extend = StateExtend::Sign32, .where = static_cast<u32>(g)});
        });
    }

    StateEntries entries() const { return {entries_.data(), entries_.size()}; }
    bool empty() const { return entries_.size() == 0; }
    /// Globals of which the map extends the low 32 bits.
    const GlobalSet& extended() const { return extended_; }

private:
    PlainVector<StateEntry> entries_;
    GlobalSet extended_;
};

/// The host's registers as they were at the point.
class RegisterFile {
public:
    virtual ~RegisterFile() = default;
    /// Copies the low `bytes` (8 to 64) of host register `number` to `to`.
    virtual void read(unsigned number, void* to, unsigned bytes) const = 0;
    /// Guest address of the access that faulted. Asked only for maps with Access.
    virtual u64 access_address() const { return 0; }
};

/// The layers of one point, those above last, and what the guest pc was.
struct PrecisePoint {
    u64 guest_pc = 0;  ///< of the TB
    StateEntries tb, insn;
};

/// Brings all that `usual` and the layers of `point` name home. Reads all before it writes anything.
void restore(const GuestLayout& layout, StateEntries usual, const PrecisePoint& point, const RegisterFile& registers,
             Env* env);

// Encoded form: a count, then per entry what differs from the simplest case, in LEB128. Position independent; the
// empty map is one byte.

inline constexpr std::size_t kMaxStateEntryBytes = 32;

/// Writes `entries` to `to`, which has room for kMaxStateEntryBytes for each of them and 4 more. @returns its end.
u8* encode_state(StateEntries entries, u8* to);
/// Appends the map at `from` to `entries`. @returns its end.
const u8* decode_state(const u8* from, PlainVector<StateEntry>& entries);
/// The end of the map at `from`.
const u8* skip_state(const u8* from);

}  // namespace dragoman::ir
