// QEMU's docs/specs/fw_cfg is the specification.
#include "devices/fw_cfg.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "devices/state.h"

namespace dragoman::devices {

namespace {

enum Register : u64 { kData = 0, kSelector = 8, kDma = 16 };

enum DmaControl : u32 { kDmaError = 1, kDmaRead = 2, kDmaSkip = 4, kDmaSelect = 8, kDmaWrite = 16 };

constexpr u64 kDmaSignature = 0x51454D5520434647;  // "QEMU CFG"
constexpr std::size_t kNameSize = 56;

template <class T>
void append_big_endian(std::vector<u8>& to, T value) {
    for (unsigned i = sizeof(T); i-- > 0;) to.push_back(static_cast<u8>(value >> (i * 8)));
}

}  // namespace

FwCfg::FwCfg(memory::PhysicalSpace& memory) : memory_(memory) {
    add_item(kSignature, {'Q', 'E', 'M', 'U'});
    add_number(kId, 3, 4);  // the traditional interface, and DMA
    update_directory();
}

void FwCfg::add_item(u16 key, std::vector<u8> data) { items_[key] = std::move(data); }

void FwCfg::add_number(u16 key, u64 value, unsigned size) {
    std::vector<u8> data;
    for (unsigned i = 0; i < size; ++i) data.push_back(static_cast<u8>(value >> (i * 8)));
    add_item(key, std::move(data));
}

void FwCfg::add_string(u16 key, const std::string& text) {
    add_item(key, {text.c_str(), text.c_str() + text.size() + 1});
}

bool FwCfg::add_file(const std::string& name, std::vector<u8> data) {
    if (name.size() >= kNameSize || data.size() > ~u32{0} || files_.contains(name)) return false;
    u16 key = static_cast<u16>(kFirstFile + files_.size());
    files_[name] = key;
    add_item(key, std::move(data));
    update_directory();
    return true;
}

void FwCfg::set_file(std::string_view name, std::vector<u8> data) {
    auto found = files_.find(std::string(name));
    if (found == files_.end()) {
        add_file(std::string(name), std::move(data));
        return;
    }
    add_item(found->second, std::move(data));
    update_directory();
}

bool FwCfg::add_writable_file(const std::string& name, std::size_t size,
                              std::function<void(std::span<const u8>)> changed) {
    if (!add_file(name, std::vector<u8>(size))) return false;
    writable_[files_[name]] = std::move(changed);
    return true;
}

void FwCfg::update_directory() {
    std::vector<u8> directory;
    append_big_endian(directory, static_cast<u32>(files_.size()));
    for (const auto& [name, key] : files_) {
        append_big_endian(directory, static_cast<u32>(items_[key].size()));
        append_big_endian(directory, key);
        append_big_endian(directory, u16{0});
        char field[kNameSize]{};
        name.copy(field, kNameSize - 1);
        directory.insert(directory.end(), field, field + kNameSize);
    }
    add_item(kFileDirectory, std::move(directory));
}

void FwCfg::reset() {
    LockGuard lock(mutex_);
    select(kSignature);
    dma_address_high_ = 0;
    for (auto& [key, changed] : writable_) {
        std::vector<u8>& data = items_[key];
        std::fill(data.begin(), data.end(), u8{0});
        changed(data);
    }
}

/// What the items hold is the machine's configuration.
void FwCfg::visit(State& state) {
    state.version(1);
    LockGuard lock(mutex_);
    const bool any = state.peek("any selected", selected_ != nullptr);
    const u16 key = state.peek("key", selected_key_);
    const u64 position = state.peek("position", position_);
    state.field("dma address high", dma_address_high_);
    for (auto& [number, changed] : writable_) {
        state.bytes("written", items_[number]);
        if (state.loading()) changed(items_[number]);
    }
    if (!state.loading()) return;
    select(key);
    if (!any) selected_ = nullptr;
    position_ = position;
}

std::string FwCfg::describe() const { return "fw_cfg, files " + std::to_string(files_.size()); }

void FwCfg::select(u16 key) {
    constexpr u16 kWriteChannel = 0x4000;  // no longer used by anybody, and ignored
    auto found = items_.find(key & static_cast<u16>(~kWriteChannel));
    selected_ = found == items_.end() ? nullptr : &found->second;
    selected_key_ = key;
    position_ = 0;
}

u8 FwCfg::next_byte() {
    if (selected_ == nullptr || position_ >= selected_->size()) return 0;
    return (*selected_)[position_++];
}

bool FwCfg::read(u64 offset, unsigned size, u64& value) {
    value = 0;
    LockGuard lock(mutex_);
    if (offset < kSelector) {
        // The order of bytes in memory is that of the item, whatever the size.
        for (unsigned i = 0; i < size; ++i) value |= u64{next_byte()} << (i * 8);
    } else if (offset >= kDma) {
        u64 in_memory = __builtin_bswap64(kDmaSignature);
        value = extract(in_memory, static_cast<unsigned>(offset - kDma) * 8, size * 8);
    }
    return true;
}

bool FwCfg::write(u64 offset, unsigned size, u64 value) {
    LockGuard lock(mutex_);
    if (offset == kSelector && size == 2) {
        select(__builtin_bswap16(static_cast<u16>(value)));
    } else if (offset == kDma && size == 8) {
        run_dma(__builtin_bswap64(value));
    } else if (offset == kDma && size == 4) {
        dma_address_high_ = __builtin_bswap32(static_cast<u32>(value));
    } else if (offset == kDma + 4 && size == 4) {
        u64 high = std::exchange(dma_address_high_, 0);
        run_dma(high << 32 | __builtin_bswap32(static_cast<u32>(value)));
    }
    return true;  // the data register takes nothing
}

void FwCfg::run_dma(u64 address) {
    u8 command[16];
    if (!memory_.read(address, command, sizeof command)) return;  // nowhere to tell of it
    u32 control, length;
    u64 target;
    std::memcpy(&control, command, 4);
    std::memcpy(&length, command + 4, 4);
    std::memcpy(&target, command + 8, 8);
    control = __builtin_bswap32(control);
    length = __builtin_bswap32(length);
    target = __builtin_bswap64(target);

    if ((control & kDmaSelect) != 0) select(static_cast<u16>(control >> 16));
    u32 result = 0;
    if ((control & kDmaRead) != 0) {
        if (!copy_to_guest(target, length)) result = kDmaError;
    } else if ((control & kDmaWrite) != 0) {
        if (!copy_from_guest(target, length)) result = kDmaError;
    } else if ((control & kDmaSkip) != 0) {
        position_ += length;
    }
    result = __builtin_bswap32(result);
    memory_.write(address, &result, sizeof result);
}

/// Into an item that takes it, and has room.
bool FwCfg::copy_from_guest(u64 address, u32 length) {
    auto changed = writable_.find(selected_key_);
    if (selected_ == nullptr || changed == writable_.end()) return false;
    std::vector<u8>& data = items_[selected_key_];
    if (position_ > data.size() || length > data.size() - position_) return false;
    if (!memory_.read(address, data.data() + position_, length)) return false;
    position_ += length;
    changed->second(data);
    return true;
}

/// Beyond the item's end there are zeros.
bool FwCfg::copy_to_guest(u64 address, u32 length) {
    static constexpr u8 kZeros[4096]{};
    while (length != 0) {
        u64 there = selected_ != nullptr && position_ < selected_->size() ? selected_->size() - position_ : 0;
        u64 count = std::min<u64>(length, there != 0 ? there : sizeof kZeros);
        if (!memory_.write(address, there != 0 ? selected_->data() + position_ : kZeros, count)) return false;
        position_ += count;
        address += count;
        length -= static_cast<u32>(count);
    }
    return true;
}

}  // namespace dragoman::devices
