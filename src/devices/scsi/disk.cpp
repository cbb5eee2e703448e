#include "devices/scsi/disk.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "base/big_endian.h"
#include "devices/iov.h"

namespace dragoman::devices::scsi {

namespace {

enum Operation : u8 {
    kTestUnitReady = 0x00,
    kRequestSense = 0x03,
    kRead6 = 0x08,
    kWrite6 = 0x0a,
    kInquiry = 0x12,
    kModeSelect6 = 0x15,
    kModeSense6 = 0x1a,
    kStartStop = 0x1b,
    kPreventRemoval = 0x1e,
    kReadCapacity10 = 0x25,
    kRead10 = 0x28,
    kWrite10 = 0x2a,
    kWriteVerify10 = 0x2e,
    kVerify10 = 0x2f,
    kSynchronize10 = 0x35,
    kWriteSame10 = 0x41,
    kUnmap = 0x42,
    kReadToc = 0x43,
    kGetConfiguration = 0x46,
    kGetEventStatus = 0x4a,
    kReadDiscInformation = 0x51,
    kModeSelect10 = 0x55,
    kModeSense10 = 0x5a,
    kRead16 = 0x88,
    kWrite16 = 0x8a,
    kWriteVerify16 = 0x8e,
    kVerify16 = 0x8f,
    kSynchronize16 = 0x91,
    kWriteSame16 = 0x93,
    kServiceIn16 = 0x9e,
    kReportLuns = 0xa0,
    kRead12 = 0xa8,
    kWrite12 = 0xaa,
};

enum SenseKey : u8 { kNotReady = 0x02, kMediumError = 0x03, kIllegalRequest = 0x05, kDataProtect = 0x07 };

constexpr u8 kDiskType = 0x00, kCdromType = 0x05;
constexpr u8 kReadCapacity16 = 0x10;  // service action
constexpr u32 kCdromBlock = 2048;
constexpr u64 kMaxUnmapBlocks = (u64{1} << 30) / 512;
constexpr u32 kMaxUnmapDescriptors = 255;
constexpr u64 kClearAtOnce = 1 << 20;  // bytes

void set_text(std::vector<u8>& to, std::size_t at, std::string_view text, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; i++) to[at + i] = i < text.size() ? static_cast<u8>(text[i]) : ' ';
}

/// How long commands of a group are (SPC-3 §4.3.2).
std::size_t cdb_bytes(u8 operation) {
    switch (operation >> 5) {
        case 0: return 6;
        case 1:
        case 2: return 10;
        case 4: return 16;
        case 5: return 12;
        default: return 6;
    }
}

/// Where a command about blocks says which.
struct Range {
    u64 block, count;
};
Range range_of(std::span<const u8> cdb) {
    switch (cdb_bytes(cdb[0])) {
        case 6: return {get_be24(cdb, 1) & 0x1fffff, cdb[4] != 0 ? cdb[4] : u64{256}};
        case 10: return {get_be32(cdb, 2), get_be16(cdb, 7)};
        case 12: return {get_be32(cdb, 2), get_be32(cdb, 6)};
        default: return {get_be64(cdb, 2), get_be32(cdb, 10)};
    }
}

}  // namespace

std::array<u8, 18> Sense::fixed() const {
    std::array<u8, 18> bytes{};
    bytes[0] = 0x70;
    bytes[2] = key;
    bytes[7] = 10;
    bytes[12] = code;
    bytes[13] = qualifier;
    return bytes;
}

Disk::Disk(const block::Drive& drive, DiskOptions options)
    : drive_id_(drive.id),
      image_(drive.image),
      options_(std::move(options)),
      writeback_(drive.writeback),
      report_write_errors_(drive.report_write_errors),
      report_read_errors_(drive.report_read_errors),
      block_(options_.cdrom ? kCdromBlock : options_.logical_block),
      size_(image_ != nullptr ? image_->size() / block_ * block_ : 0) {}

