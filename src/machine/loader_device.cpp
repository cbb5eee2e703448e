#include "machine/loader_device.h"

#include <vector>

#include "machine/boot_images.h"
#include "machine/machine.h"

namespace dragoman::machine {

namespace {

void load_file(Machine& machine, BootImages& images, Properties& properties, const std::string& file) {
    bool has_address = properties.has("addr"), raw = properties.take_bool("force-raw", false);
    u64 address = properties.take_number("addr", 0);
    u64 hart = properties.take_number("cpu-num", ~u64{0}, 0, machine.hart_count() - 1);
    properties.finish();
    ImageFile image(properties.option(), file, true);
    std::optional<BootImages::Placed> placed;
    if (!raw) placed = images.add_elf(image, machine.guest());
    if (!placed && !has_address) properties.fail(file + " is no ELF file: needs addr=ADDRESS");
    if (!placed) placed = images.add_raw(std::move(image), address);
    if (hart != ~u64{0}) machine.set_start(static_cast<unsigned>(hart), placed->entry);
}

}  // namespace

void add_loader(Machine& machine, BootImages& images, Properties& properties) {
    if (std::optional<std::string> file = properties.take("file")) return load_file(machine, images, properties, *file);
    if (!properties.has("addr")) properties.fail("needs file=FILE or addr=ADDRESS");
    u64 address = properties.take_number("addr", 0);
    u64 hart = properties.take_number("cpu-num", ~u64{0}, 0, machine.hart_count() - 1);
    bool has_data = properties.has("data"), big = properties.take_bool("data-be", false);
    u64 length = properties.take_number("data-len", 0, 1, 8), data = properties.take_number("data", 0);
    properties.finish();
    if (!has_data) {
        if (hart == ~u64{0}) properties.fail("needs file=FILE, data=VALUE or cpu-num=HART");
        return machine.set_start(static_cast<unsigned>(hart), address);
    }
    if (length == 0) properties.fail("data needs data-len=1 to 8");
    std::vector<u8> bytes(length);
    for (u64 i = 0; i < length; i++) bytes[big ? length - 1 - i : i] = static_cast<u8>(data >> (8 * i));
    images.add_bytes("-device loader: data", address, std::move(bytes));
}

}  // namespace dragoman::machine
