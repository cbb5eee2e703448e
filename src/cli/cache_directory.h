// Where the translation cache is.
#pragma once

#include "cli/options.h"

namespace dragoman::cli {

/// The directory that -tb-cache names (made when only it is missing), or the user's default one.
/// @returns its absolute path; empty when there is to be no cache, or there is no default one
/// @throws FatalError when the one that was asked for cannot be used
std::string find_cache_directory(const Options& options);

/// The directory that -tb-cache-system names, or the default one: it must belong to root or to this user, and be such
/// that nobody else can write there. @returns its absolute path; empty when there is to be none, or the default one is
/// not so
/// @throws FatalError when the one that was asked for is not so
std::string find_system_cache_directory(const Options& options);

/// A directory of this user alone in `parent`, which is open to all: made when it is missing. @returns its path; empty
/// when that name is somebody else's, is no directory, is open to others, or nothing can be executed there
std::string private_directory(const std::string& parent);

}  // namespace dragoman::cli
