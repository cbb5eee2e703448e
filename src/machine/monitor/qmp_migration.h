// What QMP tells of migration and snapshots, and what it is told.
#pragma once

#include <nlohmann/json.hpp>

#include "machine/machine.h"
#include "machine/snapshot/migration.h"

namespace dragoman::machine {

/// The answer of query-migrate.
nlohmann::ordered_json migration_json(const MigrationInfo& info);
/// The answer of query-migrate-parameters.
nlohmann::ordered_json parameters_json(const MigrationParameters& parameters);
/// Takes what migrate-set-parameters says. @returns what was wrong; empty: nothing
std::string set_parameters(MigrationParameters& parameters, const nlohmann::ordered_json& arguments);

/// The capabilities that there are by name, all of them off but "events".
std::span<const std::string_view> migration_capabilities();

}  // namespace dragoman::machine
