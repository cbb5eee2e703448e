// Parts that several boards have.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "devices/cfi_flash.h"

namespace dragoman::machine {

class Machine;
struct Config;

/// Of -bios, -kernel, -initrd, -append and -dtb those that the board has no use for. @throws FatalError with `reason`
void refuse_images(const Config& config, const std::string& reason, std::initializer_list<std::string_view> options);
/// A window that reads as zero, for a device that is not there.
void add_unimplemented(Machine& machine, const std::string& name, u64 base, u64 size);
/// Bank `index` of the board's flash, with the contents of -drive if=pflash number `index`, or of the node that
/// -machine pflash`index`= names. @throws FatalError
devices::CfiFlash& add_flash_bank(Machine& machine, const std::string& name, u64 base, u64 size, unsigned index);
/// The test finisher, in the region `name`; its actions are requests to the machine.
void add_test_finisher(Machine& machine, const std::string& name, u64 base);

}  // namespace dragoman::machine
