// Reads the text form of IR that the printer writes, so that passes can be tested on text.
#pragma once

#include <string>
#include <string_view>

#include "ir/function.h"

namespace dragoman::ir {

/// Appends the instructions of `text` to `f`, which has been reset. Empty lines and comments from '#'
/// to the end of the line are skipped. Temporaries get their type from their first appearance.
/// @returns empty, or what is wrong with which line.
std::string parse(std::string_view text, Function& f);

}  // namespace dragoman::ir
