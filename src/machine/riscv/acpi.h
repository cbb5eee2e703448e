// What ACPI tables say of RISC-V harts and their interrupt controllers (ACPI 6.6 §5.2.12 and §5.2.37).
#pragma once

#include "guest/guest.h"
#include "machine/acpi/tables.h"

namespace dragoman::machine::acpi {

/// The interrupt controllers of a machine with one of each kind.
struct InterruptControllers {
    struct Window {
        u64 base = 0;
        u32 size = 0;
    };
    unsigned harts;
    unsigned
        sources;   ///< of the controller that devices are wired to; interrupts 0 to sources - 1 of the system are its
    Window plic;   ///< size 0: there is none, but
    Window aplic;  ///< the supervisors' domain
    Window imsic;  ///< the supervisors' interrupt files, a page each; size 0: the APLIC drives the harts' lines
    unsigned identities = 0;   ///< of an interrupt file
    unsigned guest_files = 0;  ///< per hart
};

/// Multiple APIC Description Table.
u32 add_interrupt_controllers(TableSet& tables, const InterruptControllers& controllers);
/// The structure of hart `hart` in it, as a processor's _MAT repeats it.
Bytes hart_controller(const InterruptControllers& controllers, unsigned hart);
/// RISC-V Hart Capabilities Table.
u32 add_hart_capabilities(TableSet& tables, const guest::Model& model, unsigned harts, u64 timer_frequency);

}  // namespace dragoman::machine::acpi
