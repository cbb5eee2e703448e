// What boards wire to RISC-V harts, and say about them in their device trees.
#pragma once

#include "devices/irq.h"
#include "guest/guest.h"
#include "machine/device_tree.h"

namespace dragoman::machine {

class Machine;

/// /cpus with a node per hart, whose interrupt controllers get the phandles hart_interrupts(hart).
/// @param monitor  what hart 0 is said to be, where it is one without address translation; null: as the others
void describe_harts(DeviceTree& tree, const guest::Model& model, unsigned harts, u32 timer_frequency,
                    const guest::Model* monitor = nullptr);
/// Phandle of the interrupt controller of hart `hart`.
u32 hart_interrupts(unsigned hart);
/// For interrupts-extended: for each hart, its interrupts `lines`.
std::vector<u32> hart_lines(unsigned harts, std::initializer_list<u32> lines);

/// Interrupt inputs of a hart: bits of mip.
inline constexpr unsigned kSupervisorSoftware = 1, kMachineSoftware = 3, kMachineTimer = 7, kSupervisorExternal = 9,
                          kMachineExternal = 11;
/// For each hart, its inputs `lines`.
std::vector<devices::Irq> hart_inputs(Machine& machine, const std::vector<unsigned>& lines);

/// First phandle that boards may use for other things.
inline constexpr u32 kFirstFreePhandle = 0x800;

}  // namespace dragoman::machine
