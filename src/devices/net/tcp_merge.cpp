#include "devices/net/tcp_merge.h"

#include <algorithm>
#include <cstring>

#include "base/big_endian.h"
#include "devices/net/checksum.h"

namespace dragoman::devices::net {

namespace {

constexpr std::size_t kEthernet = 14, kIpv4Header = 20, kIpv6Header = 40, kTcpHeader = 20;
constexpr std::size_t kMaxIp = 65535;
constexpr u8 kTcp = 6;
constexpr u8 kPush = 8, kAck = 16;

// Offsets in IPv4, IPv6 and TCP headers
constexpr std::size_t kLength4 = 2, kIdentification4 = 4, kFragment4 = 6, kProtocol4 = 9, kChecksum4 = 10,
                      kAddresses4 = 12;
constexpr std::size_t kLength6 = 4, kNext6 = 6, kAddresses6 = 8;
constexpr std::size_t kSequence = 4, kOffset = 12, kFlags = 13, kChecksum = 16;

}  // namespace

bool TcpMerge::parse(std::span<const u8> frame, Packet& packet) {
    if (frame.size() < kEthernet + kIpv4Header + kTcpHeader) return false;
    packet.ip = kEthernet;
    std::size_t end;
    const std::span<const u8> ip = frame.subspan(kEthernet);
    if (frame[12] == 0x08 && frame[13] == 0x00) {
        // No options, no fragment.
        if (ip[0] != 0x45 || ip[kProtocol4] != kTcp || (get_be16(ip, kFragment4) & 0x3fff) != 0) return false;
        packet.tcp = kEthernet + kIpv4Header;
        end = kEthernet + get_be16(ip, kLength4);
    } else if (frame[12] == 0x86 && frame[13] == 0xdd) {
        if (frame.size() < kEthernet + kIpv6Header + kTcpHeader || ip[0] >> 4 != 6 || ip[kNext6] != kTcp) return false;
        packet.tcp = kEthernet + kIpv6Header;
        end = packet.tcp + get_be16(ip, kLength6);
    } else {
        return false;
    }
    const std::span<const u8> tcp = frame.subspan(packet.tcp);
    packet.data = packet.tcp + 4 * std::size_t{static_cast<u8>(tcp[kOffset] >> 4)};
    if (packet.data < packet.tcp + kTcpHeader || end <= packet.data || end > frame.size()) return false;
    if ((tcp[kFlags] & ~kPush) != kAck) return false;
    packet.bytes = end - packet.data;
    packet.sequence = get_be32(tcp, kSequence);
    packet.push = (tcp[kFlags] & kPush) != 0;
    return true;
}

/// Whether all but lengths, checksums and what counts on is as in what is held.
bool TcpMerge::continues(std::span<const u8> frame, const Packet& packet) const {
    if (packet.tcp != first_.tcp || packet.data != first_.data || packet.sequence != next_) return false;
    if (packet.bytes > segment_ || held_.size() - first_.ip + packet.bytes > kMaxIp) return false;
    auto same = [&](std::size_t at, std::size_t bytes) {
        return std::memcmp(frame.data() + at, held_.data() + at, bytes) == 0;
    };
    const bool v4 = packet.tcp == kEthernet + kIpv4Header;
    const bool ip = v4 ? same(kEthernet, kLength4) && same(kEthernet + kFragment4, kChecksum4 - kFragment4) &&
                             same(kEthernet + kAddresses4, kIpv4Header - kAddresses4)
                       : same(kEthernet, kLength6) && same(kEthernet + kNext6, kIpv6Header - kNext6);
    static_assert(kIdentification4 + 2 == kFragment4 && kAddresses6 == kNext6 + 2);
    // Ports; acknowledged number and length of the header; window; options
    return ip && same(0, kEthernet) && same(packet.tcp, kSequence) && same(packet.tcp + 8, 5) &&
           same(packet.tcp + 14, 2) && same(packet.tcp + kTcpHeader, packet.data - packet.tcp - kTcpHeader);
}

void TcpMerge::add(std::span<const u8> frame) {
    Packet packet;
    if (!parse(frame, packet)) {
        flush();
        output_(frame, 0);
        return;
    }
    const std::span<const u8> data = frame.subspan(packet.data, packet.bytes);
    if (!held_.empty() && continues(frame, packet)) {
        held_.insert(held_.end(), data.begin(), data.end());
        if (packet.push) held_[first_.tcp + kFlags] |= kPush;
        count_++;
    } else {
        flush();
        held_.assign(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(packet.data + packet.bytes));
        first_ = packet;
        segment_ = packet.bytes;
        count_ = 1;
    }
    next_ = packet.sequence + static_cast<u32>(packet.bytes);
    // Nothing can follow a short one; and what is pushed is waited for.
    if (packet.bytes < segment_ || packet.push) flush();
}

void TcpMerge::flush() {
    if (held_.empty()) return;
    if (count_ > 1) finish_headers();
    output_(held_, count_ > 1 ? static_cast<u16>(segment_) : 0);
    held_.clear();
}

void TcpMerge::finish_headers() {
    const std::span<u8> ip = std::span(held_).subspan(first_.ip);
    const std::size_t tcp_bytes = held_.size() - first_.tcp;
    // RFC 9293 §3.1: the pseudo header has both addresses, the protocol and the length.
    u32 sum = kTcp + static_cast<u32>(tcp_bytes);
    std::span<const u8> addresses;
    if (first_.tcp == kEthernet + kIpv4Header) {
        set_be(ip, kLength4, ip.size(), 2);
        set_be(ip, kChecksum4, 0, 2);
        set_be(ip, kChecksum4, static_cast<u16>(~internet_sum(ip.first(kIpv4Header))), 2);
        addresses = ip.subspan(kAddresses4, 8);
    } else {
        set_be(ip, kLength6, tcp_bytes, 2);
        addresses = ip.subspan(kAddresses6, 32);
    }
    sum += internet_sum(addresses);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    set_be(ip, first_.tcp - first_.ip + kChecksum, sum, 2);
}

}  // namespace dragoman::devices::net
