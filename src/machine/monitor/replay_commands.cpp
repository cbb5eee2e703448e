#include "machine/monitor/replay_commands.h"

#include "machine/replay/navigator.h"

namespace dragoman::machine {

ReplayInfo replay_info(Machine& machine) {
    ReplayInfo info;
    if (machine.replay() == nullptr) return info;
    info.mode = machine.replay()->recording() ? "record" : "play";
    info.file = machine.config().icount.rr_file;
    machine.while_paused([&] { info.insns = machine.position().insns; });
    return info;
}

std::string describe_replay(Machine& machine) {
    const ReplayInfo info = replay_info(machine);
    if (machine.replay() == nullptr) return "Record/replay is not active\n";
    return std::string(machine.replay()->recording() ? "Recording" : "Replaying") + " execution '" + info.file +
           "': instruction count = " + std::to_string(info.insns) + "\n";
}

std::string replay_seek(Machine& machine, u64 insns) {
    if (machine.navigator() == nullptr) return "replay must be enabled to seek";
    if (machine.navigator()->travels()) return "the replay is on its way to another place";
    if (insns > machine.replay()->end().insns)
        return "the record ends at instruction " + std::to_string(machine.replay()->end().insns);
    if (machine.state() == RunState::Running) machine.stop();
    return machine.navigator()->seek(insns);
}

std::string replay_break(Machine& machine, std::optional<u64> insns) {
    if (machine.navigator() == nullptr) return "setting the breakpoint is allowed only in play mode";
    std::string wrong;
    machine.while_paused([&] {
        if (insns && *insns < machine.position().insns) wrong = "cannot set breakpoint at the instruction in the past";
        else machine.navigator()->set_break(insns);
    });
    return wrong;
}

}  // namespace dragoman::machine
