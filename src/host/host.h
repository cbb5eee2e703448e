// What a back end must provide, and all that the engine knows about it.
#pragma once

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ir/env.h"
#include "ir/function.h"
#include "ir/vector_support.h"

namespace dragoman::host {

/// What a jump back is to those who look for loops that run much. Passes through it count down Env::loop_sample, and
/// the one that comes to 0 leaves as a sample.
enum class LoopEdge : u8 {
    None,
    ToItself,  ///< of a TB that jumps to its own start: samples until it is linked, which is to the loop made of the TB
    Undecided,  ///< to another TB, so that a loop may go through it: samples, linked or not, until Slot::decide
};

/// A place in the code of a TB from which control goes to another TB directly. Unlinked, it goes to
/// its own exit stub, which leaves with ExitReason::Slot.
struct Slot {
    u64 target_pc;
    /// Back end's own: where its jump is, where that goes while it is not linked, and where a loop edge counts, all
    /// from the TB's code start.
    u32 patch_offset, stub_offset, loop_offset;
    bool used = false;
    /// Link to the target's checked entry (flags and request compared) rather than to its fast entry:
    /// backward jumps, returns, and TBs that change the TB state flags.
    bool checked = false;
    LoopEdge loop_edge = LoopEdge::None;

    /// It is an ordinary jump from now on; it is not linked.
    void decide() { loop_edge = LoopEdge::None; }
};

/// In Env::exit_slot: the slot is a loop edge that samples or is not linked.
inline constexpr u32 kLoopExit = 0x80;

/// What generated code reads of a TB when it looks for one by itself.
struct BlockHead {
    u64 pc;
    u32 flags;
    std::atomic<bool> invalid{false};  ///< removed: not to be put into a jump cache any more
    const u8* target;                  ///< checked entry
    std::atomic<BlockHead*> next{nullptr};
};

/// The hash table of TBs. Searched without a lock, by the engine and by generated code (Env::blocks).
struct BlockTable {
    u64 mask;  ///< number of buckets - 1
    std::atomic<BlockHead*> buckets[];

    static constexpr u64 kMultiplier = 0x9e3779b97f4a7c15;
    /// Blocks of one stretch of 1 << kNearBits bytes are in 1 << kNearBucketBits buckets that follow each other: what
    /// is looked up lies mostly where the blocks before it are, so that the memory with its bucket has just been used.
    static constexpr unsigned kNearBits = 12, kNearBucketBits = 10;
    static constexpr unsigned kNearBuckets = 1 << kNearBucketBits;
    /// `physical`: in user mode the same as pc.
    static u64 hash(u64 pc, u32 flags, u64 physical) {
        const u64 place = pc >> kNearBits ^ u64 { flags } << 20 ^ physical >> kNearBits << 14;
        return (place * kMultiplier) >> 32 << kNearBucketBits ^
               (pc >> (kNearBits - kNearBucketBits) & (kNearBuckets - 1));
    }
};

/// Maps host code to guest instructions, for precise state at a fault.
struct InsnMapEntry {
    u32 host_offset;  ///< first host byte of the instruction, from the TB's code start
    u32 pc_offset;    ///< guest pc minus the TB's pc
    /// What is not where the TB's map and the back end's usual one say: CompiledCode::states[state, state +
    /// state_count).
    u32 state = 0;
    u32 state_count = 0;
    bool may_fault = false;  ///< something in its code may fault or raise: the instruction may have to be found
};

/// An absolute host or guest address in generated code.
struct Relocation {
    enum class Kind : u8 {
        GuestAddress,   ///< value derived from the guest pc
        Helper,         ///< address of helper `index`
        HostData,       ///< address of a back-end data object `index`
        Prologue,       ///< rel32 or address into the prologue area: entry `index`
        JumpCacheSlot,  ///< displacement of the jump cache's entry for guest address `value`
    };
    u32 offset;  ///< of the field, from the TB's code start
    Kind kind;
    u8 size;  ///< bytes of the field: 4 or 8
    bool pc_relative;
    u32 index;
    u64 value;  ///< GuestAddress: the address
};

/// What compile() produced, beside the bytes.
struct CompiledCode {
    u32 size = 0;           ///< bytes written
    u32 entry = 0;          ///< offset of the fast entry (flags known to match)
    u32 checked_entry = 0;  ///< offset of the entry that compares {tb_flags, request}
    Slot slots[ir::kMaxSlots];
    PlainVector<InsnMapEntry> insn_map;  ///< ascending host_offset
    PlainVector<Relocation> relocations;
    PlainVector<ir::StateEntry> states;  ///< of the entries of insn_map
    ir::StateMap state;                  ///< of the TB: what is not where the back end usually has it

