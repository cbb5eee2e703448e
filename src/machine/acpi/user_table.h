// -acpitable: a table of the user's.
#pragma once

#include <vector>

#include "base/bits.h"
#include "base/properties.h"

namespace dragoman::machine::acpi {

/// The table that `properties` describe: file= (or data=, without its header) names files whose contents follow each
/// other; sig=, rev=, oem_id=, oem_table_id=, oem_rev=, asl_compiler_id=, asl_compiler_rev= are its header's fields.
/// @throws FatalError
std::vector<u8> read_user_table(Properties properties);

}  // namespace dragoman::machine::acpi
