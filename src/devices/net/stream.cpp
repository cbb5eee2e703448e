#include "devices/net/stream.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "devices/iov.h"

namespace dragoman::devices::net {

namespace {

constexpr std::size_t kMaxFrame = 65536 + 4096;  // what other emulators take
constexpr std::size_t kInputBytes = 4 * kMaxFrame;
constexpr std::size_t kOutputLimit = 4 << 20;  // more than TCP of a guest has on its way to one peer
constexpr unsigned kBurst = 16;                // reads at a time, so that others have their turn

u32 length_at(const u8* bytes) {
    u32 length;
    std::memcpy(&length, bytes, sizeof length);
    return __builtin_bswap32(length);
}

}  // namespace

StreamNetdev::StreamNetdev(std::string id, EventLoop& loop, const PeerSocket::Options& options)
    : Netdev(std::move(id)), loop_(loop), socket_(loop, options, [this](int fd) { open(fd); }), input_(kInputBytes) {
    socket_.start();
    source_ = loop_.add_source([this] { return socket_.tick(); });
}

StreamNetdev::~StreamNetdev() {
    loop_.remove_source(source_);
    if (fd_ >= 0) lose_peer();
}

std::string StreamNetdev::describe() const {
    return "stream, " + socket_.options().address.text() + (socket_.options().server ? ",server" : "") +
           (fd_ >= 0 ? "" : " (no peer)");
}

void StreamNetdev::open(int fd) {
    fd_ = fd;
    have_ = written_ = 0;
    output_.clear();
    update_watch();
}

void StreamNetdev::lose_peer() {
    loop_.unwatch(fd_);
    ::close(fd_);
    fd_ = -1;
    watched_ = 0;
    socket_.lost();
}

void StreamNetdev::update_watch() {
    if (fd_ < 0) return;
    const u32 wanted = (waiting() ? 0u : EventLoop::kReadable) | (output_.empty() ? 0u : EventLoop::kWritable);
    if (wanted == watched_) return;
    watched_ = wanted;
    if (wanted == 0) loop_.unwatch(fd_);
    else loop_.watch(fd_, wanted, [this](u32 events) { ready(events); });
}

void StreamNetdev::ready(u32 events) {
    if ((events & EventLoop::kWritable) != 0) write_rest();
    if ((events & EventLoop::kReadable) != 0) {
        for (unsigned i = 0; i < kBurst && !waiting() && read_some(); i++) {
        }
    }
    update_watch();
}

bool StreamNetdev::read_some() {
    ssize_t bytes = ::read(fd_, input_.data() + have_, input_.size() - have_);
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (bytes <= 0) {
        lose_peer();
        return false;
    }
    have_ += static_cast<std::size_t>(bytes);
    deliver_frames();
    return fd_ >= 0;
}

void StreamNetdev::deliver_frames() {
    std::size_t at = 0;
    while (have_ - at >= sizeof(u32)) {
        const u32 length = length_at(input_.data() + at);
        if (length == 0 || length > kMaxFrame) return lose_peer();  // nothing behind it can be understood
        if (have_ - at < sizeof(u32) + length) break;
        deliver({input_.data() + at + sizeof(u32), length});
        at += sizeof(u32) + length;
    }
    std::copy(input_.begin() + static_cast<std::ptrdiff_t>(at), input_.begin() + static_cast<std::ptrdiff_t>(have_),
              input_.begin());
    have_ -= at;
}

void StreamNetdev::send(std::span<const iovec> frame, u64 bytes) {
    if (fd_ < 0 || bytes == 0 || bytes > kMaxFrame) return;
    u32 length = __builtin_bswap32(static_cast<u32>(bytes));
    pieces_.assign(1, {&length, sizeof length});
    pieces_.insert(pieces_.end(), frame.begin(), frame.end());
    const std::size_t total = sizeof length + bytes;
    std::size_t done = 0;
    if (output_.empty()) {
        msghdr message{};
        message.msg_iov = pieces_.data();
        message.msg_iovlen = std::min<std::size_t>(pieces_.size(), IOV_MAX);
        ssize_t n;
        do n = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno != EAGAIN) return;  // reading finds the end of the peer
        done = n < 0 ? 0 : static_cast<std::size_t>(n);
        if (done == total) return;
    } else if (output_.size() - written_ > kOutputLimit) {
        return;  // a full network loses frames
    }
    const std::size_t old = output_.size();
    output_.resize(old + total - done);
    copy_from_iov(pieces_, done, output_.data() + old, total - done);
    update_watch();
}

void StreamNetdev::write_rest() {
    while (written_ < output_.size()) {
        ssize_t n = ::send(fd_, output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) break;
            written_ = output_.size();  // reading finds the end of the peer
            break;
        }
        written_ += static_cast<std::size_t>(n);
    }
    if (written_ == output_.size()) {
        output_.clear();
        written_ = 0;
    } else if (written_ > kOutputLimit) {
        output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(written_));
        written_ = 0;
    }
}

}  // namespace dragoman::devices::net