std::unique_ptr<Disk> Disk::make(block::Drives& drives, bool cdrom, Properties& properties) {
    DiskOptions options;
    options.cdrom = cdrom;
    options.removable = properties.take_bool("removable", cdrom);
    options.serial = properties.take("serial", "");
    if (options.serial.size() > 36) properties.fail("serial=" + options.serial + ": longer than 36 bytes");
    options.vendor = properties.take("vendor", options.vendor);
    options.product = properties.take("product", cdrom ? "QEMU CD-ROM" : "QEMU HARDDISK");
    options.version = properties.take("ver", options.version);
    options.wwn = properties.take_number("wwn", 0);
    options.logical_block = static_cast<u32>(properties.take_size("logical_block_size", 512));
    options.physical_block = static_cast<u32>(properties.take_size("physical_block_size", options.logical_block));
    for (u32 bytes : {options.logical_block, options.physical_block}) {
        if (bytes < 512 || bytes > 32768 || !std::has_single_bit(bytes))
            properties.fail("block sizes are powers of two from 512 to 32768");
    }
    if (options.physical_block < options.logical_block)
        properties.fail("physical_block_size is below logical_block_size");
    const std::optional<std::string> name = properties.take("drive");
    if (!name && !cdrom) properties.fail("no drive=");
    static const block::Drive kEmpty{};
    const block::Drive& drive = name ? drives.take(*name) : kEmpty;
    if (drive.image == nullptr && !cdrom) properties.fail("drive=" + *name + " has no image");
    return std::make_unique<Disk>(drive, std::move(options));
}

std::string Disk::describe() const {
    if (image_ == nullptr) return "scsi-cd, empty";
    return std::string(options_.cdrom ? "scsi-cd" : "scsi-hd") + ", drive " + drive_id_;
}

Result Disk::fail(u8 key, u8 code, u8 qualifier) const { return {kCheckCondition, {key, code, qualifier}, 0}; }

Result Disk::invalid_field() const { return fail(kIllegalRequest, 0x24); }

/// Data that the initiator gets as far as it wants it (`allocated`) and has room.
Result Disk::send(const Command& command, std::span<const u8> data, u64 allocated) const {
    const u64 bytes = std::min<u64>(data.size(), allocated);
    return {kGood, {}, copy_to_iov(command.in, 0, data.data(), bytes)};
}

Result Disk::host_error(int error, bool write) const {
    if (error == 0 || !(write ? report_write_errors_ : report_read_errors_)) return {};
    return write ? fail(kMediumError, 0x0c) : fail(kMediumError, 0x11);
}

Result Disk::execute(const Command& command) {
    const std::span<const u8> cdb = command.cdb;
    if (cdb.empty() || cdb.size() < cdb_bytes(cdb[0])) return fail(kIllegalRequest, 0x20);
    switch (cdb[0]) {
        case kInquiry: return inquiry(command);
        case kRequestSense: return request_sense(command);
        case kReportLuns: return report_luns(command);
        case kModeSense6: return mode_sense(command, false);
        case kModeSense10: return mode_sense(command, true);
        case kModeSelect6: return mode_select(command, false);
        case kModeSelect10: return mode_select(command, true);
        case kStartStop:
        case kPreventRemoval: return {};
        case kGetConfiguration:
        case kGetEventStatus: return options_.cdrom ? cdrom_command(command) : fail(kIllegalRequest, 0x20);
        default: break;
    }
    if (image_ == nullptr) return fail(kNotReady, 0x3a);  // medium not present
    return medium_command(command);
}

Result Disk::medium_command(const Command& command) {
    switch (command.cdb[0]) {
        case kTestUnitReady: return {};
        case kRead6:
        case kRead10:
        case kRead12:
        case kRead16: return transfer(command, false);
        case kWrite6:
        case kWrite10:
        case kWrite12:
        case kWrite16:
        case kWriteVerify10:
        case kWriteVerify16: return transfer(command, true);
        case kVerify10:
        case kVerify16: return verify(command);
        case kSynchronize10:
        case kSynchronize16: return synchronize();
        case kReadCapacity10: return read_capacity(command);
        case kServiceIn16:
            return (command.cdb[1] & 0x1f) == kReadCapacity16 ? read_capacity16(command) : invalid_field();
        case kWriteSame10:
        case kWriteSame16: return write_same(command);
        case kUnmap: return unmap(command);
        case kReadToc:
        case kReadDiscInformation: return options_.cdrom ? cdrom_command(command) : fail(kIllegalRequest, 0x20);
        default: return fail(kIllegalRequest, 0x20);  // invalid operation code
    }
}

