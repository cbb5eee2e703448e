#include "machine/board_parts.h"

#include <algorithm>

#include "base/error.h"
#include "devices/test_finisher.h"
#include "devices/unimplemented.h"
#include "machine/backends.h"
#include "machine/machine.h"

namespace dragoman::machine {

void refuse_images(const Config& config, const std::string& reason, std::initializer_list<std::string_view> options) {
    const std::string bios = config.bios == "default" || config.bios == "none" ? "" : config.bios;
    const std::pair<std::string_view, const std::string&> images[] = {
        {"-bios", bios},      {"-kernel", config.kernel}, {"-initrd", config.initrd}, {"-append", config.append},
        {"-dtb", config.dtb},
    };
    for (const auto& [option, value] : images) {
        const bool refused = std::find(options.begin(), options.end(), option) != options.end();
        if (refused && !value.empty()) throw FatalError(1, std::string(option) + ": " + reason);
    }
}

void add_unimplemented(Machine& machine, const std::string& name, u64 base, u64 size) {
    auto& device = machine.add_device(name, std::make_unique<devices::Unimplemented>());
    machine.memory().add_mmio(name, base, size, device, device.kLimits);
}

devices::CfiFlash& add_flash_bank(Machine& machine, const std::string& name, u64 base, u64 size, unsigned index) {
    std::shared_ptr<devices::block::Image> image;
    for (const auto& drive : machine.backends().drives().all()) {
        if (drive->interface != devices::block::Interface::Pflash || drive->index != index) continue;
        image = machine.backends().drives().take(drive->id).image;
    }
    if (std::optional<std::string> node = machine.board_properties().take("pflash" + std::to_string(index))) {
        if (image)
            machine.board_properties().fail("pflash" + std::to_string(index) + "=" + *node +
                                            ": there is a -drive for this bank, too");
        image = machine.backends().drives().take(*node).image;
    }
    auto& flash = machine.add_device(name, std::make_unique<devices::CfiFlash>(image));
    flash.attach(machine.memory(), machine.memory().add_flash(name, base, size, flash, flash.kLimits));
    return flash;
}

void add_test_finisher(Machine& machine, const std::string& name, u64 base) {
    using devices::TestFinisher;
    auto finish = [&machine](TestFinisher::Action action, int status) {
        if (action == TestFinisher::Action::Reset) machine.request_reset(Cause::GuestReset);
        else machine.request_shutdown(Cause::GuestShutdown, status);
    };
    auto& test = machine.add_device("test", std::make_unique<TestFinisher>(finish));
    machine.memory().add_mmio(name, base, test.kWindow, test, test.kLimits);
}

}  // namespace dragoman::machine
