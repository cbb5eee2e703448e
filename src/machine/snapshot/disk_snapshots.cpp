#include "machine/snapshot/disk_snapshots.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "devices/block/snapshots.h"
#include "machine/backends.h"
#include "machine/snapshot/machine_state.h"

namespace dragoman::machine {

namespace {

using devices::block::Drive;
using devices::block::Snapshot;
using devices::block::SnapshotStore;

constexpr std::size_t kPart = 1 << 20;
constexpr const char* kNoDisks = "No block device can accept snapshots";

/// The machine of a snapshot that is about to be made, in parts of whole clusters.
class VmStateSink final : public ByteSink {
public:
    explicit VmStateSink(SnapshotStore& store) : store_(store) { buffer_.reserve(kPart); }
    int write(std::span<const u8> bytes) override {
        while (!bytes.empty()) {
            const std::size_t part = std::min(bytes.size(), kPart - buffer_.size());
            buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
            bytes = bytes.subspan(part);
            if (buffer_.size() < kPart) break;
            if (int error = flush()) return error;
        }
        return 0;
    }
    int flush() {
        int error = store_.write_vm_state(written_, buffer_);
        written_ += buffer_.size();
        buffer_.clear();
        return error;
    }
    u64 written() const { return written_; }

private:
    SnapshotStore& store_;
    std::vector<u8> buffer_;
    u64 written_ = 0;
};

class VmStateSource final : public ByteSource {
public:
    VmStateSource(SnapshotStore& store, const Snapshot& snapshot) : store_(store), snapshot_(snapshot) {}
    int read(std::span<u8> to, std::size_t& got) override {
        got = 0;
        while (got < to.size()) {
            if (place_ == buffer_.size()) {
                buffer_.resize(std::min<u64>(kPart, snapshot_.vm_state_bytes - read_));
                place_ = 0;
                if (buffer_.empty()) return 0;
                if (int error = store_.read_vm_state(snapshot_.id, read_, buffer_)) return error;
                read_ += buffer_.size();
            }
            const std::size_t part = std::min(to.size() - got, buffer_.size() - place_);
            std::memcpy(to.data() + got, buffer_.data() + place_, part);
            got += part;
            place_ += part;
        }
        return 0;
    }
    void rewind() {
        read_ = place_ = 0;
        buffer_.clear();
    }

private:
    SnapshotStore& store_;
    const Snapshot& snapshot_;
    std::vector<u8> buffer_;
    std::size_t place_ = 0;
    u64 read_ = 0;
};

struct Disk {
    std::string id;
    SnapshotStore* store;
};

/// The disks that take part, each image once; the first has the machine. @returns what is wrong
std::string find_disks(Machine& machine, std::vector<Disk>& disks) {
    for (const auto& drive : machine.backends().drives().all()) {
        devices::block::Image* image = drive->image.get();
        if (image == nullptr || image->read_only() || !drive->in_use) continue;
        SnapshotStore* store = image->snapshot_store();
        if (store == nullptr) return "Device '" + drive->id + "' is writable but does not support snapshots";
        auto same = [store](const Disk& disk) { return disk.store == store; };
        if (std::none_of(disks.begin(), disks.end(), same)) disks.push_back({drive->id, store});
    }
    return disks.empty() ? kNoDisks : "";
}

bool find(SnapshotStore& store, const std::string& name, Snapshot& found) {
    for (const Snapshot& snapshot : store.snapshots()) {
        if (snapshot.name != name && snapshot.id != name) continue;
        found = snapshot;
        if (snapshot.name == name) return true;  // a name counts more than a number
    }
    return found.name == name || (!name.empty() && found.id == name);
}

std::string failure(const char* what, const Disk& disk, int error) {
    return std::string("Error while ") + what + " on '" + disk.id + "': " + std::strerror(error);
}

std::string name_of_now() {
    const std::time_t now = std::time(nullptr);
    char text[32];
    std::strftime(text, sizeof text, "vm-%Y%m%d%H%M%S", std::localtime(&now));
    return text;
}

/// Removes all of that name.
std::string remove(const std::vector<Disk>& disks, const std::string& name, bool& any) {
    any = false;
    for (const Disk& disk : disks) {
        Snapshot found;
        while (find(*disk.store, name, found)) {
            any = true;
            if (int error = disk.store->delete_snapshot(found.id)) return failure("deleting snapshot", disk, error);
            found = {};
        }
    }
    return "";
}

std::string save_to(Machine& machine, const std::vector<Disk>& disks, const std::string& name, bool was_running) {
    bool replaced;
    if (std::string wrong = remove(disks, name, replaced); !wrong.empty()) return wrong;
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    Snapshot snapshot{.name = name,
                      .seconds = static_cast<u32>(now.tv_sec),
                      .nanoseconds = static_cast<u32>(now.tv_nsec),
                      .vm_clock = machine.clock().now()};
    if (machine.config().icount.on) snapshot.instructions = machine.cycles();
    VmStateSink sink(*disks.front().store);
    std::string wrong = save_machine(machine, was_running, sink);
    if (int error = wrong.empty() ? sink.flush() : 0) wrong = std::strerror(error);
    if (!wrong.empty()) {
        (void)disks.front().store->drop_vm_state();
        return "Error while writing VM state: " + wrong;
    }
    for (const Disk& disk : disks) {
        snapshot.vm_state_bytes = &disk == &disks.front() ? sink.written() : 0;
        if (int error = disk.store->create_snapshot(snapshot)) return failure("creating snapshot", disk, error);
    }
    return "";
}

std::string load_from(Machine& machine, const std::vector<Disk>& disks, const std::string& name) {
    std::vector<Snapshot> snapshots(disks.size());
    for (std::size_t i = 0; i < disks.size(); i++) {
        if (!find(*disks[i].store, name, snapshots[i])) {
            return "Device '" + disks[i].id + "' does not have the requested snapshot '" + name + "'";
        }
    }
    if (snapshots[0].vm_state_bytes == 0)
        return "Snapshot '" + name + "' is of a disk alone: there is no machine in it";
    VmStateSource source(*disks[0].store, snapshots[0]);
    auto again = [&]() -> std::string {
        for (std::size_t i = 0; i < disks.size(); i++) {
            if (int error = disks[i].store->apply_snapshot(snapshots[i].id)) {
                return failure("activating snapshot", disks[i], error);
            }
        }
        source.rewind();
        return "";
    };
    std::string wrong = load_machine(machine, source, again);
    return wrong.empty() ? "" : "Snapshot '" + name + "': " + wrong;
}

std::string size_text(u64 bytes) {
    constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    auto value = static_cast<double>(bytes);
    unsigned unit = 0;
    for (; value >= 1000; unit++) value /= 1024;
    char text[32];
    std::snprintf(text, sizeof text, "%0.3g %s", value, kUnits[unit]);
    return text;
}

std::string row(const Snapshot& snapshot) {
    char date[32], clock[64];
    const std::time_t seconds = snapshot.seconds;
    std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", std::localtime(&seconds));
    const u64 total = snapshot.vm_clock / 1'000'000'000;
    std::snprintf(clock, sizeof clock, "%02llu:%02llu:%02llu.%03llu", static_cast<unsigned long long>(total / 3600),
                  static_cast<unsigned long long>(total / 60 % 60), static_cast<unsigned long long>(total % 60),
                  static_cast<unsigned long long>(snapshot.vm_clock / 1'000'000 % 1000));
    const std::string count =
        snapshot.instructions == Snapshot::kNotCounted ? "--" : std::to_string(snapshot.instructions);
    char line[256];
    std::snprintf(line, sizeof line, "%-7s %-16s %8s %19s %15s %10s\n", "--", snapshot.name.c_str(),
                  size_text(snapshot.vm_state_bytes).c_str(), date, clock, count.c_str());
    return line;
}

}  // namespace

std::string save_snapshot(Machine& machine, std::string name) {
    std::vector<Disk> disks;
    if (std::string wrong = find_disks(machine, disks); !wrong.empty()) return wrong;
    if (name.empty()) name = name_of_now();
    if (name.size() > 255) return "Name of the snapshot is longer than 255 bytes";
    const bool running = machine.state() == RunState::Running;
    if (running) machine.stop();
    std::string wrong = save_to(machine, disks, name, running);
    if (running) machine.cont();
    return wrong;
}

std::string load_snapshot(Machine& machine, const std::string& name) {
    if (machine.replay() != nullptr && machine.replay()->recording()) return "A run that is recorded cannot go back";
    std::vector<Disk> disks;
    if (std::string wrong = find_disks(machine, disks); !wrong.empty()) return wrong;
    const bool running = machine.state() == RunState::Running;
    if (running) machine.stop();
    std::string wrong = load_from(machine, disks, name);
    if (running) machine.cont();
    return wrong;
}

std::string delete_snapshot(Machine& machine, const std::string& name) {
    std::vector<Disk> disks;
    if (std::string wrong = find_disks(machine, disks); !wrong.empty()) return wrong;
    bool any;
    if (std::string wrong = remove(disks, name, any); !wrong.empty()) return wrong;
    return any ? "" : "Snapshot '" + name + "' does not exist in one or more devices";
}

std::string save_disks(Machine& machine, const std::string& name) {
    std::vector<Disk> disks;
    if (std::string wrong = find_disks(machine, disks); !wrong.empty() && wrong != kNoDisks) return wrong;
    for (const Disk& disk : disks) {
        if (int error = disk.store->create_snapshot({.name = name})) return failure("creating snapshot", disk, error);
    }
    return "";
}

std::string load_disks(Machine& machine, const std::string& name) {
    std::vector<Disk> disks;
    if (std::string wrong = find_disks(machine, disks); !wrong.empty() && wrong != kNoDisks) return wrong;
    for (const Disk& disk : disks) {
        Snapshot snapshot;
        const int error = find(*disk.store, name, snapshot) ? disk.store->apply_snapshot(snapshot.id) : ENOENT;
        if (error != 0) return failure("activating snapshot", disk, error);
    }
    return "";
}

std::string describe_snapshots(Machine& machine) {
    std::vector<Disk> disks;
    if (!find_disks(machine, disks).empty()) return "No available block device supports snapshots\n";
    std::string text;
    for (const Snapshot& snapshot : disks.front().store->snapshots()) {
        Snapshot other;
        const bool everywhere = std::all_of(disks.begin(), disks.end(),
                                            [&](const Disk& disk) { return find(*disk.store, snapshot.name, other); });
        if (everywhere && snapshot.vm_state_bytes != 0) text += row(snapshot);
    }
    if (text.empty()) return "There is no snapshot available.\n";
    char head[128];
    std::snprintf(head, sizeof head, "%-7s %-16s %8s %19s %15s %10s\n", "ID", "TAG", "VM_SIZE", "DATE", "VM_CLOCK",
                  "ICOUNT");
    return "List of snapshots present on all disks:\n" + std::string(head) + text;
}

}  // namespace dragoman::machine
