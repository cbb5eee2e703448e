// The ACPI tables of the board `virt`.
#pragma once

#include "devices/fw_cfg.h"
#include "guest/guest.h"
#include "machine/virt_map.h"

namespace dragoman::machine {

struct VirtAcpi {
    const guest::Model& model;
    unsigned harts;
    virt::Aia aia;
    unsigned guest_files;                      ///< of each hart
    u64 memory;                                ///< bytes of RAM
    const std::vector<std::vector<u8>>& more;  ///< -acpitable: whole tables
};
/// Gives the tables to firmware. @throws nothing
void offer_virt_acpi(const VirtAcpi& board, devices::FwCfg& firmware);

}  // namespace dragoman::machine
