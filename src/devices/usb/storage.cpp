#include "devices/usb/storage.h"

#include <algorithm>
#include <cstring>

#include "devices/state.h"

namespace dragoman::devices::usb {

namespace {

constexpr u32 kCommandSignature = 0x43425355, kStatusSignature = 0x53425355;  // §5.1, §5.2
constexpr std::size_t kCommandWrapper = 31, kStatusWrapper = 13;
constexpr unsigned kIn = 1, kOut = 2;
enum : u8 { kPassed = 0, kFailed = 1, kPhaseError = 2 };
constexpr u8 kRequestSense = 0x03, kGetMaxLun = 0xfe, kBulkReset = 0xff;

Descriptors make_descriptors(const std::string& serial) {
    Descriptors all;
    all.device = {18, 1, 0, 2, 0, 0, 0, 64, 0xf4, 0x46, 1, 0, 0, 0, 1, 2, 3, 1};
    all.configuration = {9, 2, 32,         0, 1, 1, 0, 0xc0, 0,  // configuration
                         9, 4, 0,          0, 2, 8, 6, 0x50, 0,  // interface: SCSI, bulk-only
                         7, 5, 0x80 | kIn, 2, 0, 2, 0,           // bulk endpoints of 512 bytes
                         7, 5, kOut,       2, 0, 2, 0};
    all.strings = {"QEMU", "QEMU USB HARDDRIVE", serial.empty() ? "1" : serial};
    return all;
}

}  // namespace

Storage::Storage(std::unique_ptr<scsi::Disk> disk, const std::string& serial)
    : Device(Speed::High, make_descriptors(serial)), disk_(std::move(disk)) {}

void Storage::reset() {
    Device::reset();
    phase_ = Phase::Command;
    data_.clear();
    sense_ = {};
}

Packet Storage::interface_request(const Setup& setup, std::vector<u8>& data) {
    if (setup.request == kBulkReset) {
        phase_ = Phase::Command;
        return {};
    }
    const u8 last_unit = 0;
    return setup.request == kGetMaxLun ? give(setup, {&last_unit, 1}, data) : Packet{Outcome::Stall, 0};
}

Packet Storage::begin(std::span<const u8> wrapper) {
    u32 signature = 0;
    if (wrapper.size() == kCommandWrapper) std::memcpy(&signature, wrapper.data(), 4);
    if (signature != kCommandSignature) return {Outcome::Stall, 0};
    std::memcpy(&tag_, wrapper.data() + 4, 4);
    std::memcpy(&length_, wrapper.data() + 8, 4);
    const bool to_host = (wrapper[12] & 0x80) != 0;
    command_bytes_ = wrapper[14] & 0x1f;
    if (wrapper[13] != 0 || command_bytes_ == 0 || command_bytes_ > 16) return {Outcome::Stall, 0};
    std::copy_n(wrapper.begin() + 15, 16, command_.begin());
    residue_ = length_;
    done_ = 0;
    status_ = kPassed;
    data_.clear();
    if (length_ > kMostData) {
        status_ = kPhaseError;
        phase_ = Phase::Status;
        return {Outcome::Done, wrapper.size()};
    }
    data_.resize(length_);
    if (length_ != 0 && !to_host) {
        phase_ = Phase::DataOut;
    } else {
        execute();
        phase_ = length_ != 0 ? Phase::DataIn : Phase::Status;
    }
    return {Outcome::Done, wrapper.size()};
}

/// All commands are padded to 16 bytes, of which the disk looks at those that the command has.
void Storage::execute() {
    iovec piece{data_.data(), data_.size()};
    const std::span<const iovec> buffer(&piece, data_.empty() ? 0 : 1);
    const bool out = phase_ == Phase::DataOut;
    if (command_[0] == kRequestSense) {
        const auto sense = sense_.fixed();
        const std::size_t bytes = std::min<std::size_t>({sense.size(), data_.size(), command_[4]});
        std::copy_n(sense.begin(), bytes, data_.begin());
        data_.resize(bytes);
        residue_ = length_ - static_cast<u32>(bytes);
        sense_ = {};
        return;
    }
    const scsi::Result result =
        disk_->execute({command_, out ? buffer : std::span<const iovec>(), out ? std::span<const iovec>() : buffer});
    status_ = result.status == scsi::kGood ? kPassed : kFailed;
    sense_ = result.sense;
    residue_ = length_ - static_cast<u32>(std::min<u64>(result.bytes, length_));
    if (!out) data_.resize(length_ - residue_);
}

Packet Storage::out(unsigned number, std::span<const u8> data) {
    if (number != kOut) return {Outcome::Stall, 0};
    if (phase_ == Phase::Command) return begin(data);
    if (phase_ != Phase::DataOut) return {Outcome::Stall, 0};
    const std::size_t bytes = std::min<u64>(data.size(), data_.size() - done_);
    std::copy_n(data.begin(), bytes, data_.begin() + static_cast<std::ptrdiff_t>(done_));
    done_ += bytes;
    if (done_ == data_.size()) {
        execute();
        phase_ = Phase::Status;
    }
    return {Outcome::Done, bytes};
}

Packet Storage::in(unsigned number, std::span<u8> data) {
    if (number != kIn) return {Outcome::Stall, 0};
    if (phase_ == Phase::DataIn) {
        const std::size_t bytes = std::min<u64>(data.size(), data_.size() - done_);
        std::copy_n(data_.begin() + static_cast<std::ptrdiff_t>(done_), bytes, data.begin());
        done_ += bytes;
        // A short packet ends the data; so does its last byte when the host wants no more.
        if (bytes < data.size() || done_ == length_) phase_ = Phase::Status;
        return {Outcome::Done, bytes};
    }
    if (phase_ != Phase::Status || data.size() < kStatusWrapper) return {Outcome::Nak, 0};
    std::memcpy(data.data(), &kStatusSignature, 4);
    std::memcpy(data.data() + 4, &tag_, 4);
    std::memcpy(data.data() + 8, &residue_, 4);
    data[12] = status_;
    phase_ = Phase::Command;
    return {Outcome::Done, kStatusWrapper};
}

void Storage::visit(State& state) {
    state.field("configuration", configuration());
    state.field("phase", phase_, static_cast<u64>(Phase::Status));
    state.field("tag", tag_);
    state.field("length", length_);
    state.field("residue", residue_);
    state.field("status", status_);
    state.bytes("command", command_);
    state.field("command bytes", command_bytes_, 16);
    const u32 size = state.peek("data bytes", static_cast<u32>(data_.size()), kMostData);
    std::vector<u8> data = data_;
    data.resize(std::min(size, kMostData));
    state.bytes("data", data);
    const u64 done = state.peek("done", done_, data.size());
    state.field("sense key", sense_.key);
    state.field("sense code", sense_.code);
    state.field("sense qualifier", sense_.qualifier);
    if (!state.loading()) return;
    data_ = std::move(data);
    done_ = done;
}

}  // namespace dragoman::devices::usb
