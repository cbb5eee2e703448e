// The admin commands of NVM Express 1.4, chapter 5.
#include <algorithm>
#include <cstring>

#include "devices/pci/nvme.h"

namespace dragoman::devices::pci {

namespace {

using namespace nvme;

constexpr std::size_t kIdentifyBytes = 4096;

template <class T>
void put(std::vector<u8>& data, std::size_t at, T value) {
    std::memcpy(&data[at], &value, sizeof value);
}

/// A text field, filled up with blanks.
void put_text(std::vector<u8>& data, std::size_t at, std::size_t bytes, std::string_view text) {
    std::fill_n(data.begin() + static_cast<std::ptrdiff_t>(at), bytes, u8{' '});
    std::memcpy(&data[at], text.data(), std::min(bytes, text.size()));
}

enum FeatureId : u8 {  // 5.21.1
    kArbitration = 1,
    kPower = 2,
    kTemperature = 4,
    kErrorRecovery = 5,
    kWriteCache = 6,
    kNumberOfQueues = 7,
    kCoalescing = 8,
    kVectorConfiguration = 9,
    kWriteAtomicity = 10,
    kAsyncEvents = 11,
};

}  // namespace

Nvme::Result Nvme::execute_admin(u16 id, const Command& command) {
    if ((command.flags & 0xc3) != 0) return {kInvalidField | kDoNotRetry};  // fused, SGL
    switch (command.opcode) {
        case kDeleteSubmission: return delete_submission(static_cast<u16>(command.dword10));
        case kCreateSubmission: return create_submission(command);
        case kGetLogPage: return log_page(command);
        case kDeleteCompletion: return delete_completion(static_cast<u16>(command.dword10));
        case kCreateCompletion: return create_completion(command);
        case kIdentify: return identify(command);
        case kAbort: return {.value = 1};  // it was too late: commands are done in their order
        case kSetFeatures: return set_feature(command);
        case kGetFeatures: return get_feature(command);
        case kAsyncEvent: return async_event(id);
        default: return {kInvalidOpcode | kDoNotRetry};
    }
}

// Queues

Nvme::Result Nvme::create_completion(const Command& command) {
    const u32 id = command.dword10 & 0xffff, size = (command.dword10 >> 16) + 1, vector = command.dword11 >> 16;
    if (id == 0 || id >= completions_.size() || completions_[id].size != 0) return {kInvalidQueueId | kDoNotRetry};
    if (size < 2 || size > 2048) return {kInvalidQueueSize | kDoNotRetry};
    if ((command.dword11 & 1) == 0) return {kInvalidField | kDoNotRetry};  // not contiguous
    if (command.prp1 % page_bytes() != 0) return {kInvalidPrpOffset | kDoNotRetry};
    if (vector >= options_.vectors) return {kInvalidVector | kDoNotRetry};
    completions_[id] = {.base = command.prp1,
                        .size = size,
                        .vector = static_cast<u16>(vector),
                        .interrupts = (command.dword11 & 2) != 0};
    return {};
}

Nvme::Result Nvme::create_submission(const Command& command) {
    const u32 id = command.dword10 & 0xffff, size = (command.dword10 >> 16) + 1, completion = command.dword11 >> 16;
    if (completion == 0 || completion >= completions_.size() || completions_[completion].size == 0)
        return {kInvalidCompletionQueue | kDoNotRetry};
    if (id == 0 || id >= submissions_.size() || submissions_[id].size != 0) return {kInvalidQueueId | kDoNotRetry};
    if (size < 2 || size > 2048) return {kInvalidQueueSize | kDoNotRetry};
    if ((command.dword11 & 1) == 0) return {kInvalidField | kDoNotRetry};
    if (command.prp1 % page_bytes() != 0) return {kInvalidPrpOffset | kDoNotRetry};
    submissions_[id] = {.base = command.prp1, .size = size, .completion = static_cast<u16>(completion)};
    return {};
}

Nvme::Result Nvme::delete_submission(u16 id) {
    if (id == 0 || id >= submissions_.size() || submissions_[id].size == 0) return {kInvalidQueueId | kDoNotRetry};
    // What has been fetched of it in this batch is still done, and completes nowhere.
    NvmeCompletionQueue& completion = completions_[submissions_[id].completion];
    for (Fetched& one : batch_) {
        if (one.queue != id || !one.pending || one.orphan) continue;
        one.orphan = true;
        completion.reserved--;
    }
    submissions_[id] = {};
    return {};
}

Nvme::Result Nvme::delete_completion(u16 id) {
    if (id == 0 || id >= completions_.size() || completions_[id].size == 0) return {kInvalidQueueId | kDoNotRetry};
    for (const NvmeSubmissionQueue& queue : submissions_) {
        if (queue.size != 0 && queue.completion == id) return {kInvalidQueueDeletion | kDoNotRetry};
    }
    completions_[id] = {};
    update_line();
    return {};
}

// Identify

std::vector<u8> Nvme::identify_controller() const {
    std::vector<u8> data(kIdentifyBytes);
    put<u16>(data, 0, kVendorRedHat);
    put<u16>(data, 2, kVendorQumranet);
    put_text(data, 4, 20, options_.serial);
    put_text(data, 24, 40, "QEMU NVMe Ctrl");  // as drivers' lists of quirks know it
    put_text(data, 64, 8, "1.0");
    put<u8>(data, 72, 6);  // recommended arbitration burst
    put<u8>(data, 77, static_cast<u8>(options_.mdts));
    put<u32>(data, 80, 0x00010400);
    put<u8>(data, 111, 1);                   // an I/O controller
    put<u8>(data, 258, 3);                   // abort command limit
    put<u8>(data, 259, kAsyncCommands - 1);  // asynchronous event request limit
    put<u8>(data, 260, 3);                   // one firmware slot, read-only
    put<u16>(data, 266, 343);                // warning and critical temperature, Kelvin
    put<u16>(data, 268, 373);
    put<u8>(data, 512, 0x66);  // sizes of queue entries
    put<u8>(data, 513, 0x44);
    put<u32>(data, 516, 256);                  // namespaces
    put<u16>(data, 520, 1 | 1 << 2 | 1 << 3);  // compare, dataset management, write zeroes
    put<u8>(data, 525, 7);                     // volatile write cache; flush of all namespaces
    std::string name = "nqn.2019-08.org.qemu:" + options_.serial;
    std::memcpy(&data[768], name.data(), name.size());
    put<u16>(data, 2048, 0x9c4);  // power state 0: 25 W
    put<u32>(data, 2052, 0x10);
    put<u32>(data, 2056, 0x4);
    return data;
}

std::vector<u8> Nvme::identify_namespace(const NvmeNamespace& ns) const {
    std::vector<u8> data(kIdentifyBytes);
    for (std::size_t at : {0, 8, 16}) put<u64>(data, at, ns.blocks());  // size, capacity, use
    put<u8>(data, 24, 4);      // deallocated blocks can be told apart from others
    put<u8>(data, 33, 1 | 8);  // they read as zeros; write zeroes may deallocate
    put<u8>(data, 99, ns.image->read_only() ? 1 : 0);
    put<u8>(data, 130, static_cast<u8>(ns.block_shift));  // the one format
    return data;
}

Nvme::Result Nvme::identify(const Command& command) {
    enum : u32 {
        kNamespace = 0,
        kController = 1,
        kActiveList = 2,
        kDescriptors = 3,
        kAllocatedList = 0x10,
        kAllocated = 0x11
    };
    const NvmeNamespace* ns = find_namespace(command.nsid);
    switch (command.dword10 & 0xff) {
        case kController: return give(command, identify_controller());
        case kNamespace:
        case kAllocated:
            if (command.nsid == 0 || (command.nsid > 256 && command.nsid != ~u32{0}))
                return {kInvalidNamespace | kDoNotRetry};
            // One that could be there and is not: zeros.
            return give(command, ns != nullptr ? identify_namespace(*ns) : std::vector<u8>(kIdentifyBytes));
        case kActiveList:
        case kAllocatedList: {
            if (command.nsid >= ~u32{1}) return {kInvalidNamespace | kDoNotRetry};
            std::vector<u8> list(kIdentifyBytes);
            std::size_t at = 0;
            for (const NvmeNamespace& one : namespaces_) {
                if (one.id <= command.nsid) continue;
                put<u32>(list, at, one.id);
                at += 4;
            }
            return give(command, list);
        }
        case kDescriptors: {
            if (ns == nullptr) return {kInvalidNamespace | kDoNotRetry};
            std::vector<u8> list(kIdentifyBytes);
            // An identifier of its own: made of the controller's serial number and the namespace's.
            put<u8>(list, 0, 2);  // NGUID
            put<u8>(list, 1, 16);
            std::memcpy(&list[4], options_.serial.data(), std::min<std::size_t>(12, options_.serial.size()));
            put<u32>(list, 16, ns->id);
            return give(command, list);
        }
        default: return {kInvalidField | kDoNotRetry};
    }
}

// Log pages

Nvme::Result Nvme::log_page(const Command& command) {
    enum : u32 { kErrors = 1, kSmart = 2, kFirmware = 3 };
    const u64 bytes = ((command.dword10 >> 16 | u64{command.dword11 & 0xffff} << 16) + 1) * 4;
    const u64 offset = command.dword12 | u64{command.dword13} << 32;
    if (offset % 4 != 0) return {kInvalidField | kDoNotRetry};
    std::vector<u8> page;
    const u32 number = command.dword10 & 0xff;
    switch (number) {
        case kErrors:
            page.resize(64);
            put<u64>(page, 0, error_count_);
            break;
        case kSmart:
            page.resize(512);
            put<u16>(page, 1, 323);  // Kelvin
            put<u8>(page, 3, 100);   // spare capacity, and where it would be too little
            put<u8>(page, 4, 10);
            put<u64>(page, 176, error_count_);
            break;
        case kFirmware:
            page.resize(512);
            put<u8>(page, 0, 1);
            put_text(page, 8, 8, "1.0");
            break;
        default: return {kInvalidLogPage | kDoNotRetry};
    }
    if (offset >= page.size()) return {kInvalidField | kDoNotRetry};
    // Reading the page of an event lets the next one of its kind through.
    if ((command.dword10 & 1u << 15) == 0 && number == kErrors) masked_events_ &= ~u32{1};
    if ((command.dword10 & 1u << 15) == 0 && number == kSmart) masked_events_ &= ~u32{2};
    page.erase(page.begin(), page.begin() + static_cast<std::ptrdiff_t>(offset));
    page.resize(std::min<u64>(bytes, page.size()));
    Result result = give(command, page);
    send_events();
    return result;
}

// Features

Nvme::Result Nvme::get_feature(const Command& command) {
    const u32 select = command.dword10 >> 8 & 7;
    if (select > 3) return {kInvalidField | kDoNotRetry};
    if (select == 3) {  // what can be done with it: only changing
        constexpr u32 kChangeable = 4;
        return {.value = (command.dword10 & 0xff) == kErrorRecovery ? 0 : kChangeable};
    }
    const Features defaults, &now = select == 0 ? features_ : defaults;
    const u32 queues = options_.io_queues - 1;
    switch (command.dword10 & 0xff) {
        case kArbitration: return {.value = now.arbitration};
        case kPower: return {.value = now.power};
        case kTemperature: return {.value = (command.dword11 >> 20 & 3) == 1 ? now.under_temperature : now.temperature};
        case kErrorRecovery: return {.value = now.error_recovery};
        case kWriteCache: return {.value = now.write_cache};
        case kNumberOfQueues: return {.value = queues | queues << 16};
        case kCoalescing: return {.value = now.coalescing};
        case kVectorConfiguration: {
            const u32 vector = command.dword11 & 0xffff;
            if (vector >= now.vectors.size()) return {kInvalidField | kDoNotRetry};
            return {.value = now.vectors[vector] | vector};
        }
        case kWriteAtomicity: return {.value = now.write_atomicity};
        case kAsyncEvents: return {.value = now.async_events};
        default: return {kInvalidField | kDoNotRetry};
    }
}

Nvme::Result Nvme::set_feature(const Command& command) {
    const u32 value = command.dword11;
    if (command.dword10 >> 31 != 0) return {kFeatureNotSaveable | kDoNotRetry};
    switch (command.dword10 & 0xff) {
        case kArbitration: features_.arbitration = value; return {};
        case kPower:
            if ((value & 0x1f) != 0) return {kInvalidField | kDoNotRetry};  // there is state 0
            features_.power = value;
            return {};
        case kTemperature:
            ((value >> 20 & 3) == 1 ? features_.under_temperature : features_.temperature) = value & 0xffff;
            return {};
        case kErrorRecovery: return {kFeatureNotChangeable | kDoNotRetry};
        case kWriteCache:
            if ((value & 1) == 0 && write_cache()) {
                for (const NvmeNamespace& ns : namespaces_) ns.image->flush();
            }
            features_.write_cache = value & 1;
            return {};
        case kNumberOfQueues: {
            if ((value & 0xffff) == 0xffff || value >> 16 == 0xffff) return {kInvalidField | kDoNotRetry};
            const u32 queues = options_.io_queues - 1;
            return {.value = queues | queues << 16};
        }
        case kCoalescing: features_.coalescing = value & 0xffff; return {};
        case kVectorConfiguration:
            if ((value & 0xffff) >= features_.vectors.size()) return {kInvalidField | kDoNotRetry};
            features_.vectors[value & 0xffff] = value & 1u << 16;
            return {};
        case kWriteAtomicity: features_.write_atomicity = value & 1; return {};
        case kAsyncEvents: features_.async_events = value; return {};
        default: return {kInvalidField | kDoNotRetry};
    }
}

// Asynchronous events

Nvme::Result Nvme::async_event(u16 id) {
    if (async_commands_.size() == kAsyncCommands) return {kAsyncEventLimit | kDoNotRetry};
    async_commands_.push_back(id);
    send_events();
    return {.later = true};
}

void Nvme::send_event(Event event) {
    const bool known =
        std::any_of(events_.begin(), events_.end(), [&](const Event& e) { return e.type == event.type; });
    if (known || (masked_events_ >> event.type & 1) != 0) return;
    events_.push_back(event);
    send_events();
}

/// Completes commands that wait with what there is, as far as its queue has room.
void Nvme::send_events() {
    while (!events_.empty() && !async_commands_.empty() && completions_[0].room() != 0) {
        const Event event = events_.front();
        const u16 id = async_commands_.front();
        events_.erase(events_.begin());
        async_commands_.erase(async_commands_.begin());
        masked_events_ |= 1u << event.type;
        post(0, static_cast<u16>(submissions_[0].head), id,
             {.value = u32{event.type} | u32{event.info} << 8 | u32{event.page} << 16});
    }
}

}  // namespace dragoman::devices::pci
