#include "machine/board.h"

#include "base/error.h"

namespace dragoman::machine {

namespace {

constexpr Board::Kind kKinds[] = {
    {"virt", "RISC-V VirtIO board (default)",
     "  aclint=on|off  ACLINT devices instead of a CLINT (off)\n  pflash0=NODE, pflash1=NODE  contents of the flash "
     "banks\n",
     512, make_virt},
    {"quard-star", "teaching board: starts at address 0, boots from flash", "  pflash0=NODE  contents of the flash\n",
     8, make_quard_star},
};

}  // namespace

std::span<const Board::Kind> Board::kinds() { return kKinds; }

const Board::Kind& Board::find(std::string_view name) {
    std::string names;
    for (const Kind& kind : kKinds) {
        if (kind.name == name) return kind;
        names += (names.empty() ? "" : ", ") + std::string(kind.name);
    }
    throw FatalError(1, "-machine: unknown machine '" + std::string(name) + "' (there is: " + names + ")");
}

}  // namespace dragoman::machine
