#include "devices/htif.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/log.h"
#include "devices/state.h"
#include "memory/watched_store.h"

namespace dragoman::devices {

namespace {

constexpr unsigned kDeviceShift = 56, kCommandShift = 48;
constexpr u64 kArgumentMask = (u64{1} << kCommandShift) - 1;
constexpr u8 kSystem = 0, kConsole = 1;
constexpr u8 kSystemCall = 0, kGetByte = 0, kPutByte = 1;
constexpr u64 kAnswered = 0x100;  // beside the byte, so that an answer is never zero

constexpr u64 kWrite = 64;          // as Linux numbers it
constexpr u64 kMostWritten = 4096;  // by one call; the program calls again for the rest

}  // namespace

Htif::Htif(memory::PhysicalSpace& space, std::shared_ptr<Chardev> chardev, std::function<void(int status)> exit)
    : space_(space), chardev_(std::move(chardev)), exit_(std::move(exit)) {
    if (chardev_ == nullptr) return;
    Chardev::Frontend frontend;
    frontend.can_receive = [this]() -> std::size_t {
        LockGuard lock(mutex_);
        return wants_byte_ ? 1 : 0;
    };
    frontend.receive = [this](std::span<const u8> bytes) {
        LockGuard lock(mutex_);
        if (bytes.empty() || !wants_byte_) return;
        wants_byte_ = false;
        answer(u64{kConsole} << kDeviceShift | u64{kGetByte} << kCommandShift | kAnswered | bytes[0]);
    };
    chardev_->attach(std::move(frontend));
}

Htif::~Htif() = default;

bool Htif::place(u64 tohost, u64 fromhost) {
    if (space_.ram(fromhost, 8) == nullptr || space_.ram(tohost, 8) == nullptr) return false;
    if (!memory::watch_stores(space_, tohost, 8, [this] { tohost_written(); })) return false;
    placed_ = true;
    tohost_address_ = tohost;
    fromhost_address_ = fromhost;
    return true;
}

void Htif::reset() {
    LockGuard lock(mutex_);
    tohost_ = fromhost_ = 0;
    half_written_ = wants_byte_ = false;
}

void Htif::visit(State& state) {
    state.version(1);
    state.same("placed", placed_);
    LockGuard lock(mutex_);
    state.field("tohost", tohost_);
    state.field("fromhost", fromhost_);
    state.field("half written", half_written_);
    state.field("wants byte", wants_byte_);
}

void Htif::resume() {
    if (chardev_ != nullptr) chardev_->accept_input();
}

std::string Htif::describe() const {
    std::string text = placed_ ? "htif, in memory" : "htif";
    return chardev_ == nullptr ? text : text + ", " + chardev_->describe();
}

/// What the device writes comes here, too, as zero.
void Htif::tohost_written() {
    u64 request = 0;
    if (!space_.read(tohost_address_, &request, sizeof request) || request == 0) return;
    const u64 taken = 0;
    space_.write(tohost_address_, &taken, sizeof taken);
    handle(request);
}

void Htif::answer(u64 value) {
    if (placed_) space_.write(fromhost_address_, &value, sizeof value);
    else fromhost_ = value;
}

void Htif::print(u8 byte) {
    if (chardev_ != nullptr) chardev_->write({&byte, 1});
}

/// @returns the result, as Linux has it
u64 Htif::system_call(u64 address) {
    std::array<u64, 8> words;
    constexpr auto error = [](int number) { return static_cast<u64>(-number); };
    if (!space_.read(address, words.data(), sizeof words)) return error(EFAULT);
    const auto [number, file, buffer, bytes] = std::array{words[0], words[1], words[2], words[3]};
    u64 result = error(ENOSYS);
    if (number == kWrite && (file == 1 || file == 2)) {
        result = std::min(bytes, kMostWritten);
        for (u64 i = 0; i < result; ++i) {
            u8 byte;
            if (!space_.read(buffer + i, &byte, 1)) {
                result = i == 0 ? error(EFAULT) : i;
                break;
            }
            print(byte);
        }
    }
    space_.write(address, &result, sizeof result);
    return result;
}

void Htif::handle(u64 request) {
    const u8 device = static_cast<u8>(request >> kDeviceShift), command = static_cast<u8>(request >> kCommandShift);
    const u64 argument = request & kArgumentMask, head = request & ~kArgumentMask;
    if (device == kSystem && command == kSystemCall) {
        if ((argument & 1) != 0) return exit_(static_cast<int>(argument >> 1));
        system_call(argument);
        LockGuard lock(mutex_);
        answer(head | kAnswered | static_cast<u8>(argument));
    } else if (device == kConsole && command == kGetByte) {
        {
            LockGuard lock(mutex_);
            wants_byte_ = true;
        }
        if (chardev_ != nullptr) chardev_->accept_input();
    } else if (device == kConsole && command == kPutByte) {
        print(static_cast<u8>(argument));
        LockGuard lock(mutex_);
        answer(head | kAnswered | static_cast<u8>(argument));
    } else {
        if (log::enabled(log::Item::GuestErrors)) {
            std::fprintf(log::stream(), "guest error: htif has no device %u with command %u\n", device, command);
        }
        LockGuard lock(mutex_);
        answer(head);
    }
}

bool Htif::read(u64 offset, unsigned, u64& value) {
    LockGuard lock(mutex_);
    const u64 word = offset < 8 ? fromhost_ : tohost_;
    value = extract(word, (offset & 4) * 8, 32);
    return true;
}

/// A word comes in two halves, the low one first; a request while one is being made is lost.
bool Htif::write(u64 offset, unsigned, u64 value) {
    u64 request = 0;
    {
        LockGuard lock(mutex_);
        if (offset < 8) {
            fromhost_ = deposit(fromhost_, (offset & 4) * 8, 32, value);
        } else if (offset == 8) {
            half_written_ = tohost_ == 0;
            if (half_written_) tohost_ = static_cast<u32>(value);
        } else if (half_written_) {
            request = tohost_ | value << 32;
            tohost_ = 0;
            half_written_ = false;
        }
    }
    if (request != 0) handle(request);
    return true;
}

}  // namespace dragoman::devices
