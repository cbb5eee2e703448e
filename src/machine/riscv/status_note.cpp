#include "machine/riscv/status_note.h"

#include <elf.h>

#include <cstring>

namespace dragoman::machine {

namespace {

/// struct elf_prstatus up to its registers, which are pc and x1 to x31; what else it has is 0.
struct Layout {
    std::size_t process, registers, bytes, word;
};
constexpr Layout k32{24, 72, 204, 4}, k64{32, 112, 376, 8};
constexpr unsigned kPc = 32;  // as gdb numbers registers

}  // namespace

std::vector<u8> riscv_status_note(Machine& machine, Hart& hart) {
    const Layout& layout = machine.guest().elf_class == ELFCLASS32 ? k32 : k64;
    std::vector<u8> note(layout.bytes);
    const u32 process = hart.id() + 1;
    std::memcpy(note.data() + layout.process, &process, sizeof process);
    for (unsigned i = 0; i < 32; i++) {
        u8 value[64]{};
        machine.guest().cpu.read_register(hart.env(), i == 0 ? kPc : i, value);
        std::memcpy(note.data() + layout.registers + i * layout.word, value, layout.word);
    }
    return note;
}

}  // namespace dragoman::machine
