// Parts that several boards have.
#pragma once

#include <string>

#include "devices/cfi_flash.h"

namespace dragoman::machine {

class Machine;

/// Bank `index` of the board's flash, with the contents of -drive if=pflash number `index`, or of the node that
/// -machine pflash`index`= names. @throws FatalError
devices::CfiFlash& add_flash_bank(Machine& machine, const std::string& name, u64 base, u64 size, unsigned index);
/// The test finisher, in the region `name`; its actions are requests to the machine.
void add_test_finisher(Machine& machine, const std::string& name, u64 base);

}  // namespace dragoman::machine
