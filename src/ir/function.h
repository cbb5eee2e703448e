// An IR function: the instructions of one translation block or region, in a row, and the basic blocks that they make.
#pragma once

#include "base/plain_vector.h"
#include "ir/blocks.h"
#include "ir/op_table.h"
#include "ir/state_map.h"
#include "ir/variable.h"

namespace dragoman::ir {

inline constexpr unsigned kMaxArgs = 7;

/// Attribute of goto_tb: the TB state flags are not those that the function was entered with.
inline constexpr u32 kOtherFlags = 1;

/// Whether the op has Insn::return_slot in the place of attributes.
constexpr bool has_return_slot(Op op) { return op == Op::call_tb || op == Op::call_ptr; }

/// One IR instruction. Outputs first, then inputs; constants apart.
struct Insn {
    Op op;
    Type type;   ///< T
    Type type2;  ///< S, for conversions and movcond; else None
    u8 outputs;  ///< as in the table, but for call
    u8 inputs;
    /// Filled by the liveness pass: bit i set when operand i's variable is dead after this
    /// instruction (for outputs: the value is never used).
    u8 dead;
    /// Which registers a fault here finds elsewhere than at home (Function::point); 0: none.
    u16 state;
    Var args[kMaxArgs];
    union {
        /// Of float ops FloatRules (0: those of the guest's layout), of vector ops VectorRules, of goto_tb kOtherFlags.
        u32 attributes;
        /// Of call_tb and call_ptr: the slot of the jump to what follows the call.
        u32 return_slot;
    };
    u64 imm[2];

    Var out(unsigned i = 0) const { return args[i]; }
    Var in(unsigned i) const { return args[outputs + i]; }
    MemOp mem() const { return MemOp::unpack(op == Op::env_ld || op == Op::env_st ? imm[1] : imm[0]); }
    i64 displacement() const { return static_cast<i64>(imm[1]); }
};

/// Instructions in a row.
using InsnList = PlainVector<Insn>;

/// Highest number of exits with a patchable jump that one function can have.
inline constexpr unsigned kMaxSlots = 16;

class Function {
public:
    explicit Function(const GuestLayout& layout);

    /// Empties the function for the next translation; keeps its memory.
    void reset();

    const GuestLayout& layout() const { return *layout_; }
    unsigned global_count() const { return static_cast<unsigned>(layout_->globals.size()); }
    bool is_global(Var v) const { return v - 1 < global_count(); }
    bool is_const(Var v) const { return vars[v].kind == VarKind::Const; }
    /// Whether `v` is a global of which only the low 32 bits are kept (state).
    bool is_narrow(Var v) const { return is_global(v) && state.extended().has(v - 1); }
    FloatRules float_rules(const Insn& insn) const {
        return insn.attributes == 0 ? layout_->float_rules : FloatRules::unpack(insn.attributes);
    }

    Var new_var(VarKind kind, Type type) {
        vars.push_back({kind, type});
        return static_cast<Var>(vars.size() - 1);
    }
    /// The constant `value` of type `type`; the same variable for the same constant.
    Var constant(Type type, u64 value, bool guest_address = false);
    u32 new_label() { return label_count++; }

    /// Fills `blocks` from `insns`. What changes the list of instructions leaves them as they were.
    void form_blocks();
    /// The block that begins with `label`, as form_blocks has found it; kNoBlock: no block does.
    u32 block_of(u32 label) const { return label_blocks_[label]; }

    PlainVector<Variable> vars;
    InsnList insns;
    PlainVector<BasicBlock> blocks;  ///< in the order of their instructions; see form_blocks
    u32 label_count = 0;
    u64 guest_pc = 0;     ///< address of the first guest instruction
    u32 tb_flags = 0;     ///< TB state flags that it was specialised on
    u32 guest_size = 0;   ///< bytes of guest code
    u32 guest_insns = 0;  ///< number of guest instructions
    /// Float globals that the function takes for boxed when it is entered (fbox). Whoever compiles it
    /// has it test that first, and leave with ExitReason::Unboxed if it is not so.
    GlobalSet boxed_at_entry;
    bool branches_back = false;   ///< some branch goes to a label in front of it
    u64 placed_labels = 0;        ///< Builder's own: bit i: label i stands before this point
    bool joins = false;           ///< behind some label stands more than an exit
    bool short_branches = false;  ///< some branch goes over a few instructions only (select_values)
    bool self_loop = false;       ///< some goto_tb goes to guest_pc
    bool marks_flags = false;     ///< exits with other TB state flags have kOtherFlags
    bool overwrites_env = false;  ///< some env_st may store what a later one overwrites (dead_env_stores)
    /// Entries count down Env::entries_left; whoever comes to 0 leaves with ExitReason::Check.
    bool counts_entries = false;
    bool loop = false;  ///< to be compiled as a loop: such a goto_tb does not leave the TB
    /// What is not at home while the function runs: at all its precise points, but where an instruction says otherwise,
    /// and at its exits, where what leaves it puts that right. Of loops, registers of which only the low 32 bits are
    /// kept.
    StateMap state;

    /// The map of Insn::state: it overlays `state` there. Registers that it names need not hold their values at that
    /// instruction.
    StateEntries point(const Insn& insn) const {
        if (insn.state == 0) return {};
        const u32 first = insn.state == 1 ? 0 : point_ends[insn.state - 2u];
        return {point_entries.data() + first, point_ends[insn.state - 1u] - first};
    }
    /// @returns the number of a new map for Insn::state; 0 when there are too many
    u16 add_point(StateEntries entries);
    PlainVector<StateEntry> point_entries;
    PlainVector<u32> point_ends;  ///< by Insn::state - 1

    /// Guest addresses that goto_tb and call_tb may link to directly. What lies elsewhere may be another code
    /// whenever the guest's mappings change: the builder makes indirect jumps of jumps there.
    u64 link_start = 0, link_end = ~u64{0};

private:
    const GuestLayout* layout_;
    std::vector<u32> const_hash_;  // open addressing over vars; 0 is empty
    unsigned const_count_ = 0;
    std::vector<u32> label_blocks_;  // by label
    void rehash_constants(std::size_t size);
    void connect_blocks();
};

}  // namespace dragoman::ir
