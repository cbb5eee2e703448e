// A translation block as a table with a row for each guest instruction: the source that it comes from, and what became
// of it in IR and in host code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "debug/explain/report.h"
#include "debug/explain/source_lines.h"

namespace dragoman::debug {

/// The lines of a listing that belong to each guest instruction of a block, in the order of these. The last part is
/// what stands behind all of them: the ways out of the block.
using ListingParts = std::vector<std::vector<std::string>>;

/// Of IR in text form (docs/ir.md).
ListingParts split_ir(std::string_view text, const std::vector<engine::GuestInsn>& guest);
/// Of what Backend::disassemble gives. Addresses become offsets in the block.
ListingParts split_host(std::string_view text, const std::vector<engine::GuestInsn>& guest);

/// How often each guest instruction of the block was come to.
std::vector<u64> instruction_counts(const Report::Block& block);

/// The table, for the page's style sheet.
std::string block_table(const Report::Block& block, SourceLines& sources);

}  // namespace dragoman::debug
