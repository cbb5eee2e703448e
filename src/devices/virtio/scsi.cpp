#include "devices/virtio/scsi.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/big_endian.h"
#include "devices/iov.h"
#include "devices/state.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kDeviceId = 8;
constexpr u32 kDefaultCdb = 32, kDefaultSense = 96, kMaxCdb = 255, kMaxSense = 255;
constexpr u32 kCdbSizeAt = 24, kSenseSizeAt = 20;
constexpr u32 kRequestHead = 19, kResponseHead = 12;  // §5.6.6.1, without CDB and sense data

enum Response : u8 { kOk = 0, kOverrun = 1, kBadTarget = 3, kFunctionFailed = 9 };
enum ControlType : u32 { kTaskManagement = 0, kQuery = 1, kSubscribe = 2 };

struct Config {  // §5.6.4
    u32 num_queues, seg_max, max_sectors, cmd_per_lun, event_info_size, sense_size, cdb_size;
    u16 max_channel, max_target;
    u32 max_lun;
};
static_assert(offsetof(Config, sense_size) == kSenseSizeAt && offsetof(Config, cdb_size) == kCdbSizeAt);

/// §5.6.6.1: single level addressing. @returns whether the field has that form
bool parse_lun(const u8* field, u32& target, u32& lun) {
    if (field[0] != 1) return false;
    target = field[1];
    const u32 level = u32{field[2]} << 8 | field[3];
    lun = level & 0x3fff;
    return (level & 0x8000) == 0 && std::all_of(field + 4, field + 8, [](u8 byte) { return byte == 0; });
}

}  // namespace

Scsi::Scsi(memory::PhysicalSpace& space, const ScsiOptions& options)
    : VirtioDevice(space, kDeviceId, std::array{options.queue_size, options.queue_size, options.queue_size}),
      options_(options),
      cdb_size_(kDefaultCdb),
      sense_size_(kDefaultSense),
      worker_(
          "virtio-scsi", [this] { work(); }, options.tasks) {}

Scsi::~Scsi() {
    // No request is begun any more; the worker's destructor waits for the one that runs.
    UniqueLock held(lock());
    set_status(0, held);
}

std::string Scsi::describe() const {
    std::string text = "virtio-scsi";
    for (const auto& [address, disk] : disks_)
        text += ", " + std::to_string(address.first) + ":" + std::to_string(address.second) + " " + disk->describe();
    return text;
}

std::string Scsi::add(std::unique_ptr<scsi::Disk> disk, std::optional<u32> target, u32 lun) {
    const u32 chosen = target ? *target : free_target();
    if (chosen > kMaxTarget) return "all targets of the bus are taken";
    const bool placed = disks_.try_emplace({chosen, lun}, std::move(disk)).second;
    return placed ? "" : "scsi-id=" + std::to_string(chosen) + ",lun=" + std::to_string(lun) + " is taken";
}

u32 Scsi::free_target() const {
    u32 target = 0;
    while (has_target(target)) target++;
    return target;
}

bool Scsi::has_target(u32 target) const {
    return std::any_of(disks_.begin(), disks_.end(), [&](const auto& one) { return one.first.first == target; });
}

void Scsi::fill_config(std::span<u8> bytes) {
    const Config config{.num_queues = 1,
                        .seg_max = options_.seg_max != 0 ? options_.seg_max : options_.queue_size - 2u,
                        .max_sectors = options_.max_sectors,
                        .cmd_per_lun = options_.cmd_per_lun,
                        .event_info_size = 16,
                        .sense_size = sense_size_,
                        .cdb_size = cdb_size_,
                        .max_channel = 0,
                        .max_target = kMaxTarget,
                        .max_lun = kMaxLun};
    static_assert(sizeof config == kConfigBytes);
    std::memcpy(bytes.data(), &config, sizeof config);
}

void Scsi::config_written(std::span<const u8> bytes) {
    Config config;
    std::memcpy(&config, bytes.data(), sizeof config);
    if (config.cdb_size > kMaxCdb || config.sense_size > kMaxSense)
        return fail("SCSI commands or sense data of an impossible size");
    cdb_size_ = config.cdb_size;
    sense_size_ = config.sense_size;
}

void Scsi::device_reset() {
    cdb_size_ = kDefaultCdb;
    sense_size_ = kDefaultSense;
}

void Scsi::visit_device(State& state) {
    state.field("cdb size", cdb_size_, kMaxCdb);
    state.field("sense size", sense_size_, kMaxSense);
}

/// Buffers for events stay where they are: nothing is plugged while the machine runs.
void Scsi::queue_notified(unsigned index) {
    if (index != kEvent) worker_.kick();
}

void Scsi::work() {
    WakeScope wakes;
    UniqueLock held(lock());
    serve(kControl, held);
    serve(kRequests, held);
}

void Scsi::serve(unsigned queue, UniqueLock& held) {
    if (!running() || !own_queue(queue).enabled()) return;
    do {
        own_queue(queue).suppress_notifications();
        while (pop(queue, chain_)) {
            begin_work();
            const u32 cdb_size = cdb_size_, sense_size = sense_size_;
            held.unlock();
            WakeScope::flush();
            bool good = true;
            const u64 written = queue == kControl ? control(chain_) : request(chain_, cdb_size, sense_size, good);
            held.lock();
            own_queue(queue).push(chain_, written);
            publish(queue);
            if (!good) fail("SCSI request without header or response");
            end_work();
        }
    } while (request_notifications(queue));
}

