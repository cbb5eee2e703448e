// virtio-blk (virtio 1.2 §5.2): a disk. Requests are done by the disk's own thread.
#pragma once

#include <array>

#include "base/properties.h"
#include "devices/block/drives.h"
#include "devices/block/worker.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

struct BlkOptions {
    std::string serial;  ///< at most 20 bytes
    u16 queue_size = 256;
    u32 logical_block = 512;  ///< bytes
    u32 physical_block = 512;
    u64 min_io = 0, opt_io = 0;  ///< bytes that the guest is advised to access at least, and best; 0: no advice
    bool config_wce = true;
    bool discard = true;
    bool write_zeroes = true;
};

class Blk final : public VirtioDevice {
public:
    Blk(memory::PhysicalSpace& space, const block::Drive& drive, const BlkOptions& options);
    /// `-device virtio-blk-device,drive=…`. @throws FatalError
    static std::unique_ptr<Blk> make(memory::PhysicalSpace& space, block::Drives& drives, Properties& properties);
    ~Blk() override;

    std::string describe() const override;

private:
    static constexpr u64 kFlush = feature(9), kConfigWce = feature(11);
    static constexpr unsigned kBatch = 32;
    static constexpr u64 kMostAtOnce = 16 << 10;
    struct Request {
        Chain chain;
        u64 written = 0;
    };

    u64 device_features() const override;
    void fill_config(std::span<u8> config) override;
    u32 config_bytes() const override;
    void config_written(std::span<const u8> config) override;
    void queue_notified(unsigned) override DRAGOMAN_REQUIRES(lock());
    void device_reset() override DRAGOMAN_REQUIRES(lock());
    void visit_device(State& state) override DRAGOMAN_REQUIRES(lock());

    bool read_at_once() DRAGOMAN_REQUIRES(lock());
    bool read_at_once(const Chain& chain) DRAGOMAN_REQUIRES(lock());
    void work();
    bool execute(Request& request);
    u8 perform(const Chain& chain, u32 type, u64 sector);
    u8 transfer(const Chain& chain, u32 type, u64 sector);
    u8 clear(const Chain& chain, u32 type);
    /// Whether a write may stay in the host's cache until the driver flushes. One that cannot flush has every write on
    /// the disk when it completes (§5.2.5.2).
    bool may_cache() const { return writeback_ && (has_feature(kFlush) || has_feature(kConfigWce)); }
    u8 status_of(int error, bool write) const;
    bool is_transfer(u64 sector, u64 bytes) const;
    bool in_range(u64 sector, u64 sectors) const { return sector <= sectors_ && sectors <= sectors_ - sector; }

    const std::string drive_id_;
    const bool drive_writeback_;
    const bool report_write_errors_, report_read_errors_;
    const std::shared_ptr<block::Image> image_;
    const BlkOptions options_;
    u64 sectors_;
    std::atomic<bool> writeback_;
    bool busy_ DRAGOMAN_GUARDED_BY(lock()) = false;  ///< the worker has been kicked and has not done all
    Chain chain_at_once_ DRAGOMAN_GUARDED_BY(lock());
    std::vector<iovec> pieces_at_once_ DRAGOMAN_GUARDED_BY(lock());
    std::array<Request, kBatch> batch_;  ///< the worker's
    std::vector<iovec> pieces_;          ///< the worker's
    block::Worker worker_;
    const bool may_read_at_once_;  ///< it depends on the host whether that can be done
};

}  // namespace dragoman::devices::virtio