Result Disk::inquiry(const Command& command) const {
    const u16 allocated = get_be16(command.cdb, 3);
    const bool vital = (command.cdb[1] & 1) != 0;
    if (vital) {
        const std::vector<u8> page = vital_page(command.cdb[2]);
        return page.empty() ? invalid_field() : send(command, page, allocated);
    }
    if (command.cdb[2] != 0) return invalid_field();
    std::vector<u8> data(36);
    data[0] = options_.cdrom ? kCdromType : kDiskType;
    data[1] = options_.removable ? 0x80 : 0;
    data[2] = 5;     // SPC-3
    data[3] = 0x12;  // hierarchical addressing, this format
    data[4] = static_cast<u8>(data.size() - 5);
    data[7] = 0x02;  // tagged commands
    set_text(data, 8, options_.vendor, 8);
    set_text(data, 16, options_.product, 16);
    set_text(data, 32, options_.version, 4);
    return send(command, data, allocated);
}

/// A page of vital product data (SPC-3 §7.6, SBC-3 §6.5); empty: there is none of that number.
std::vector<u8> Disk::vital_page(u8 page) const {
    std::vector<u8> data(4);
    switch (page) {
        case 0x00:
            data.push_back(0x00);
            if (!options_.serial.empty()) data.push_back(0x80);
            data.push_back(0x83);
            if (!options_.cdrom) data.insert(data.end(), {0xb0, 0xb1, 0xb2});
            break;
        case 0x80:
            if (options_.serial.empty()) return {};
            data.insert(data.end(), options_.serial.begin(), options_.serial.end());
            break;
        case 0x83: {
            const std::string name = options_.serial.empty() ? drive_id_ : options_.serial;
            const std::size_t bytes = std::min<std::size_t>(name.size(), 255 - 8);
            if (bytes != 0) {
                data.insert(data.end(), {2, 0, 0, static_cast<u8>(bytes)});  // ASCII, vendor specific
                data.insert(data.end(), name.begin(), name.begin() + static_cast<std::ptrdiff_t>(bytes));
            }
            if (options_.wwn != 0) {
                data.insert(data.end(), {1, 3, 0, 8});  // binary, NAA
                data.resize(data.size() + 8);
                set_be(data, data.size() - 8, options_.wwn, 8);
            }
            break;
        }
        case 0xb0:  // block limits
            if (options_.cdrom) return {};
            data.resize(64);
            set_be(data, 20, kMaxUnmapBlocks, 4);
            set_be(data, 24, kMaxUnmapDescriptors, 4);
            set_be(data, 28, 4096 / std::min(block_, 4096u), 4);
            set_be(data, 36, kMaxUnmapBlocks, 8);  // of write same
            break;
        case 0xb1:  // block device characteristics: no rotation rate reported
            if (options_.cdrom) return {};
            data.resize(64);
            break;
        case 0xb2:  // logical block provisioning: unmap, write same(16), write same(10); thin
            if (options_.cdrom) return {};
            data.resize(8);
            data[5] = 0xe0;
            data[6] = 2;
            break;
        default: return {};
    }
    data[0] = options_.cdrom ? kCdromType : kDiskType;
    data[1] = page;
    set_be(data, 2, data.size() - 4, 2);
    return data;
}

/// SPC-3 §7.4; empty: there is none of that number.
std::vector<u8> Disk::mode_page(u8 page, bool changeable) const {
    if (page == 0x08 && !options_.cdrom) {  // caching
        std::vector<u8> data(20);
        data[0] = page, data[1] = 18;
        if (!changeable && writeback_) data[2] = 4;  // WCE
        return data;
    }
    if (page == 0x2a && options_.cdrom) {  // capabilities
        std::vector<u8> data(22);
        data[0] = page, data[1] = 20;
        if (changeable) return data;
        data[2] = 3;               // reads CD-R and CD-RW
        data[4] = 0x70;            // mode 2 form 1 and 2, several sessions
        data[6] = 0x29;            // tray, eject, lock
        set_be(data, 8, 706, 2);   // kB/s
        set_be(data, 12, 512, 2);  // kB of buffer
        set_be(data, 14, 706, 2);
        return data;
    }
    return {};
}

