// The keys of a keyboard by their names and numbers (QEMU's QKeyCode, Linux' input event codes, the numbers of PC
// keyboards, X keysyms).
#pragma once

#include <span>
#include <string_view>

#include "base/bits.h"

namespace dragoman::devices::input {

struct Key {
    std::string_view name;  ///< as sendkey and QMP's send-key have it: "ret"
    u16 code;               ///< KEY_ENTER of linux/input-event-codes.h
    u8 number;              ///< of PC keyboards: scan code set 1, plus 0x80 for those that 0xe0 precedes; 0: none
    u8 usage;               ///< of the USB keyboard page; 0: none
    u32 keysyms[2];         ///< of X without and with Shift, on a US keyboard; 0: none
};

std::span<const Key> keys();
/// Null: there is none.
const Key* find_key(std::string_view name);
const Key* find_key_by_number(u64 number);
const Key* find_key_by_keysym(u32 keysym);

}  // namespace dragoman::devices::input
