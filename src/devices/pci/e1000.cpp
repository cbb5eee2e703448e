#include "devices/pci/e1000.h"

#include <algorithm>
#include <cstring>

#include "base/big_endian.h"
#include "devices/net/checksum.h"
#include "devices/state.h"
#include "devices/wake_scope.h"

namespace dragoman::devices::pci {

namespace {

constexpr u16 kVendorIntel = 0x8086, kDeviceE1000 = 0x100e;

enum Register : u32 {  // chapter 13
    kControl = 0x0000,
    kDeviceStatus = 0x0008,
    kEepromPins = 0x0010,
    kEepromRead = 0x0014,
    kMdic = 0x0020,
    kVlanType = 0x0038,
    kInterruptCause = 0x00c0,
    kInterruptSet = 0x00c8,
    kInterruptMask = 0x00d0,
    kInterruptMaskClear = 0x00d8,
    kReceiveControl = 0x0100,
    kTransmitControl = 0x0400,
    kLedControl = 0x0e00,
    kPacketBuffer = 0x1000,
    kReceiveBase = 0x2800,
    kReceiveBaseHigh = 0x2804,
    kReceiveLength = 0x2808,
    kReceiveHead = 0x2810,
    kReceiveTail = 0x2818,
    kTransmitBase = 0x3800,
    kTransmitBaseHigh = 0x3804,
    kTransmitLength = 0x3808,
    kTransmitHead = 0x3810,
    kTransmitTail = 0x3818,
    kStatistics = 0x4000,
    kMissedPackets = 0x4010,
    kReceived64 = 0x405c,  // and those of up to 127, 255, 511, 1023 and more bytes behind it
    kGoodReceived = 0x4074,
    kBroadcastReceived = 0x4078,
    kMulticastReceived = 0x407c,
    kGoodTransmitted = 0x4080,
    kGoodOctetsReceived = 0x4088,
    kGoodOctetsTransmitted = 0x4090,
    kNoBuffers = 0x40a0,
    kOctetsReceived = 0x40c0,
    kOctetsTransmitted = 0x40c8,
    kTotalReceived = 0x40d0,
    kTotalTransmitted = 0x40d4,
    kTransmitted64 = 0x40d8,
    kMulticastTransmitted = 0x40f0,
    kBroadcastTransmitted = 0x40f4,
    kTcpContexts = 0x40f8,
    kStatisticsEnd = 0x4100,
    kMulticastTable = 0x5200,
    kReceiveAddress = 0x5400,
    kReceiveAddressEnd = 0x5480,
    kVlanFilter = 0x5600,
};

enum : u32 { kSetLinkUp = 1u << 6, kReset = 1u << 26, kVlanMode = 1u << 30, kPhyReset = 1u << 31 };  // control
enum : u32 { kLinkUp = 2 };                                                                          // device status
enum Cause : u32 {
    kTransmitted = 1,
    kTransmitQueueEmpty = 2,
    kLinkChanged = 4,
    kFewDescriptors = 0x10,
    kOverrun = 0x40,
    kReceived = 0x80,
    kMdioDone = 0x200,
};
enum : u32 {  // receive control
    kEnable = 2,
    kUnicastPromiscuous = 8,
    kMulticastPromiscuous = 0x10,
    kLoopbackMode = 0x40,
    kBroadcastAccepted = 0x8000,
    kVlanFiltered = 1u << 18,
    kBufferSizeExtended = 1u << 25,
    kStripCrc = 1u << 26,
};
enum : u8 {  // command of a transmit descriptor
    kEndOfPacket = 1,
    kInsertChecksum = 4,  // of a legacy one
    kSegment = 4,         // of an extended one
    kReportStatus = 8,
    kReportSent = 0x10,
    kExtended = 0x20,
    kVlan = 0x40,
};
enum : u8 { kIpChecksum = 1, kTcpChecksum = 2 };  // options of an extended one
constexpr u64 kTransmitDone = u64{1} << 32;
enum : u8 { kDone = 1, kEnd = 2, kIgnoreChecksum = 4, kIsVlan = 8 };  // status of a receive descriptor

constexpr u64 kDescriptorBytes = 16;
constexpr std::size_t kMostBytes = 256 << 10;  // of a frame before it is cut
constexpr std::size_t kMostSegments = 4096;
constexpr std::size_t kMostReceived = 16384;
constexpr std::size_t kLeastBytes = 60, kCrcBytes = 4;
constexpr unsigned kSizes[] = {64, 127, 255, 511, 1023};

/// Puts the checksum of frame[start, end) into its place; an `end` of 0 is the frame's.
void insert_checksum(std::vector<u8>& frame, std::size_t start, std::size_t at, std::size_t end) {
    std::size_t stop = end == 0 ? frame.size() : std::min(end + 1, frame.size());
    if (start >= stop || at + 2 > frame.size()) return;
    set_be(frame, at, static_cast<u16>(~net::internet_sum({&frame[start], stop - start})), 2);
}

bool is_broadcast(std::span<const u8> frame) {
    return std::all_of(frame.begin(), frame.begin() + 6, [](u8 byte) { return byte == 0xff; });
}

}  // namespace

E1000::E1000(TaskQueue& tasks, net::Netdev* netdev, const net::MacAddress& mac)
    : Function("e1000", {.vendor = kVendorIntel, .device = kDeviceE1000, .class_code = 0x020000, .revision = 3}),
      tasks_(tasks),
      netdev_(netdev),
      mac_(mac),
      eeprom_(mac, kVendorIntel, kDeviceE1000) {
    add_bar(0, BarKind::Memory32, kBarBytes, *this, {.min_size = 4, .max_size = 4, .misaligned = false, .adapt = true});
    add_bar(1, BarKind::Io, kIoBytes, io_bar_, {.min_size = 4, .max_size = 4, .misaligned = false, .adapt = true});
    if (netdev_ != nullptr) {
        netdev_->attach([this](std::span<const u8> frame) { return receive(frame); });
    }
}

E1000::~E1000() {
    if (netdev_ != nullptr) netdev_->detach();
}

std::string E1000::describe_device() const {
    return "mac " + net::format_mac(mac_) + (netdev_ != nullptr ? ", netdev " + netdev_->id() : ", no netdev");
}

/// Registers after a reset; the PHY has one of its own.
void E1000::power_on() {
    registers_ = {};
    reg(kControl) = 0x00140241;
    reg(kDeviceStatus) = 0x80080781;
    reg(kLedControl) = 0x00000602;
    reg(kPacketBuffer) = 0x00100030;
    reg(kReceiveAddress) = u32{mac_[0]} | u32{mac_[1]} << 8 | u32{mac_[2]} << 16 | u32{mac_[3]} << 24;
    reg(kReceiveAddress + 4) = u32{mac_[4]} | u32{mac_[5]} << 8 | 1u << 31;
    eeprom_.reset();
    io_address_ = 0;
    context_ = {};
    frame_.clear();
    frame_command_ = frame_options_ = 0;
    starving_ = false;
    update_link();
    update_line();
}

void E1000::reset_device() {
    LockGuard held(lock_);
    phy_.reset();
    power_on();
}

void E1000::update_link() {
    const bool up = netdev_ != nullptr;
    phy_.set_link(up);
    reg(kDeviceStatus) = (reg(kDeviceStatus) & ~u32{kLinkUp}) | (up ? u32{kLinkUp} : 0u);
}

void E1000::raise(u32 causes) {
    reg(kInterruptCause) |= causes;
    update_line();
}

void E1000::update_line() { set_intx((reg(kInterruptCause) & reg(kInterruptMask)) != 0); }

bool E1000::read(u64 offset, unsigned, u64& value) {
    LockGuard held(lock_);
    value = read_register(static_cast<u32>(offset));
    return true;
}

bool E1000::write(u64 offset, unsigned, u64 value) {
    WakeScope wakes;
    LockGuard held(lock_);
    write_register(static_cast<u32>(offset), static_cast<u32>(value));
    return true;
}

bool E1000::IoBar::read(u64 offset, unsigned, u64& value) {
    LockGuard held(device_.lock_);
    value = 0;
    if (offset == 0) value = device_.io_address_;
    if (offset == 4) value = device_.read_register(device_.io_address_);
    return true;
}

bool E1000::IoBar::write(u64 offset, unsigned, u64 value) {
    WakeScope wakes;
    LockGuard held(device_.lock_);
    if (offset == 0) device_.io_address_ = static_cast<u32>(value);
    if (offset == 4) device_.write_register(device_.io_address_, static_cast<u32>(value));
    return true;
}

u32 E1000::read_register(u32 offset) {
    if (offset / 4 >= kRegisters || offset % 4 != 0) return 0;
    u32 value = reg(offset);
    if (offset >= kStatistics && offset < kStatisticsEnd) {
        switch (offset) {
            // Of the pairs the low half stays until the high one is read.
            case kGoodOctetsReceived:
            case kGoodOctetsTransmitted:
            case kOctetsReceived:
            case kOctetsTransmitted: return value;
            case kGoodOctetsReceived + 4:
            case kGoodOctetsTransmitted + 4:
            case kOctetsReceived + 4:
            case kOctetsTransmitted + 4: reg(offset - 4) = 0; break;
            default: break;
        }
        reg(offset) = 0;
        return value;
    }
    switch (offset) {
        case kEepromPins: return eeprom_.pins();
        case kInterruptCause:
            reg(kInterruptCause) = 0;
            update_line();
            return value;
        case kInterruptSet: return reg(kInterruptCause);
        case kInterruptMaskClear: return 0;
        default: return value;
    }
}

void E1000::write_register(u32 offset, u32 value) {
    if (offset / 4 >= kRegisters || offset % 4 != 0) return;
    if (offset >= kStatistics && offset < kStatisticsEnd) return;
    switch (offset) {
        case kControl: return write_control(value);
        case kDeviceStatus: return;
        case kEepromPins: return eeprom_.set_pins(value);
        case kEepromRead: reg(offset) = eeprom_.read_word(value); return;
        case kMdic: return write_mdic(value);
        case kInterruptCause: reg(kInterruptCause) &= ~value; return update_line();
        case kInterruptSet: return raise(value);
        case kInterruptMask: reg(kInterruptMask) |= value; return update_line();
        case kInterruptMaskClear: reg(kInterruptMask) &= ~value; return update_line();
        case kReceiveBase:
        case kTransmitBase: reg(offset) = value & ~u32{0xf}; return;
        case kReceiveLength:
        case kTransmitLength: reg(offset) = value & 0xfff80; return;
        case kReceiveHead:
        case kTransmitHead: reg(offset) = value & 0xffff; return;
        case kReceiveControl:
        case kReceiveTail:
            reg(offset) = offset == kReceiveTail ? value & 0xffff : value;
            if (!starving_ || netdev_ == nullptr) return;
            starving_ = false;
            tasks_.post([this] { netdev_->resume(); });
            return;
        case kTransmitControl:
        case kTransmitTail: reg(offset) = offset == kTransmitTail ? value & 0xffff : value; return start_transmit();
        default: reg(offset) = value;
    }
}

void E1000::write_control(u32 value) {
    if ((value & kReset) != 0) return power_on();
    if ((value & kPhyReset) != 0) phy_.reset();
    reg(kControl) = value & ~u32{kPhyReset};
}

/// Accesses to the PHY, which is at address 1.
void E1000::write_mdic(u32 value) {
    constexpr u32 kWrite = 1u << 26, kRead = 2u << 26, kReady = 1u << 28, kInterrupt = 1u << 29, kError = 1u << 30;
    const unsigned index = value >> 16 & 31;
    u32 result = value | kReady;
    if ((value >> 21 & 31) != 1) {
        result |= kError;
    } else if ((value & (3u << 26)) == kRead) {
        result = (result & ~u32{0xffff}) | phy_.read(index);
    } else if ((value & (3u << 26)) == kWrite) {
        bool restarted;
        phy_.write(index, static_cast<u16>(value), restarted);
        if (restarted) {
            update_link();
            raise(kLinkChanged);
        }
    }
    reg(kMdic) = result;
    if ((value & kInterrupt) != 0) raise(kMdioDone);
}

// Sending

void E1000::start_transmit() {
    if (posted_ || (reg(kTransmitControl) & kEnable) == 0 || reg(kTransmitHead) == reg(kTransmitTail)) return;
    posted_ = true;
    tasks_.post([this] { transmit(); });
}

void E1000::command_changed() {
    LockGuard held(lock_);
    if (bus_master()) start_transmit();
}

/// The event loop's: sends what the ring has, and lets others have their turn after a batch.
void E1000::transmit() {
    WakeScope wakes;
    UniqueLock held(lock_);
    posted_ = false;
    std::vector<std::vector<u8>> frames;
    bool more = true;
    for (unsigned taken = 0; taken < 8 * kBatch && frames.size() < kBatch && more; taken++)
        more = take_descriptor(frames);
    for (const std::vector<u8>& frame : frames) count_frame(frame, false);
    const bool loopback = (reg(kReceiveControl) & kLoopbackMode) != 0 || phy_.loopback();
    if (more) start_transmit();
    held.unlock();
    for (std::vector<u8>& frame : frames) {
        iovec piece{frame.data(), frame.size()};
        if (loopback) receive(frame);
        else if (netdev_ != nullptr) netdev_->transmit({&piece, 1}, frame.size());
    }
}

/// Takes the descriptor at the head. @returns false when there is none
bool E1000::take_descriptor(std::vector<std::vector<u8>>& frames) {
    const u32 count = reg(kTransmitLength) / kDescriptorBytes;
    u32& head = reg(kTransmitHead);
    if ((reg(kTransmitControl) & kEnable) == 0 || head == reg(kTransmitTail) || head >= count || !bus_master())
        return false;
    const u64 at = (u64{reg(kTransmitBaseHigh)} << 32 | reg(kTransmitBase)) + head * kDescriptorBytes;
    Descriptor descriptor{};
    if (!dma_read(at, &descriptor, sizeof descriptor)) return false;
    const u8 command = static_cast<u8>(descriptor.fields >> 24);
    const bool extended = (command & kExtended) != 0;
    if (extended && (descriptor.fields >> 20 & 0xf) == 0) {
        set_context(descriptor);
    } else {
        const u64 length = descriptor.fields & (extended ? 0xfffff : 0xffff);
        if (frame_.empty()) {
            frame_command_ = command;
            frame_options_ = static_cast<u8>(descriptor.fields >> 40);
        }
        // Of an address that is not memory zeros are sent.
        const u64 room = std::min<u64>(length, kMostBytes - frame_.size()), before = frame_.size();
        frame_.resize(before + room);
        if (room != 0) dma_read(descriptor.address, &frame_[before], room);
        if ((command & kEndOfPacket) != 0) end_frame(frames, descriptor.fields);
    }
    u32 causes = 0;
    if ((command & (kReportStatus | kReportSent)) != 0) {
        const u64 fields = descriptor.fields | kTransmitDone;
        dma_write(at + 8, &fields, sizeof fields);
        causes = kTransmitted;
    }
    head = head + 1 < count ? head + 1 : 0;
    if (head == reg(kTransmitTail)) causes |= kTransmitQueueEmpty;
    if (causes != 0) raise(causes);
    return true;
}

void E1000::set_context(const Descriptor& descriptor) {
    auto field = [](u64 from, unsigned position) { return static_cast<u8>(from >> position); };
    const u64 first = descriptor.address, second = descriptor.fields;
    context_ = {.ip_start = field(first, 0),
                .ip_offset = field(first, 8),
                .tcp_start = field(first, 32),
                .tcp_offset = field(first, 40),
                .header_bytes = field(second, 40),
                .ip_end = static_cast<u16>(first >> 16),
                .tcp_end = static_cast<u16>(first >> 48),
                .segment_bytes = static_cast<u16>(second >> 48),
                .ipv4 = (second >> 25 & 1) != 0,
                .tcp = (second >> 24 & 1) != 0};
    if ((second >> 26 & 1) != 0) count(kTcpContexts, 1);
}

/// The last descriptor of a frame has been read; `fields` are its.
void E1000::end_frame(std::vector<std::vector<u8>>& frames, u64 fields) {
    if (frame_.size() < 14) {  // no frame
        frame_.clear();
        return;
    }
    const u8 command = static_cast<u8>(fields >> 24);
    if ((command & kVlan) != 0 && (reg(kControl) & kVlanMode) != 0) {
        u8 tag[4];
        set_be(tag, 0, reg(kVlanType) != 0 ? reg(kVlanType) : 0x8100, 2);
        set_be(tag, 2, fields >> 48, 2);
        frame_.insert(frame_.begin() + 12, tag, tag + 4);
    }
    if ((frame_command_ & kExtended) == 0) {
        const u64 offset = fields >> 16 & 0xff, start = fields >> 40 & 0xff;
        if ((command & kInsertChecksum) != 0) insert_checksum(frame_, start, offset, 0);
        frames.push_back(std::move(frame_));
    } else if ((frame_command_ & kSegment) != 0 && context_.segment_bytes != 0 &&
               frame_.size() > context_.header_bytes) {
        cut_into_segments(frames);
    } else {
        complete(frame_, frames);
    }
    frame_.clear();
}

/// Puts the checksums in that the frame's options ask for, and sends it.
void E1000::complete(std::vector<u8>& frame, std::vector<std::vector<u8>>& frames) {
    if ((frame_options_ & kTcpChecksum) != 0)
        insert_checksum(frame, context_.tcp_start, context_.tcp_offset, context_.tcp_end);
    if ((frame_options_ & kIpChecksum) != 0)
        insert_checksum(frame, context_.ip_start, context_.ip_offset, context_.ip_end);
    frames.push_back(std::move(frame));
}

/// TCP segmentation: the header goes in front of every piece, with its own lengths, numbers and flags.
void E1000::cut_into_segments(std::vector<std::vector<u8>>& frames) {
    const std::size_t header = context_.header_bytes, payload = frame_.size() - header, ip = context_.ip_start,
                      tcp = context_.tcp_start, checksum = context_.tcp_offset;
    const bool headers_there = ip + 20 <= header && tcp + (context_.tcp ? 20 : 8) <= header && checksum + 2 <= header;
    if (!headers_there) return complete(frame_, frames);
    if (payload / context_.segment_bytes > kMostSegments) return;  // what no driver sends
    for (std::size_t at = 0, number = 0; at < payload; at += context_.segment_bytes, number++) {
        const std::size_t bytes = std::min<std::size_t>(context_.segment_bytes, payload - at);
        std::vector<u8> segment(frame_.begin(), frame_.begin() + static_cast<std::ptrdiff_t>(header));
        segment.insert(segment.end(), frame_.begin() + static_cast<std::ptrdiff_t>(header + at),
                       frame_.begin() + static_cast<std::ptrdiff_t>(header + at + bytes));
        if (context_.ipv4) {
            set_be(segment, ip + 2, segment.size() - ip, 2);
            set_be(segment, ip + 4, get_be16(segment, ip + 4) + number, 2);
        } else {
            set_be(segment, ip + 4, segment.size() - ip - 40, 2);
        }
        const u64 behind_ip = segment.size() - tcp;
        if (context_.tcp) {
            set_be(segment, tcp + 4, get_be32(segment, tcp + 4) + static_cast<u32>(at), 4);
            constexpr u8 kPushFin = 9;
            if (at + bytes < payload) segment[tcp + 13] &= static_cast<u8>(~kPushFin);
        } else {
            set_be(segment, tcp + 4, behind_ip, 2);
        }
        // The driver has left the length out of the pseudo header's sum.
        u32 sum = get_be16(segment, checksum) + static_cast<u32>(behind_ip);
        set_be(segment, checksum, (sum & 0xffff) + (sum >> 16), 2);
        complete(segment, frames);
    }
}

// Receiving

u32 E1000::receive_buffer_bytes() {
    const u32 control = reg(kReceiveControl), bytes = 2048u >> (control >> 16 & 3);
    return (control & kBufferSizeExtended) != 0 && bytes != 2048 ? bytes * 16 : bytes;
}

u32 E1000::free_receive_descriptors() {
    const u32 count = reg(kReceiveLength) / kDescriptorBytes, head = reg(kReceiveHead), tail = reg(kReceiveTail);
    if (head >= count || tail >= count) return 0;
    return head <= tail ? tail - head : count - head + tail;
}

bool E1000::wants(std::span<const u8> frame) {
    const u32 control = reg(kReceiveControl);
    if ((control & kVlanFiltered) != 0 && frame.size() >= 18 && get_be16(frame, 12) == (reg(kVlanType) & 0xffff)) {
        const u32 id = get_be16(frame, 14) & 0xfff;
        if ((reg(kVlanFilter + (id >> 5) * 4) >> (id & 31) & 1) == 0) return false;
    }
    const bool group = (frame[0] & 1) != 0;
    if (!group && (control & kUnicastPromiscuous) != 0) return true;
    if (group && (control & kMulticastPromiscuous) != 0) return true;
    if (is_broadcast(frame) && (control & kBroadcastAccepted) != 0) return true;
    for (u32 at = kReceiveAddress; at < kReceiveAddressEnd; at += 8) {
        if (reg(at + 4) >> 31 == 0) continue;
        u8 address[6];
        std::memcpy(address, &reg(at), 4);
        std::memcpy(address + 4, &reg(at + 4), 2);
        if (std::equal(address, address + 6, frame.begin())) return true;
    }
    if (!group) return false;
    constexpr unsigned kShifts[] = {4, 3, 2, 0};
    const u32 hash = (u32{frame[5]} << 8 | frame[4]) >> kShifts[control >> 12 & 3] & 0xfff;
    return (reg(kMulticastTable + (hash >> 5) * 4) >> (hash & 31) & 1) != 0;
}

bool E1000::receive(std::span<const u8> frame) {
    WakeScope wakes;
    LockGuard held(lock_);
    if ((reg(kReceiveControl) & kEnable) == 0 || !bus_master()) return true;  // the interface is down
    if (frame.size() < 14 || frame.size() > kMostReceived || !wants(frame)) return true;
    std::array<u8, kMostReceived> bytes;
    std::size_t length = frame.size();
    const bool tagged =
        (reg(kControl) & kVlanMode) != 0 && length >= 18 && get_be16(frame, 12) == (reg(kVlanType) & 0xffff);
    const u16 tag = tagged ? get_be16(frame, 14) : u16{0};
    if (tagged) {
        std::copy_n(frame.begin(), 12, bytes.begin());
        std::copy(frame.begin() + 16, frame.end(), bytes.begin() + 12);
        length -= 4;
    } else {
        std::copy(frame.begin(), frame.end(), bytes.begin());
    }
    if (length < kLeastBytes) {
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(length), bytes.begin() + kLeastBytes, u8{0});
        length = kLeastBytes;
    }
    const std::size_t crc = (reg(kReceiveControl) & kStripCrc) != 0 ? 0 : kCrcBytes;
    const u32 needed = static_cast<u32>((length + crc + receive_buffer_bytes() - 1) / receive_buffer_bytes());
    if (free_receive_descriptors() < needed) {
        if (reg(kReceiveLength) == 0 || needed >= reg(kReceiveLength) / kDescriptorBytes) return true;  // never
        if (!starving_) count(kNoBuffers, 1);
        starving_ = true;
        raise(kOverrun);
        return false;
    }
    put_frame({bytes.data(), length}, tag, tagged);
    return true;
}

