#include "linux/ilp32/control_messages.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <ctime>

namespace dragoman::linux_abi {

namespace {

struct Header32 {
    u32 length;
    i32 level, type;
};
constexpr u64 kHeader32 = sizeof(Header32), kHeader64 = CMSG_LEN(0);

constexpr u64 aligned32(u64 bytes) { return align_up(bytes, sizeof(u32)); }
constexpr u64 aligned64(u64 bytes) { return align_up(bytes, sizeof(u64)); }

/// Times of the old kind, which are two longs.
bool is_old_time(const cmsghdr& header) {
    return header.cmsg_level == SOL_SOCKET && (header.cmsg_type == SO_TIMESTAMP || header.cmsg_type == SO_TIMESTAMPNS);
}

}  // namespace

bool widen_control(std::span<const u8> guest, std::vector<u8>& host) {
    u64 at = 0;
    while (at + kHeader32 <= guest.size()) {
        Header32 header;
        std::memcpy(&header, guest.data() + at, sizeof header);
        if (header.length < kHeader32 || header.length > guest.size() - at) return false;
        const u64 payload = header.length - kHeader32, start = host.size();
        host.resize(start + aligned64(kHeader64 + payload));
        cmsghdr wide{};
        wide.cmsg_len = kHeader64 + payload;
        wide.cmsg_level = header.level;
        wide.cmsg_type = header.type;
        std::memcpy(host.data() + start, &wide, kHeader64);
        std::memcpy(host.data() + start + kHeader64, guest.data() + at + kHeader32, payload);
        at += aligned32(header.length);
    }
    return true;
}

u64 narrow_control(std::span<const u8> host, std::span<u8> guest, bool& truncated) {
    u64 from = 0, to = 0;
    while (from + kHeader64 <= host.size()) {
        cmsghdr header;
        std::memcpy(&header, host.data() + from, sizeof header);
        if (header.cmsg_len < kHeader64 || header.cmsg_len > host.size() - from) break;
        const u8* data = host.data() + from + kHeader64;
        u64 payload = header.cmsg_len - kHeader64;
        u32 old_time[2];
        if (is_old_time(header) && payload == 2 * sizeof(u64)) {
            u64 words[2];
            std::memcpy(words, data, sizeof words);
            old_time[0] = static_cast<u32>(words[0]);
            old_time[1] = static_cast<u32>(words[1]);
            data = reinterpret_cast<const u8*>(old_time);
            payload = sizeof old_time;
        }
        from += aligned64(header.cmsg_len);
        if (guest.size() - to < kHeader32) {
            truncated = true;
            break;
        }
        const u64 shown = std::min(payload, guest.size() - to - kHeader32);
        truncated |= shown < payload;
        const Header32 narrow{static_cast<u32>(kHeader32 + shown), header.cmsg_level, header.cmsg_type};
        std::memcpy(guest.data() + to, &narrow, sizeof narrow);
        std::memcpy(guest.data() + to + kHeader32, data, shown);
        to = std::min(to + aligned32(kHeader32 + shown), guest.size());
    }
    return to;
}

}  // namespace dragoman::linux_abi
