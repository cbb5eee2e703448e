// virtio-scsi (virtio 1.2 §5.6): a bus of disks and CD-ROM drives. Requests are done by the device's own thread.
#pragma once

#include <map>

#include "devices/block/worker.h"
#include "devices/scsi/disk.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

struct ScsiOptions {
    u16 queue_size = 256;
    u32 seg_max = 0;  ///< buffers of a request at most; 0: as the queue has room for
    u32 max_sectors = 0xffff, cmd_per_lun = 128;
    TaskQueue* tasks = nullptr;  ///< who does the work; null: a thread of its own
};

class Scsi final : public VirtioDevice {
public:
    static constexpr u32 kMaxTarget = 255, kMaxLun = 16383;

    Scsi(memory::PhysicalSpace& space, const ScsiOptions& options);
    ~Scsi() override;

    std::string describe() const override;
    /// The first target without a unit; above kMaxTarget: there is none.
    u32 free_target() const;
    /// Puts a disk on the bus, before the machine runs. Without a target it is the first that is free. @returns what
    /// was wrong; empty: nothing
    std::string add(std::unique_ptr<scsi::Disk> disk, std::optional<u32> target, u32 lun);

private:
    static constexpr u32 kConfigBytes = 36;
    static constexpr unsigned kControl = 0, kEvent = 1, kRequests = 2;

    u64 device_features() const override { return 0; }
    void fill_config(std::span<u8> config) override DRAGOMAN_REQUIRES(lock());
    u32 config_bytes() const override { return kConfigBytes; }
    void config_written(std::span<const u8> config) override DRAGOMAN_REQUIRES(lock());
    void queue_notified(unsigned index) override DRAGOMAN_REQUIRES(lock());
    void device_reset() override DRAGOMAN_REQUIRES(lock());
    void visit_device(State& state) override DRAGOMAN_REQUIRES(lock());

    void work();
    void serve(unsigned queue, UniqueLock& held) DRAGOMAN_REQUIRES(lock());
    // The worker's
    u64 control(const Chain& chain);
    u64 request(const Chain& chain, u32 cdb_size, u32 sense_size, bool& good);
    scsi::Result execute(const scsi::Command& command, u32 target, u32 lun);
    scsi::Result report_luns(const scsi::Command& command, u32 target) const;
    bool has_target(u32 target) const;

    const ScsiOptions options_;
    std::map<std::pair<u32, u32>, std::unique_ptr<scsi::Disk>> disks_;  ///< by target and unit
    u32 cdb_size_ DRAGOMAN_GUARDED_BY(lock());
    u32 sense_size_ DRAGOMAN_GUARDED_BY(lock());
    Chain chain_;                  ///< the worker's
    std::vector<iovec> out_, in_;  ///< the worker's
    block::Worker worker_;
};

}  // namespace dragoman::devices::virtio
