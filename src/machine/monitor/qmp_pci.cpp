#include "machine/monitor/qmp_pci.h"

#include "machine/monitor/pci_info.h"

namespace dragoman::machine {

namespace {

using Json = nlohmann::ordered_json;

Json devices_json(devices::pci::Bus& bus);

Json region_json(const PciRegion& region) {
    Json json{{"bar", region.bar},
              {"type", region.io ? "io" : "memory"},
              {"address", static_cast<i64>(region.address)},
              {"size", region.size}};
    if (region.io) return json;
    json["prefetch"] = region.prefetchable;
    json["mem_type_64"] = region.wide;
    return json;
}

Json range_json(const PciInfo::Range& range) { return {{"base", range.base}, {"limit", range.limit}}; }

Json bridge_json(const PciInfo::Bridge& bridge) {
    Json bus{{"number", bridge.primary},
             {"secondary", bridge.secondary},
             {"subordinate", bridge.subordinate},
             {"io_range", range_json(bridge.io)},
             {"memory_range", range_json(bridge.memory)},
             {"prefetchable_range", range_json(bridge.prefetchable)}};
    return {{"bus", bus}, {"devices", devices_json(*bridge.bus)}};
}

Json device_json(const PciInfo& info) {
    Json json{{"bus", info.bus}, {"slot", info.slot}, {"function", info.function}};
    json["class_info"] = {{"class", info.class_code}};
    if (std::string_view name = pci_class_name(info.class_code); !name.empty()) json["class_info"]["desc"] = name;
    json["id"] = {{"device", info.device}, {"vendor", info.vendor}};
    if (!info.bridge) {
        json["id"]["subsystem"] = info.subsystem;
        json["id"]["subsystem-vendor"] = info.subsystem_vendor;
    }
    if (info.pin != 0) json["irq"] = info.irq;
    json["irq_pin"] = info.pin;
    json["qdev_id"] = info.id;
    if (info.bridge) json["pci_bridge"] = bridge_json(*info.bridge);
    json["regions"] = Json::array();
    for (const PciRegion& region : info.regions) json["regions"].push_back(region_json(region));
    return json;
}

Json devices_json(devices::pci::Bus& bus) {
    Json list = Json::array();
    for (const PciInfo& info : pci_functions(bus)) list.push_back(device_json(info));
    return list;
}

}  // namespace

Json pci_json(devices::pci::Bus& bus) { return {{"bus", 0}, {"devices", devices_json(bus)}}; }

}  // namespace dragoman::machine
