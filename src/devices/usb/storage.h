// USB mass storage (Universal Serial Bus Mass Storage Class, Bulk-Only Transport 1.0): a SCSI disk behind two
// endpoints.
#pragma once

#include <memory>

#include "devices/scsi/disk.h"
#include "devices/usb/device.h"

namespace dragoman::devices::usb {

class Storage final : public Device {
public:
    explicit Storage(std::unique_ptr<scsi::Disk> disk, const std::string& serial);

    Packet in(unsigned number, std::span<u8> data) override;
    Packet out(unsigned number, std::span<const u8> data) override;
    void reset() override;
    void visit(State& state) override;
    std::string describe() const override { return "usb-storage, " + disk_->describe(); }

private:
    enum class Phase : u8 { Command, DataOut, DataIn, Status };

    Packet interface_request(const Setup& setup, std::vector<u8>& data) override;
    Packet begin(std::span<const u8> wrapper);
    void execute();

    static constexpr u32 kMostData = 16 << 20;  ///< bytes of one command

    const std::unique_ptr<scsi::Disk> disk_;
    Phase phase_ = Phase::Command;
    u32 tag_ = 0, length_ = 0, residue_ = 0;
    u8 status_ = 0;
    std::array<u8, 16> command_{};
    u8 command_bytes_ = 0;
    std::vector<u8> data_;
    u64 done_ = 0;  ///< bytes of data_ that have gone over
    scsi::Sense sense_;
};

}  // namespace dragoman::devices::usb
