#include "devices/chardev/stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace dragoman::devices {

StreamChardev::StreamChardev(EventLoop& loop) : loop_(loop) {
    std::signal(SIGPIPE, SIG_IGN);  // the peer's end is an error of write(), and no reason to die
    source_ = loop_.add_source([this] { return tick(); });
}

StreamChardev::~StreamChardev() {
    loop_.remove_source(source_);
    if (is_open()) write_rest();
    // Whom these lead to is gone, or goes with us.
    frontend_.reset();
    on_writable_ = nullptr;
    close_stream();
}

void StreamChardev::post(std::function<void()> function) {
    loop_.post([alive = std::weak_ptr<bool>(alive_), function = std::move(function)] {
        if (alive.lock() != nullptr) function();
    });
}

void StreamChardev::open_stream(int in, int out) {
    struct stat info {};
    out_is_socket_ = out >= 0 && fstat(out, &info) == 0 && S_ISSOCK(info.st_mode);
    in_ = in;
    out_ = out;
    ended_ = blocked_ = false;
    open_.store(true, std::memory_order_release);
    has_output_.store(out >= 0, std::memory_order_release);
    tell_connected(true);
    update_watches();
}

void StreamChardev::tell_connected(bool open) {
    auto fe = frontend();
    if (fe == nullptr || told_open_ == open) return;
    told_open_ = open;
    if (fe->connected) fe->connected(open);
}

void StreamChardev::close_stream() {
    if (!open_.exchange(false)) return;
    has_output_.store(false);
    if (in_ >= 0 && in_watch_ != 0) loop_.unwatch(in_);
    if (out_ >= 0 && out_ != in_ && out_watch_ != 0) loop_.unwatch(out_);
    in_watch_ = out_watch_ = 0;
    if (in_ >= 0) ::close(in_);
    if (out_ >= 0 && out_ != in_) ::close(out_);
    in_ = out_ = -1;
    input_.clear();
    input_done_ = 0;
    drop_output();
    tell_connected(false);
}

std::shared_ptr<const Chardev::Frontend> StreamChardev::frontend() const {
    LockGuard lock(mutex_);
    return frontend_;
}

void StreamChardev::attach(Frontend frontend) {
    {
        LockGuard lock(mutex_);
        frontend_ = std::make_shared<const Frontend>(std::move(frontend));
    }
    post([this] {
        if (!is_open()) return;
        tell_connected(true);
        deliver_input();
    });
}

void StreamChardev::set_on_writable(std::function<void()> callback) {
    LockGuard lock(mutex_);
    on_writable_ = std::move(callback);
}

void StreamChardev::accept_input() {
    if (input_paused_.load(std::memory_order_relaxed) && input_paused_.exchange(false))
        post([this] { deliver_input(); });
}