    /// Empties it for the next compilation; keeps its memory.
    void reset() {
        size = entry = checked_entry = 0;
        for (Slot& slot : slots) slot.used = false;
        insn_map.clear();
        relocations.clear();
        states.clear();
        state.clear();
    }
};

/// Where translated code's accesses go that miss the softmmu TLB (guest/runtime.h; the engine sets it, as back ends
/// do not know the guest). They run as helpers with HelperFlags::MayRaise do: globals are in env,
/// helper_return_address names the access.
struct MmuCalls {
    u64 (*load)(ir::Env* env, u64 address, unsigned size_log2, unsigned mmu_index) = nullptr;
    void (*store)(ir::Env* env, u64 address, u64 value, unsigned size_log2, unsigned mmu_index) = nullptr;
    /// The same with 16 to 64 bytes in memory of the host. A store that raises has stored nothing.
    void (*load_wide)(ir::Env* env, u64 address, void* to, unsigned size_log2, unsigned mmu_index) = nullptr;
    void (*store_wide)(ir::Env* env, u64 address, const void* from, unsigned size_log2, unsigned mmu_index) = nullptr;
    void* (*atomic_pointer)(ir::Env* env, u64 address, unsigned bytes, unsigned mmu_index) = nullptr;
    /// Does not return. For a misaligned access with MemOp::aligned: ir::kExceptionMisaligned..., guest address.
    void (*raise)(ir::Env* env, u32 exception, u64 value) = nullptr;
};

/// Switches for testing and tuning; all CPU features on by default where the host has them.
struct Options {
    bool sse41 = true, avx = true, avx2 = true, bmi = true, fma = true, avx512 = true;
    u64 guest_base = 0;        ///< host address of guest address 0 (user mode)
    bool return_stack = true;  ///< host call/ret pairs for guest calls
    bool loops = false;        ///< count passes through loops' back edges (LoopEdge)
    bool softmmu = false;      ///< guest accesses go through Env::tlb (system mode)
    MmuCalls mmu;              ///< with softmmu
};

/// Turns off the features of a comma-separated list ("avx512,avx2"). Returns the unknown one or empty.
std::string disable_features(Options& options, std::string_view list);

class Backend : public ir::VectorSupport {
public:
    virtual std::string_view name() const = 0;

    /// Writes prologue, epilogue and common stubs into [code, code+size); called once, before all else.
    /// @returns bytes used.
    virtual std::size_t init(const ir::GuestLayout& layout, const Options& options, u8* code, std::size_t size) = 0;

    /// Whether global `index` lives in a host register while translated code runs. Valid after init.
    virtual bool is_pinned([[maybe_unused]] unsigned index) const { return false; }

    /// A number that differs when the same function would be compiled differently (CPU features, options) by the
    /// same build; 0: compiled code cannot be stored and used again elsewhere in a code buffer.
    virtual u64 configuration() const { return 0; }

    /// Whether compile() knows the ops that share softmmu lookups, and gains by them. Valid after init.
    virtual bool shares_lookups() const { return false; }

    /// Whether compile() knows Function::boxed_at_entry.
    virtual bool tests_boxes() const { return false; }

    /// Whether compile() knows Function::counts_entries.
    virtual bool counts_entries() const { return false; }

