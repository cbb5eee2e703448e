#include "devices/net/user.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "base/error.h"
#include "devices/iov.h"

namespace dragoman::devices::net {

namespace {

constexpr u64 kNever = ~u64{0};
constexpr u64 kMillisecond = 1'000'000;
constexpr int kReadEvents = SLIRP_POLL_IN | SLIRP_POLL_PRI | SLIRP_POLL_ERR | SLIRP_POLL_HUP;

u64 host_now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec);
}

UserNetdev* self(void* opaque) { return static_cast<UserNetdev*>(opaque); }

}  // namespace

const SlirpCb& UserNetdev::callbacks() {
    static const SlirpCb table = [] {
        SlirpCb cb{};
        cb.send_packet = [](const void* frame, std::size_t bytes, void* opaque) {
            self(opaque)->arrive({static_cast<const u8*>(frame), bytes});
            return static_cast<ssize_t>(bytes);
        };
        cb.guest_error = [](const char*, void*) {};
        cb.clock_get_ns = [](void*) { return static_cast<std::int64_t>(host_now()); };
        cb.timer_new = [](SlirpTimerCb callback, void* callback_opaque, void* opaque) -> void* {
            auto& timers = self(opaque)->timers_;
            return timers.emplace_back(std::make_unique<Timer>(Timer{callback, callback_opaque, kNever})).get();
        };
        cb.timer_free = [](void* timer, void* opaque) {
            std::erase_if(self(opaque)->timers_, [timer](const auto& t) { return t.get() == timer; });
        };
        cb.timer_mod = [](void* timer, std::int64_t milliseconds, void*) {
            static_cast<Timer*>(timer)->deadline =
                static_cast<u64>(std::max<std::int64_t>(milliseconds, 0)) * kMillisecond;
        };
        cb.register_poll_fd = [](int, void*) {};
        cb.unregister_poll_fd = [](int fd, void* opaque) { self(opaque)->unwatch(fd); };
        cb.notify = [](void* opaque) { self(opaque)->loop_.wake(); };
        return cb;
    }();
    return table;
}

UserNetdev::UserNetdev(std::string id, Properties& properties, EventLoop& loop, ChardevSet& chardevs)
    : Netdev(std::move(id)), loop_(loop), merge_([this](auto frame, u16 segment) { deliver(frame, segment); }) {
    UserOptions options(properties);
    first_guest_ = options.first_guest;
    network_text_ = text_of(options.network) + "/" + std::to_string(std::popcount(options.mask.s_addr));
    SlirpConfig config = options.config();
    slirp_.reset(::slirp_new(&config, &callbacks(), this));
    if (slirp_ == nullptr) properties.fail("the network cannot be made");
    for (std::size_t i = 0; i < options.host_forwards.size(); i++) {
        if (int error = add_forward(options.host_forwards[i])) {
            properties.fail("hostfwd=" + options.host_forward_texts[i] +
                            ": the host's port cannot be had: " + std::strerror(error));
        }
    }
    for (const GuestForward& forward : options.guest_forwards) add_guest_forward(properties, forward, chardevs);
    source_ = loop_.add_source([this] { return before_sleep(); });
}

/// A frame for the guest. What is held comes with the end of this turn of the loop, in before_sleep().
void UserNetdev::arrive(std::span<const u8> frame) {
    const bool ipv6 = frame.size() > 12 && frame[12] == 0x86;
    if ((merged() & (ipv6 ? kMergeIpv6 : kMergeIpv4)) != 0) return merge_.add(frame);
    merge_.flush();
    deliver(frame);
}

UserNetdev::~UserNetdev() {
    attach(nullptr);  // the card may be gone
    loop_.remove_source(source_);
    slirp_.reset();
    while (!watched_.empty()) unwatch(watched_.begin()->first);
}

int UserNetdev::add_forward(HostForward forward) {
    if (forward.guest.s_addr == INADDR_ANY) forward.guest = first_guest_;
    bool good = ::slirp_add_hostfwd(slirp_.get(), forward.udp, forward.host, forward.host_port, forward.guest,
                                    forward.guest_port) == 0;
    return good ? 0 : errno != 0 ? errno : EINVAL;
}

bool UserNetdev::remove_forward(const HostForward& forward) {
    return ::slirp_remove_hostfwd(slirp_.get(), forward.udp, forward.host, forward.host_port) == 0;
}

std::string UserNetdev::describe_connections() const {
    std::unique_ptr<char, decltype(&::free)> text(::slirp_connection_info(slirp_.get()), &::free);
    return text.get();
}

