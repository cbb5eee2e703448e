// ramfb: a screen that is a piece of the guest's memory; firmware says where through fw_cfg's file "etc/ramfb" (QEMU
// docs/specs/ramfb).
#pragma once

#include <atomic>
#include <span>

#include "base/mutex.h"
#include "devices/device.h"
#include "devices/display/screen.h"
#include "devices/fw_cfg.h"

namespace dragoman::devices::display {

class Ramfb final : public Device, public Screen {
public:
    explicit Ramfb(memory::PhysicalSpace& space) : space_(space) {}

    /// @returns false when there is one already
    bool connect(FwCfg& fw_cfg);

    void reset() override {}                  // the file goes with fw_cfg,
    void visit(State& /*state*/) override {}  // which also has the state
    std::string describe() const override { return "ramfb"; }

    void capture(Frame& frame) override;
    /// Nobody tells when the guest draws.
    u64 generation() override { return generation_.fetch_add(1, std::memory_order_relaxed); }

private:
    struct Mode {
        u64 address = 0;
        u32 width = 0, height = 0, stride = 0;
    };
    void set_mode(std::span<const u8> file);

    memory::PhysicalSpace& space_;
    Mutex lock_;
    Mode mode_ DRAGOMAN_GUARDED_BY(lock_);  ///< width 0: none
    std::atomic<u64> generation_{1};
};

}  // namespace dragoman::devices::display
