// Numbers as people type them at the monitor: "0x80000000", "$pc + 4*8", "(1 << 12) - 1".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bits.h"

namespace dragoman::machine {

/// Value of a register named after '$'.
using RegisterReader = std::function<std::optional<u64>(std::string_view name)>;

/// Evaluates the expression at the start of `text` and removes it, with the blanks around it.
/// @returns nothing, with `error` set, when there is none
std::optional<u64> evaluate_expression(std::string_view& text, const RegisterReader& registers, std::string& error);

}  // namespace dragoman::machine
