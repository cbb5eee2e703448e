// Where the translation cache is.
#pragma once

#include "cli/options.h"

namespace dragoman::cli {

/// The directory that -tb-cache names, or the user's default one (either is made when only it is missing).
/// @returns its absolute path; empty when there is to be no cache, or there is no default one
/// @throws FatalError when the one that was asked for cannot be used
std::string find_cache_directory(const Options& options);

}  // namespace dragoman::cli
