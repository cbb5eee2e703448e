// The option -trace, which both front doors take as QEMU does.
#pragma once

#include <string>
#include <string_view>

namespace dragoman::log {

/// Reads "[[enable=]PATTERN][,events=FILE][,file=FILE]": patterns go to enable_trace_events, those in FILE line by
/// line.
/// @param[out] help  set when the list of events is asked for
/// @returns empty, or what was wrong
std::string read_trace_option(std::string_view option, bool& help);

}  // namespace dragoman::log
