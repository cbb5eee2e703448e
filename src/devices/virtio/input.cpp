#include "devices/virtio/input.h"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <cstring>

#include "devices/input/keys.h"
#include "devices/state.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kDeviceId = 18;
constexpr u16 kQueueSizes[] = {64, 64};

enum ConfigSelect : u8 {  // §5.8.4
    kName = 0x01,
    kSerial = 0x02,
    kIds = 0x03,
    kEventBits = 0x11,
    kAbsoluteInfo = 0x12,
};
constexpr u32 kSelectAt = 0, kSubselectAt = 1, kSizeAt = 2, kDataAt = 8, kDataBytes = 128;
constexpr u16 kBusVirtual = 0x06, kVendor = 0x0627;

/// What a button is for the guest, by its number in input::Button; 0: nothing.
constexpr u16 kButtonCodes[] = {BTN_LEFT, BTN_MIDDLE, BTN_RIGHT, BTN_GEAR_UP, BTN_GEAR_DOWN, BTN_SIDE, BTN_EXTRA, 0, 0};

struct Model {
    std::string_view name, text;
    u16 product, version;
};
constexpr Model kModels[] = {{"virtio-keyboard", "QEMU Virtio Keyboard", 1, 1},
                             {"virtio-mouse", "QEMU Virtio Mouse", 2, 2},
                             {"virtio-tablet", "QEMU Virtio Tablet", 3, 2}};

const Model& model_of(InputKind kind) { return kModels[static_cast<unsigned>(kind)]; }

void set_bit(std::vector<u8>& bits, unsigned number) {
    if (bits.size() <= number / 8) bits.resize(number / 8 + 1);
    bits[number / 8] |= static_cast<u8>(1 << number % 8);
}

std::vector<u8> words(std::initializer_list<u32> values) {
    std::vector<u8> bytes(4 * values.size());
    std::memcpy(bytes.data(), values.begin(), bytes.size());
    return bytes;
}

std::vector<u8> half_words(std::initializer_list<u16> values) {
    std::vector<u8> bytes(2 * values.size());
    std::memcpy(bytes.data(), values.begin(), bytes.size());
    return bytes;
}

}  // namespace

InputDevice::InputDevice(memory::PhysicalSpace& space, InputKind kind, std::string serial)
    : VirtioDevice(space, kDeviceId, kQueueSizes), kind_(kind), serial_(std::move(serial)) {}

std::string InputDevice::describe() const { return std::string(model_of(kind_).name); }

std::string InputDevice::input_name() const { return std::string(model_of(kind_).text); }

u32 InputDevice::config_bytes() const { return kDataAt + kDataBytes; }

std::vector<u8> InputDevice::event_bits(unsigned type) const {
    std::vector<u8> bits;
    const bool pointer = kind_ != InputKind::Keyboard;
    if (type == EV_KEY && !pointer) {
        for (const input::Key& key : input::keys()) set_bit(bits, key.code);
    } else if (type == EV_KEY) {
        for (u16 code : kButtonCodes) {
            if (code != 0) set_bit(bits, code);
        }
    } else if (type == EV_REP && !pointer) {
        bits.push_back(0);  // that there is one byte says that keys repeat
    } else if (type == EV_LED && !pointer) {
        for (unsigned led : {LED_NUML, LED_CAPSL, LED_SCROLLL}) set_bit(bits, led);
    } else if (type == EV_REL && pointer) {
        if (kind_ == InputKind::Mouse) set_bit(bits, REL_X), set_bit(bits, REL_Y);
        set_bit(bits, REL_WHEEL);
    } else if (type == EV_ABS && kind_ == InputKind::Tablet) {
        set_bit(bits, ABS_X), set_bit(bits, ABS_Y);
    }
    return bits;
}

std::vector<u8> InputDevice::config_data() const {
    const Model& model = model_of(kind_);
    if (select_ == kEventBits) return event_bits(subselect_);
    if (select_ == kAbsoluteInfo) {
        const bool axis = kind_ == InputKind::Tablet && subselect_ <= ABS_Y;
        return axis ? words({0, input::Event::kAbsoluteMax, 0, 0, 0}) : std::vector<u8>();
    }
    if (subselect_ != 0) return {};
    if (select_ == kName) return {model.text.begin(), model.text.end()};
    if (select_ == kSerial) return {serial_.begin(), serial_.end()};
    if (select_ == kIds) return half_words({kBusVirtual, kVendor, model.product, model.version});
    return {};
}

void InputDevice::fill_config(std::span<u8> config) {
    const std::vector<u8> data = config_data();
    config[kSelectAt] = select_;
    config[kSubselectAt] = subselect_;
    config[kSizeAt] = static_cast<u8>(data.size());
    std::copy(data.begin(), data.end(), config.begin() + kDataAt);
}

