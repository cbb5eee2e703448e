// Names of control and status registers, for the disassembler and the debugger.
#pragma once

namespace dragoman::riscv {

/// Null when the number has no name.
inline const char* csr_name(unsigned number) {
    switch (number) {
        case 0x001: return "fflags";
        case 0x002: return "frm";
        case 0x003: return "fcsr";
        case 0xc00: return "cycle";
        case 0xc01: return "time";
        case 0xc02: return "instret";
        default: return nullptr;
    }
}

}  // namespace dragoman::riscv