/// Puts a frame into the descriptors at the head, of which there are enough.
void E1000::put_frame(std::span<const u8> frame, u16 tag, bool tagged) {
    const u32 count = reg(kReceiveLength) / kDescriptorBytes, room = receive_buffer_bytes();
    const std::size_t total = frame.size() + ((reg(kReceiveControl) & kStripCrc) != 0 ? 0 : kCrcBytes);
    for (std::size_t sent = 0; sent < total;) {
        u32& head = reg(kReceiveHead);
        const u64 at = (u64{reg(kReceiveBaseHigh)} << 32 | reg(kReceiveBase)) + head * kDescriptorBytes;
        const std::size_t part = std::min<std::size_t>(room, total - sent);
        u64 address = 0;
        dma_read(at, &address, sizeof address);
        if (address != 0 && sent < frame.size())
            dma_write(address, frame.data() + sent, std::min(part, frame.size() - sent));
        sent += part;
        u64 status = kDone | kIgnoreChecksum | (sent == total ? kEnd : 0) | (tagged ? kIsVlan : 0);
        const u64 fields = part | status << 32 | u64{tag} << 48;
        dma_write(at + 8, &fields, sizeof fields);
        head = head + 1 < count ? head + 1 : 0;
    }
    count_frame(frame, true);
    u32 causes = kReceived;
    const u32 threshold = count >> ((reg(kReceiveControl) >> 8 & 3) + 1);
    if (free_receive_descriptors() <= threshold) causes |= kFewDescriptors;
    raise(causes);
}

