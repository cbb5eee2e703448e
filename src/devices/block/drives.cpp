#include "devices/block/drives.h"

#include <algorithm>

#include "base/error.h"
#include "devices/block/format.h"
#include "devices/block/qcow2.h"
#include "devices/block/raw.h"

namespace dragoman::devices::block {

namespace {

struct CacheMode {
    bool writeback = true, direct = false, no_flush = false;
};

CacheMode take_cache(Properties& properties) {
    static constexpr CacheMode kModes[] = {
        {true, false, false}, {true, true, false}, {false, false, false}, {false, true, false}, {true, false, true}};
    CacheMode mode =
        kModes[properties.take_choice("cache", {"writeback", "none", "writethrough", "directsync", "unsafe"}, 0)];
    mode.writeback = properties.take_bool("cache.writeback", mode.writeback);
    mode.direct = properties.take_bool("cache.direct", mode.direct);
    mode.no_flush = properties.take_bool("cache.no-flush", mode.no_flush);
    return mode;
}

bool take_unmap(Properties& properties) {
    return properties.take_choice("discard", {"ignore", "off", "unmap", "on"}, 0) >= 2;
}

bool take_locking(Properties& properties, std::string_view name) {
    return properties.take_choice(name, {"auto", "on", "off"}, 0) != 2;
}

/// Choices of how the host does its I/O: there is one.
void take_fixed(Properties& properties) {
    properties.take_choice("aio", {"threads"}, 0);
    properties.take_choice("detect-zeroes", {"off"}, 0);
}

/// driver=blkreplay: all disks are recorded and replayed (-icount rr=); it is the image that it names.
std::string take_recorded(Properties& properties) {
    std::optional<std::string> image = properties.take("image");
    if (!image) properties.fail("driver=blkreplay needs image=ID");
    return *image;
}

std::string without_protocol(const std::string& name) { return name.starts_with("file:") ? name.substr(5) : name; }

}  // namespace

std::string Drives::unused_id() const {
    for (unsigned n = 0;; n++) {
        std::string id = "drive" + std::to_string(n);
        if (std::none_of(drives_.begin(), drives_.end(), [&id](const auto& drive) { return drive->id == id; }))
            return id;
    }
}

/// The image of the drive or node `name`, which another one has from now on.
std::shared_ptr<Image> Drives::take_node(const Properties& properties, const std::string& name) {
    Drive* node = find(name);
    if (node == nullptr || node->image == nullptr)
        properties.fail("image=" + name + ": there is no such drive or node");
    node->in_use = true;
    return node->image;
}

Drive& Drives::add_drive(Properties properties, bool snapshot) {
    auto drive = std::make_unique<Drive>();
    drive->interface = static_cast<Interface>(properties.take_choice("if", {"none", "virtio", "pflash"}, 0));
    unsigned next = 0;
    for (const auto& other : drives_) {
        if (other->interface == drive->interface) next = std::max(next, other->index + 1);
    }
    properties.take_number("bus", 0, 0, 0);
    std::string unit_name = properties.has("unit") ? "unit" : "index";
    drive->index = static_cast<unsigned>(properties.take_number(unit_name, next, 0, 255));
    static constexpr const char* kNames[] = {"none", "virtio", "pflash"};
    std::string fallback = drive->interface == Interface::None
                               ? unused_id()
                               : kNames[static_cast<unsigned>(drive->interface)] + std::to_string(drive->index);
    drive->id = properties.take("id", fallback);
    if (drive->id.empty()) properties.fail("empty id");
    for (const auto& other : drives_) {
        if (other->id == drive->id) properties.fail("there is a drive '" + drive->id + "' already");
        if (drive->interface != Interface::None && other->interface == drive->interface &&
            other->index == drive->index) {
            properties.fail(std::string(kNames[static_cast<unsigned>(drive->interface)]) + " drive " +
                            std::to_string(drive->index) + " is there twice");
        }
    }
    CacheMode cache = take_cache(properties);
    snapshot = properties.take_bool("snapshot", snapshot);
    bool read_only = properties.take_bool("read-only", properties.take_bool("readonly", false));
    read_only |= properties.take_choice("media", {"disk", "cdrom"}, 0) == 1;
    HostFileOptions file{.read_only = read_only || snapshot,
                         .direct = cache.direct,
                         .no_flush = cache.no_flush,
                         .lock = take_locking(properties, "file.locking"),
                         .unmap = take_unmap(properties)};
    take_fixed(properties);
    drive->report_write_errors = properties.take_choice("werror", {"report", "ignore"}, 0) == 0;
    drive->report_read_errors = properties.take_choice("rerror", {"report", "ignore"}, 0) == 0;
    std::optional<std::string> plain = properties.take("file");
    std::optional<std::string> dotted = properties.take("file.filename");
    std::string path = without_protocol(plain.value_or(dotted.value_or("")));
    properties.take_choice("file.driver", {"file", "host_device"}, 0);
    std::string format = properties.take("format", properties.take("driver", ""));
    std::optional<std::string> recorded;
    if (format == "blkreplay") recorded = take_recorded(properties);
    if (!recorded && !format.empty() && format != "raw" && format != "qcow2") {
        properties.fail("format=" + format + ": there is qcow2, raw");
    }
    properties.finish();
    drive->writeback = cache.writeback;
    if (path.empty() && !recorded) properties.fail("no file=");
    if (recorded) {
        drive->image = take_node(properties, *recorded);
    } else if (Drive* node = plain ? find(path) : nullptr; node != nullptr && node->image != nullptr) {
        drive->image = node->image;  // a -blockdev node
        node->in_use = true;
    } else {
        drive->image = open_image(path, file, {.format = format});
    }
    if (snapshot && !read_only) drive->image = make_overlay(drive->image);
    return *drives_.emplace_back(std::move(drive));
}

std::shared_ptr<HostFile> Drives::host_file(Properties& properties, const std::string& prefix) {
    std::string path = properties.take(prefix + "filename", "");
    if (path.empty()) properties.fail("no " + prefix + "filename=");
    HostFileOptions options{.read_only = properties.take_bool(prefix + "read-only", false),
                            .direct = properties.take_bool(prefix + "cache.direct", false),
                            .no_flush = properties.take_bool(prefix + "cache.no-flush", false),
                            .lock = take_locking(properties, prefix + "locking"),
                            .unmap = properties.take_choice(prefix + "discard", {"ignore", "unmap"}, 0) == 1};
    properties.take_choice(prefix + "aio", {"threads"}, 0);
    properties.take_bool(prefix + "auto-read-only", false);
    if (!prefix.empty()) {
        options.read_only |= properties.take_bool("read-only", false);
        options.direct |= properties.take_bool("cache.direct", false);
        options.no_flush |= properties.take_bool("cache.no-flush", false);
        options.unmap |= properties.take_choice("discard", {"ignore", "unmap"}, 0) == 1;
    }
    return HostFile::open(without_protocol(path), options);
}

std::shared_ptr<Image> Drives::format_node(Properties& properties, const std::string& driver) {
    std::shared_ptr<HostFile> file;
    if (std::optional<std::string> name = properties.take("file")) {
        auto found = files_.find(*name);
        if (found == files_.end()) properties.fail("file=" + *name + ": there is no such node");
        file = found->second;
        if (properties.take_bool("read-only", file->read_only()) && !file->read_only()) {
            properties.fail("read-only=on: node " + *name + " is writable");
        }
        properties.take_choice("discard", {"ignore", "unmap"}, 0);
    } else {
        properties.take_choice("file.driver", {"file", "host_device"}, 0);
        file = host_file(properties, "file.");
    }
    properties.take_bool("auto-read-only", false);
    if (driver == "raw") {
        u64 offset = properties.take_size("offset", 0);
        u64 size = properties.take_size("size", 0);
        if (offset > file->size() || size > file->size() - offset) properties.fail("offset and size go past the end");
        if (size == 0 && offset != 0) size = file->size() - offset;
        properties.finish();
        return std::make_shared<Raw>(file, offset, size, false);
    }
    properties.finish();
    return open_format(file, {.format = "qcow2"});
}

void Drives::add_blockdev(Properties properties) {
    std::string name = properties.take("node-name", "");
    if (name.empty()) properties.fail("no node-name=");
    if (find(name) != nullptr || files_.count(name) != 0) properties.fail("there is a node '" + name + "' already");
    static constexpr const char* kDrivers[] = {"file", "host_device", "raw", "qcow2", "blkreplay"};
    if (!properties.has("driver")) properties.fail("no driver=");
    std::string driver = kDrivers[properties.take_choice(
        "driver", {kDrivers[0], kDrivers[1], kDrivers[2], kDrivers[3], kDrivers[4]}, 0)];
    auto drive = std::make_unique<Drive>();
    drive->id = name;
    drive->node = true;
    if (driver == "file" || driver == "host_device") {
        auto file = host_file(properties, "");
        properties.finish();
        files_.emplace(name, file);
        drive->image = file;
    } else if (driver == "blkreplay") {
        const std::string image = take_recorded(properties);
        properties.finish();
        drive->image = take_node(properties, image);
    } else {
        drive->image = format_node(properties, driver);
    }
    drives_.push_back(std::move(drive));
}

Drive* Drives::find(std::string_view id) {
    for (const auto& drive : drives_) {
        if (drive->id == id) return drive.get();
    }
    return nullptr;
}

Drive& Drives::take(std::string_view id) {
    Drive* drive = find(id);
    if (drive == nullptr) {
        std::string names;
        for (const auto& other : drives_) names += (names.empty() ? "" : ", ") + other->id;
        throw FatalError(
            1, "there is no drive '" + std::string(id) + "'" + (names.empty() ? "" : " (there is: " + names + ")"));
    }
    if (drive->in_use) throw FatalError(1, "drive '" + std::string(id) + "' is in use by another device");
    drive->in_use = true;
    drive->tasks = tasks_;
    if (discards_ && drive->image != nullptr && !drive->image->read_only()) drive->image = make_overlay(drive->image);
    return *drive;
}

void Drives::release(std::string_view id) {
    if (Drive* drive = find(id)) drive->in_use = false;
}

void Drives::release_and_forget(std::string_view id) {
    release(id);
    if (const Drive* drive = find(id); drive != nullptr && !drive->node) remove(id);
}

void Drives::remove(std::string_view id) {
    auto found = std::find_if(drives_.begin(), drives_.end(), [&](const auto& drive) { return drive->id == id; });
    if (found == drives_.end()) throw FatalError(1, "there is no drive '" + std::string(id) + "'");
    const auto file = files_.find(id);
    // A node of a file is known by two names here; others are formats' and -drive's.
    const long known = file != files_.end() ? 2 : 1;
    if ((*found)->in_use || (*found)->image.use_count() > known)
        throw FatalError(1, "drive '" + std::string(id) + "' is in use");
    const std::shared_ptr<Image> image = (*found)->image;
    if (image != nullptr) image->flush();
    drives_.erase(found);
    for (const auto& other : drives_) {
        if (image != nullptr && other->image == image) other->in_use = false;  // the node under a -drive
    }
    if (file != files_.end()) files_.erase(file);
}

int Drives::flush_all() {
    int first = 0;
    for (const auto& drive : drives_) {
        int error = drive->image != nullptr ? drive->image->flush() : 0;
        if (first == 0) first = error;
    }
    return first;
}

}  // namespace dragoman::devices::block
