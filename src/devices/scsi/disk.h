// A SCSI disk or CD-ROM drive: commands of SPC-3, SBC-3 and MMC-6 on an image.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"
#include "base/properties.h"
#include "devices/block/drives.h"

namespace dragoman::devices::scsi {

enum Status : u8 { kGood = 0x00, kCheckCondition = 0x02 };

/// Sense key and additional sense code with its qualifier (SPC-3 §4.5).
struct Sense {
    u8 key = 0, code = 0, qualifier = 0;
    /// In the fixed format.
    std::array<u8, 18> fixed() const;
};

struct Command {
    std::span<const u8> cdb;
    std::span<const iovec> out;  ///< data of the initiator
    std::span<const iovec> in;   ///< where data for it goes
};

struct Result {
    u8 status = kGood;
    Sense sense;
    u64 bytes = 0;  ///< of data that went over, in the one or the other direction
};

struct DiskOptions {
    bool cdrom = false;
    std::string serial, vendor = "QEMU", product, version = "2.5+";
    u32 logical_block = 512, physical_block = 512;  ///< bytes
    u64 wwn = 0;                                    ///< 0: none
    bool removable = false;
};

/// One logical unit. Commands are executed one at a time, on one thread.
class Disk {
public:
    Disk(const block::Drive& drive, DiskOptions options);
    /// `-device scsi-hd,drive=…` and scsi-cd; takes the properties that do not concern the bus. @throws FatalError
    static std::unique_ptr<Disk> make(block::Drives& drives, bool cdrom, Properties& properties);

    Result execute(const Command& command);
    std::string describe() const;

private:
    u64 blocks() const { return size_ / block_; }
    bool read_only() const { return options_.cdrom || image_ == nullptr || image_->read_only(); }

    Result fail(u8 key, u8 code, u8 qualifier = 0) const;
    Result invalid_field() const;
    Result send(const Command& command, std::span<const u8> data, u64 allocated) const;
    Result host_error(int error, bool write) const;

    Result inquiry(const Command& command) const;
    std::vector<u8> vital_page(u8 page) const;
    Result mode_sense(const Command& command, bool large) const;
    std::vector<u8> mode_page(u8 page, bool changeable) const;
    Result mode_select(const Command& command, bool large) const;
    Result request_sense(const Command& command) const;
    Result report_luns(const Command& command) const;
    Result read_capacity(const Command& command) const;
    Result read_capacity16(const Command& command) const;
    Result transfer(const Command& command, bool write);
    Result verify(const Command& command) const;
    Result write_same(const Command& command);
    Result unmap(const Command& command);
    Result synchronize();
    Result medium_command(const Command& command);
    Result cdrom_command(const Command& command) const;
    Result read_toc(const Command& command) const;

    const std::string drive_id_;
    const std::shared_ptr<block::Image> image_;  ///< null: no medium
    const DiskOptions options_;
    const bool writeback_, report_write_errors_, report_read_errors_;
    const u32 block_;
    const u64 size_;
    std::vector<iovec> pieces_;
};

}  // namespace dragoman::devices::scsi