void UserNetdev::add_guest_forward(const Properties& properties, const GuestForward& forward, ChardevSet& chardevs) {
    auto refuse = [&] { properties.fail("guestfwd=" + forward.text + ": the address or port is taken"); };
    in_addr address = forward.address;
    if (!forward.command.empty()) {
        if (::slirp_add_exec(slirp_.get(), forward.command.c_str(), &address, forward.port) != 0) refuse();
        return;
    }
    std::shared_ptr<Chardev> chardev =
        chardevs.open(properties.option() + ": guestfwd", forward.chardev, id() + ".guestfwd." + forward.text).chardev;
    if (chardev == nullptr) properties.fail("guestfwd=" + forward.text + ": no device");
    auto write = [](const void* bytes, std::size_t count, void* opaque) {
        return static_cast<ssize_t>(static_cast<Chardev*>(opaque)->write({static_cast<const u8*>(bytes), count}));
    };
    if (::slirp_add_guestfwd(slirp_.get(), write, chardev.get(), &address, forward.port) != 0) refuse();
    Chardev::Frontend frontend;
    const int port = forward.port;
    frontend.can_receive = [this, address, port] { return ::slirp_socket_can_recv(slirp_.get(), address, port); };
    frontend.receive = [this, address, port](std::span<const u8> bytes) {
        ::slirp_socket_recv(slirp_.get(), address, port, bytes.data(), static_cast<int>(bytes.size()));
    };
    chardev->attach(std::move(frontend));
    guest_ports_.push_back({std::move(chardev), address, port});
}

void UserNetdev::send(std::span<const iovec> frame, u64 bytes) {
    const u8* data;
    if (frame.size() == 1) {
        data = static_cast<const u8*>(frame[0].iov_base);
    } else {
        linear_.resize(bytes);
        copy_from_iov(frame, 0, linear_.data(), bytes);
        data = linear_.data();
    }
    ::slirp_input(slirp_.get(), data, static_cast<int>(bytes));
}

void UserNetdev::watch(int fd, int events) {
    u32 wanted = 0;
    if ((events & kReadEvents) != 0) wanted |= EventLoop::kReadable;
    if ((events & SLIRP_POLL_OUT) != 0) wanted |= EventLoop::kWritable;
    watched_[fd] = events;
    loop_.watch(fd, wanted, [this, fd](u32 ready) {
        int& revents = ready_[fd];
        if ((ready & EventLoop::kReadable) != 0) revents |= SLIRP_POLL_IN;
        if ((ready & EventLoop::kWritable) != 0) revents |= SLIRP_POLL_OUT;
    });
}

void UserNetdev::unwatch(int fd) {
    ready_.erase(fd);
    if (watched_.erase(fd) != 0) loop_.unwatch(fd);
}

u64 UserNetdev::run_timers() {
    u64 now = host_now(), next = kNever;
    for (std::size_t i = 0; i < timers_.size(); i++) {
        Timer& timer = *timers_[i];
        if (timer.deadline <= now) {
            timer.deadline = kNever;
            timer.callback(timer.opaque);  // may arm it again
        }
        if (i < timers_.size()) next = std::min(next, timers_[i]->deadline);
    }
    return next;
}

/// Tells libslirp what the last sleep brought, and asks what to wait for in the next.
u64 UserNetdev::before_sleep() {
    for (Poll& poll : polls_) {
        auto ready = ready_.find(poll.fd);
        poll.revents = ready != ready_.end() ? ready->second & poll.events : 0;
    }
    ready_.clear();
    ::slirp_pollfds_poll(
        slirp_.get(), 0,
        [](int index, void* opaque) { return self(opaque)->polls_[static_cast<std::size_t>(index)].revents; }, this);
    polls_.clear();
    u32 timeout = ~u32{0};
    ::slirp_pollfds_fill(
        slirp_.get(), &timeout,
        [](int fd, int events, void* opaque) {
            auto& polls = self(opaque)->polls_;
            polls.push_back({fd, events, 0});
            return static_cast<int>(polls.size()) - 1;
        },
        this);
    for (const GuestPort& to : guest_ports_) {
        if (::slirp_socket_can_recv(slirp_.get(), to.address, to.port) != 0) to.chardev->accept_input();
    }
    std::map<int, int> wanted;
    for (const Poll& poll : polls_) wanted[poll.fd] |= poll.events;
    std::vector<int> gone;
    for (const auto& [fd, events] : watched_) {
        if (wanted.find(fd) == wanted.end()) gone.push_back(fd);
    }
    for (int fd : gone) unwatch(fd);
    for (const auto& [fd, events] : wanted) {
        auto found = watched_.find(fd);
        if (found == watched_.end() || found->second != events) watch(fd, events);
    }
    u64 next = run_timers();
    merge_.flush();
    if (timeout != ~u32{0}) next = std::min(next, host_now() + timeout * kMillisecond);
    return next;
}

}  // namespace dragoman::devices::net
