// -global: values of drivers' properties for all devices that do not say otherwise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/properties.h"

namespace dragoman::machine {

class Globals {
public:
    /// "DRIVER.PROPERTY=VALUE", or "driver=DRIVER,property=PROPERTY,value=VALUE".
    /// @throws FatalError when it is neither, or there is no such driver or property
    void add(const std::string& option, const std::string& text);
    /// What was said of `driver`. Its messages begin with "-global DRIVER".
    Properties of(std::string_view driver) const;
    /// What was said of CPUs ("riscv-cpu"), as -cpu takes it: "smepmp=true,zicond=off".
    std::string of_cpus() const;
    /// Adds what was said of `drivers`, a device's own name and those of its kind, to what `properties` do not set.
    void complete(const std::vector<std::string_view>& drivers, Properties& properties) const;

private:
    struct Entry {
        std::string driver, property, value;
    };
    std::vector<Entry> entries_;
};

}  // namespace dragoman::machine
