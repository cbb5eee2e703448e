// The state of devices as a stream (base/state.h).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/state.h"

namespace dragoman::devices {

class Device;

/// A device by the name that it has in its machine.
struct NamedState {
    std::string_view name;
    Device& device;
};

/// Each of `devices` visits `state`, in a section of its name. What was in flight has ended then, and nothing begins
/// until resume_devices.
void visit_devices(State& state, std::span<const NamedState> devices);
void resume_devices(std::span<const NamedState> devices);

/// The state of `devices` as a stream of bytes. Harts are stopped, and nothing is in flight.
std::vector<u8> save_state(std::span<const NamedState> devices);
/// Puts `devices`, made as those were that were saved, into the state of `stream`.
/// @returns what was wrong, in which case nothing has changed; empty: all is loaded
std::string load_state(std::span<const u8> stream, std::span<const NamedState> devices);

}  // namespace dragoman::devices
