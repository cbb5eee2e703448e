#include "machine/device_help.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/error.h"

namespace dragoman::machine {

namespace {

using enum DriverKind;

constexpr std::string_view kSlotSuffix = "-device";
constexpr std::string_view kPciSuffixes[] = {"-pci", "-pci-transitional", "-pci-non-transitional"};
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {{"e1000-82540em", "e1000"}};

// clang-format off
constexpr DriverHelp kDrivers[] = {
    {"virtio-blk-device", "disk: drive=ID[,serial=TEXT]", Virtio,
     "drive=ID serial=TEXT queue-size=N num-queues=1 logical_block_size=BYTES physical_block_size=BYTES "
     "min_io_size=BYTES opt_io_size=BYTES write-cache=auto|on|off werror=auto|report|ignore rerror=auto|report|ignore config-wce=on|off discard=on|off write-zeroes=on|off bootindex=N"},
    {"virtio-net-device", "network card: netdev=ID[,mac=ADDRESS]", Virtio,
     "netdev=ID mac=ADDRESS rx_queue_size=N tx_queue_size=N host_mtu=N csum=on|off host_tso4=on|off host_tso6=on|off guest_tso4=on|off guest_tso6=on|off "
     "bootindex=N"},
    {"virtio-rng-device", "random numbers of the host", Virtio, "rng=ID"},
    {"virtio-serial-device", "bus of virtconsole and virtserialport", Virtio, "max_ports=N"},
    {"virtconsole", "console: chardev=ID", Plain, "chardev=ID name=TEXT nr=N"},
    {"virtserialport", "port of a name: chardev=ID,name=TEXT", Plain, "chardev=ID name=TEXT nr=N"},
    {"virtio-balloon-device", "gives memory back to the host", Virtio,
     "deflate-on-oom=on|off free-page-reporting=on|off"},
    {"virtio-9p-device", "shares a folder of the host: fsdev=ID,mount_tag=TAG", Virtio, "fsdev=ID mount_tag=TAG"},
    {"virtio-scsi-device", "bus of scsi-hd and scsi-cd", Virtio, "virtqueue_size=N max_sectors=N cmd_per_lun=N num_queues=1"},
    {"scsi-hd", "disk of a virtio-scsi: drive=ID[,scsi-id=N][,lun=N]", Plain,
     "drive=ID bus=ID.0 channel=0 scsi-id=N lun=N serial=TEXT vendor=TEXT product=TEXT ver=TEXT wwn=N logical_block_size=BYTES physical_block_size=BYTES removable=on|off bootindex=N"},
    {"scsi-cd", "CD-ROM drive of a virtio-scsi: [drive=ID][,scsi-id=N][,lun=N]", Plain,
     "drive=ID bus=ID.0 channel=0 scsi-id=N lun=N serial=TEXT vendor=TEXT product=TEXT ver=TEXT wwn=N bootindex=N"},
    {"virtio-gpu-device", "screen", Virtio,
     "max_outputs=N xres=N yres=N edid=on|off max_hostmem=BYTES", true, true},
    {"virtio-keyboard-device", "keyboard", Virtio, "serial=TEXT", true},
    {"virtio-mouse-device", "mouse: moves in steps", Virtio, "serial=TEXT", true},
    {"virtio-tablet-device", "tablet: points at places of the screen", Virtio, "serial=TEXT", true},
    {"e1000", "network card, Intel 82540EM: netdev=ID[,mac=ADDRESS]", Pci, "netdev=ID mac=ADDRESS bootindex=N"},
    {"edu", "device for teaching how to write drivers", Pci, "dma_mask=BITS"},
    {"qemu-xhci", "USB host controller, of usb-kbd, usb-mouse, usb-tablet and usb-storage", Pci, ""},
    {"usb-kbd", "keyboard on a qemu-xhci", Plain, "bus=ID.0 port=N"},
    {"usb-mouse", "mouse on a qemu-xhci", Plain, "bus=ID.0 port=N"},
    {"usb-tablet", "tablet on a qemu-xhci: points at places of the screen", Plain, "bus=ID.0 port=N"},
    {"usb-storage", "disk on a qemu-xhci: drive=ID", Plain,
     "drive=ID bus=ID.0 port=N serial=TEXT removable=on|off logical_block_size=BYTES physical_block_size=BYTES bootindex=N"},
    {"pvpanic-pci", "by which a guest tells that it has crashed (-action panic=)", Pci, "events=BITS"},
    {"i6300esb", "watchdog (-action watchdog=)", Pci, ""},
    {"nvme", "NVM Express controller: serial=TEXT[,drive=ID]", Pci,
     "serial=TEXT drive=ID nsid=N max_ioqpairs=N msix_qsize=N mdts=N logical_block_size=BYTES physical_block_size=BYTES bootindex=N"},
    {"nvme-ns", "one more disk of an nvme: drive=ID[,nsid=N]", Plain,
     "drive=ID nsid=N bus=ID logical_block_size=BYTES physical_block_size=BYTES bootindex=N"},
    {"pcie-root-port", "PCI Express port with one slot: id=NAME of the bus behind it", Pci, "port=N chassis=N slot=N hotplug=on|off", false, true},
    {"ramfb", "screen in memory that firmware sets up (EDK2)", Plain, "", false, true},
    {"loader", "a file or a number in memory: file=FILE[,addr=A][,cpu-num=N], or addr=A,data=V,data-len=N", Plain,
     "file=FILE addr=ADDRESS cpu-num=HART force-raw=on|off data=VALUE data-len=BYTES data-be=on|off", false, true},
    {"virtio-device", "what all virtio devices have", Base,
     "indirect_desc=on|off event_idx=on|off any_layout=on|off notify_on_empty=on|off packed=off in_order=off iommu_platform=off"},
    {"virtio-pci", "what all virtio devices on PCI have", Base, "disable-legacy=on|off|auto disable-modern=on|off vectors=N"},
    {"pci-device", "what all PCI devices have", Base, "addr=SLOT[.FUNCTION] multifunction=on|off rombar=N romfile="},
    {"virtio-mmio", "the virtio slots of a board", Base, "force-legacy=on|off"},
};
// clang-format on

std::vector<std::string> split(std::string_view words) {
    std::vector<std::string> found;
    while (!words.empty()) {
        std::size_t end = std::min(words.find(' '), words.size());
        found.emplace_back(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return found;
}

/// All there are: those of the table, and the PCI forms of virtio devices.
const std::deque<DriverHelp>& drivers() {
    static std::deque<std::string> names;
    static const std::deque<DriverHelp> all = [] {
        std::deque<DriverHelp> made(std::begin(kDrivers), std::end(kDrivers));
        for (const DriverHelp& driver : kDrivers) {
            if (driver.kind != Virtio) continue;
            std::string stem(driver.name.substr(0, driver.name.size() - kSlotSuffix.size()));
            for (std::string_view suffix : kPciSuffixes) {
                if (driver.modern_only && suffix != kPciSuffixes[0]) continue;
                names.push_back(stem + std::string(suffix));
                made.push_back(
                    {names.back(), driver.text, VirtioPci, driver.properties, driver.modern_only, driver.fixed});
            }
        }
        return made;
    }();
    return all;
}

/// What a virtio device on PCI is without PCI.
const DriverHelp& slot_form(const DriverHelp& driver) {
    std::string stem(driver.name.substr(0, driver.name.find(kPciSuffixes[0])));
    return *find_driver(stem + std::string(kSlotSuffix));
}

/// "name=VALUE" of each property of `driver`.
std::vector<std::string> properties_of(const DriverHelp& driver) {
    std::vector<std::string> all = split(driver.properties);
    for (std::string_view kind : kinds_of(driver)) {
        if (find_driver(kind)->kind != Base) continue;
        for (std::string& one : split(find_driver(kind)->properties)) all.push_back(std::move(one));
    }
    return all;
}

std::string join_names(bool with_base) {
    std::string names;
    for (const DriverHelp& driver : drivers()) {
        if (driver.kind == Base && !with_base) continue;
        names += (names.empty() ? "" : ", ") + std::string(driver.name);
    }
    return names;
}

}  // namespace

std::string full_driver_name(const std::string& driver, bool pci) {
    std::string full = driver + std::string(pci ? kPciSuffixes[0] : kSlotSuffix);
    if (find_driver(full) != nullptr) return full;
    for (const auto& [alias, name] : kAliases) {
        if (driver == alias) return std::string(name);
    }
    return driver;
}

const DriverHelp* find_driver(std::string_view name) {
    for (const DriverHelp& driver : drivers()) {
        if (driver.name == name) return &driver;
    }
    return nullptr;
}

std::vector<std::string_view> kinds_of(const DriverHelp& driver) {
    switch (driver.kind) {
        case Virtio: return {"virtio-device", driver.name};
        case VirtioPci: return {"virtio-device", "virtio-pci", "pci-device", slot_form(driver).name, driver.name};
        case Pci: return {"pci-device", driver.name};
        default: return {driver.name};
    }
}

std::string driver_names() { return join_names(true); }

std::string device_names() { return join_names(false); }

std::vector<std::string> driver_list() {
    std::vector<std::string> names;
    for (const DriverHelp& driver : drivers()) names.emplace_back(driver.name);
    return names;
}

std::vector<std::string> property_texts(const DriverHelp& driver) { return properties_of(driver); }

std::vector<std::string> property_names(const DriverHelp& driver) {
    std::vector<std::string> names = properties_of(driver);
    for (std::string& name : names) name.resize(name.find('='));
    return names;
}

bool has_property(const DriverHelp& driver, std::string_view name) {
    const std::vector<std::string> names = property_names(driver);
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_network_card(std::string_view driver) { return driver.starts_with("virtio-net-") || driver == "e1000"; }

std::string user_device_help(const std::string& name) {
    if (!name.empty()) {
        const DriverHelp* driver = find_driver(full_driver_name(name, true));
        if (driver == nullptr || driver->kind == Base)
            throw FatalError(1, "-device " + name + ": there is no such device (there is: " + device_names() + ")");
        std::string text = std::string(driver->name) + ": " + std::string(driver->text) + "\nProperties:\n";
        for (const std::string& property : properties_of(*driver)) text += "  " + property + "\n";
        if (driver->kind == Plain) return text;
        return text + (driver->kind == Virtio ? "  id=ID\n  bus=virtio-mmio-bus.N\n" : "  id=ID\n  bus=pcie.0\n");
    }
    std::string text = "Devices (-device NAME[,property=value...]):\n";
    for (const DriverHelp& driver : drivers()) {
        if (driver.kind == Base) continue;
        std::string line = "  " + std::string(driver.name);
        line.resize(std::max<std::size_t>(line.size() + 1, 25), ' ');
        text += line + std::string(driver.text) + "\n";
    }
    return text;
}

}  // namespace dragoman::machine
