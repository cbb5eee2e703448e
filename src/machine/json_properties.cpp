#include "machine/json_properties.h"

namespace dragoman::machine {

void add_json(Properties& properties, const nlohmann::ordered_json& object, const std::string& prefix) {
    for (const auto& [key, value] : object.items()) {
        const std::string name = prefix + key;
        if (value.is_object()) add_json(properties, value, name + ".");
        else if (value.is_string()) properties.set(name, value.get<std::string>());
        else if (value.is_boolean()) properties.set(name, value.get<bool>() ? "on" : "off");
        else if (value.is_number_integer()) properties.set(name, value.dump());
        else if (!value.is_array()) properties.fail(name + ": neither text, number nor truth value");
        else
            for (const auto& one : value) {
                if (!one.is_object() || one.size() != 1 || !one.contains("str") || !one["str"].is_string())
                    properties.fail(name + ": no list of {\"str\": TEXT}");
                properties.set(name, one["str"].get<std::string>());
            }
    }
}

}  // namespace dragoman::machine
