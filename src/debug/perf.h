// Makes translated code visible to Linux perf: -perfmap writes /tmp/perf-PID.map, -jitdump writes
// jit-PID.dump in the format of perf's jitdump specification (for perf record -k 1, perf inject --jit).
#pragma once

#include <memory>

#include "engine/observer.h"
#include "engine/symbols.h"

namespace dragoman::debug {

/// An observer that writes the chosen files; null when none is chosen. @throws FatalError
/// @param symbols names of guest addresses, and the source lines that perf annotate shows; null: none are known
std::unique_ptr<engine::Observer> make_perf_observer(bool perf_map, bool jit_dump, engine::Symbols* symbols);

}  // namespace dragoman::debug
