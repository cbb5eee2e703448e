#include "machine/board.h"

#include "base/error.h"
#include "machine/config.h"

namespace dragoman::machine {

namespace {

constexpr const Board::Kind* kKinds[] = {&kVirt, &kQuardStar, &kSifiveE, &kSifiveU, &kSpike};

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

std::vector<const guest::Guest*> guests_of(const Board::Kind& kind) {
    std::vector<const guest::Guest*> guests;
    for (const u8 elf_class : {kind.elf_class, kind.other_elf_class}) {
        if (elf_class == 0) continue;
        const guest::Guest* guest = guest::find(kind.elf_machine, elf_class);
        if (guest == nullptr)
            throw FatalError(1, "-machine: " + std::string(kind.name) + ": its guest is not in this build");
        if (guest->cpu.system == nullptr) throw FatalError(1, std::string(guest->name) + " has no system mode");
        guests.push_back(guest);
    }
    return guests;
}

const guest::Guest& guest_of(const Board::Kind& kind, const Config& config) {
    const std::vector<const guest::Guest*> guests = guests_of(kind);
    if (config.elf_class != 0) {
        for (const guest::Guest* guest : guests) {
            if (guest->elf_class == config.elf_class) return *guest;
        }
        throw FatalError(1, "-machine: " + std::string(kind.name) + " has no harts of this width (" +
                                std::string(guests.front()->name) + " only)");
    }
    const std::string_view model = std::string_view(config.cpu).substr(0, config.cpu.find(','));
    for (const guest::Guest* guest : guests) {
        for (const guest::CpuModel& known : guest->models(true)) {
            if (known.name == model) return *guest;
        }
    }
    return *guests.front();
}

}  // namespace dragoman::machine
