// "NAME,property=value..." said in JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "base/properties.h"

namespace dragoman::machine {

/// Adds what a JSON object says to `properties`; members of objects in it get dotted names, and lists of {"str": TEXT}
/// are properties that are there more than once. @throws FatalError
void add_json(Properties& properties, const nlohmann::ordered_json& object, const std::string& prefix = {});

}  // namespace dragoman::machine
