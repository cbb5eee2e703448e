// SiFive's test finisher: guests end or reset the machine by a store.
#pragma once

#include <functional>

#include "devices/device.h"

namespace dragoman::devices {

class TestFinisher final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x1000;
    static constexpr memory::MmioLimits kLimits{2, 4, false, false};
    enum class Action { Exit, Reset };
    using Callback = std::function<void(Action action, int status)>;

    /// @param finish  called on the hart's thread; returns soon (asks the machine to end, does not end it)
    explicit TestFinisher(Callback finish) : finish_(std::move(finish)) {}

    void reset() override {}
    void visit(State& state) override;
    std::string describe() const override { return "test finisher"; }
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    Callback finish_;
};

}  // namespace dragoman::devices
