#include "devices/virtio/blk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "devices/state.h"
#include "devices/wake_scope.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kDeviceId = 2;
constexpr u64 kSector = 512;
constexpr u64 kHeaderBytes = 16, kIdBytes = 20;
constexpr u64 kPublishBytes = 256 << 10;  // completed requests are shown at the latest after so much data

constexpr u64 kSegMax = feature(2), kGeometry = feature(4), kReadOnly = feature(5), kBlockSize = feature(6),
              kTopology = feature(10), kDiscard = feature(13), kWriteZeroes = feature(14);

enum RequestType : u32 { kIn = 0, kOut = 1, kFlushDisk = 4, kGetId = 8, kDiscardRange = 11, kZeroRange = 13 };
enum RequestStatus : u8 { kOk = 0, kIoError = 1, kUnsupported = 2 };

struct RequestHeader {
    u32 type;
    u32 reserved;
    u64 sector;
};
static_assert(sizeof(RequestHeader) == kHeaderBytes);

constexpr u32 kMaxClearSectors = 1u << 22, kMaxClearSegments = 32;

struct Config {  // §5.2.4
    u64 capacity;
    u32 size_max;
    u32 seg_max;
    u16 cylinders;
    u8 heads;
    u8 sectors;
    u32 blk_size;
    u8 physical_block_exp;
    u8 alignment_offset;
    u16 min_io_size;
    u32 opt_io_size;
    u8 writeback;
    u8 unused0;
    u16 num_queues;
    u32 max_discard_sectors;
    u32 max_discard_seg;
    u32 discard_sector_alignment;
    u32 max_write_zeroes_sectors;
    u32 max_write_zeroes_seg;
    u8 write_zeroes_may_unmap;
    u8 unused1[3];
};
constexpr u32 kConfigBytes = 60;  // without padding
static_assert(offsetof(Config, write_zeroes_may_unmap) == 56 && offsetof(Config, writeback) == 32);

struct Range {  // §5.2.6, of discard and write zeroes
    u64 sector;
    u32 sectors;
    u32 flags;
};

}  // namespace

Blk::Blk(memory::PhysicalSpace& space, const block::Drive& drive, const BlkOptions& options)
    : VirtioDevice(space, kDeviceId, std::array{options.queue_size}),
      drive_id_(drive.id),
      drive_writeback_(drive.writeback),
      report_write_errors_(drive.report_write_errors),
      report_read_errors_(drive.report_read_errors),
      image_(drive.image),
      options_(options),
      sectors_((image_->size() + kSector - 1) / kSector),
      writeback_(drive.writeback),
      worker_(
          "virtio-blk", [this] { work(); }, drive.tasks),
      may_read_at_once_(drive.tasks == nullptr) {}

Blk::~Blk() {
    // No request is begun any more; the worker's destructor waits for those that run.
    UniqueLock held(lock());
    set_status(0, held);
}

std::unique_ptr<Blk> Blk::make(memory::PhysicalSpace& space, block::Drives& drives, Properties& properties) {
    BlkOptions options;
    options.serial = properties.take("serial", "");
    if (options.serial.size() > kIdBytes) properties.fail("serial=" + options.serial + ": longer than 20 bytes");
    options.queue_size = static_cast<u16>(properties.take_number("queue-size", options.queue_size, 4, 1024));
    if (!std::has_single_bit(options.queue_size)) properties.fail("queue-size= is no power of two");
    options.logical_block = static_cast<u32>(properties.take_size("logical_block_size", 512));
    options.physical_block = static_cast<u32>(properties.take_size("physical_block_size", options.logical_block));
    for (u32 bytes : {options.logical_block, options.physical_block}) {
        if (bytes < kSector || bytes > 32768 || !std::has_single_bit(bytes)) {
            properties.fail("block sizes are powers of two from 512 to 32768");
        }
    }
    if (options.physical_block < options.logical_block)
        properties.fail("physical_block_size is below logical_block_size");
    options.min_io = properties.take_size("min_io_size", 0);
    options.opt_io = properties.take_size("opt_io_size", 0);
    for (u64 bytes : {options.min_io, options.opt_io}) {
        if (bytes % options.logical_block != 0) properties.fail("min_io_size and opt_io_size are multiples of a block");
    }
    if (options.min_io / options.logical_block > 0xffff || options.opt_io / options.logical_block > ~u32{0})
        properties.fail("min_io_size is at most 65535 blocks, opt_io_size 4294967295");
    options.config_wce = properties.take_bool("config-wce", true);
    options.discard = properties.take_bool("discard", true);
    options.write_zeroes = properties.take_bool("write-zeroes", true);
    properties.take_number("num-queues", 1, 1, 1);
    // What the device says of these counts, else what its drive says.
    std::size_t write_cache = properties.take_choice("write-cache", {"auto", "on", "off"}, 0);
    std::size_t write_errors = properties.take_choice("werror", {"auto", "report", "ignore"}, 0);
    std::size_t read_errors = properties.take_choice("rerror", {"auto", "report", "ignore"}, 0);
    std::optional<std::string> name = properties.take("drive");
    if (!name) properties.fail("no drive=");
    properties.finish();
    block::Drive& drive = drives.take(*name);
    if (drive.image == nullptr) properties.fail("drive=" + *name + " has no image");
    block::Drive seen = drive;
    if (write_cache != 0) seen.writeback = write_cache == 1;
    if (write_errors != 0) seen.report_write_errors = write_errors == 1;
    if (read_errors != 0) seen.report_read_errors = read_errors == 1;
    return std::make_unique<Blk>(space, seen, options);
}

