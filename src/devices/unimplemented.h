// A device that is not there, where software looks for one that it can do without: reads as zero, and takes what is
// written. Accesses are logged (-d unimp).
#pragma once

#include "devices/device.h"

namespace dragoman::devices {

class Unimplemented final : public Device, public memory::MmioHandler {
public:
    static constexpr memory::MmioLimits kLimits{1, 8, false, false};

    void reset() override {}
    void visit(State& state) override;
    std::string describe() const override { return "not implemented"; }
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
};

}  // namespace dragoman::devices
