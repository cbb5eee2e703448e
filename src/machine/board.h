// What a board is: the wiring of a machine's devices, and how it starts.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/properties.h"
#include "guest/guest.h"

namespace dragoman::machine {

class Hart;
class Machine;
struct Config;

/// Made by its Kind for a machine whose harts exist: puts memory and devices into the physical map.
class Board {
public:
    virtual ~Board() = default;
    /// Power-on and reset, after the devices: puts ROM contents and boot images in place.
    virtual void load() = 0;
    /// Address of each hart's first instruction.
    virtual u64 reset_pc() const = 0;
    /// The largest part of RAM that nothing was loaded into: start and end.
    virtual std::pair<u64, u64> unused_memory() const { return {}; }
    /// The device tree that the guest gets; empty when there is none.
    virtual std::vector<u8> device_tree() const { return {}; }

    struct Kind {
        std::string_view name;
        std::string_view help;
        std::string_view properties;  ///< of -machine, one line each
        unsigned max_harts;
        u16 elf_machine;  ///< the guest of its harts, as in ELF headers (guest::find)
        u8 elf_class;
        /// Of its harts without -cpu, as QMP names it: the model, and behind its first '-' what all models of the guest
        /// have.
        std::string_view default_cpu_type;
        u8 other_elf_class;  ///< harts of this one may be had, too; 0: there is one kind
        std::unique_ptr<Board> (*make)(Machine& machine);
        /// Models of harts without -cpu, for those of elf_class and of other_elf_class; empty: the guest's own choice.
        std::string_view default_cpu = {}, other_default_cpu = {};
        u64 default_memory = u64{128} << 20;  ///< bytes
        unsigned min_harts = 1, default_harts = 1;
        std::string_view monitor_cpu = {};  ///< model of hart 0, where it has less than the others; else empty
        bool acpi = false;                  ///< firmware finds ACPI tables
        /// Further properties of -cpu (",name=on") that follow from the board's properties; null: none.
        std::string (*cpu_properties)(const Properties& properties) = nullptr;
        /// A hart's registers as core files have them (NT_PRSTATUS); null: there is no such form.
        std::vector<u8> (*status_note)(Machine& machine, Hart& hart) = nullptr;
    };
    /// All boards of this build; the first is the default.
    static std::span<const Kind* const> kinds();
    /// @throws FatalError when there is none of that name
    static const Kind& find(std::string_view name);
};

/// The guests that a board's harts can be, the usual one first. @throws FatalError when one has no system mode
std::vector<const guest::Guest*> guests_of(const Board::Kind& kind);
/// The one that `config` asks for: by Config::elf_class, or because it is the only one that has the model of -cpu.
/// @throws FatalError
const guest::Guest& guest_of(const Board::Kind& kind, const Config& config);

extern const Board::Kind kVirt, kQuardStar, kSifiveE, kSifiveU, kSpike;

}  // namespace dragoman::machine