std::string Blk::describe() const {
    return "virtio-blk, drive " + drive_id_ + (image_->read_only() ? ", read-only" : "");
}

u64 Blk::device_features() const {
    u64 features = kSegMax | kGeometry | kBlockSize | kFlush | kTopology;
    if (options_.config_wce) features |= kConfigWce;
    if (image_->read_only()) return features | kReadOnly;
    if (options_.discard) features |= kDiscard;
    if (options_.write_zeroes) features |= kWriteZeroes;
    return features;
}

u32 Blk::config_bytes() const { return kConfigBytes; }

void Blk::fill_config(std::span<u8> bytes) {
    Config config{};
    config.capacity = sectors_;
    config.seg_max = options_.queue_size - 2u;  // header and status
    config.heads = 16;
    config.sectors = 63;
    config.cylinders = static_cast<u16>(std::clamp<u64>(sectors_ / (16 * 63), 2, 16383));
    config.blk_size = options_.logical_block;
    config.physical_block_exp = static_cast<u8>(std::countr_zero(options_.physical_block / options_.logical_block));
    config.min_io_size = static_cast<u16>(options_.min_io / options_.logical_block);
    config.opt_io_size = static_cast<u32>(options_.opt_io / options_.logical_block);
    config.writeback = writeback_ ? 1 : 0;
    config.num_queues = 1;
    if (!image_->read_only()) {
        config.max_discard_sectors = config.max_write_zeroes_sectors = kMaxClearSectors;
        config.max_discard_seg = config.max_write_zeroes_seg = kMaxClearSegments;
        config.discard_sector_alignment = static_cast<u32>(options_.logical_block / kSector);
        config.write_zeroes_may_unmap = 1;
    }
    std::memcpy(bytes.data(), &config, kConfigBytes);
}

void Blk::config_written(std::span<const u8> config) {
    if (has_feature(kConfigWce)) writeback_ = (config[offsetof(Config, writeback)] & 1) != 0;
}

void Blk::visit_device(State& state) {
    const bool writeback = state.peek("writeback", writeback_.load());
    if (state.loading()) writeback_ = writeback;
}

void Blk::device_reset() { writeback_ = drive_writeback_; }

void Blk::queue_notified(unsigned) {
    if (busy_ || (may_read_at_once_ && read_at_once())) return;
    busy_ = true;
    worker_.kick();
}

/// A small read alone, of what the host has in memory, is done by the hart that asks for it: waking another thread
/// takes longer. @returns whether nothing is left for the worker
bool Blk::read_at_once() {
    if (!pop(0, chain_at_once_)) return false;
    if (!own_queue(0).empty() || !read_at_once(chain_at_once_)) {
        own_queue(0).unpop(1);
        return false;
    }
    own_queue(0).push(chain_at_once_, chain_at_once_.writable.bytes);
    publish(0);
    return !request_notifications(0);
}

bool Blk::read_at_once(const Chain& chain) {
    RequestHeader header;
    if (chain.readable.bytes != kHeaderBytes || chain.writable.bytes <= 1 || chain.writable.bytes > kMostAtOnce + 1)
        return false;
    chain.readable.copy_to(0, &header, sizeof header);
    u64 bytes = chain.writable.bytes - 1;
    if (header.type != kIn || !is_transfer(header.sector, bytes)) return false;
    chain.writable.slice(0, bytes, pieces_at_once_);
    if (!image_->read_at_once(header.sector * kSector, pieces_at_once_)) return false;
    const u8 status = kOk;
    chain.writable.copy_from(bytes, &status, 1);
    return true;
}

