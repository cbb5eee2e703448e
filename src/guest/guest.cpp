// The list of guests in this build.
#include "guest/guest.h"

#include "guest/riscv/riscv.h"

namespace dragoman::guest {

namespace {
constexpr const Guest* kGuests[] = {&riscv::kRiscv64, &riscv::kRiscv32};
}

std::span<const Guest* const> all() { return kGuests; }

const Guest* find(u16 elf_machine, u8 elf_class) {
    for (const Guest* g : all()) {
        if (g->elf_machine == elf_machine && g->elf_class == elf_class) return g;
    }
    return nullptr;
}

}  // namespace dragoman::guest
