#include "machine/monitor/qmp_migration.h"

namespace dragoman::machine {

using Json = nlohmann::ordered_json;

Json migration_json(const MigrationInfo& info) {
    Json answer = Json::object();
    if (info.status == MigrationStatus::None) return answer;
    answer["status"] = name_of(info.status);
    if (!info.error.empty()) answer["error-desc"] = info.error;
    answer["setup-time"] = info.setup_ms;
    answer["total-time"] = info.total_ms;
    if (info.status == MigrationStatus::Completed) answer["downtime"] = info.downtime;
    if (info.status == MigrationStatus::Active) answer["expected-downtime"] = info.expected_downtime;
    answer["ram"] = {{"transferred", info.transferred},
                     {"remaining", info.remaining},
                     {"total", info.total},
                     {"mbps", static_cast<double>(info.bandwidth) * 8 / 1e6},
                     {"dirty-sync-count", info.passes},
                     {"page-size", 4096}};
    return answer;
}

Json parameters_json(const MigrationParameters& parameters) {
    return {{"max-bandwidth", parameters.max_bandwidth}, {"downtime-limit", parameters.downtime_limit}};
}

std::string set_parameters(MigrationParameters& parameters, const Json& arguments) {
    MigrationParameters changed = parameters;
    for (const auto& [name, value] : arguments.items()) {
        u64* field = name == "max-bandwidth"    ? &changed.max_bandwidth
                     : name == "downtime-limit" ? &changed.downtime_limit
                                                : nullptr;
        if (field == nullptr) return "Parameter '" + name + "' is unexpected";
        if (!value.is_number_unsigned() || value.get<u64>() > (u64{1} << 60)) {
            return "Invalid parameter type for '" + name + "', expected: integer";
        }
        *field = value.get<u64>();
    }
    parameters = changed;
    return "";
}

std::span<const std::string_view> migration_capabilities() {
    static constexpr std::string_view kNames[] = {"xbzrle",      "rdma-pin-all",       "auto-converge",
                                                  "events",      "postcopy-ram",       "x-colo",
                                                  "release-ram", "return-path",        "pause-before-switchover",
                                                  "multifd",     "dirty-bitmaps",      "late-block-activate",
                                                  "mapped-ram",  "background-snapshot"};
    return kNames;
}

}  // namespace dragoman::machine
