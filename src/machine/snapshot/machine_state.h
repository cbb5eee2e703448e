// A machine as a stream of bytes, and back: what it is made of, its memory, its devices, harts and time.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "machine/machine.h"
#include "machine/snapshot/chunks.h"

namespace dragoman::machine {

// The chunks of a stream in their order: Configuration, memory (memory_state.h), State, End. On the I/O thread:

/// What another machine must have in common with this one: lines "NAME VALUE".
std::string configuration_of(Machine& machine);
/// @returns the first line in which `theirs` differs from `ours`, as an error; empty: there is none
std::string compare_configurations(std::string_view theirs, std::string_view ours);
/// Devices, harts and time of the machine, which is stopped and whose devices are held; they stay so.
std::vector<u8> state_of(Machine& machine, bool was_running);
/// Puts the machine, which stands, into a state that it had before (state_of). @returns what was wrong; empty: nothing
std::string load_state(Machine& machine, std::span<const u8> bytes);
/// Waits for what is in flight; nothing begins until Machine::resume_devices. On the I/O thread, while harts are
/// paused.
void hold_devices(Machine& machine);

/// All of the stopped machine. @returns what was wrong; empty: nothing. On the I/O thread.
std::string save_machine(Machine& machine, bool was_running, ByteSink& sink);

/// Reads a machine; first the memory, on any thread, while the machine is stopped; then devices, on the I/O thread.
class MachineLoader {
public:
    /// @param change  false: only looks whether all is right
    MachineLoader(Machine& machine, ByteSource& source, bool change);
    /// All of the stream. @returns what was wrong; empty: nothing
    std::string read();
    /// After read(): devices, harts and time; nothing changes where something is wrong with them. @returns what it is
    std::string finish();
    /// Whether the machine ran before it was saved.
    bool was_running() const { return was_running_; }

private:
    Machine& machine_;
    ChunkReader reader_;
    const bool change_;
    std::vector<u8> state_;
    bool was_running_ = false;
};

/// Puts the stopped machine into the state of `source`, which is read twice: when all is right, `again` has it begin
/// anew, and may say what else is wrong. Nothing changes before that. @returns what was wrong; empty: nothing. On the
/// I/O thread.
std::string load_machine(Machine& machine, ByteSource& source, const std::function<std::string()>& again);

}  // namespace dragoman::machine
