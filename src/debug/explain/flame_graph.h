// The tree of calls as a flame graph: callers above, each as wide as what it cost with all that it called.
#pragma once

#include <functional>
#include <string>

#include "debug/explain/report.h"

namespace dragoman::debug {

/// For the page's style sheet and script, which enlarges the part that is clicked. Empty: nothing ran.
/// @param has_section whether the page has the code of a function, with its number in an id ("f12")
std::string flame_graph(const Report& report, const std::function<bool(u32 function)>& has_section);

}  // namespace dragoman::debug
