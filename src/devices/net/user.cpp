#include "devices/net/user.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "base/error.h"
#include "base/number.h"
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

std::string text_of(in_addr address) {
    char text[INET_ADDRSTRLEN];
    return ::inet_ntop(AF_INET, &address, text, sizeof text);
}

in_addr number(u32 host_order) { return {htonl(host_order)}; }

in_addr parse_address(const Properties& properties, const std::string& name, const std::string& text) {
    in_addr address;
    if (::inet_pton(AF_INET, text.c_str(), &address) != 1) properties.fail(name + "=" + text + ": not an IPv4 address");
    return address;
}

in_addr take_address(Properties& properties, const std::string& name, in_addr otherwise) {
    std::optional<std::string> text = properties.take(name);
    return text ? parse_address(properties, name, *text) : otherwise;
}

/// "10.0.2.0/24", "10.0.2.0/255.255.255.0" or "10.0.2.0".
void take_network(Properties& properties, in_addr& network, in_addr& mask) {
    std::string text = properties.take("net", "10.0.2.0/24");
    std::size_t slash = text.find('/');
    network = parse_address(properties, "net", text.substr(0, slash));
    mask = number(0xffffff00);
    if (slash != std::string::npos) {
        std::string bits = text.substr(slash + 1);
        if (std::optional<u64> count = parse_number(bits)) {
            if (*count == 0 || *count > 30) properties.fail("net=" + text + ": a prefix is 1 to 30 bits long");
            mask = number(static_cast<u32>(~low_mask(32 - static_cast<unsigned>(*count))));
        } else {
            mask = parse_address(properties, "net", bits);
        }
    }
    network.s_addr &= mask.s_addr;
}

}  // namespace

