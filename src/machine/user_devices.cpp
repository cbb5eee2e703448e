#include "machine/user_devices.h"

#include <vector>

#include "devices/virtio/blk.h"
#include "machine/backends.h"
#include "machine/boot_images.h"
#include "machine/machine.h"

namespace dragoman::machine {

namespace {

using devices::virtio::MmioTransport;
using devices::virtio::VirtioDevice;

/// Puts a virtio device into the slot that bus= names, or the free one that QEMU would take: the last.
void plug(Machine& machine, Properties& properties, std::unique_ptr<VirtioDevice> (*make)(Machine&, Properties&)) {
    const std::vector<MmioTransport*>& slots = machine.virtio_slots();
    std::optional<std::string> bus = properties.take("bus");
    MmioTransport* chosen = nullptr;
    bool known = false;
    for (std::size_t i = 0; i < slots.size(); i++) {
        bool named = !bus || *bus == "virtio-mmio-bus." + std::to_string(i);
        known |= named;
        if (named && slots[i]->device() == nullptr) chosen = slots[i];
    }
    if (bus && !known) {
        properties.fail("bus=" + *bus + ": there is virtio-mmio-bus.0 to virtio-mmio-bus." + std::to_string(slots.size() - 1));
    }
    if (chosen == nullptr) properties.fail(bus ? "bus=" + *bus + " is taken" : "all virtio slots of the board are taken");
    properties.take("id");
    std::unique_ptr<VirtioDevice> device = make(machine, properties);
    properties.finish();
    chosen->plug(std::move(device));
}

void add_loader(Machine& machine, BootImages& images, Properties& properties) {
    std::optional<std::string> file = properties.take("file");
    bool has_address = properties.has("addr"), raw = properties.take_bool("force-raw", false);
    u64 address = properties.take_number("addr", 0);
    u64 cpu = properties.take_number("cpu-num", ~u64{0}, 0, machine.hart_count() - 1);
    if (file) {
        properties.finish();
        ImageFile image("-device loader", *file, true);
        std::optional<BootImages::Placed> placed;
        if (!raw) placed = images.add_elf(image, machine.guest().elf_machine);
        if (!placed && !has_address) properties.fail("loader: " + *file + " is no ELF file: needs addr=ADDRESS");
        if (!placed) placed = images.add_raw(std::move(image), address);
        if (cpu != ~u64{0}) machine.set_start(static_cast<unsigned>(cpu), placed->entry);
        return;
    }
    if (!has_address) properties.fail("loader: needs file=FILE or addr=ADDRESS");
    bool has_data = properties.has("data");
    u64 length = properties.take_number("data-len", 0, 1, 8), data = properties.take_number("data", 0);
    bool big = properties.take_bool("data-be", false);
    properties.finish();
    if (!has_data) {
        if (cpu == ~u64{0}) properties.fail("loader: needs file=FILE, data=VALUE or cpu-num=HART");
        return machine.set_start(static_cast<unsigned>(cpu), address);
    }
    if (length == 0) properties.fail("loader: data needs data-len=1 to 8");
    std::vector<u8> bytes(length);
    for (u64 i = 0; i < length; i++) bytes[big ? length - 1 - i : i] = static_cast<u8>(data >> (8 * i));
    images.add_bytes("-device loader: data", address, std::move(bytes));
}

std::unique_ptr<VirtioDevice> make_block(Machine& machine, Properties& properties) {
    return devices::virtio::Blk::make(machine.memory(), machine.backends().drives(), properties);
}

struct Row {
    std::string_view name, alias, help;
    std::unique_ptr<VirtioDevice> (*make)(Machine&, Properties&);  ///< null: the loader
};
constexpr Row kRows[] = {
    {"virtio-blk-device", "virtio-blk", "disk: drive=ID[,serial=TEXT]", make_block},
    {"loader", "", "a file or a number in memory: file=FILE[,addr=A][,cpu-num=N], or addr=A,data=V,data-len=N", nullptr},
};

}  // namespace

void add_user_device(Machine& machine, BootImages& images, Properties properties) {
    std::string driver = properties.take("driver", ""), names;
    for (const Row& row : kRows) {
        names += (names.empty() ? "" : ", ") + std::string(row.name);
        if (driver != row.name && (row.alias.empty() || driver != row.alias)) continue;
        properties.rename(properties.option() + " " + std::string(row.name));
        if (row.make == nullptr) return add_loader(machine, images, properties);
        return plug(machine, properties, row.make);
    }
    if (driver.empty()) properties.fail("needs the name of a device (there is: " + names + ")");
    properties.fail("unknown device '" + driver + "' (there is: " + names + ")");
}

std::string user_device_help() {
    std::string text = "Devices (-device NAME[,property=value...]):\n";
    for (const Row& row : kRows) {
        std::string line = "  " + std::string(row.name);
        line.resize(std::max<std::size_t>(line.size() + 1, 24), ' ');
        text += line + std::string(row.help) + "\n";
    }
    return text;
}

}  // namespace dragoman::machine