// Statistics

/// A counter stays at its most. Of the pairs, `low_register` is the first.
void E1000::count(u32 low_register, u64 amount) {
    const bool pair = low_register == kGoodOctetsReceived || low_register == kGoodOctetsTransmitted ||
                      low_register == kOctetsReceived || low_register == kOctetsTransmitted;
    if (!pair) {
        reg(low_register) = static_cast<u32>(std::min<u64>(reg(low_register) + amount, ~u32{0}));
        return;
    }
    u64 value = u64{reg(low_register + 4)} << 32 | reg(low_register);
    value = value + amount < value ? ~u64{0} : value + amount;
    reg(low_register) = static_cast<u32>(value);
    reg(low_register + 4) = static_cast<u32>(value >> 32);
}

void E1000::count_frame(std::span<const u8> frame, bool received) {
    const u64 octets = frame.size() + kCrcBytes;
    const auto* size = std::lower_bound(std::begin(kSizes), std::end(kSizes), octets);
    count((received ? kReceived64 : kTransmitted64) + 4 * static_cast<u32>(size - std::begin(kSizes)), 1);
    count(received ? kGoodReceived : kGoodTransmitted, 1);
    count(received ? kTotalReceived : kTotalTransmitted, 1);
    count(received ? kGoodOctetsReceived : kGoodOctetsTransmitted, octets);
    count(received ? kOctetsReceived : kOctetsTransmitted, octets);
    if (is_broadcast(frame)) count(received ? kBroadcastReceived : kBroadcastTransmitted, 1);
    else if ((frame[0] & 1) != 0) count(received ? kMulticastReceived : kMulticastTransmitted, 1);
}

