// Commands and status as in Intel's StrataFlash J3 data sheet; the query structure as in JESD68.01 and AP-646.
#include "devices/cfi_flash.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "devices/state.h"

namespace dragoman::devices {

namespace {

constexpr unsigned kChips = 2, kBusBytes = 4;

enum Status : u8 { kReady = 0x80, kEraseError = 0x20, kProgramError = 0x10, kProtected = 0x02 };

enum Command : u8 {
    kCmdWordProgram2 = 0x10,
    kCmdErase = 0x20,
    kCmdWordProgram = 0x40,
    kCmdClearStatus = 0x50,
    kCmdLock = 0x60,
    kCmdReadStatus = 0x70,
    kCmdReadId = 0x90,
    kCmdReadQuery = 0x98,
    kCmdConfirm = 0xD0,
    kCmdLockBlock = 0x01,
    kCmdWriteToBuffer = 0xE8,
    kCmdReset = 0xF0,
    kCmdReadArray = 0xFF,
};

constexpr u8 kManufacturer = 0x89, kDevice = 0x18;  // Intel, 28F128J3
constexpr u64 kSectorMask = CfiFlash::kSectorSize - 1, kBufferMask = CfiFlash::kBufferSize - 1;

/// Both chips answer alike: `chip` in each 16-bit lane that the access covers.
u64 replicate(u8 chip, u64 offset, unsigned size) {
    return extract(u64{chip} * 0x0001'0001, (offset % kBusBytes) * 8, size * 8);
}

}  // namespace

CfiFlash::CfiFlash(std::shared_ptr<block::Image> image)
    : image_(std::move(image)), status_(kReady), buffer_(kBufferSize, 0xFF) {}

CfiFlash::~CfiFlash() {
    if (image_ != nullptr && !image_->read_only()) image_->flush();
}

void CfiFlash::attach(memory::PhysicalSpace& space, memory::Region& region) {
    space_ = &space;
    region_ = &region;
    if (image_ == nullptr) return;
    if (image_->size() != region.size) {
        throw FatalError(1, image_->describe() + ": has " + std::to_string(image_->size()) + " bytes, the flash " +
                                region.name + " needs " + std::to_string(region.size));
    }
    // Pages of zeros stay untouched, and so take no memory.
    std::vector<u8> chunk(65536);
    for (u64 offset = 0; offset < region.size; offset += chunk.size()) {
        u64 count = std::min<u64>(chunk.size(), region.size - offset);
        if (int error = image_->read(offset, chunk.data(), count); error != 0)
            throw FatalError(1, image_->describe() + ": cannot read: " + std::strerror(error));
        if (std::any_of(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(count),
                        [](u8 byte) { return byte != 0; }))
            std::memcpy(region.host + offset, chunk.data(), count);
    }
}

void CfiFlash::reset() {
    LockGuard lock(mutex_);
    expect_ = Expect::Command;
    status_ = kReady;
    set_mode(Mode::Array);
}

void CfiFlash::visit(State& state) {
    state.version(1);
    state.same("size", region_->size);
    LockGuard lock(mutex_);
    const Mode mode = state.peek("mode", mode_, static_cast<u64>(Mode::Query));
    state.field("expect", expect_, static_cast<u64>(Expect::LockConfirm));
    state.field("status", status_);
    state.field("words left", words_left_, 0x10000);
    const u64 start = state.peek("buffer start", buffer_start_, region_->size - kBufferSize);
    if ((start & kBufferMask) != 0) state.refuse("a buffer that is not aligned");
    state.field("buffer open", buffer_open_);
    state.bytes("buffer", buffer_);
    if (!state.loading()) return;
    buffer_start_ = start;
    set_mode(mode);
}

std::string CfiFlash::describe() const {
    std::string text = "cfi flash, " + std::to_string(region_ == nullptr ? 0 : region_->size >> 20) + " MiB";
    return image_ == nullptr ? text : text + ", " + image_->describe();
}

void CfiFlash::set_mode(Mode mode) {
    mode_ = mode;
    space_->set_readable(*region_, mode == Mode::Array);
}

bool CfiFlash::read(u64 offset, unsigned size, u64& value) {
    LockGuard lock(mutex_);
    value = 0;
    switch (mode_) {
        case Mode::Array: std::memcpy(&value, region_->host + offset, size); break;
        case Mode::Status: value = replicate(status_, offset, size); break;
        case Mode::Id: value = replicate(id_byte(offset / kBusBytes), offset, size); break;
        case Mode::Query: value = replicate(query_byte(offset / kBusBytes), offset, size); break;
    }
    return true;
}

bool CfiFlash::write(u64 offset, unsigned size, u64 value) {
    u8 low = static_cast<u8>(value);
    LockGuard lock(mutex_);
    switch (expect_) {
        case Expect::Command: command(low); break;
        case Expect::Word: program_word(offset, size, value); break;
        case Expect::EraseConfirm:
            if (low == kCmdConfirm) erase_sector(offset & ~kSectorMask);
            else end_operation(kEraseError | kProgramError);  // "command sequence error"
            break;
        case Expect::BufferCount:
            words_left_ = static_cast<u32>(value & 0xFFFF) + 1;
            buffer_open_ = false;
            expect_ = Expect::BufferWord;
            if (words_left_ > kBufferSize / kBusBytes) end_operation(kEraseError | kProgramError);
            break;
        case Expect::BufferWord: add_to_buffer(offset, size, value); break;
        case Expect::BufferConfirm:
            if (low == kCmdConfirm) program_buffer();
            else end_operation(kEraseError | kProgramError);
            break;
        case Expect::LockConfirm:
            // Blocks are never locked: both are accepted, and nothing changes.
            end_operation(low == kCmdConfirm || low == kCmdLockBlock ? 0 : kEraseError | kProgramError);
            break;
    }
    return true;
}

void CfiFlash::command(u8 value) {
    switch (value) {
        case kCmdReadArray:
        case kCmdReset:
        case 0: set_mode(Mode::Array); break;
        case kCmdReadStatus: set_mode(Mode::Status); break;
        case kCmdReadId: set_mode(Mode::Id); break;
        case kCmdReadQuery: set_mode(Mode::Query); break;
        case kCmdClearStatus:
            status_ = kReady;
            set_mode(Mode::Array);
            break;
        case kCmdWordProgram:
        case kCmdWordProgram2: expect_ = Expect::Word; break;
        case kCmdErase: expect_ = Expect::EraseConfirm; break;
        case kCmdWriteToBuffer: expect_ = Expect::BufferCount; break;
        case kCmdLock: expect_ = Expect::LockConfirm; break;
        default: return;  // not a command of these chips
    }
    if (expect_ != Expect::Command) set_mode(Mode::Status);
}

/// The chips are as fast as their bus: an operation has ended when the store that starts it is done.
void CfiFlash::end_operation(u8 errors) {
    status_ |= errors | kReady;
    expect_ = Expect::Command;
}

/// Programming only clears bits.
void CfiFlash::program_word(u64 offset, unsigned size, u64 value) {
    u8* to = region_->host + offset;
    for (unsigned i = 0; i < size; ++i) to[i] &= static_cast<u8>(value >> (i * 8));
    end_operation(store(offset, size) != 0 ? kProgramError : 0);
}

void CfiFlash::add_to_buffer(u64 offset, unsigned size, u64 value) {
    if (!buffer_open_) {
        buffer_start_ = offset & ~kBufferMask;
        buffer_open_ = true;
        std::fill(buffer_.begin(), buffer_.end(), u8{0xFF});
    }
    if ((offset & ~kBufferMask) != buffer_start_) return end_operation(kEraseError | kProgramError);
    std::memcpy(buffer_.data() + (offset & kBufferMask), &value, size);
    if (--words_left_ == 0) expect_ = Expect::BufferConfirm;
}

void CfiFlash::program_buffer() {
    u8* to = region_->host + buffer_start_;
    for (u32 i = 0; i < kBufferSize; ++i) to[i] &= buffer_[i];
    end_operation(store(buffer_start_, kBufferSize) != 0 ? kProgramError : 0);
}

void CfiFlash::erase_sector(u64 offset) {
    std::memset(region_->host + offset, 0xFF, kSectorSize);
    end_operation(store(offset, kSectorSize) != 0 ? kEraseError : 0);
}

/// Carries a change of the memory to the image. @returns an errno value. A read-only image keeps what it has, and the
/// guest what it wrote.
u8 CfiFlash::store(u64 offset, u64 size) {
    if (image_ == nullptr || image_->read_only()) return 0;
    return image_->write(offset, region_->host + offset, size) != 0 ? 1 : 0;
}

u8 CfiFlash::id_byte(u64 index) const {
    switch (index & 0xFF) {
        case 0: return kManufacturer;
        case 1: return kDevice;
        default: return 0;  // also: the block is not locked
    }
}

u8 CfiFlash::query_byte(u64 index) const {
    u32 sectors = static_cast<u32>(region_->size / kSectorSize) - 1;
    u32 chip_sector = kSectorSize / kChips / 256;
    switch (index) {
        case 0x10: return 'Q';
        case 0x11: return 'R';
        case 0x12: return 'Y';
        case 0x13: return 0x01;  // Intel's extended command set
        case 0x15: return 0x31;  // its own table's address
        case 0x1B: return 0x45;  // supply: 4.5 V
        case 0x1C: return 0x55;  // to 5.5 V
        case 0x1F: return 7;     // a word takes 2^7 us, typically
        case 0x20: return 7;     // a buffer 2^7 us
        case 0x21: return 10;    // erasing a block 2^10 ms
        case 0x23: return 4;     // at most 2^4 times that
        case 0x24: return 4;
        case 0x25: return 4;
        case 0x27: return static_cast<u8>(std::countr_zero(region_->size / kChips));
        case 0x28: return 2;  // takes 8 and 16 bits
        case 0x2A: return static_cast<u8>(std::countr_zero(kBufferSize / kChips));
        case 0x2C: return 1;  // blocks of one size
        case 0x2D: return static_cast<u8>(sectors);
        case 0x2E: return static_cast<u8>(sectors >> 8);
        case 0x2F: return static_cast<u8>(chip_sector);
        case 0x30: return static_cast<u8>(chip_sector >> 8);
        case 0x31: return 'P';
        case 0x32: return 'R';
        case 0x33: return 'I';
        case 0x34: return '1';
        case 0x35: return '0';
        case 0x3F: return 1;  // one protection field
        default: return 0;
    }
}

}  // namespace dragoman::devices
