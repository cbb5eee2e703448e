// The decoder sets of this guest, in the order in which the decoder tries them: sets whose rows are
// special cases of another set's (hints) come first.
#pragma once

#include "guest/riscv/insn_table.h"

namespace dragoman::riscv {

InsnSet rows_hints();    // Zicbop, Zihintntl, Zihintpause: hints inside the base encodings
InsnSet rows_zicfi();    // Zicfilp, Zicfiss: hints and may-be-operations that have become instructions
InsnSet rows_i();        // RV64I, Zifencei
InsnSet rows_m();        // M
InsnSet rows_a();        // A, Zacas, Zabha, Zawrs
InsnSet rows_b();        // Zba, Zbb, Zbc, Zbs, Zbkb, Zbkc, Zbkx
InsnSet rows_k();        // Zknd, Zkne, Zknh, Zksed, Zksh
InsnSet rows_zicond();   // Zicond
InsnSet rows_zicbo();    // Zicbom, Zicboz
InsnSet rows_zimop();    // Zimop
InsnSet rows_zicsr();    // Zicsr
InsnSet rows_priv();     // privileged instructions, Svinval
InsnSet rows_h();        // H
InsnSet rows_f();        // F
InsnSet rows_d();        // D
InsnSet rows_zfh();      // Zfh, Zfhmin
InsnSet rows_zfbf();     // Zfbfmin
InsnSet rows_zfa();      // Zfa
InsnSet rows_zfinx();    // Zfinx, Zdinx, Zhinx, Zhinxmin
InsnSet rows_vset();     // vsetvli, vsetivli, vsetvl
InsnSet rows_vmemory();  // vector loads and stores
InsnSet rows_varith();   // V, Zve*, Zvfh, Zvbb, Zvkb, Zvbc
InsnSet rows_vcrypto();  // Zvkg, Zvkned, Zvknha, Zvknhb, Zvksed, Zvksh
InsnSet rows_vbf16();    // Zvfbfmin, Zvfbfwma
InsnSet rows_zcmp();     // Zcmp, Zcmt
InsnSet rows_c();        // C, Zcb, Zcmop: all 16-bit instructions

// Of manufacturers
InsnSet rows_xthead();    // Xthead*
InsnSet rows_xmips();     // Xmips*
InsnSet rows_xventana();  // Xventanacondops
InsnSet rows_xlrbr();     // Xlrbr

/// All sets, in decoding order.
std::span<const InsnSet> insn_sets();

}  // namespace dragoman::riscv
