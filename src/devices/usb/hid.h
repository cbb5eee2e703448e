// USB keyboard and tablet (Device Class Definition for Human Interface Devices 1.11).
#pragma once

#include <deque>

#include "base/mutex.h"
#include "devices/input/input.h"
#include "devices/usb/device.h"

namespace dragoman::devices::usb {

/// What keyboard and tablet share: reports that wait until the host asks.
class Hid : public Device, public input::Handler {
public:
    Packet in(unsigned number, std::span<u8> data) override;
    Packet out(unsigned, std::span<const u8>) override { return {Outcome::Stall, 0}; }
    void reset() override;
    void visit(State& state) override;
    bool active() override;

protected:
    static constexpr std::size_t kMaxReport = 8, kMaxWaiting = 64;
    using Report = std::vector<u8>;

    /// @param report_bytes  of each report
    Hid(std::string product, u8 product_id, u8 protocol, std::span<const u8> report_descriptor,
        std::size_t report_bytes);

    /// A report for the host; when too many wait, the last is replaced.
    void send(Report report);
    virtual Report current() const = 0;

    mutable Mutex lock_;

private:
    Packet interface_request(const Setup& setup, std::vector<u8>& data) override;

    const std::span<const u8> report_descriptor_;
    const std::size_t report_bytes_;
    const u8 boot_;
    std::deque<Report> waiting_ DRAGOMAN_GUARDED_BY(lock_);
    u8 idle_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u8 protocol_ DRAGOMAN_GUARDED_BY(lock_) = 1;
    bool configured_ DRAGOMAN_GUARDED_BY(lock_) = false;
};

}  // namespace dragoman::devices::usb
