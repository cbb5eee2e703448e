#include "host/x64/code_writer.h"

namespace dragoman::host::x64 {

void CodeWriter::cmov(Cc c, const Xbyak::Reg& to, const Xbyak::Operand& from) {
    using F = void (CodeGenerator::*)(const Xbyak::Reg&, const Xbyak::Operand&);
    using G = CodeGenerator;
    static constexpr F kCmov[] = {&G::cmovo,  &G::cmovno, &G::cmovb,  &G::cmovae, &G::cmove, &G::cmovne,
                                  &G::cmovbe, &G::cmova,  &G::cmovs,  &G::cmovns, &G::cmovp, &G::cmovnp,
                                  &G::cmovl,  &G::cmovge, &G::cmovle, &G::cmovg};
    (this->*kCmov[static_cast<u8>(c)])(to, from);
}

}  // namespace dragoman::host::x64
