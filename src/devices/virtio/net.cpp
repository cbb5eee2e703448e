#include "devices/virtio/net.h"

#include <algorithm>
#include <cstring>

#include "devices/iov.h"
#include "devices/net/checksum.h"
#include "devices/state.h"
#include "devices/wake_scope.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kDeviceId = 1;
constexpr u64 kCsum = feature(0), kGuestCsum = feature(1), kMtu = feature(3), kMac = feature(5),
              kGuestTso4 = feature(7), kGuestTso6 = feature(8), kHostTso4 = feature(11), kHostTso6 = feature(12),
              kMergeableBuffers = feature(15), kStatusField = feature(16);
constexpr u64 kMaxFrame = 65536 + 256;
constexpr unsigned kMaxBatches = 8;  // of transmitted frames, before others on the event loop have their turn

struct Header {  // §5.1.6
    u8 flags;
    u8 gso_type;
    u16 header_length;
    u16 gso_size;
    u16 csum_start;
    u16 csum_offset;
    u16 buffers;  ///< not there for legacy drivers without mergeable buffers
};
constexpr u64 kLegacyHeaderBytes = 10;
static_assert(sizeof(Header) == 12);

enum : u8 { kNeedsCsum = 1, kDataValid = 2 };
enum : u8 { kTcpIpv4 = 1, kTcpIpv6 = 4 };  // gso_type

struct Config {  // §5.1.4
    u8 mac[6];
    u16 status;
    u16 max_queue_pairs;
    u16 mtu;
};
constexpr u16 kLinkUp = 1;

/// Fills in the checksum that the guest has left open. @returns false when its place is not in the frame.
bool complete_checksum(std::span<u8> frame, const Header& header) {
    std::size_t start = header.csum_start, at = start + header.csum_offset;
    if (start >= frame.size() || at + 2 > frame.size()) return false;
    // The field holds the sum of the pseudo header.
    u16 sum = static_cast<u16>(~net::internet_sum(frame.subspan(start)));
    if (sum == 0) sum = 0xffff;  // for UDP, zero means none; for TCP it is the same number
    frame[at] = static_cast<u8>(sum >> 8);
    frame[at + 1] = static_cast<u8>(sum);
    return true;
}

}  // namespace

Net::Net(memory::PhysicalSpace& space, TaskQueue& tasks, net::Netdev* netdev, const NetOptions& options)
    : VirtioDevice(space, kDeviceId, std::array{options.queue_size, options.queue_size}),
      tasks_(tasks),
      netdev_(netdev),
      options_(options),
      mac_(options.mac) {
    if (netdev_ != nullptr) {
        netdev_->attach_large([this](std::span<const u8> frame, u16 segment) { return receive(frame, segment); });
    }
}

Net::~Net() {
    if (netdev_ != nullptr) netdev_->detach();
}

NetOptions Net::take_options(Properties& properties, const MacAddress& mac) {
    NetOptions options;
    options.mac = mac;
    options.queue_size = static_cast<u16>(properties.take_number("rx_queue_size", options.queue_size, 16, 1024));
    if (!std::has_single_bit(options.queue_size)) properties.fail("rx_queue_size= is no power of two");
    properties.take_number("tx_queue_size", options.queue_size, options.queue_size, options.queue_size);
    options.mtu = static_cast<u16>(properties.take_number("host_mtu", 0, 0, 65535));
    options.csum = properties.take_bool("csum", true);
    bool tso4 = properties.take_bool("host_tso4", true), tso6 = properties.take_bool("host_tso6", true);
    options.tso = tso4 && tso6;
    bool guest4 = properties.take_bool("guest_tso4", true), guest6 = properties.take_bool("guest_tso6", true);
    options.guest_tso = guest4 && guest6;
    properties.finish();
    return options;
}

std::string Net::describe() const {
    return "virtio-net, mac " + net::format_mac(options_.mac) +
           (netdev_ != nullptr ? ", netdev " + netdev_->id() : ", no netdev");
}

u64 Net::device_features() const {
    u64 features = kMac | kStatusField | kMergeableBuffers;
    if (options_.mtu != 0) features |= kMtu;
    if (netdev_ == nullptr || !options_.csum) return features;
    features |= kCsum;
    // What libslirp makes has right checksums; of a tap's frames nothing is known.
    if (netdev_->takes_large_segments()) {
        features |= kGuestCsum | (options_.tso ? kHostTso4 | kHostTso6 : 0);
        if (options_.guest_tso) features |= kGuestTso4 | kGuestTso6;
    }
    return features;
}

u32 Net::config_bytes() const { return sizeof(Config); }

void Net::fill_config(std::span<u8> bytes) {
    Config config{};
    std::copy(mac_.begin(), mac_.end(), config.mac);
    config.status = netdev_ != nullptr ? kLinkUp : 0;
    config.max_queue_pairs = 1;
    config.mtu = options_.mtu;
    std::memcpy(bytes.data(), &config, sizeof config);
}

void Net::config_written(std::span<const u8> config) {
    // §5.1.4.2: the address is read-only but for legacy drivers.
    if (!has_feature(kFeatureVersion1)) std::copy_n(config.begin(), mac_.size(), mac_.begin());
}

u64 Net::header_bytes() const {
    return has_feature(kFeatureVersion1) || has_feature(kMergeableBuffers) ? sizeof(Header) : kLegacyHeaderBytes;
}

void Net::driver_ready() {
    // New buffers are of interest only while a frame waits for them.
    own_queue(kReceive).suppress_notifications();
    tell_netdev();
}

