// Registers in memory: `insn`, sd or ld, of each of `registers`, one double word after the other from `first`(sp) on.
.macro EACH_SLOT insn, first, registers:vararg
    .set slot, \first
    .irp r, \registers
    \insn \r, slot(sp)
    .set slot, slot + 8
    .endr
.endm
