#include "devices/pci/nvme.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "devices/pci/msix.h"
#include "devices/state.h"
#include "devices/wake_scope.h"

namespace dragoman::devices::pci {

namespace {

enum Register : u64 {  // NVM Express 1.4, 3.1
    kCapabilitiesLow = 0x00,
    kCapabilitiesHigh = 0x04,
    kVersion = 0x08,
    kMaskSet = 0x0c,
    kMaskClear = 0x10,
    kConfiguration = 0x14,
    kControllerStatus = 0x1c,
    kAdminSizes = 0x24,
    kAdminSubmission = 0x28,
    kAdminCompletion = 0x30,
    kDoorbells = 0x1000,
};
constexpr u32 kMsixTable = 0x2000, kMsixPending = 0x3000;

constexpr u32 kMostEntries = 2048;
constexpr u32 kVersionNumber = 0x00010400;
// 2048 entries, physically contiguous queues, 7.5 s to get ready; the NVM command set, pages of 4 KiB to 64 KiB.
constexpr u32 kLow = (kMostEntries - 1) | 1u << 16 | 15u << 24, kHigh = 1u << 5 | 4u << 20;

enum : u32 { kEnable = 1, kShutdown = 3u << 14 };                                         // configuration
enum : u32 { kReady = 1, kFatal = 2, kShutdownDone = 2u << 2, kShutdownMask = 3u << 2 };  // status

u32 half(u64 value, bool high) { return static_cast<u32>(high ? value >> 32 : value); }

}  // namespace

void NvmeSubmissionQueue::visit(State& state) {
    state.field("base", base);
    state.field("size", size, 65536);
    state.field("head", head, 65535);
    state.field("tail", tail, 65535);
    state.field("completion", completion, 64);
    if (!state.saving() && size != 0 && (head >= size || tail >= size)) state.refuse("an index beyond its queue");
}

void NvmeCompletionQueue::visit(State& state) {
    state.field("base", base);
    state.field("size", size, 65536);
    state.field("head", head, 65535);
    state.field("tail", tail, 65535);
    state.field("vector", vector);
    state.field("phase", phase);
    state.field("interrupts", interrupts);
    if (!state.saving() && size != 0 && (head >= size || tail >= size)) state.refuse("an index beyond its queue");
    if (state.loading()) reserved = 0;
}

Nvme::Nvme(const NvmeOptions& options)
    : Function("nvme",
               {.vendor = kVendorRedHat, .device = 0x0010, .class_code = 0x010802, .revision = 2, .express = true}),
      options_(options),
      submissions_(options.io_queues + 1),
      completions_(options.io_queues + 1),
      worker_(
          "nvme", [this] { work(); }, options.tasks) {
    unsigned power = add_capability(kCapabilityPower, 8, 0x60);
    set_register(power + 2, 2, 3);
    set_register(power + 4, 2, 8, 3);  // no soft reset; the power state
    // PCI Express of a device within the root complex, with function-level reset not offered; the link is that of
    // QEMU's.
    unsigned express = add_capability(kCapabilityExpress, 0x3c, 0x80);
    set_register(express + 2, 2, 0x0092);
    set_register(express + 4, 4, 0x00008020);
    set_register(express + 8, 2, 0, 0x70ef);
    set_register(express + 12, 4, 0x00000411);
    set_register(express + 16, 2, 0, 0);
    set_register(express + 18, 2, 0x0011);
    add_msix(options.vectors, 0, kMsixTable, kMsixPending, 0x40);
    add_bar(0, BarKind::Memory64, kBarBytes, *this, {.min_size = 1, .max_size = 4, .misaligned = false, .adapt = true});
}

Nvme::~Nvme() {
    // No command is begun any more; the worker's destructor waits for those that run.
    UniqueLock held(lock_);
    stop(held);
}

std::unique_ptr<Nvme> Nvme::make(block::Drives& drives, Properties& properties) {
    NvmeOptions options;
    options.serial = properties.take("serial", "");
    if (options.serial.empty()) properties.fail("needs serial=TEXT");
    if (options.serial.size() > 20) properties.fail("serial=" + options.serial + ": longer than 20 bytes");
    options.io_queues = static_cast<unsigned>(properties.take_number("max_ioqpairs", 64, 1, 64));
    options.vectors = static_cast<unsigned>(properties.take_number("msix_qsize", 65, 1, 256));
    options.mdts = static_cast<unsigned>(properties.take_number("mdts", 7, 0, 20));
    options.tasks = drives.tasks();
    auto controller = std::make_unique<Nvme>(options);
    if (properties.has("drive")) controller->add_namespace(drives, properties);
    properties.finish();
    return controller;
}

u32 Nvme::add_namespace(block::Drives& drives, Properties& properties) {
    std::optional<std::string> name = properties.take("drive");
    if (!name) properties.fail("no drive=");
    const u32 next = namespaces_.empty() ? 1 : namespaces_.back().id + 1;
    const u32 id = static_cast<u32>(properties.take_number("nsid", next, 1, 256));
    const u64 block = properties.take_size("logical_block_size", 512);
    if (block < 512 || block > 4096 || !std::has_single_bit(block))
        properties.fail("logical_block_size is a power of two from 512 to 4096");
    properties.take_size("physical_block_size", block);
    if (find_namespace(id) != nullptr) properties.fail("nsid=" + std::to_string(id) + " is taken");
    block::Drive& drive = drives.take(*name);
    if (drive.image == nullptr) properties.fail("drive=" + *name + " has no image");
    drive_write_cache_ = drive.writeback;
    {
        LockGuard held(lock_);
        features_.write_cache = drive.writeback ? 1 : 0;
    }
    NvmeNamespace ns{id, drive.id, drive.image, static_cast<unsigned>(std::countr_zero(block))};
    auto place = std::find_if(namespaces_.begin(), namespaces_.end(), [&](const auto& other) { return other.id > id; });
    namespaces_.insert(place, std::move(ns));
    return id;
}

std::string Nvme::describe_device() const {
    std::string text = "serial " + options_.serial;
    for (const NvmeNamespace& ns : namespaces_)
        text += ", namespace " + std::to_string(ns.id) + ": drive " + ns.drive_id;
    return text;
}

const NvmeNamespace* Nvme::find_namespace(u32 id) const {
    for (const NvmeNamespace& ns : namespaces_) {
        if (ns.id == id) return &ns;
    }
    return nullptr;
}

// Registers

bool Nvme::read(u64 offset, unsigned size, u64& value) {
    value = 0;
    if (offset >= kMsixTable) return size != 4 || msix()->read(offset, size, value);
    LockGuard held(lock_);
    value = read_register(offset & ~u64{3}) >> (8 * (offset & 3));
    return true;
}

bool Nvme::write(u64 offset, unsigned size, u64 value) {
    if (size != 4) return true;  // registers are written whole
    if (offset >= kMsixTable) return msix()->write(offset, size, value);
    WakeScope wakes;
    UniqueLock held(lock_);
    write_register(offset, static_cast<u32>(value), held);
    return true;
}

u32 Nvme::read_register(u64 offset) {
    switch (offset) {
        case kCapabilitiesLow: return kLow;
        case kCapabilitiesHigh: return kHigh;
        case kVersion: return kVersionNumber;
        case kMaskSet:
        case kMaskClear: return interrupt_mask_;
        case kConfiguration: return configuration_;
        case kControllerStatus: return status_;
        case kAdminSizes: return admin_sizes_;
        case kAdminSubmission:
        case kAdminSubmission + 4: return half(admin_submission_, offset != kAdminSubmission);
        case kAdminCompletion:
        case kAdminCompletion + 4: return half(admin_completion_, offset != kAdminCompletion);
        default: return 0;
    }
}

void Nvme::write_register(u64 offset, u32 value, UniqueLock& held) {
    if (offset >= kDoorbells) return ring(offset - kDoorbells, value);
    switch (offset) {
        case kMaskSet: interrupt_mask_ |= value; return update_line();
        case kMaskClear: interrupt_mask_ &= ~value; return update_line();
        case kConfiguration: return write_configuration(value, held);
        case kAdminSizes: admin_sizes_ = value & 0x0fff0fff; return;
        case kAdminSubmission: admin_submission_ = deposit(admin_submission_, 0, 32, value & ~u32{0xfff}); return;
        case kAdminSubmission + 4: admin_submission_ = deposit(admin_submission_, 32, 32, value); return;
        case kAdminCompletion: admin_completion_ = deposit(admin_completion_, 0, 32, value & ~u32{0xfff}); return;
        case kAdminCompletion + 4: admin_completion_ = deposit(admin_completion_, 32, 32, value); return;
        default: return;
    }
}

void Nvme::write_configuration(u32 value, UniqueLock& held) {
    const u32 before = configuration_;
    configuration_ = value & 0x00fffff1;
    if ((value & kEnable) != 0 && (before & kEnable) == 0) start();
    if ((value & kEnable) == 0 && (before & kEnable) != 0) {
        stop(held);
        configuration_ &= ~u32{kEnable};
    }
    if ((value & kShutdown) != 0 && (before & kShutdown) == 0) {
        for (const NvmeNamespace& ns : namespaces_) ns.image->flush();
        status_ = (status_ & ~kShutdownMask) | kShutdownDone;
    } else if ((value & kShutdown) == 0) {
        status_ &= ~u32{kShutdownMask};
    }
}

/// Enabling: from what the driver has set up, or to the fatal state when it is not what there is.
void Nvme::start() {
    const u32 page = configuration_ >> 7 & 0xf, submissions = (admin_sizes_ & 0xfff) + 1,
              completions = (admin_sizes_ >> 16 & 0xfff) + 1;
    const bool known = (configuration_ >> 4 & 7) == 0 && page <= 4 && submissions >= 2 && completions >= 2 &&
                       is_aligned(admin_submission_, page_bytes()) && is_aligned(admin_completion_, page_bytes());
    if (!known) {
        status_ |= kFatal;
        return;
    }
    submissions_[0] = {.base = admin_submission_, .size = submissions};
    completions_[0] = {.base = admin_completion_, .size = completions, .interrupts = true};
    status_ |= kReady;
}

void Nvme::wait_idle(UniqueLock& held) {
    stopping_++;
    WakeScope::flush();
    while (in_flight_ != 0) idle_.wait(held);
    stopping_--;
}

/// The controller reset: queues are gone, and what waited in them.
void Nvme::stop(UniqueLock& held) {
    wait_idle(held);
    std::fill(submissions_.begin(), submissions_.end(), NvmeSubmissionQueue{});
    std::fill(completions_.begin(), completions_.end(), NvmeCompletionQueue{});
    async_commands_.clear();
    events_.clear();
    masked_events_ = 0;
    status_ = 0;
    update_line();
}

void Nvme::ring(u64 offset, u32 value) {
    constexpr u8 kInvalidRegister = 0, kInvalidValue = 1;
    const u64 queue = offset / 8;
    const bool completion = (offset & 4) != 0;
    if ((status_ & kReady) == 0) return;
    if (queue >= submissions_.size() || (completion ? completions_[queue].size : submissions_[queue].size) == 0)
        return invalid_doorbell(kInvalidRegister);
    const u16 index = static_cast<u16>(queue);
    if (completion) {
        NvmeCompletionQueue& changed = completions_[queue];
        if (value >= changed.size) return invalid_doorbell(kInvalidValue);
        const bool full = changed.room() == 0;
        changed.head = value;
        update_line();
        if (queue == 0) send_events();
        if (!full) return;  // nobody has waited for room
    } else {
        if (value >= submissions_[queue].size) return invalid_doorbell(kInvalidValue);
        submissions_[queue].tail = value;
        if (queue != 0 && !busy_ && read_at_once(index)) return;
    }
    if (busy_) return;
    busy_ = true;
    worker_.kick();
}

void Nvme::invalid_doorbell(u8 info) {
    error_count_++;
    constexpr u8 kErrorEvent = 0, kErrorLog = 1;
    send_event({kErrorEvent, info, kErrorLog});
}

// Interrupts

void Nvme::tell(u16 queue) {
    const NvmeCompletionQueue& completion = completions_[queue];
    if (!completion.interrupts) return;
    if (msix()->enabled()) msix()->notify(completion.vector);
    else update_line();
}

void Nvme::update_line() {
    bool level = false;
    for (const NvmeCompletionQueue& queue : completions_) {
        const bool masked = queue.vector < 32 && (interrupt_mask_ >> queue.vector & 1) != 0;
        level = level || (queue.size != 0 && queue.interrupts && !queue.empty() && !masked);
    }
    set_intx(level && !msix()->enabled());
}

// Queues

void Nvme::work() {
    WakeScope wakes;
    UniqueLock held(lock_);
    for (;;) {
        unsigned count = 0;
        while (count < kBatch && fetch(batch_[count])) count++;
        if (count == 0) break;
        in_flight_++;
        for (unsigned i = 0; i < count; i++) {
            Fetched& one = batch_[i];
            if (one.queue == 0) {
                one.result = execute_admin(one.id, one.command);
            } else {
                const Settings settings{page_bytes(), write_cache()};
                held.unlock();
                WakeScope::flush();
                one.result = execute_io(one.command, settings);
                held.lock();
            }
            complete(one);
        }
        if (--in_flight_ == 0) idle_.notify_all();
    }
    busy_ = false;
}

/// The next command of any queue, each of which has its turn. @returns false when there is none
bool Nvme::fetch(Fetched& fetched) {
    if (!running()) return false;
    const u16 count = static_cast<u16>(submissions_.size());
    for (u16 i = 0; i < count; i++) {
        const u16 queue = static_cast<u16>((next_queue_ + i) % count);
        if (!fetch_from(queue, fetched)) continue;
        next_queue_ = static_cast<u16>((queue + 1) % count);
        return true;
    }
    return false;
}

/// A command is taken only while there is room for its completion.
bool Nvme::fetch_from(u16 index, Fetched& fetched) {
    NvmeSubmissionQueue& queue = submissions_[index];
    if (queue.size == 0 || queue.empty()) return false;
    NvmeCompletionQueue& completion = completions_[queue.completion];
    if (completion.room() == 0) return false;
    if (!dma_read(queue.base + u64{queue.head} * sizeof(Command), &fetched.command, sizeof(Command))) {
        status_ |= kFatal;  // 9.5: the controller cannot get at its commands
        queue.head = queue.tail;
        return false;
    }
    queue.head = queue.head + 1 == queue.size ? 0 : queue.head + 1;
    completion.reserved++;
    fetched.queue = index;
    fetched.pending = true;
    fetched.orphan = false;
    fetched.id = fetched.command.id;
    fetched.head = static_cast<u16>(queue.head);
    return true;
}

void Nvme::complete(Fetched& fetched) {
    const NvmeSubmissionQueue& queue = submissions_[fetched.queue];
    fetched.pending = false;
    if (fetched.orphan) return;  // the queue has been deleted, with what was in it
    completions_[queue.completion].reserved--;
    if (!fetched.result.later) post(fetched.queue, fetched.head, fetched.id, fetched.result);
}

void Nvme::post(u16 submission, u16 head, u16 id, const Result& result) {
    const u16 index = submissions_[submission].completion;
    NvmeCompletionQueue& queue = completions_[index];
    const u64 at = queue.base + u64{queue.tail} * sizeof(NvmeCompletion);
    const u64 second =
        u64{head} | u64{submission} << 16 | u64{id} << 32 | (u64{result.status} << 1 | (queue.phase ? 1 : 0)) << 48;
    const u64 first = result.value;
    // The phase is seen last.
    if (!dma_write(at, &first, sizeof first) || !dma_write(at + 8, &second, sizeof second)) status_ |= kFatal;
    queue.tail++;
    if (queue.tail == queue.size) {
        queue.tail = 0;
        queue.phase = !queue.phase;
    }
    if (result.status != 0) error_count_++;
    tell(index);
}

/// A small read that is alone in its queue. @returns whether it has been done
bool Nvme::read_at_once(u16 index) {
    NvmeSubmissionQueue& queue = submissions_[index];
    if (!running() || queue.tail != (queue.head + 1) % queue.size) return false;
    Command command;
    if (completions_[queue.completion].room() == 0 || events_.size() != 0) return false;
    if (!dma_read(queue.base + u64{queue.head} * sizeof command, &command, sizeof command)) return false;
    const NvmeNamespace* ns = find_namespace(command.nsid);
    if (command.opcode != nvme::kRead || command.flags != 0 || ns == nullptr) return false;
    const u64 block = command.dword10 | u64{command.dword11} << 32, count = (command.dword12 & 0xffff) + 1;
    const u64 bytes = count << ns->block_shift;
    if (bytes > kMostAtOnce || check_range(*ns, block, count) != 0 ||
        map(command, bytes, memory_at_once_, page_bytes()) != 0)
        return false;
    if (!ns->image->read_at_once(block << ns->block_shift, memory_at_once_.iov)) return false;
    wrote(memory_at_once_);
    queue.head = queue.tail;
    post(index, static_cast<u16>(queue.head), command.id, {});
    return true;
}

void Nvme::command_changed() {
    WakeScope wakes;
    UniqueLock held(lock_);
    if (!bus_master()) return wait_idle(held);
    if (busy_) return;
    busy_ = true;
    worker_.kick();
}

void Nvme::reset_device() {
    UniqueLock held(lock_);
    stop(held);
    configuration_ = interrupt_mask_ = admin_sizes_ = 0;
    admin_submission_ = admin_completion_ = 0;
    features_ = {};
    features_.write_cache = drive_write_cache_ ? 1 : 0;
    error_count_ = 0;
    next_queue_ = 0;
}

void Nvme::visit_device(State& state) {
    WakeScope wakes;
    UniqueLock held(lock_);
    wait_idle(held);
    visited_ = true;
    state.same("namespaces", namespaces_.size());
    for (const NvmeNamespace& ns : namespaces_) state.same("blocks", ns.blocks());
    state.field("configuration", configuration_);
    state.field("status", status_);
    state.field("interrupt mask", interrupt_mask_);
    state.field("admin sizes", admin_sizes_);
    state.field("admin submission", admin_submission_);
    state.field("admin completion", admin_completion_);
    state.same("queues", submissions_.size());
    for (NvmeSubmissionQueue& queue : submissions_) {
        queue.visit(state);
        if (queue.completion >= completions_.size()) state.refuse("a completion queue that is not there");
    }
    for (NvmeCompletionQueue& queue : completions_) queue.visit(state);
    for (u32* feature : {&features_.arbitration, &features_.power, &features_.temperature, &features_.under_temperature,
                         &features_.error_recovery, &features_.write_cache, &features_.coalescing,
                         &features_.write_atomicity, &features_.async_events}) {
        state.field("feature", *feature);
    }
    state.fields("vectors", std::span<u32>(features_.vectors));
    state.field("masked events", masked_events_);
    state.field("errors", error_count_);
    std::vector<u16> commands(state.peek("waiting commands", static_cast<u32>(async_commands_.size()), kAsyncCommands));
    if (state.saving()) commands = async_commands_;
    for (u16& command : commands) state.field("waiting command", command);
    std::vector<Event> events(state.peek("events", static_cast<u32>(events_.size()), kAsyncCommands));
    if (state.saving()) events = events_;
    for (Event& event : events) {
        state.field("type", event.type, 7);
        state.field("info", event.info);
        state.field("page", event.page);
    }
    if (!state.loading()) return;
    async_commands_ = std::move(commands);
    events_ = std::move(events);
}

void Nvme::resume_idle() {
    UniqueLock held(lock_);
    visited_ = false;
}

void Nvme::resume() {
    WakeScope wakes;
    UniqueLock held(lock_);
    visited_ = false;
    if (busy_) return;
    busy_ = true;
    worker_.kick();
}

}  // namespace dragoman::devices::pci