/// What the driver wants of the back end.
void Net::tell_netdev() {
    if (netdev_ != nullptr) netdev_->want_merged(has_feature(kGuestTso4), has_feature(kGuestTso6));
}

void Net::device_reset() {
    if (netdev_ != nullptr) netdev_->want_merged(false, false);
    starving_ = false;
    mac_ = options_.mac;
}

void Net::visit_device(State& state) {
    state.bytes("mac", mac_);
    state.field("starving", starving_, netdev_ != nullptr ? 1 : 0);
    tell_netdev();
}

void Net::queue_notified(unsigned index) {
    if (index == kReceive) {
        if (!starving_) return;
        starving_ = false;
        own_queue(kReceive).suppress_notifications();
        tasks_.post([this] { netdev_->resume(); });
    } else if (!transmit_posted_) {
        transmit_posted_ = true;
        own_queue(kTransmit).suppress_notifications();
        tasks_.post([this] { transmit(); });
    }
}

/// Takes buffers of `bytes` in all, in several chains where the driver lets us. @returns false when there are not
/// enough, or the one is too small; none is taken then.
bool Net::gather(u64 bytes, unsigned& chains) {
    u64 room = 0;
    chains = 0;
    unsigned limit = has_feature(kMergeableBuffers) ? kBatch : 1;
    while (room < bytes && chains < limit && pop(kReceive, receive_chains_[chains])) {
        room += receive_chains_[chains++].writable.bytes;
    }
    if (room >= bytes) return true;
    if (running()) own_queue(kReceive).unpop(static_cast<u16>(chains));
    return false;
}

bool Net::receive(std::span<const u8> frame, u16 segment) {
    UniqueLock held(lock());
    if (!running() || !own_queue(kReceive).enabled()) return true;  // the interface is down
    Header header{};
    if (has_feature(kGuestCsum)) header.flags = kDataValid;
    if (segment != 0) {
        const bool ipv6 = frame[12] == 0x86;
        if (!has_feature(ipv6 ? kGuestTso6 : kGuestTso4)) return true;  // it was for the driver before
        constexpr u16 kEthernet = 14, kIpv4 = 20, kIpv6 = 40, kChecksumInTcp = 16;
        header.flags = kNeedsCsum;
        header.gso_type = ipv6 ? kTcpIpv6 : kTcpIpv4;
        header.gso_size = segment;
        header.csum_start = static_cast<u16>(kEthernet + (ipv6 ? kIpv6 : kIpv4));
        header.csum_offset = kChecksumInTcp;
        header.header_length = static_cast<u16>(header.csum_start + 4 * (frame[header.csum_start + 12u] >> 4));
    }
    u64 total = header_bytes() + frame.size();
    unsigned chains;
    if (!gather(total, chains)) {
        // A chain that is too small for the frame, or as many as there may be: waiting would not help.
        if (chains == (has_feature(kMergeableBuffers) ? kBatch : 1) || !running()) return true;
        starving_ = true;
        own_queue(kReceive).request_notifications();
        // Buffers may have come in between.
        if (!gather(total, chains)) return !running();
        starving_ = false;
        own_queue(kReceive).suppress_notifications();
    }
    header.buffers = static_cast<u16>(chains);
    u64 sent = 0;
    for (unsigned i = 0; i < chains; i++) {
        const Buffers& to = receive_chains_[i].writable;
        u64 at = 0;
        if (i == 0) at = to.copy_from(0, &header, header_bytes());
        // A first chain without room for the header is none that a driver makes; the frame arrives cut then.
        at += to.copy_from(at, frame.data() + sent, std::min<u64>(frame.size() - sent, to.bytes - at));
        sent += at - (i == 0 ? std::min(at, header_bytes()) : 0);
        own_queue(kReceive).push(receive_chains_[i], at);
    }
    publish(kReceive);
    return true;
}

void Net::transmit() {
    WakeScope wakes;
    UniqueLock held(lock());
    transmit_posted_ = false;
    for (unsigned batch = 0; running(); batch++) {
        unsigned count = 0;
        while (count < kBatch && pop(kTransmit, transmit_chains_[count])) count++;
        if (count == 0) {
            if (!request_notifications(kTransmit)) return;
            own_queue(kTransmit).suppress_notifications();
            continue;
        }
        begin_work();
        held.unlock();
        WakeScope::flush();
        for (unsigned i = 0; i < count; i++) send(transmit_chains_[i]);
        held.lock();
        for (unsigned i = 0; i < count; i++) own_queue(kTransmit).push(transmit_chains_[i], 0);
        publish(kTransmit);
        end_work();
        if (batch >= kMaxBatches && !transmit_posted_) {
            transmit_posted_ = true;
            tasks_.post([this] { transmit(); });
            return;
        }
    }
}

void Net::send(const Chain& chain) {
    Header header{};
    u64 skip = header_bytes();
    if (netdev_ == nullptr || chain.readable.bytes <= skip || chain.readable.bytes - skip > kMaxFrame) return;
    chain.readable.copy_to(0, &header, skip);
    u64 bytes = chain.readable.bytes - skip;
    if ((header.flags & kNeedsCsum) == 0) {
        chain.readable.slice(skip, bytes, pieces_);
        netdev_->transmit(pieces_, bytes);
        return;
    }
    linear_.resize(bytes);
    chain.readable.copy_to(skip, linear_.data(), bytes);
    if (!complete_checksum(linear_, header)) return;
    iovec piece{linear_.data(), bytes};
    netdev_->transmit({&piece, 1}, bytes);
}

}  // namespace dragoman::devices::virtio
