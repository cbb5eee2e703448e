// --explain: the hottest translation blocks of a run as one HTML page that needs nothing else: guest code, IR
// before and after optimisation and host code side by side, with execution counts and links.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/profile.h"

namespace dragoman::debug {

/// Which blocks the page shows.
struct ExplainSelection {
    bool hot = true;      ///< the hottest ones; else those that contain `address`
    u64 address = 0;      ///< guest address
    unsigned limit = 40;  ///< blocks at most
};

/// Parses "hot" or a guest address. @returns false when it is neither.
bool parse_explain(const std::string& text, ExplainSelection& selection);

/// The page. `program`: what ran, for its title.
std::string explain_page(std::span<const engine::BlockProfile> blocks, const ExplainSelection& selection,
                         const std::string& program);

}  // namespace dragoman::debug