void InputDevice::config_written(std::span<const u8> config) {
    select_ = config[kSelectAt];
    subselect_ = config[kSubselectAt];
}

/// LEDs: taken, for there is nobody who looks.
void InputDevice::queue_notified(unsigned index) {
    if (index != kStatus) return flush();
    do {
        while (pop(index, chain_)) own_queue(index).push(chain_, 0);
        publish(index);
    } while (request_notifications(index));
}

void InputDevice::device_reset() {
    select_ = subselect_ = 0;
    waiting_.clear();
    chains_.clear();
}

void InputDevice::visit_device(State& state) {
    state.field("select", select_);
    state.field("subselect", subselect_);
    const u32 count = state.peek("waiting", static_cast<u32>(waiting_.size()), kMostWaiting);
    std::deque<GuestEvent> waiting = waiting_;
    waiting.resize(std::min<std::size_t>(count, kMostWaiting));
    for (GuestEvent& event : waiting) {
        event.type = state.peek("type", event.type);
        event.code = state.peek("code", event.code);
        event.value = state.peek("value", event.value);
    }
    if (!waiting.empty() && waiting.back().type != EV_SYN) state.refuse("events without a report");
    if (state.loading()) waiting_ = std::move(waiting);
}

bool InputDevice::takes(input::Event::Kind kind) const {
    switch (kind) {
        case input::Event::Kind::Key: return kind_ == InputKind::Keyboard;
        case input::Event::Kind::Button: return kind_ != InputKind::Keyboard;
        case input::Event::Kind::Relative: return kind_ == InputKind::Mouse;
        case input::Event::Kind::Absolute: return kind_ == InputKind::Tablet;
    }
    return false;
}

bool InputDevice::active() {
    LockGuard held(lock());
    return running() && (status() & kStatusDriverOk) != 0;
}

void InputDevice::translate(const input::Event& event, std::vector<GuestEvent>& out) const {
    const u32 value = static_cast<u32>(event.value);
    switch (event.kind) {
        case input::Event::Kind::Key: out.push_back({EV_KEY, event.code, value}); break;
        case input::Event::Kind::Relative: out.push_back({EV_REL, event.code, value}); break;
        case input::Event::Kind::Absolute: out.push_back({EV_ABS, event.code, value}); break;
        case input::Event::Kind::Button: {
            const auto button = static_cast<input::Button>(event.code);
            const bool up = button == input::Button::WheelUp, down = button == input::Button::WheelDown;
            if (up || down) {
                if (value != 0) out.push_back({EV_REL, REL_WHEEL, up ? 1 : ~u32{0}});
            } else if (u16 code = kButtonCodes[event.code % std::size(kButtonCodes)]) {
                out.push_back({EV_KEY, code, value});
            }
            break;
        }
    }
}

void InputDevice::receive(std::span<const input::Event> events) {
    std::vector<GuestEvent> group;
    for (const input::Event& event : events) {
        if (takes(event.kind)) translate(event, group);
    }
    if (group.empty()) return;
    group.push_back({EV_SYN, SYN_REPORT, 0});
    LockGuard held(lock());
    if (!running() || waiting_.size() + group.size() > kMostWaiting) return;
    waiting_.insert(waiting_.end(), group.begin(), group.end());
    flush();
}

/// Gives what waits to the guest, by groups: a part of one would be wrong.
void InputDevice::flush() {
    do {
        while (!waiting_.empty()) {
            auto is_end = [](const GuestEvent& event) { return event.type == EV_SYN; };
            const auto end = std::find_if(waiting_.begin(), waiting_.end(), is_end) + 1;
            const auto count = static_cast<std::size_t>(end - waiting_.begin());
            while (chains_.size() < count && pop(kEvents, chain_)) chains_.push_back(chain_);
            if (chains_.size() < count) break;
            for (std::size_t i = 0; i < count; i++) {
                const GuestEvent event = waiting_[i];
                own_queue(kEvents).push(chains_[i], chains_[i].writable.copy_from(0, &event, sizeof event));
            }
            chains_.erase(chains_.begin(), chains_.begin() + static_cast<std::ptrdiff_t>(count));
            waiting_.erase(waiting_.begin(), end);
        }
        publish(kEvents);
    } while (!waiting_.empty() && request_notifications(kEvents));
}

u16 InputDevice::held_chains(unsigned index) const {
    return index == kEvents ? static_cast<u16>(chains_.size()) : u16{0};
}

}  // namespace dragoman::devices::virtio