Result Disk::mode_sense(const Command& command, bool large) const {
    const u8 page = command.cdb[2] & 0x3f, control = command.cdb[2] >> 6;
    const bool no_descriptor = (command.cdb[1] & 8) != 0;
    if (control == 3) return fail(kIllegalRequest, 0x39);  // saving is not supported
    std::vector<u8> data(large ? 8 : 4);
    const u8 specific = options_.cdrom ? 0 : static_cast<u8>((read_only() ? 0x80 : 0) | 0x10);  // FUA is taken
    data[large ? 3 : 2] = specific;
    if (!no_descriptor && !options_.cdrom) {
        const std::size_t at = data.size();
        data[large ? 7 : 3] = 8;
        data.resize(at + 8);
        set_be(data, at, blocks() > 0xffffff ? 0 : blocks(), 4);
        set_be(data, at + 5, block_, 3);
    }
    bool found = page == 0x3f;
    for (u8 one : {u8{0x08}, u8{0x2a}}) {
        if (page != 0x3f && page != one) continue;
        const std::vector<u8> part = mode_page(one, control == 1);
        found |= !part.empty();
        data.insert(data.end(), part.begin(), part.end());
    }
    if (!found) return invalid_field();
    if (large) set_be(data, 0, data.size() - 2, 2);
    else data[0] = static_cast<u8>(data.size() - 1);
    return send(command, data, large ? get_be16(command.cdb, 7) : command.cdb[4]);
}

/// Nothing can be changed: what is sent is taken when it has that form.
Result Disk::mode_select(const Command& command, bool large) const {
    const u64 bytes = large ? get_be16(command.cdb, 7) : command.cdb[4];
    return {kGood, {}, std::min(bytes, total_bytes(command.out))};
}

/// What was wrong has been told with the command.
Result Disk::request_sense(const Command& command) const {
    const Sense sense = image_ != nullptr ? Sense{} : Sense{kNotReady, 0x3a, 0};
    return send(command, sense.fixed(), command.cdb[4]);
}

/// Of a target with this unit alone; a bus that has more answers itself.
Result Disk::report_luns(const Command& command) const {
    std::vector<u8> data(16);
    data[3] = 8;
    return send(command, data, get_be32(command.cdb, 6));
}

Result Disk::read_capacity(const Command& command) const {
    if (blocks() == 0) return fail(kNotReady, 0x3a);
    std::vector<u8> data(8);
    set_be(data, 0, std::min<u64>(blocks() - 1, ~u32{0}), 4);
    set_be(data, 4, block_, 4);
    return send(command, data, data.size());
}

Result Disk::read_capacity16(const Command& command) const {
    if (blocks() == 0) return fail(kNotReady, 0x3a);
    std::vector<u8> data(32);
    set_be(data, 0, blocks() - 1, 8);
    set_be(data, 8, block_, 4);
    data[13] = static_cast<u8>(std::countr_zero(options_.physical_block / options_.logical_block));
    if (!read_only()) data[14] = 0x80;  // blocks can be unmapped
    return send(command, data, get_be32(command.cdb, 10));
}

Result Disk::transfer(const Command& command, bool write) {
    const Range range = range_of(command.cdb);
    if (range.count > blocks() || range.block > blocks() - range.count) return fail(kIllegalRequest, 0x21);
    if (write && read_only()) return fail(kDataProtect, 0x27);
    const u64 bytes = range.count * block_, offset = range.block * block_;
    const std::span<const iovec> data = write ? command.out : command.in;
    if (total_bytes(data) < bytes) return invalid_field();
    pieces_.clear();
    append_slice(data, 0, bytes, pieces_);
    int error = write ? image_->write(offset, pieces_) : image_->read(offset, pieces_);
    const bool force = cdb_bytes(command.cdb[0]) != 6 && (command.cdb[1] & 8) != 0;
    if (write && error == 0 && (!writeback_ || force)) error = image_->flush();
    Result result = host_error(error, write);
    if (result.status == kGood) result.bytes = bytes;
    return result;
}

Result Disk::verify(const Command& command) const {
    const Range range = range_of(command.cdb);
    if (range.count > blocks() || range.block > blocks() - range.count) return fail(kIllegalRequest, 0x21);
    return (command.cdb[1] & 2) != 0 ? invalid_field() : Result{};  // data is not compared
}

Result Disk::synchronize() { return host_error(read_only() ? 0 : image_->flush(), true); }