void Blk::work() {
    WakeScope wakes;
    UniqueLock held(lock());
    do {
        own_queue(0).suppress_notifications();
        for (;;) {
            unsigned count = 0;
            while (count < kBatch && pop(0, batch_[count].chain)) count++;
            if (count == 0) break;
            begin_work();
            bool good = true;
            for (unsigned done = 0; done < count;) {
                held.unlock();
                WakeScope::flush();
                unsigned first = done;
                u64 bytes = 0;
                while (done < count && bytes < kPublishBytes) {
                    Request& request = batch_[done++];
                    good = execute(request) && good;
                    bytes += request.chain.readable.bytes + request.chain.writable.bytes;
                }
                held.lock();
                for (unsigned i = first; i < done; i++) own_queue(0).push(batch_[i].chain, batch_[i].written);
                publish(0);
            }
            if (!good) fail("disk request without header or status byte");
            end_work();
        }
    } while (request_notifications(0));
    busy_ = false;
}

/// Does one request and writes its status byte. @returns false when it has no place for a header or status.
bool Blk::execute(Request& request) {
    const Chain& chain = request.chain;
    request.written = 0;
    RequestHeader header;
    if (chain.readable.copy_to(0, &header, sizeof header) != sizeof header || chain.writable.bytes == 0) return false;
    u8 status = perform(chain, header.type, header.sector);
    chain.writable.copy_from(chain.writable.bytes - 1, &status, 1);
    request.written = chain.writable.bytes;
    return true;
}

u8 Blk::perform(const Chain& chain, u32 type, u64 sector) {
    switch (type) {
        case kIn:
        case kOut: return transfer(chain, type, sector);
        case kFlushDisk: return status_of(image_->flush(), true);
        case kGetId: {
            std::array<char, kIdBytes> id{};
            std::memcpy(id.data(), options_.serial.data(), std::min<std::size_t>(options_.serial.size(), kIdBytes));
            chain.writable.copy_from(0, id.data(), std::min<u64>(kIdBytes, chain.writable.bytes - 1));
            return kOk;
        }
        case kDiscardRange: return has_feature(kDiscard) ? clear(chain, type) : u8{kUnsupported};
        case kZeroRange: return has_feature(kWriteZeroes) ? clear(chain, type) : u8{kUnsupported};
        default: return kUnsupported;
    }
}

/// Whether `bytes` from `sector` on are whole blocks of the disk.
bool Blk::is_transfer(u64 sector, u64 bytes) const {
    return bytes % options_.logical_block == 0 && sector % (options_.logical_block / kSector) == 0 &&
           in_range(sector, bytes / kSector);
}

u8 Blk::transfer(const Chain& chain, u32 type, u64 sector) {
    u64 bytes = type == kIn ? chain.writable.bytes - 1 : chain.readable.bytes - kHeaderBytes;
    if (!is_transfer(sector, bytes)) return kIoError;
    if (type == kIn) {
        chain.writable.slice(0, bytes, pieces_);
        return status_of(image_->read(sector * kSector, pieces_), false);
    }
    if (image_->read_only()) return kIoError;
    chain.readable.slice(kHeaderBytes, bytes, pieces_);
    int error = image_->write(sector * kSector, pieces_);
    if (error == 0 && !may_cache()) error = image_->flush();
    return status_of(error, true);
}

/// An error of the host's, as the guest sees it.
u8 Blk::status_of(int error, bool write) const {
    return error != 0 && (write ? report_write_errors_ : report_read_errors_) ? u8{kIoError} : u8{kOk};
}

/// Discard and write zeroes: the payload is a list of ranges.
u8 Blk::clear(const Chain& chain, u32 type) {
    constexpr u32 kUnmap = 1;
    u64 bytes = chain.readable.bytes - kHeaderBytes;
    if (image_->read_only() || bytes % sizeof(Range) != 0 || bytes / sizeof(Range) > kMaxClearSegments) return kIoError;
    for (u64 at = 0; at < bytes; at += sizeof(Range)) {
        Range range;
        chain.readable.copy_to(kHeaderBytes + at, &range, sizeof range);
        u32 allowed = type == kZeroRange ? kUnmap : 0;
        if ((range.flags & ~allowed) != 0) return kUnsupported;
        if (range.sectors > kMaxClearSectors || !in_range(range.sector, range.sectors)) return kIoError;
        u64 offset = range.sector * kSector, length = range.sectors * kSector;
        int error = type == kZeroRange ? image_->write_zeroes(offset, length, (range.flags & kUnmap) != 0)
                                       : image_->discard(offset, length);
        if (u8 status = status_of(error, true); status != kOk) return status;
    }
    return status_of(may_cache() ? 0 : image_->flush(), true);
}

}  // namespace dragoman::devices::virtio
