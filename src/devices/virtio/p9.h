// virtio-9p: a folder of the host's, which the guest mounts by its tag. Requests are done by a thread of its own.
#pragma once

#include "base/properties.h"
#include "devices/block/worker.h"
#include "devices/virtio/p9_server.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

class P9 final : public VirtioDevice {
public:
    P9(memory::PhysicalSpace& space, const P9Export& options, std::string tag);
    ~P9() override;

    std::string describe() const override;

private:
    u64 device_features() const override;
    void fill_config(std::span<u8> config) override;
    u32 config_bytes() const override;
    void queue_notified(unsigned) override { worker_.kick(); }
    void device_reset() override { server_.reset(); }
    void work();

    std::string path_;
    std::string tag_;
    P9Server server_;
    Chain chain_;
    block::Worker worker_;
};

/// The -fsdev back ends of a machine.
class P9Exports {
public:
    /// `-fsdev local,id=…,path=…`, with the kind as the property "driver". @throws FatalError
    void add(Properties properties);
    /// Null when there is none of that name.
    const P9Export* find(std::string_view id) const;

private:
    std::vector<P9Export> exports_;
};

}  // namespace dragoman::devices::virtio
