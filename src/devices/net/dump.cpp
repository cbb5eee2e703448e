#include "devices/net/dump.h"

#include <cerrno>
#include <cstring>
#include <ctime>

#include "devices/iov.h"

namespace dragoman::devices::net {

namespace {

struct FileHeader {
    u32 magic = 0xa1b2c3d4;  ///< microseconds, in this byte order
    u16 major = 2, minor = 4;
    u32 reserved[2] = {};
    u32 snap_length;
    u32 link_type = 1;  ///< LINKTYPE_ETHERNET
};
static_assert(sizeof(FileHeader) == 24);

struct PacketHeader {
    u32 seconds, microseconds;
    u32 captured, original;  ///< bytes
};

}  // namespace

Dump::Dump(Properties& properties) {
    std::string path = properties.take("file", "");
    if (path.empty()) properties.fail("needs file=FILE");
    limit_ = static_cast<u32>(properties.take_number("maxlen", 65536, 1, ~u32{0}));
    const std::size_t queue = properties.take_choice("queue", {"all", "rx", "tx"}, 0);
    // The names are those of the back end: it receives what the guest sends.
    received_ = queue != 2;
    sent_ = queue != 1;
    if (properties.take_choice("status", {"on", "off"}, 0) == 1) received_ = sent_ = false;
    properties.finish();
    file_.reset(std::fopen(path.c_str(), "wbe"));
    if (file_ == nullptr) properties.fail("file=" + path + ": " + std::strerror(errno));
    FileHeader header{};
    header.snap_length = limit_;
    std::fwrite(&header, sizeof header, 1, file_.get());
    std::fflush(file_.get());
}

void Dump::see(Way way, std::span<const iovec> frame, u64 bytes) {
    if (!(way == Way::ToGuest ? sent_ : received_)) return;
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    PacketHeader header{static_cast<u32>(now.tv_sec), static_cast<u32>(now.tv_nsec / 1000),
                        static_cast<u32>(std::min<u64>(bytes, limit_)), static_cast<u32>(bytes)};
    std::fwrite(&header, sizeof header, 1, file_.get());
    for_pieces(frame, 0, header.captured, [this](const u8* at, u64 count) { std::fwrite(at, 1, count, file_.get()); });
    std::fflush(file_.get());  // whoever looks while the machine runs sees whole frames
}

}  // namespace dragoman::devices::net
