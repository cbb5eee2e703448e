#include "devices/pci/bus.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "devices/pci/host.h"

namespace dragoman::devices::pci {

namespace {

constexpr unsigned kSlots = 32, kFunctions = 8;
constexpr unsigned kSecondaryBusNumber = 0x19;

std::string place(unsigned devfn) {
    char text[16];
    std::snprintf(text, sizeof text, "%x.%x", devfn >> 3, devfn & 7);
    return text;
}

std::string name_of(const Function& function) {
    return function.model() + (function.id().empty() ? "" : ",id=" + function.id());
}

}  // namespace

Bus::Bus(std::string name, Host& host, Function* bridge) : name_(std::move(name)), host_(host), bridge_(bridge) {
    host.add_bus(*this);
}

Bus::~Bus() { host_.remove_bus(*this); }

unsigned Bus::number() const { return bridge_ != nullptr ? bridge_->peek(kSecondaryBusNumber, 1) : 0; }

Bus::Place Bus::choose(Properties& properties) const {
    const bool multifunction = properties.take_bool("multifunction", false);
    // A port has one link, at the other end of which is slot 0.
    const unsigned slots = is_root() ? kSlots : 1;
    auto slot_taken = [&](unsigned slot) {
        return std::any_of(&functions_[slot * kFunctions], &functions_[slot * kFunctions] + kFunctions,
                           [](const Function* function) { return function != nullptr; });
    };
    std::optional<std::string> text = properties.take("addr");
    if (!text) {
        for (unsigned slot = 0; slot < slots; slot++) {
            if (!slot_taken(slot)) return {static_cast<u8>(slot * kFunctions), multifunction};
        }
        properties.fail("no slot of bus " + name_ + " is free");
    }
    unsigned slot = 0, number = 0;
    int end = 0;
    bool parsed = std::sscanf(text->c_str(), "%x%n", &slot, &end) == 1;
    if (parsed && (*text)[static_cast<std::size_t>(end)] == '.') {
        int more = 0;
        parsed = std::sscanf(text->c_str() + end, ".%x%n", &number, &more) == 1;
        end += more;
    }
    if (!parsed || static_cast<std::size_t>(end) != text->size() || slot >= kSlots || number >= kFunctions)
        properties.fail("addr=" + *text + ": not of the form SLOT[.FUNCTION], hexadecimal, up to 1f.7");
    if (slot >= slots) properties.fail("addr=" + *text + ": bus " + name_ + " has slot 0 only");
    u8 devfn = static_cast<u8>(slot * kFunctions + number);
    if (const Function* there = functions_[devfn])
        properties.fail("addr=" + *text + ": is in use by " + name_of(*there));
    const Function* first = functions_[slot * kFunctions];
    if (number != 0 && first != nullptr && !first->multifunction())
        properties.fail("addr=" + *text + ": " + name_of(*first) + " at " + place(slot * kFunctions) +
                        " is not multifunction=on");
    if (number == 0 && !multifunction && slot_taken(slot))
        properties.fail("addr=" + *text + ": other functions of the slot are in use: needs multifunction=on");
    return {devfn, multifunction};
}

void Bus::plug(Function& function, const Place& place) {
    DRAGOMAN_ASSERT(functions_[place.devfn] == nullptr);
    LockGuard held(host_.lock());
    if (place.multifunction) function.set_multifunction();
    functions_[place.devfn] = &function;
    function.bus_ = this;
    function.devfn_ = place.devfn;
    host_.add_bars(function);
    if (bridge_ != nullptr) bridge_->children_changed();
}

void Bus::unplug(Function& function) {
    if (functions_[function.devfn_] != &function) return;
    LockGuard held(host_.lock());
    functions_[function.devfn_] = nullptr;
    host_.remove_bars(function);
    if (bridge_ != nullptr) bridge_->children_changed();
}

bool Bus::empty() const {
    return std::none_of(functions_.begin(), functions_.end(), [](const Function* one) { return one != nullptr; });
}

void Bus::set_intx(unsigned slot, unsigned pin, bool level) {
    // Every bridge on the way turns the pins by its slot (PCI-to-PCI Bridge Architecture 1.2 §9.1).
    unsigned turned = (slot + pin) % 4;
    if (bridge_ != nullptr) bridge_->bus()->set_intx(bridge_->slot(), turned, level);
    else host_.set_intx(turned, level);
}

}  // namespace dragoman::devices::pci
