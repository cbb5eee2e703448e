// Turns IR functions into records.
#pragma once

#include "host/host.h"
#include "host/interp/record.h"

namespace dragoman::host::interp {

class Compiler : public Backend::Scratch {
public:
    /// As Backend::compile.
    bool compile(const ir::Function& f, u8* code, std::size_t capacity, CompiledCode& out);

private:
    struct LabelUse {
        u32 record;
        u32 label;
    };

    void reset(const ir::Function& f, u8* code, CompiledCode& out);
    void emit_checked_entry();
    void emit(const ir::Insn& insn);
    /// Entries of CompiledCode::states.
    struct Point {
        u32 first = 0, count = 0;
    };
    /// The map of `insn`.
    Point copy_point(const ir::Insn& insn);
    /// Records from here on belong to the guest instruction at pc_offset_, with the state of `at`.
    void map_insn(Point at);
    void emit_operands(const ir::Insn& insn, Record& r);
    void emit_slot_jump(const ir::Insn& insn, Record& r);
    void bind_labels();
    Operand operand(ir::Var v);
    Operand temp_cell(ir::Var v);
    u32 constant_cell(ir::Var v);
    /// A new 64-bit cell behind the records. @returns its offset from the code's start.
    u32 add_cell(u64 value);
    void add_guest_address(u32 offset, u64 value);
    u32 record_offset() const { return count_ * static_cast<u32>(sizeof(Record)); }

    const ir::Function* f_;
    u8* code_;
    CompiledCode* out_;
    u32 count_;         ///< records written
    u32 cells_offset_;  ///< next free cell
    u32 ebb_cells_;     ///< frame cells in use, from below
    u32 tb_cells_;      ///< frame cells in use by TB temporaries, from above
    u32 pc_offset_;     ///< of the guest instruction
    Point insn_point_;
    bool changes_flags_;
    /// By variable: where it is (temporaries: operand; constants: cell offset), kUnplaced before its first use.
    std::vector<u32> places_;
    std::vector<u32> labels_;
    std::vector<LabelUse> label_uses_;
};

}  // namespace dragoman::host::interp
