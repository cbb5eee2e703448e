// What boards say about RISC-V harts in their device trees.
#pragma once

#include "machine/device_tree.h"

namespace dragoman::machine {

/// /cpus with a node per hart, whose interrupt controllers get the phandles hart_interrupts(hart).
void describe_harts(DeviceTree& tree, unsigned harts, u32 timer_frequency);
/// Phandle of the interrupt controller of hart `hart`.
u32 hart_interrupts(unsigned hart);
/// For interrupts-extended: for each hart, its interrupts `lines`.
std::vector<u32> hart_lines(unsigned harts, std::initializer_list<u32> lines);

/// First phandle that boards may use for other things.
inline constexpr u32 kFirstFreePhandle = 0x100;

}  // namespace dragoman::machine
