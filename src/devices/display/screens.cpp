#include "devices/display/screens.h"

namespace dragoman::devices::display {

Screen* Screens::find(const std::string& device, u32 head) const {
    if (device.empty() && head < all_.size()) return all_[head].screen;
    for (const Entry& entry : all_) {
        if (!device.empty() && entry.device == device && entry.head == head) return entry.screen;
    }
    return nullptr;
}

}  // namespace dragoman::devices::display
