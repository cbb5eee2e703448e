// What guests' helpers ask for (guest/runtime.h), as an engine answers it in user mode and in system mode.
#pragma once

#include <memory>

#include "guest/runtime.h"
#include "host/host.h"

namespace dragoman::engine {

class Engine;

std::unique_ptr<guest::Runtime> make_user_runtime(Engine& engine);
std::unique_ptr<guest::SystemRuntime> make_system_runtime(Engine& engine);

/// Where translated code of system mode goes with accesses that miss the softmmu TLB.
host::MmuCalls mmu_calls();

}  // namespace dragoman::engine
