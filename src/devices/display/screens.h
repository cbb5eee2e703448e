// The screens of a machine, by the devices that they belong to.
#pragma once

#include <string>
#include <vector>

#include "devices/display/screen.h"

namespace dragoman::devices::display {

/// Devices come before the machine runs; others look afterwards.
class Screens {
public:
    struct Entry {
        std::string device;  ///< its -device id; empty when it has none
        u32 head = 0;        ///< number among the device's screens
        Screen* screen = nullptr;
    };

    /// `screen` lasts as long as the machine runs.
    void add(std::string device, u32 head, Screen& screen) { all_.push_back({std::move(device), head, &screen}); }
    const std::vector<Entry>& all() const { return all_; }
    /// The one of that device and head; of the first device when `device` is empty. Null: there is none.
    Screen* find(const std::string& device, u32 head) const;

private:
    std::vector<Entry> all_;
};

}  // namespace dragoman::devices::display
