#include "machine/board.h"

#include "base/error.h"

namespace dragoman::machine {

namespace {

constexpr const Board::Kind* kKinds[] = {&kVirt, &kQuardStar};

}  // namespace

std::span<const Board::Kind* const> Board::kinds() { return kKinds; }

const Board::Kind& Board::find(std::string_view name) {
    std::string names;
    for (const Kind* kind : kKinds) {
        if (kind->name == name) return *kind;
        names += (names.empty() ? "" : ", ") + std::string(kind->name);
    }
    throw FatalError(1, "-machine: unknown machine '" + std::string(name) + "' (there is: " + names + ")");
}

const guest::Guest& guest_of(const Board::Kind& kind) {
    const guest::Guest* guest = guest::find(kind.elf_machine, kind.elf_class);
    if (guest == nullptr)
        throw FatalError(1, "-machine: " + std::string(kind.name) + ": its guest is not in this build");
    if (guest->cpu.system == nullptr) throw FatalError(1, std::string(guest->name) + " has no system mode");
    return *guest;
}

}  // namespace dragoman::machine