Result Disk::write_same(const Command& command) {
    Range range = range_of(command.cdb);
    if (range.count == 0) range.count = blocks() - std::min(range.block, blocks());
    if (range.count > blocks() || range.block > blocks() - range.count) return fail(kIllegalRequest, 0x21);
    if (read_only()) return fail(kDataProtect, 0x27);
    const bool may_unmap = (command.cdb[1] & 8) != 0, no_data = (command.cdb[1] & 1) != 0;
    std::vector<u8> block(block_);
    if (!no_data && copy_from_iov(command.out, 0, block.data(), block_) != block_) return invalid_field();
    u64 offset = range.block * block_, bytes = range.count * block_;
    int error = 0;
    if (std::all_of(block.begin(), block.end(), [](u8 byte) { return byte == 0; })) {
        error = image_->write_zeroes(offset, bytes, may_unmap);
    } else {
        if (range.count > kMaxUnmapBlocks) return invalid_field();
        std::vector<u8> many;
        while (many.size() < std::min(kClearAtOnce, bytes)) many.insert(many.end(), block.begin(), block.end());
        while (bytes != 0 && error == 0) {
            const u64 part = std::min<u64>(bytes, many.size());
            error = image_->write(offset, many.data(), part);
            offset += part, bytes -= part;
        }
    }
    if (error == 0 && !writeback_) error = image_->flush();
    Result result = host_error(error, true);
    if (result.status == kGood && !no_data) result.bytes = block_;
    return result;
}

Result Disk::unmap(const Command& command) {
    const u64 bytes = std::min<u64>(get_be16(command.cdb, 7), total_bytes(command.out));
    if (bytes == 0) return {};
    if (read_only()) return fail(kDataProtect, 0x27);
    std::vector<u8> list(bytes);
    copy_from_iov(command.out, 0, list.data(), bytes);
    if (bytes < 8) return fail(kIllegalRequest, 0x1a);  // parameter list length
    const std::size_t descriptors = std::min<std::size_t>(get_be16(list, 2), bytes - 8) / 16;
    if (descriptors > kMaxUnmapDescriptors) return fail(kIllegalRequest, 0x26);
    for (std::size_t i = 0; i < descriptors; i++) {
        const u64 block = get_be64(list, 8 + 16 * i), count = get_be32(list, 16 + 16 * i);
        if (count > blocks() || block > blocks() - count) return fail(kIllegalRequest, 0x21);
        if (count > kMaxUnmapBlocks) return fail(kIllegalRequest, 0x26);
        if (int error = image_->discard(block * block_, count * block_)) {
            if (Result result = host_error(error, true); result.status != kGood) return result;
        }
    }
    return {kGood, {}, bytes};
}

Result Disk::cdrom_command(const Command& command) const {
    const u16 allocated = get_be16(command.cdb, 7);
    std::vector<u8> data;
    switch (command.cdb[0]) {
        case kReadToc: return read_toc(command);
        case kGetConfiguration:  // MMC-6 §6.5: the list of profiles, of which CD-ROM is the current one
            data.resize(16);
            set_be(data, 0, data.size() - 4, 4);
            set_be(data, 6, image_ != nullptr ? 8 : 0, 2);
            data[10] = 3;  // persistent, current
            data[11] = 4;
            set_be(data, 12, 8, 2);
            data[14] = image_ != nullptr ? 1 : 0;
            break;
        case kGetEventStatus:  // §6.6: media events, of which there is none
            if ((command.cdb[1] & 1) == 0) return invalid_field();
            data = {0, 6, 4, 0x10, 0, static_cast<u8>(image_ != nullptr ? 2 : 0), 0, 0};
            break;
        default:  // §6.22: one complete session with one track
            data.resize(34);
            set_be(data, 0, data.size() - 2, 2);
            data[2] = 0x0e;
            data[3] = data[4] = data[5] = data[6] = 1;
            break;
    }
    return send(command, data, allocated);
}

/// §6.25: one data track, and the lead-out.
Result Disk::read_toc(const Command& command) const {
    const bool msf = (command.cdb[1] & 2) != 0;
    const u8 format = command.cdb[2] & 0xf, start = command.cdb[6];
    if (format > 1 || (format == 0 && start > 1 && start != 0xaa)) return invalid_field();
    std::vector<u8> data(4);
    auto add = [&](u8 track, u64 block) {
        const std::size_t at = data.size();
        data.resize(at + 8);
        data[at + 1] = 0x14;  // data, copying prohibited
        data[at + 2] = track;
        if (!msf) return set_be(data, at + 4, block, 4);
        const u64 frames = block + 150;
        set_be(data, at + 4, frames / (75 * 60) << 16 | frames / 75 % 60 << 8 | frames % 75, 4);
    };
    if (start != 0xaa || format == 1) add(1, 0);
    if (format == 0) add(0xaa, blocks());
    set_be(data, 0, data.size() - 2, 2);
    data[2] = data[3] = 1;
    return send(command, data, get_be16(command.cdb, 7));
}

}  // namespace dragoman::devices::scsi