/// §5.6.6.2: commands are done when one is asked to abort them, as they are done in order. Events that one may
/// subscribe to never happen.
u64 Scsi::control(const Chain& chain) {
    u8 bytes[24] = {};
    const u64 size = chain.readable.copy_to(0, bytes, sizeof bytes);
    u32 type = 0;
    std::memcpy(&type, bytes, 4);
    u32 target = 0, lun = 0;
    const bool management = type == kTaskManagement && size == sizeof bytes;
    const bool asking = (type == kQuery || type == kSubscribe) && size >= 16;
    const bool known = parse_lun(bytes + (management ? 8 : 4), target, lun) && has_target(target);
    const u8 response = !management && !asking ? kFunctionFailed : known ? kOk : kBadTarget;
    u8 answer[5] = {};  // with the events in front
    answer[4] = response;
    return asking ? chain.writable.copy_from(0, answer, 5) : chain.writable.copy_from(0, answer + 4, 1);
}

u64 Scsi::request(const Chain& chain, u32 cdb_size, u32 sense_size, bool& good) {
    std::array<u8, kRequestHead + kMaxCdb> head{};
    std::array<u8, kResponseHead + kMaxSense> response{};
    const u32 request_bytes = kRequestHead + cdb_size, response_bytes = kResponseHead + sense_size;
    good = chain.readable.copy_to(0, head.data(), request_bytes) == request_bytes &&
           chain.writable.bytes >= response_bytes;
    if (!good) return 0;
    out_.clear();
    in_.clear();
    append_slice(chain.readable.iov, request_bytes, chain.readable.bytes - request_bytes, out_);
    append_slice(chain.writable.iov, response_bytes, chain.writable.bytes - response_bytes, in_);
    const scsi::Command command{{head.data() + kRequestHead, cdb_size}, out_, in_};
    u32 target = 0, lun = 0, sense_bytes = 0;
    const bool known = parse_lun(head.data(), target, lun) && has_target(target);
    u64 data = 0;
    if (known) {
        const scsi::Result result = execute(command, target, lun);
        data = result.bytes;
        const u32 residual = static_cast<u32>(std::max(total_bytes(out_), total_bytes(in_)) - data);
        std::memcpy(response.data() + 4, &residual, 4);
        response[10] = result.status;
        if (result.status == scsi::kCheckCondition) {
            const auto sense = result.sense.fixed();
            sense_bytes = std::min<u32>(sense.size(), sense_size);
            std::copy_n(sense.begin(), sense_bytes, response.begin() + kResponseHead);
        }
    }
    response[11] = known ? kOk : kBadTarget;
    std::memcpy(response.data(), &sense_bytes, 4);
    chain.writable.copy_from(0, response.data(), response_bytes);
    return response_bytes + (in_.empty() ? 0 : data);
}

scsi::Result Scsi::execute(const scsi::Command& command, u32 target, u32 lun) {
    constexpr u8 kInquiry = 0x12, kRequestSense = 0x03, kReportLuns = 0xa0;
    const u8 operation = command.cdb.empty() ? 0 : command.cdb[0];
    if (operation == kReportLuns && command.cdb.size() >= 12) return report_luns(command, target);
    auto found = disks_.find({target, lun});
    if (found != disks_.end()) return found->second->execute(command);
    // A unit that is not there says so when it is asked what it is (SPC-3 §6.4.2).
    const scsi::Sense no_unit{0x05, 0x25, 0};
    if (operation == kInquiry) {
        u8 data[36] = {0x7f, 0, 5, 2, 31};
        return {scsi::kGood, {}, copy_to_iov(command.in, 0, data, sizeof data)};
    }
    if (operation == kRequestSense) {
        const auto sense = no_unit.fixed();
        return {scsi::kGood, {}, copy_to_iov(command.in, 0, sense.data(), sense.size())};
    }
    return {scsi::kCheckCondition, no_unit, 0};
}

scsi::Result Scsi::report_luns(const scsi::Command& command, u32 target) const {
    std::vector<u8> data(8);
    bool first = false;
    for (const auto& [address, disk] : disks_) {
        if (address.first != target) continue;
        const u32 lun = address.second;
        first |= lun == 0;
        data.resize(data.size() + 8);
        u8* entry = data.data() + data.size() - 8;
        entry[0] = static_cast<u8>(lun < 256 ? 0 : 0x40 | lun >> 8);
        entry[1] = static_cast<u8>(lun);
    }
    if (!first) data.resize(data.size() + 8);  // unit 0 answers, whether there is a disk or not
    const u32 bytes = static_cast<u32>(data.size() - 8);
    set_be(data, 0, bytes, 4);
    const std::span<const u8> cdb = command.cdb;
    const u32 allocated = get_be32(cdb, 6);
    return {scsi::kGood, {}, copy_to_iov(command.in, 0, data.data(), std::min<u64>(allocated, data.size()))};
}

}  // namespace dragoman::devices::virtio