void E1000::visit_device(State& state) {
    LockGuard held(lock_);
    state.same("netdev", netdev_ != nullptr ? 1 : 0);
    state.fields("registers", std::span<u32>(registers_));
    state.section("eeprom", [&]() DRAGOMAN_REQUIRES(lock_) { eeprom_.visit(state); });
    state.section("phy", [&]() DRAGOMAN_REQUIRES(lock_) { phy_.visit(state); });
    state.field("io address", io_address_);
    state.section("context", [&]() DRAGOMAN_REQUIRES(lock_) {
        state.field("ip start", context_.ip_start);
        state.field("ip offset", context_.ip_offset);
        state.field("tcp start", context_.tcp_start);
        state.field("tcp offset", context_.tcp_offset);
        state.field("header bytes", context_.header_bytes);
        state.field("ip end", context_.ip_end);
        state.field("tcp end", context_.tcp_end);
        state.field("segment bytes", context_.segment_bytes);
        state.field("ipv4", context_.ipv4);
        state.field("tcp", context_.tcp);
    });
    std::vector<u8> gathered(state.peek("frame bytes", static_cast<u32>(frame_.size()), kMostBytes));
    if (state.saving()) gathered = frame_;
    state.bytes("frame", gathered);
    state.field("frame command", frame_command_);
    state.field("frame options", frame_options_);
    state.field("starving", starving_, netdev_ != nullptr ? 1 : 0);
    if (state.loading()) frame_ = std::move(gathered);
}

void E1000::resume() {
    LockGuard held(lock_);
    start_transmit();
    if (starving_ && free_receive_descriptors() != 0) {
        starving_ = false;
        tasks_.post([this] { netdev_->resume(); });
    }
}

}  // namespace dragoman::devices::pci
