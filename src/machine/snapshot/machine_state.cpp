#include "machine/snapshot/machine_state.h"

#include <cstdio>
#include <cstring>

#include "base/state.h"
#include "machine/snapshot/memory_state.h"

namespace dragoman::machine {

namespace {

void visit_machine(Machine& machine, State& state, bool& was_running) {
    state.version(1);
    state.field("was running", was_running);
    state.section("time", [&] { machine.visit_time(state); });
    state.section("devices", [&] { machine.visit_devices(state); });
    state.section("harts", [&] { machine.visit_harts(state); });
}

}  // namespace

std::string compare_configurations(std::string_view theirs, std::string_view ours) {
    auto next_line = [](std::string_view& text) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        return line;
    };
    while (!theirs.empty() || !ours.empty()) {
        const std::string_view a = next_line(theirs), b = next_line(ours);
        if (a == b) continue;
        auto quote = [](std::string_view line) {
            std::string text;
            for (char c : line.substr(0, 80)) text += c >= ' ' && c < 0x7f ? c : '?';
            return line.empty() ? "nothing" : "'" + text + "'";
        };
        return "it is of another machine: it has " + quote(a) + ", this one " + quote(b);
    }
    return "";
}

std::string configuration_of(Machine& machine) {
    const Config& config = machine.config();
    char cpu[32];
    std::snprintf(cpu, sizeof cpu, "%016llx", static_cast<unsigned long long>(machine.model().configuration()));
    std::string text = "machine " + std::string(machine.kind().name) + "\nharts " + std::to_string(config.harts) +
                       "\nguest " + std::string(machine.guest().name) + "\ncpu " + cpu + "\nicount " +
                       (config.icount.on ? "on" : "off") + "\n";
    unsigned number = 0;
    for (const memory::Region* region : machine.memory().regions()) {
        if (region->host == nullptr) continue;
        char line[160];
        std::snprintf(line, sizeof line, "memory%u %s at %llx, %llx bytes\n", number++, region->name.c_str(),
                      static_cast<unsigned long long>(region->base), static_cast<unsigned long long>(region->size));
        text += line;
    }
    for (const Machine::NamedDevice& device : machine.devices()) text += "device " + device.name + "\n";
    return text;
}

void hold_devices(Machine& machine) {
    // What a device still had in flight may have been an interrupt for another one.
    StateWriter first;
    machine.visit_devices(first);
}

std::vector<u8> state_of(Machine& machine, bool was_running) {
    StateWriter writer;
    visit_machine(machine, writer, was_running);
    return writer.take();
}

std::string load_state(Machine& machine, std::span<const u8> bytes) {
    bool was_running = false;
    StateReader load(State::Walk::Load, bytes);
    visit_machine(machine, load, was_running);
    return load.finish();
}

std::string save_machine(Machine& machine, bool was_running, ByteSink& sink) {
    ChunkWriter to(sink);
    const std::string configuration = configuration_of(machine);
    to.put(ChunkKind::Configuration, {reinterpret_cast<const u8*>(configuration.data()), configuration.size()});
    hold_devices(machine);
    save_memory(machine.memory(), to);
    to.put(ChunkKind::State, state_of(machine, was_running));
    to.put(ChunkKind::End, {});
    machine.resume_devices();
    return to.error() != 0 ? std::strerror(to.error()) : "";
}

MachineLoader::MachineLoader(Machine& machine, ByteSource& source, bool change)
    : machine_(machine), reader_(source), change_(change) {}

std::string MachineLoader::read() {
    if (std::string wrong = reader_.begin(); !wrong.empty()) return wrong;
    Chunk chunk;
    if (std::string wrong = reader_.next(chunk); !wrong.empty()) return wrong;
    if (chunk.kind != ChunkKind::Configuration) return "it is damaged";
    const std::string_view theirs(reinterpret_cast<const char*>(chunk.bytes.data()), chunk.bytes.size());
    if (std::string wrong = compare_configurations(theirs, configuration_of(machine_)); !wrong.empty()) return wrong;
    MemoryLoader memory(machine_.memory(), change_);
    bool has_state = false;
    for (;;) {
        if (std::string wrong = reader_.next(chunk); !wrong.empty()) return wrong;
        switch (chunk.kind) {
            case ChunkKind::Memory:
            case ChunkKind::Zeros:
                if (std::string wrong = memory.take(chunk); !wrong.empty()) return wrong;
                break;
            case ChunkKind::State:
                if (has_state) return "it is damaged";
                state_ = std::move(chunk.bytes);
                has_state = true;
                break;
            case ChunkKind::End: return has_state && memory.complete() ? "" : "it is incomplete";
            default: return "it is damaged";
        }
    }
}

std::string MachineLoader::finish() {
    StateReader check(State::Walk::Check, state_);
    visit_machine(machine_, check, was_running_);
    std::string wrong = check.finish();
    if (wrong.empty() && change_) {
        StateReader load(State::Walk::Load, state_);
        visit_machine(machine_, load, was_running_);
        wrong = load.finish();
    }
    machine_.resume_devices();
    return wrong;
}

std::string load_machine(Machine& machine, ByteSource& source, const std::function<std::string()>& again) {
    MachineLoader check(machine, source, false);
    std::string wrong = check.read();
    if (wrong.empty()) wrong = check.finish();
    if (!wrong.empty()) return wrong;
    // What is in flight would go on in the memory that is loaded.
    hold_devices(machine);
    wrong = again();
    MachineLoader load(machine, source, true);
    if (wrong.empty()) wrong = load.read();
    if (wrong.empty()) return load.finish();
    machine.resume_devices();
    return wrong;
}

}  // namespace dragoman::machine
