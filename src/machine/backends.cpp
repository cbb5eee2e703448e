#include "machine/backends.h"

#include <cstring>

#include "base/error.h"
#include "devices/block/image.h"
#include "devices/replay/replay_chardev.h"
#include "machine/machine.h"
#include "machine/vnc.h"

namespace dragoman::machine {

namespace {

/// What a replay writes to disks has been written by the run that was recorded.
bool discards_writes(const Config& config) {
    return config.icount.rr == Icount::Rr::Replay && config.icount.rr_snapshot.empty();
}

devices::MuxActions mux_actions(Machine& machine) {
    devices::MuxActions actions;
    actions.quit = [&machine] { machine.request_shutdown(Cause::HostQmpQuit); };
    return actions;
}

}  // namespace

Backends::Backends(Machine& machine)
    : machine_(machine),
      user_clock_(machine.inputs() != nullptr ? std::make_unique<devices::VirtualClock>(machine.loop()) : nullptr),
      chardevs_(machine.loop(), mux_actions(machine)),
      netdevs_(machine.loop(), chardevs_),
      key_sequence_(machine.loop(), user_clock_ ? *user_clock_ : machine.clock(), input_) {
    if (user_clock_) user_clock_->cont();
    if (devices::Inputs* inputs = machine.inputs()) {
        drives_.set_tasks(machine.tasks());
        if (discards_writes(machine.config())) drives_.discard_writes();
        netdevs_.set_inputs(inputs);
        input_.record(*inputs);
    }
    const Config& config = machine.config();
    for (const Properties& properties : config.chardevs) chardevs_.add(properties);
    for (const Properties& properties : config.blockdevs) drives_.add_blockdev(properties);
    for (Properties properties : config.drives) {
        if (!properties.has("if")) properties.set("if", "virtio");  // the boards' usual kind of disk
        drives_.add_drive(properties, config.snapshot);
    }
    for (const Properties& properties : config.netdevs) netdevs_.add(properties);
    for (const Properties& properties : config.dumps) netdevs_.add_dump(properties);
    for (const std::string& id : config.replayed_netdevs) {
        if (netdevs_.find(id) == nullptr)
            throw FatalError(1, "-object filter-replay: netdev=" + id + ": there is no such back end");
    }
    for (const Properties& properties : config.fsdevs) exports_.add(properties);
}

Backends::~Backends() = default;

std::shared_ptr<devices::Chardev> Backends::serial(unsigned index) {
    const std::vector<std::string>& serials = machine_.config().serials;
    if (index >= serials.size()) return nullptr;
    auto opened = chardevs_.open("-serial", serials[index], "serial" + std::to_string(index));
    if (opened.monitor) shared_monitors_.push_back(opened.monitor);
    return for_guest(opened.chardev, "serial" + std::to_string(index));
}

std::shared_ptr<devices::Chardev> Backends::use_chardev(const std::string& option, const std::string& id) {
    return for_guest(chardevs_.use(option, id), id);
}

/// What comes from it is recorded or replayed, where anything is.
std::shared_ptr<devices::Chardev> Backends::for_guest(std::shared_ptr<devices::Chardev> chardev,
                                                      const std::string& name) {
    if (chardev == nullptr || machine_.inputs() == nullptr) return chardev;
    return std::make_shared<devices::ReplayChardev>(std::move(chardev), *machine_.inputs(), name);
}

void Backends::start_monitors() {
    const Config& config = machine_.config();
    for (auto& chardev : shared_monitors_) sessions_.push_back(make_human_session(machine_, chardev, true));
    unsigned number = 0;
    auto open = [&](const std::string& option, const std::string& text, auto&& make) {
        auto opened = chardevs_.open(option, text, "compat_monitor" + std::to_string(number++));
        if (opened.chardev) sessions_.push_back(make(machine_, opened.chardev));
    };
    for (const std::string& text : config.monitors)
        open("-monitor", text, [](auto&&... a) { return make_human_session(a..., false); });
    for (const std::string& text : config.qmps) open("-qmp", text, make_qmp_session);
    for (Properties properties : config.mons) {
        auto id = properties.take("chardev");
        if (!id) properties.fail("needs chardev=ID");
        bool control = properties.take_choice("mode", {"readline", "control"}, 0) == 1;
        properties.take_bool("pretty", false);
        properties.take("id");
        properties.finish();
        auto chardev = chardevs_.use("-mon", *id);
        sessions_.push_back(control ? make_qmp_session(machine_, chardev)
                                    : make_human_session(machine_, chardev, false));
    }
}

void Backends::start_displays() {
    for (const Properties& properties : machine_.config().vncs) vncs_.push_back(make_vnc(machine_, properties));
}

void Backends::finish() {
    vncs_.clear();
    sessions_.clear();
    if (int error = drives_.flush_all()) warn("a disk could not be flushed: %s", std::strerror(error));
}

std::string Backends::describe_chardevs() const {
    std::string text;
    for (const auto& info : chardevs_.list()) text += info.id + ": filename=" + info.description + "\n";
    return text;
}

std::string Backends::describe_disks() const {
    std::string text;
    for (const auto& drive : drives_.all()) {
        text += drive->id + ": " + (drive->image ? drive->image->describe() : "[not inserted]") + "\n";
        text += std::string("    Cache mode:       ") + (drive->writeback ? "writeback" : "writethrough") + "\n";
    }
    return text;
}

std::string Backends::describe_network() const {
    std::string text;
    for (const auto& netdev : netdevs_.all()) {
        text += netdev->id() + ": " + netdev->describe() + (netdev->attached() ? "" : " (no card)") + "\n";
    }
    return text;
}

}  // namespace dragoman::machine
