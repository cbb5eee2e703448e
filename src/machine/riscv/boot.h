// How a RISC-V board starts what -bios, -kernel, -initrd and -append name: the addresses are those that
// qemu-system-riscv64 chooses, since firmware and kernels are built for them.
#pragma once

#include <string>
#include <vector>

#include "machine/boot_images.h"
#include "machine/config.h"
#include "machine/device_tree.h"

namespace dragoman::machine {

struct RiscvBoot {
    u64 firmware_entry = 0;  ///< where the reset vector jumps to
    u64 kernel_entry = 0;    ///< where a dynamic firmware goes next; 0: it does not know
    u64 initrd_start = 0, initrd_end = 0;
};

/// Places firmware, kernel and initrd into RAM. @throws FatalError
RiscvBoot place_riscv_images(const Config& config, BootImages& images, const guest::Guest& guest, u64 ram_base);
/// The file that -bios names, also by the name that it has where QEMU keeps its firmware; empty with -bios none.
/// @throws FatalError when the default one is not there
std::string riscv_firmware(const Config& config, const guest::Guest& guest);
/// /chosen: command line and initrd.
void describe_boot(DeviceTree& tree, const Config& config, const RiscvBoot& boot);
/// Where a device tree of `size` bytes goes.
u64 device_tree_address(u64 ram_base, u64 ram_size, u64 size);
/// The boot ROM: goes to the firmware with a0 = hart, a1 = device tree, a2 = OpenSBI's struct fw_dynamic_info.
std::vector<u8> riscv_reset_vector(const guest::Guest& guest, const RiscvBoot& boot, u64 device_tree);

}  // namespace dragoman::machine