std::size_t StreamChardev::write(std::span<const u8> bytes) {
    if (!has_output_.load(std::memory_order_acquire)) return bytes.size();
    std::size_t count;
    bool first;
    {
        LockGuard lock(mutex_);
        first = pending_.empty();
        count = std::min(bytes.size(), kOutputLimit - pending_.size());
        pending_.insert(pending_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
        if (count < bytes.size()) starved_ = true;
        if (first && count != 0) flush_at_ = EventLoop::host_time() + kFlushDelay;
    }
    if (first && count != 0) loop_.wake();
    return count;
}

void StreamChardev::write_out_of_band(std::span<const u8> bytes) {
    output_.insert(output_.end(), bytes.begin(), bytes.end());
}

/// Before each sleep of the loop.
u64 StreamChardev::tick() {
    u64 wish = on_tick();
    u64 flush_at;
    {
        LockGuard lock(mutex_);
        flush_at = flush_at_;
    }
    if (out_ < 0 || blocked_ || (flush_at == ~u64{0} && output_.empty())) return wish;
    if (flush_at > EventLoop::host_time() && output_.empty()) return std::min(wish, flush_at);
    flush();
    return wish;
}

std::ptrdiff_t StreamChardev::write_some(const u8* bytes, std::size_t count) {
    std::ptrdiff_t n;
    do {
        n = out_is_socket_ ? ::send(out_, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL) : ::write(out_, bytes, count);
    } while (n < 0 && errno == EINTR);
    return n;
}

void StreamChardev::flush() {
    bool fed;
    std::function<void()> on_writable;
    do {
        {
            LockGuard lock(mutex_);
            fed = false;
            if (output_.empty()) {
                output_.swap(pending_);
                flush_at_ = ~u64{0};
                fed = std::exchange(starved_, false);
            }
            on_writable = on_writable_;
        }
        blocked_ = false;
        while (output_done_ < output_.size() && !blocked_ && out_ >= 0) {
            std::ptrdiff_t n = write_some(output_.data() + output_done_, output_.size() - output_done_);
            if (n >= 0) {
                output_done_ += static_cast<std::size_t>(n);
            } else if (errno == EAGAIN) {
                blocked_ = true;
            } else {
                on_write_error(errno);  // may have closed all
                break;
            }
        }
        if (output_done_ >= output_.size()) {
            output_.clear();
            output_done_ = 0;
        }
        if (is_open()) update_watches();
        // Outside of the lock: it writes again.
        if (fed && on_writable) on_writable();
    } while (out_ >= 0 && !blocked_ && output_.empty() && fed);
}

void StreamChardev::drop_output() {
    std::function<void()> on_writable;
    {
        LockGuard lock(mutex_);
        pending_.clear();
        flush_at_ = ~u64{0};
        if (std::exchange(starved_, false)) on_writable = on_writable_;
    }
    output_.clear();
    output_done_ = 0;
    if (on_writable) on_writable();
}

void StreamChardev::on_write_error(int error) {
    if (error != EPIPE && error != ECONNRESET)
        warn("%s: cannot write: %s; further output is dropped", describe().c_str(), std::strerror(error));
    if (out_ >= 0 && out_ != in_) {
        if (out_watch_ != 0) loop_.unwatch(out_);
        ::close(out_);
    }
    out_watch_ = 0;
    out_ = -1;
    has_output_.store(false);
    drop_output();
}

/// At the end: the peer gets what the guest wrote last, if it takes it within a second.
void StreamChardev::write_rest() {
    std::vector<u8> rest(output_.begin() + static_cast<std::ptrdiff_t>(output_done_), output_.end());
    LockGuard lock(mutex_);
    rest.insert(rest.end(), pending_.begin(), pending_.end());
    u64 deadline = EventLoop::host_time() + 1'000'000'000;
    for (std::size_t done = 0; done < rest.size() && out_ >= 0;) {
        std::ptrdiff_t n = write_some(rest.data() + done, rest.size() - done);
        if (n >= 0) {
            done += static_cast<std::size_t>(n);
            continue;
        }
        u64 now = EventLoop::host_time();
        if (errno != EAGAIN || now >= deadline) return;
        pollfd wait{out_, POLLOUT, 0};
        poll(&wait, 1, static_cast<int>((deadline - now) / 1'000'000) + 1);
    }
}

void StreamChardev::update_watches() {
    u32 in = in_ >= 0 && !ended_ && input_.empty() && frontend() != nullptr ? u32{EventLoop::kReadable} : 0;
    u32 out = out_ >= 0 && blocked_ ? u32{EventLoop::kWritable} : 0;
    if (in_ == out_) in |= std::exchange(out, 0);
    auto set = [this](int fd, u32& watched, u32 wanted) {
        if (fd < 0 || watched == wanted) return;
        watched = wanted;
        if (wanted == 0) loop_.unwatch(fd);
        else loop_.watch(fd, wanted, [this, fd](u32 events) { on_ready(fd, events); });
    };
    set(in_, in_watch_, in);
    if (in_ != out_) set(out_, out_watch_, out);
}

void StreamChardev::on_ready(int fd, u32 events) {
    if ((events & EventLoop::kWritable) != 0 && fd == out_) flush();
    if ((events & EventLoop::kReadable) != 0 && fd == in_) read_input();
}

void StreamChardev::read_input() {
    if (!input_.empty()) return;
    input_.resize(kInputSize);
    std::ptrdiff_t n = ::read(in_, input_.data(), input_.size());
    int error = errno;
    input_.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    input_done_ = 0;
    if (n > 0) {
        filter_input(input_);
        deliver_input();
    } else if (n == 0 || (error != EAGAIN && error != EINTR)) {
        ended_ = true;
        update_watches();
        on_end();
    }
}

void StreamChardev::deliver_input() {
    auto fe = frontend();
    while (fe != nullptr && input_done_ < input_.size()) {
        std::size_t room = fe->can_receive();
        if (room == 0) {
            // It may have made room just before it could see that we wait.
            input_paused_.store(true);
            room = fe->can_receive();
            if (room == 0) break;
            input_paused_.store(false);
        }
        std::size_t count = std::min(room, input_.size() - input_done_);
        std::size_t from = input_done_;
        input_done_ += count;
        fe->receive(std::span<const u8>(input_).subspan(from, count));
    }
    if (input_done_ >= input_.size()) {
        input_.clear();
        input_done_ = 0;
    }
    if (is_open()) update_watches();
}

int duplicate_nonblocking(int fd, int access) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return -1;
    if (S_ISCHR(info.st_mode) || S_ISFIFO(info.st_mode)) {
        std::string path = "/proc/self/fd/" + std::to_string(fd);
        int own = ::open(path.c_str(), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (own >= 0) return own;
    }
    return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

}  // namespace dragoman::devices