const SlirpCb& UserNetdev::callbacks() {
    static const SlirpCb table = [] {
        SlirpCb cb{};
        cb.send_packet = [](const void* frame, std::size_t bytes, void* opaque) {
            self(opaque)->deliver({static_cast<const u8*>(frame), bytes});
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

void UserNetdev::configure(Properties& properties, SlirpConfig& config) {
    config.version = 1;
    config.restricted = properties.take_bool("restrict", false);
    config.in_enabled = properties.take_bool("ipv4", true);
    config.in6_enabled = properties.take_bool("ipv6", true);
    take_network(properties, config.vnetwork, config.vnetmask);
    u32 base = ntohl(config.vnetwork.s_addr), hosts = ~ntohl(config.vnetmask.s_addr);
    // The places that guests expect: gateway .2, name server .3, first guest .15
    config.vhost = take_address(properties, "host", number(base | (2 & hosts)));
    config.vnameserver = take_address(properties, "dns", number(base | (3 & hosts)));
    config.vdhcp_start = take_address(properties, "dhcpstart", number(base | (15 & hosts)));
    for (in_addr address : {config.vhost, config.vnameserver, config.vdhcp_start}) {
        if ((address.s_addr & config.vnetmask.s_addr) != config.vnetwork.s_addr) {
            properties.fail(text_of(address) + " is not in the network " + text_of(config.vnetwork));
        }
    }
    ::inet_pton(AF_INET6, "fec0::", &config.vprefix_addr6);
    config.vprefix_len = 64;
    ::inet_pton(AF_INET6, "fec0::2", &config.vhost6);
    ::inet_pton(AF_INET6, "fec0::3", &config.vnameserver6);
    network_text_ = text_of(config.vnetwork) + "/" + std::to_string(std::popcount(config.vnetmask.s_addr));
}

UserNetdev::UserNetdev(std::string id, Properties& properties, EventLoop& loop) : Netdev(std::move(id)), loop_(loop) {
    SlirpConfig config{};
    configure(properties, config);
    std::string host_name = properties.take("hostname", ""), domain = properties.take("domainname", "");
    std::string tftp = properties.take("tftp", ""), boot_file = properties.take("bootfile", "");
    auto optional = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    config.vhostname = optional(host_name);
    config.vdomainname = optional(domain);
    config.tftp_path = optional(tftp);
    config.bootfile = optional(boot_file);
    std::vector<std::string> forward_texts, search_texts;
    for (const auto& [name, value] : properties.rest()) {
        if (name == "hostfwd") forward_texts.push_back(value);
        if (name == "dnssearch") search_texts.push_back(value);
    }
    properties.take("hostfwd");
    properties.take("dnssearch");
    properties.finish();
    std::vector<const char*> search;
    search.reserve(search_texts.size() + 1);
    for (const std::string& text : search_texts) search.push_back(text.c_str());
    search.push_back(nullptr);
    if (!search_texts.empty()) config.vdnssearch = search.data();
    std::vector<Forward> forwards;
    forwards.reserve(forward_texts.size());
    for (const std::string& text : forward_texts)
        forwards.push_back(parse_forward(properties, text, config.vdhcp_start));
    slirp_ = ::slirp_new(&config, &callbacks(), this);
    if (slirp_ == nullptr) properties.fail("the network cannot be made");
    for (std::size_t i = 0; i < forwards.size(); i++) {
        const Forward& f = forwards[i];
        if (::slirp_add_hostfwd(slirp_, f.udp, f.host, f.host_port, f.guest, f.guest_port) != 0) {
            ::slirp_cleanup(slirp_);
            properties.fail("hostfwd=" + forward_texts[i] + ": the host's port cannot be had: " + std::strerror(errno));
        }
    }
    loop_.add_source([this] { return before_sleep(); });
}

UserNetdev::~UserNetdev() {
    attach(nullptr);  // the card may be gone
    if (slirp_ != nullptr) ::slirp_cleanup(slirp_);
    while (!watched_.empty()) unwatch(watched_.begin()->first);
}

/// "[tcp|udp]:[host]:port-[guest]:port".
UserNetdev::Forward UserNetdev::parse_forward(const Properties& properties, const std::string& text,
                                              in_addr default_guest) const {
    auto refuse = [&](const char* why) { properties.fail("hostfwd=" + text + ": " + why); };
    Forward forward{};
    std::string rest = text;
    auto cut = [&rest](char separator, std::string& part) {
        std::size_t at = rest.find(separator);
        if (at == std::string::npos) return false;
        part = rest.substr(0, at);
        rest = rest.substr(at + 1);
        return true;
    };
    std::string protocol, host, host_port, guest;
    if (!cut(':', protocol) || !cut(':', host) || !cut('-', host_port) || !cut(':', guest)) {
        refuse("not of the form tcp|udp:[address]:port-[address]:port");
    }
    if (protocol != "tcp" && protocol != "udp" && !protocol.empty()) refuse("neither tcp nor udp");
    forward.udp = protocol == "udp";
    forward.host = host.empty() ? in_addr{INADDR_ANY} : parse_address(properties, "hostfwd", host);
    forward.guest = guest.empty() ? default_guest : parse_address(properties, "hostfwd", guest);
    std::optional<u64> from = parse_number(host_port), to = parse_number(rest);
    if (!from || *from > 65535) refuse("no port of the host");
    if (!to || *to == 0 || *to > 65535) refuse("no port of the guest");
    forward.host_port = static_cast<u16>(*from);
    forward.guest_port = static_cast<u16>(*to);
    return forward;
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
    ::slirp_input(slirp_, data, static_cast<int>(bytes));
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
        slirp_, 0,
        [](int index, void* opaque) { return self(opaque)->polls_[static_cast<std::size_t>(index)].revents; }, this);
    polls_.clear();
    u32 timeout = ~u32{0};
    ::slirp_pollfds_fill(
        slirp_, &timeout,
        [](int fd, int events, void* opaque) {
            auto& polls = self(opaque)->polls_;
            polls.push_back({fd, events, 0});
            return static_cast<int>(polls.size()) - 1;
        },
        this);
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
    if (timeout != ~u32{0}) next = std::min(next, host_now() + timeout * kMillisecond);
    return next;
}

}  // namespace dragoman::devices::net
