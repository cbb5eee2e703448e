// Text and numbers for HTML.
#pragma once

#include <string>
#include <string_view>

#include "base/bits.h"

namespace dragoman::debug::html {

/// The text with what has a meaning in HTML escaped, in attributes, too.
std::string escape(std::string_view text);
/// "1,234,567"
std::string count(u64 number);
/// "12.3 %"; what is less than that can show is "< 0.1 %".
std::string percent(double share);
/// "0x1066a"
std::string address(u64 value);
/// "12.345%", for style attributes.
std::string css_percent(double share);

}  // namespace dragoman::debug::html
