// SMBIOS tables (DSP0134 3.7): what a guest's inventory tools, and systems that look for an emulator, read of the
// machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/properties.h"
#include "devices/fw_cfg.h"
#include "machine/uuid.h"

namespace dragoman::machine {

/// -smbios: checks one option. @throws FatalError that names what is wrong
void check_smbios(const Properties& properties);

/// What the tables say of the machine.
struct SmbiosMachine {
    std::string board;  ///< "virt"
    unsigned harts;
    u16 processor_family;  ///< §7.5.2
    u64 ram_base, ram_bytes;
    std::optional<Uuid> uuid;
};
/// Gives the tables to firmware. `options` are -smbios, checked. @throws FatalError when a file cannot be read
void offer_smbios(const SmbiosMachine& machine, const std::vector<Properties>& options, devices::FwCfg& firmware);

}  // namespace dragoman::machine
