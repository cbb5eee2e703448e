// --explain: what a run went through as one HTML page that needs nothing else: a flame graph, functions and their
// calls, loops, and the hottest translation blocks with source, guest code, IR and host code side by side.
#pragma once

#include <string>

#include "debug/explain/source_lines.h"
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

/// The page. `program`: what ran, for its title. `sources` reads the files that the guest's code was compiled from.
std::string explain_page(const engine::Profile::Snapshot& profile, const ExplainSelection& selection,
                         const std::string& program, SourceLines& sources);

}  // namespace dragoman::debug
