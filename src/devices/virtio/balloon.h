// virtio-balloon (virtio 1.2 §5.5): memory that the guest does without goes back to the host.
#pragma once

#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

struct BalloonOptions {
    bool deflate_on_oom = false;
    bool free_page_reporting = false;
};

class Balloon final : public VirtioDevice {
public:
    Balloon(memory::PhysicalSpace& space, const BalloonOptions& options);

    std::string describe() const override { return "virtio-balloon"; }

    /// Asks the guest to give up `bytes` in all. Any thread.
    void set_target(u64 bytes);
    /// What it has given up. Any thread.
    u64 given_up();

private:
    enum : unsigned { kInflate, kDeflate, kReporting };

    u64 device_features() const override;
    void fill_config(std::span<u8> config) override DRAGOMAN_REQUIRES(lock());
    u32 config_bytes() const override;
    void config_written(std::span<const u8> config) override DRAGOMAN_REQUIRES(lock());
    void queue_notified(unsigned index) override DRAGOMAN_REQUIRES(lock());
    void device_reset() override DRAGOMAN_REQUIRES(lock()) { actual_ = 0; }
    void visit_device(State& state) override DRAGOMAN_REQUIRES(lock());

    void give_back_pages() DRAGOMAN_REQUIRES(lock());
    void give_back(u64 address, u64 bytes);

    const BalloonOptions options_;
    u32 target_ DRAGOMAN_GUARDED_BY(lock()) = 0;  ///< pages
    u32 actual_ DRAGOMAN_GUARDED_BY(lock()) = 0;
    Chain chain_ DRAGOMAN_GUARDED_BY(lock());
};

}  // namespace dragoman::devices::virtio
