// dragoman -cache: looks after the translations that are kept.
#pragma once

#include "cli/options.h"

namespace dragoman::cli {

/// Does what options.action says (Action::Cache...). @returns the exit status
int cache_command(const Options& options);

}  // namespace dragoman::cli
