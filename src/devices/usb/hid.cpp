#include "devices/usb/hid.h"

#include <algorithm>

#include "devices/state.h"

namespace dragoman::devices::usb {

namespace {

enum Request : u8 {  // HID 1.11 §7.2
    kGetReport = 0x01,
    kGetIdle = 0x02,
    kGetProtocol = 0x03,
    kSetReport = 0x09,
    kSetIdle = 0x0a,
    kSetProtocol = 0x0b,
};
constexpr u8 kGetDescriptor = 0x06, kHidDescriptor = 0x21, kReportDescriptor = 0x22;
constexpr u8 kVendorLow = 0x27, kVendorHigh = 0x06;

/// With the device descriptor of USB 2.0 §9.6.1, and one configuration: interface, HID, endpoint.
Descriptors make_descriptors(std::string product, u8 product_id, u8 boot, u8 protocol, std::size_t report_descriptor,
                             std::size_t report_bytes) {
    Descriptors all;
    all.device = {18, 1, 0, 2, 0, 0, 0, 64, kVendorLow, kVendorHigh, product_id, 0, 0, 0, 1, 2, 3, 1};
    all.configuration = {9, 2, 34, 0, 1, 1, 0, 0xa0, 50};
    const u8 length = static_cast<u8>(report_descriptor);
    const std::array<u8, 25> rest = {9,
                                     4,
                                     0,
                                     0,
                                     1,
                                     3,
                                     boot,
                                     protocol,
                                     0,  // interface
                                     9,
                                     kHidDescriptor,
                                     0x11,
                                     0x01,
                                     0,
                                     1,
                                     kReportDescriptor,
                                     length,
                                     0,  // HID
                                     7,
                                     5,
                                     0x81,
                                     3,
                                     static_cast<u8>(report_bytes),
                                     0,
                                     7};  // endpoint
    all.configuration.insert(all.configuration.end(), rest.begin(), rest.end());
    all.strings = {"QEMU", std::move(product), "1"};
    return all;
}

}  // namespace

Hid::Hid(std::string product, u8 product_id, u8 protocol, std::span<const u8> report_descriptor,
         std::size_t report_bytes)
    : Device(Speed::High, make_descriptors(std::move(product), product_id, protocol != 0 ? 1 : 0, protocol,
                                           report_descriptor.size(), report_bytes)),
      report_descriptor_(report_descriptor),
      report_bytes_(report_bytes),
      boot_(protocol) {}

void Hid::reset() {
    Device::reset();
    LockGuard held(lock_);
    waiting_.clear();
    idle_ = 0;
    protocol_ = 1;
    configured_ = false;
}

bool Hid::active() {
    LockGuard held(lock_);
    return configured_;
}

void Hid::send(Report report) {
    {
        LockGuard held(lock_);
        if (!configured_) return;
        if (waiting_.size() == kMaxWaiting) waiting_.pop_back();
        waiting_.push_back(std::move(report));
    }
    wake();
}

Packet Hid::in(unsigned number, std::span<u8> data) {
    if (number != 1) return {Outcome::Stall, 0};
    LockGuard held(lock_);
    configured_ = true;  // a driver asks
    if (waiting_.empty()) return {Outcome::Nak, 0};
    const std::size_t bytes = std::min(data.size(), waiting_.front().size());
    std::copy_n(waiting_.front().begin(), bytes, data.begin());
    waiting_.pop_front();
    return {Outcome::Done, bytes};
}

Packet Hid::interface_request(const Setup& setup, std::vector<u8>& data) {
    const bool standard = (setup.type & 0x60) == 0;
    if (standard) {
        if (setup.request != kGetDescriptor) return {Outcome::Stall, 0};
        if (setup.value >> 8 == kReportDescriptor) return give(setup, report_descriptor_, data);
        return {Outcome::Stall, 0};
    }
    const Report now = current();
    LockGuard held(lock_);
    switch (setup.request) {
        case kGetReport: return give(setup, now, data);
        case kGetIdle: return give(setup, {&idle_, 1}, data);
        case kGetProtocol: return give(setup, {&protocol_, 1}, data);
        case kSetIdle: idle_ = static_cast<u8>(setup.value >> 8); return {};
        case kSetProtocol: protocol_ = static_cast<u8>(setup.value & 1); return {};
        case kSetReport: return {Outcome::Done, data.size()};  // LEDs
        default: return {Outcome::Stall, 0};
    }
}

void Hid::visit(State& state) {
    state.field("configuration", configuration());
    LockGuard held(lock_);
    state.field("idle", idle_);
    state.field("protocol", protocol_, 1);
    state.field("configured", configured_);
    const u32 count = state.peek("reports", static_cast<u32>(waiting_.size()), kMaxWaiting);
    std::deque<Report> reports = waiting_;
    reports.resize(std::min<std::size_t>(count, kMaxWaiting), Report(report_bytes_));
    for (Report& report : reports) state.bytes("report", report);
    if (state.loading()) waiting_ = std::move(reports);
}

}  // namespace dragoman::devices::usb
