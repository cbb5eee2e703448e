#include "machine/virt_acpi.h"

#include "devices/aplic.h"
#include "devices/imsic.h"
#include "devices/pci/host.h"
#include "machine/acpi/aml.h"
#include "machine/acpi/tables.h"
#include "machine/riscv/acpi.h"

namespace dragoman::machine {

namespace {

using namespace virt;
using acpi::aml::Bytes;
using acpi::aml::Terms;
namespace aml = acpi::aml;

constexpr unsigned kPciPins = 4, kPciSlots = 32;

acpi::InterruptControllers controllers_of(const VirtAcpi& board) {
    acpi::InterruptControllers c{.harts = board.harts, .sources = kAplicSources, .plic = {}, .aplic = {}, .imsic = {}};
    if (board.aia == Aia::None) {
        c.sources = kPlicSources;
        c.plic = {kPlic, static_cast<u32>(kPlicSize)};
        return c;
    }
    c.aplic = {kSupervisorAplic, static_cast<u32>(devices::Aplic::window(board.harts))};
    if (board.aia == Aia::AplicImsic) {
        c.imsic = {kSupervisorImsic, static_cast<u32>(devices::Imsic::window(board.harts, board.guest_files))};
        c.guest_files = board.guest_files;
        c.identities = devices::Imsic::kIdentities;
    }
    return c;
}

/// "L000", "VR03": a letter or two and a number of hexadecimal digits.
std::string numbered(std::string_view prefix, unsigned number) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string text(prefix);
    for (std::size_t place = 4 - prefix.size(); place-- > 0;) text += kDigits[number >> (4 * place) & 0xf];
    return text;
}

Bytes identity(std::string_view hid) { return aml::name("_HID", aml::string(hid)); }
Bytes unique(unsigned number) { return aml::name("_UID", aml::integer(number)); }
Bytes coherent() { return aml::name("_CCA", aml::integer(1)); }
Bytes uses(const Terms& resources) { return aml::name("_CRS", aml::resources(resources)); }

Bytes hart_device(const acpi::InterruptControllers& controllers, unsigned hart) {
    return aml::device(numbered("C", hart), {identity("ACPI0007"), unique(hart),
                                             aml::name("_MAT", aml::buffer(acpi::hart_controller(controllers, hart)))});
}

/// The controller that devices are wired to: drivers find it by its device, the others by the MADT alone.
Bytes controller_device(const acpi::InterruptControllers& c) {
    const bool plic = c.plic.size != 0;
    const auto& window = plic ? c.plic : c.aplic;
    return aml::device("IC00", {identity(plic ? "RSCV0001" : "RSCV0002"), unique(0), aml::name("_GSB", aml::integer(0)),
                                uses({aml::memory32(window.base, window.size)})});
}

Bytes serial_device() {
    // _DSD: device properties (UEFI's list of well-known _DSD UUIDs)
    const Bytes clock = aml::package({aml::string("clock-frequency"), aml::integer(kUartClock)});
    return aml::device(
        "COM0",
        {identity("RSCV0003"), unique(0), uses({aml::memory32(kUart, kUartSize), aml::interrupt(kUartIrq)}),
         aml::name("_DSD", aml::package({aml::uuid("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"), aml::package({clock})}))});
}

Bytes virtio_device(unsigned slot) {
    return aml::device(
        numbered("VR", slot),
        {identity("LNRO0005"), unique(slot), coherent(),
         uses({aml::memory32(kVirtio + slot * kVirtioStep, kVirtioStep), aml::interrupt(kVirtioIrq + slot)})});
}

/// What an interrupt pin of PCI leads to. The routing table names these devices, as interrupts that it names by number
/// would count as active low.
Bytes link_device(unsigned number) {
    const Bytes line = aml::resources({aml::interrupt(kPcieIrq + number)});
    return aml::device(numbered("L", number), {identity("PNP0C0F"), unique(number), aml::name("_PRS", line),
                                               aml::name("_CRS", line), aml::method("_SRS", 1, {})});
}

Bytes routing_table() {
    Terms rows;
    for (unsigned slot = 0; slot < kPciSlots; slot++) {
        for (unsigned pin = 0; pin < kPciPins; pin++) {
            rows.push_back(aml::package({aml::integer(slot << 16 | 0xffff), aml::integer(pin),
                                         aml::name_string(numbered("L", (slot + pin) % kPciPins)), aml::integer(0)}));
        }
    }
    return aml::package(rows);
}

/// _OSC (PCI Firmware 3.0 §4.5.1): the system has what it asks for, but a standard hot-plug controller.
Bytes capabilities_method() {
    constexpr u32 kNativeHotplug = 1, kPme = 4, kErrorReporting = 8, kCapability = 16;
    constexpr u32 kUnknownUuid = 4, kUnknownRevision = 8, kMasked = 16;
    const Bytes what = aml::argument(0), revision = aml::argument(1), words = aml::argument(3), granted = aml::local(0);
    const Bytes status = aml::name_string("CDW1"), control = aml::name_string("CDW3");
    auto report = [&](u32 bit) { return aml::bit_or(status, aml::integer(bit), status); };
    return aml::method(
        "_OSC", 4,
        {aml::create_dword_field(words, 0, "CDW1"),
         aml::if_true(
             aml::equal(what, aml::uuid("33db4d5b-1ff7-401c-9657-7441c03dd766")),
             {aml::create_dword_field(words, 8, "CDW3"),
              aml::bit_and(control, aml::integer(kNativeHotplug | kPme | kErrorReporting | kCapability), granted),
              aml::if_true(aml::differ(revision, aml::integer(1)), {report(kUnknownRevision)}),
              aml::if_true(aml::differ(control, granted), {report(kMasked)}), aml::store(granted, control)}),
         aml::otherwise({report(kUnknownUuid)}), aml::returns(words)});
}

Bytes pcie_device(const Window& high) {
    constexpr u64 kEcamSize = devices::pci::Host::kEcamBytes;
    return aml::device(
        "PCI0", {identity("PNP0A08"), aml::name("_CID", aml::string("PNP0A03")), aml::name("_SEG", aml::integer(0)),
                 aml::name("_BBN", aml::integer(0)), unique(0), coherent(), aml::name("_PRT", routing_table()),
                 aml::method("_CBA", 0, {aml::returns(aml::integer(kPcieEcam))}),
                 uses({aml::bus_numbers(0, 255), aml::memory_window32(kPcieMemory, kPcieMemory + kPcieMemorySize - 1),
                       aml::io_window32(0, kPcieIoSize - 1, kPcieIo),
                       aml::memory_window64(high.base, high.base + high.size - 1)}),
                 capabilities_method(),
                 // The configuration space is not free for others.
                 aml::device("RES0", {identity("PNP0C02"),
                                      uses({aml::memory_window64(kPcieEcam, kPcieEcam + kEcamSize - 1)})})});
}

Bytes definitions(const VirtAcpi& board, const acpi::InterruptControllers& controllers) {
    Terms devices;
    for (unsigned hart = 0; hart < board.harts; hart++) devices.push_back(hart_device(controllers, hart));
    devices.push_back(aml::device("FWCF", {identity("QEMU0002"), aml::name("_STA", aml::integer(0xb)), coherent(),
                                           uses({aml::memory32(kFwCfg, kFwCfgSize)})}));
    devices.push_back(controller_device(controllers));
    devices.push_back(serial_device());
    for (unsigned slot = 0; slot < kVirtioSlots; slot++) devices.push_back(virtio_device(slot));
    for (unsigned pin = 0; pin < kPciPins; pin++) devices.push_back(link_device(pin));
    devices.push_back(pcie_device(pcie_high(board.memory, false)));
    return aml::scope("\\_SB", devices);
}

}  // namespace

void offer_virt_acpi(const VirtAcpi& board, devices::FwCfg& firmware) {
    constexpr u8 kSerialInterruptOfPlic = 0x10;  // SPCR: an external controller of RISC-V
    const acpi::InterruptControllers controllers = controllers_of(board);
    acpi::TableSet tables;
    const u32 block = tables.add("DSDT", 2, definitions(board, controllers));
    std::vector<u32> listed;
    listed.push_back(add_fixed_description(tables, block));
    listed.push_back(add_interrupt_controllers(tables, controllers));
    listed.push_back(add_hart_capabilities(tables, board.model, board.harts, kTimerFrequency));
    listed.push_back(add_console(tables, kUart, kSerialInterruptOfPlic, kUartIrq));
    listed.push_back(add_configuration_space(tables, kPcieEcam));
    for (const std::vector<u8>& table : board.more) listed.push_back(tables.add_whole(table));
    tables.finish(listed, firmware);
}

}  // namespace dragoman::machine
