// Checks that a function is well formed. Runs after translation and after the passes in debug builds
// and in tests.
#pragma once

#include <string>

#include "ir/function.h"

namespace dragoman::ir {

/// @returns empty, or the first broken rule and the instruction that breaks it. The rules:
/// * Operand counts and types follow the op table; constants are never written.
/// * A temporary is written before it is read, within its lifetime: an EBB temporary dies at labels and
///   after br and exits; a TB temporary must have been written somewhere before (in list order).
/// * Every label that is branched to stands in the list exactly once.
/// * Control never runs off the end: the last instruction leaves the TB (or calls a helper that does not
///   return), and nothing but a label follows a br or an exit.
/// * Slots are below kMaxSlots and used once.
/// * An instruction's outputs are different variables. Attribute words are those that the op can have.
/// * Maps (Insn::state) name registers and functions that exist, and nothing that only a back end knows.
/// * Memory accesses have a size that their type can hold; env_ld and env_st stay inside env and touch no
///   global.
std::string verify(const Function& f);

/// Ends the process with a listing when `f` is not well formed. `when` says after what.
void verify_or_die(const Function& f, const char* when);

}  // namespace dragoman::ir