    /// Compiles `f` (after passes) into [code, code+capacity). Thread-safe: each thread
    /// brings its own Scratch. @returns false when it does not fit (nothing then counts as written).
    class Scratch {
    public:
        virtual ~Scratch() = default;
    };
    virtual std::unique_ptr<Scratch> make_scratch() const = 0;
    /// Whether `f`, which has Function::loop, can be compiled as a loop. Back ends that never set
    /// LoopEdge::ToItself are not asked.
    virtual bool suits_loop([[maybe_unused]] const ir::Function& f) const { return false; }
    virtual bool compile(Scratch& scratch, const ir::Function& f, u8* code, std::size_t capacity,
                         CompiledCode& out) const = 0;

    /// Per-vCPU data of the back end (return stack); env->backend_data.
    virtual void attach(ir::Env* env) const = 0;
    virtual void detach(ir::Env* env) const = 0;
    /// Empties the return stack of `env`: after code was reclaimed, or guest addresses mean other code than before.
    /// The vCPU is outside translated code or in a helper that was called from it.
    virtual void reset_return_stack(ir::Env* env) const = 0;

    /// Runs translated code from `code` (a checked entry) until it leaves; env->exit_reason says why.
    /// Globals are in env before and after.
    virtual void enter(ir::Env* env, const u8* code) const = 0;

    /// Makes the slot of the code at `code` jump to `target` / to its own stub again. Atomic with
    /// respect to threads that are executing it.
    virtual void link(u8* code, const Slot& slot, const u8* target) const = 0;
    virtual void unlink(u8* code, const Slot& slot) const = 0;

    /// The position in a TB's code (for its insn_map) of a host fault (SIGSEGV, SIGBUS, SIGFPE, SIGILL) that
    /// interrupted `uc`, when the fault was taken by a guest access of translated code; null when it was not.
    /// A back end that runs generated code returns the host pc when that is inside its code buffer, the
    /// interpreter the place that it has recorded. Asked only while env->in_code is set.
    virtual const u8* fault_code_position(const ir::Env* env, const ucontext_t* uc) const = 0;
    /// A host fault for which fault_code_position is not null.
    /// fixup: repairs and resumes faults of the back end's own making (return-stack overflow); true when done.
    virtual bool fixup_fault(ir::Env* env, ucontext_t* uc, u64 fault_address) const = 0;
    /// Makes env precise at `point`: by ir::restore, with the back end's usual map under the point's layers. `uc`: a
    /// host fault took the guest access there; the FP control word is saved, too. Null: the running helper has been
    /// called from there, and is one with HelperFlags::MayRaise.
    virtual void restore_state(ir::Env* env, const ucontext_t* uc, const ir::PrecisePoint& point) const = 0;
    /// The widest vector type that it knows, in bytes; 0: none. Valid after init.
    virtual unsigned vector_bytes() const { return 0; }
    /// Whether an index in a load's address costs nothing.
    virtual bool free_index() const { return false; }
    /// Makes the interrupted context continue at the epilogue, which returns from enter(). The caller
    /// has set env->exit_reason (and exception fields) and env->pc.
    virtual void redirect_to_exit(ir::Env* env, ucontext_t* uc) const = 0;

    /// For helpers that raise: the host code address in the TB from which the running helper was called.
    /// Valid during a helper with HelperFlags::MayRaise.
    virtual const u8* helper_return_address(const ir::Env* env) const = 0;
    /// Leaves translated code from within a helper, as if it had returned to the epilogue.
    [[noreturn]] virtual void exit_from_helper(ir::Env* env) const = 0;

    /// Host disassembly of [code, code+size) for the log, one line per instruction; lines that start a
    /// guest instruction are preceded by its address.
    virtual std::string disassemble(const u8* code, const CompiledCode& info, u64 guest_pc) const = 0;
};

std::unique_ptr<Backend> make_x64();
std::unique_ptr<Backend> make_interp();

}  // namespace dragoman::host
