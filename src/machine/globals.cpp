#include "machine/globals.h"

#include <algorithm>

#include "base/error.h"
#include "machine/device_help.h"

namespace dragoman::machine {

namespace {

bool is_cpu(std::string_view driver) { return driver.ends_with("-cpu"); }

}  // namespace

void Globals::add(const std::string& option, const std::string& text) {
    Entry entry;
    if (text.starts_with("driver=")) {
        Properties parts(option, text);
        entry.driver = parts.take("driver", "");
        entry.property = parts.take("property", "");
        entry.value = parts.take("value", "");
        parts.finish();
    } else {
        std::size_t dot = text.find('.'), equals = text.find('=');
        if (dot == text.npos || equals == text.npos || dot > equals)
            throw FatalError(1, option + ": '" + text + "' is not DRIVER.PROPERTY=VALUE");
        entry = {text.substr(0, dot), text.substr(dot + 1, equals - dot - 1), text.substr(equals + 1)};
    }
    if (is_cpu(entry.driver)) {  // whose properties its guest knows
        entries_.push_back(std::move(entry));
        return;
    }
    const DriverHelp* driver = find_driver(entry.driver);
    std::string name = entry.driver + "." + entry.property;
    if (driver == nullptr) {
        throw FatalError(1, option + ": '" + name + "': there is no driver '" + entry.driver +
                                "' with properties (there is: virtio-mmio.force-legacy, CPUs' (...-cpu) as -cpu takes "
                                "them, and those of " +
                                driver_names() + ")");
    }
    std::vector<std::string> properties = property_names(*driver);
    if (std::find(properties.begin(), properties.end(), entry.property) == properties.end()) {
        std::string known;
        for (const std::string& property : properties) known += (known.empty() ? "" : ", ") + property;
        throw FatalError(1, option + ": '" + name + "': there is no such property (there is: " + known + ")");
    }
    entries_.push_back(std::move(entry));
}

Properties Globals::of(std::string_view driver) const {
    Properties found("-global " + std::string(driver), "");
    complete({driver}, found);
    return found;
}

std::string Globals::of_cpus() const {
    std::string text;
    for (const Entry& entry : entries_) {
        if (!is_cpu(entry.driver)) continue;
        if (!text.empty()) text += ',';
        text += entry.property + "=" + entry.value;
    }
    return text;
}

void Globals::complete(const std::vector<std::string_view>& drivers, Properties& properties) const {
    Properties found;
    for (const Entry& entry : entries_) {
        if (std::find(drivers.begin(), drivers.end(), entry.driver) == drivers.end()) continue;
        if (!properties.has(entry.property)) found.set(entry.property, entry.value);
    }
    properties.merge(found);
}

}  // namespace dragoman::machine
