#include "machine/replay/run.h"

#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/program_name.h"
#include "base/state.h"
#include "machine/machine.h"
#include "machine/replay/navigator.h"
#include "machine/snapshot/disk_snapshots.h"
#include "machine/snapshot/machine_state.h"

namespace dragoman::machine {

namespace {

/// "kernel 1234 bytes, checksum 89abcdef", of what the machine boots; nothing where there is no such file.
std::string describe_file(const char* option, const std::string& path) {
    std::FILE* file = path.empty() ? nullptr : std::fopen(path.c_str(), "rbe");
    if (file == nullptr) return "";
    uLong sum = crc32(0, nullptr, 0);
    unsigned long long bytes = 0;
    u8 part[1 << 16];
    while (std::size_t got = std::fread(part, 1, sizeof part, file)) {
        sum = crc32(sum, part, static_cast<uInt>(got));
        bytes += got;
    }
    std::fclose(file);
    char line[80];
    std::snprintf(line, sizeof line, "%s %llu bytes, checksum %08lx\n", option, bytes, sum);
    return line;
}

u64 hash_of(Hart& hart) {
    StateWriter state;
    hart.visit(state);
    const std::vector<u8> bytes = state.take();
    // FNV-1a, a word at a time: it is to tell runs apart, and to be quick.
    u64 hash = 0xcbf29ce484222325;
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
        u64 word = 0;
        std::memcpy(&word, &bytes[at], std::min<std::size_t>(8, bytes.size() - at));
        hash = (hash ^ word) * 0x100000001b3;
        hash ^= hash >> 29;
    }
    return hash;
}

}  // namespace

std::string replay_configuration(Machine& machine) {
    const Config& config = machine.config();
    std::string text = configuration_of(machine) + "shift " + std::to_string(config.icount.shift) + "\n";
    text += describe_file("bios", config.bios) + describe_file("kernel", config.kernel) +
            describe_file("initrd", config.initrd) + describe_file("dtb", config.dtb);
    if (!config.append.empty()) text += "append " + config.append + "\n";
    if (config.seed) text += "seed " + std::to_string(*config.seed) + "\n";
    return text;
}

void Machine::make_replay() {
    if (config_.semihosting.on) throw FatalError(1, "-icount rr=: semihosting is not recorded");
    if (!config_.fsdevs.empty()) throw FatalError(1, "-icount rr=: -fsdev is not recorded");
    if (!config_.incoming.empty()) throw FatalError(1, "-icount rr= and -incoming do not go together");
    replay_.emplace(config_.icount,
                    Replay::Host{.wake = [this] { counted_->wake_turn(); },
                                 .hash = hash_of,
                                 .end_reached = [this] { post_held([this] { handle_end_of_log(); }); },
                                 .break_reached = [this] { post_held([this] { handle_break(); }); },
                                 .snapshot_due = [this] { post_held([this] { navigator_->take_image(); }); },
                                 .fail =
                                     [this](const std::string& why) {
                                         std::fprintf(stderr, "%s: %s\n", program_name(), why.c_str());
                                         request_shutdown(Cause::HostSignal, 1);
                                     }});
    counted_->set_replay(*replay_);
    reset_input_ = replay_->add({.name = "reset", .deliver = [this](std::span<const u8> bytes) {
                                     const bool qmp = !bytes.empty() && bytes[0] == u8(Cause::HostQmpReset);
                                     begin_reset(qmp ? Cause::HostQmpReset : Cause::HostSignal);
                                 }});
    power_input_ = replay_->add({.name = "power button", .deliver = [this](std::span<const u8>) {
                                     post_held([this] { press_power_button(); });
                                 }});
}

/// -icount rrsnapshot=: the run begins in a snapshot, which a record makes.
std::string Machine::begin_replay() {
    const std::string& name = config_.icount.rr_snapshot;
    std::string wrong;
    if (!name.empty()) wrong = replay_->recording() ? save_snapshot(*this, name) : load_snapshot(*this, name);
    if (!wrong.empty()) return "rrsnapshot=" + name + ": " + wrong;
    if (replay_->recording()) return "";
    navigator_ = std::make_unique<Navigator>(*this, *replay_);
    wrong = navigator_->begin(!config_.gdb.empty());
    if (!wrong.empty()) warn("-icount rr=replay: there is no way back: %s", wrong.c_str());
    return "";
}

void Machine::handle_break() {
    if (!navigator_->break_reached()) stop(RunState::Debug);
}

void Machine::handle_end_of_log() {
    navigator_->end_reached();
    if (debugger != nullptr && debugger->attached()) return stop(RunState::Debug);
    tell(Event::Shutdown, Cause::HostSignal);
    if (config_.shutdown) return finish(0);
    stop(RunState::Shutdown);
}

}  // namespace dragoman::machine
