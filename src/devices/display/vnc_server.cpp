#include "devices/display/vnc_server.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace dragoman::devices::display {

namespace {

constexpr u64 kRefreshTime = 33'000'000, kHandshakeTime = 30'000'000'000;  // ns
constexpr unsigned kFirstPort = 5900;
constexpr std::size_t kReadAtOnce = 64 << 10;

/// What a button of RFB is, from bit 0 on.
constexpr input::Button kButtons[] = {input::Button::Left,      input::Button::Middle,    input::Button::Right,
                                      input::Button::WheelUp,   input::Button::WheelDown, input::Button::WheelLeft,
                                      input::Button::WheelRight};

i32 scale(u32 place, u32 size) {
    if (size < 2) return 0;
    return static_cast<i32>(u64{std::min(place, size - 1)} * input::Event::kAbsoluteMax / (size - 1));
}

}  // namespace

struct VncServer::Client final : RfbUser {
    Client(VncServer& server, int fd, RfbSession::Options options, const std::array<u8, 16>& challenge)
        : server(server), fd(fd), session(*this, std::move(options), challenge, server.frame_) {}

    void key(u16 code, bool down) override {
        const input::Event event{input::Event::Kind::Key, code, down};
        server.input_.send({&event, 1});
    }

    void pointer(u32 x, u32 y, u8 buttons) override {
        using Kind = input::Event::Kind;
        const auto absolute = [&](u16 axis, u32 place, u32 size) {
            return input::Event{Kind::Absolute, axis, scale(place, size)};
        };
        const auto steps = [](u16 axis, u32 now, u32 before) {
            return input::Event{Kind::Relative, axis, static_cast<i32>(now) - static_cast<i32>(before)};
        };
        if (server.input_.absolute()) {
            const input::Event events[] = {absolute(0, x, server.frame_.width), absolute(1, y, server.frame_.height)};
            server.input_.send(events);
        } else if (has_pointer) {
            const input::Event events[] = {steps(0, x, pointer_x), steps(1, y, pointer_y)};
            server.input_.send(events);
        }
        has_pointer = true, pointer_x = x, pointer_y = y;
        u32 down = 0;
        for (unsigned i = 0; i < std::size(kButtons); i++) {
            if ((buttons >> i & 1) != 0) down |= 1u << static_cast<unsigned>(kButtons[i]);
        }
        server.input_.set_buttons(down);
    }

    VncServer& server;
    const int fd;
    u64 came = EventLoop::host_time();
    bool has_pointer = false;
    u32 pointer_x = 0, pointer_y = 0;
    RfbSession session;
};

VncServer::VncServer(EventLoop& loop, const Screens& screens, input::Input& input, VncOptions options)
    : loop_(loop), screens_(screens), input_(input), options_(std::move(options)) {
    frame_.resize(Screen::kBlankWidth, Screen::kBlankHeight);
    if (is_unix()) listen_unix();
    else listen();
    loop_.watch(listener_, EventLoop::kReadable, [this](u32) { accept_client(); });
    source_ = loop_.add_source([this] { return tick(); });
}

VncServer::~VncServer() {
    loop_.remove_source(source_);
    loop_.unwatch(listener_);
    ::close(listener_);
    if (is_unix()) ::unlink(options_.path.c_str());
    while (!clients_.empty()) close(*clients_.begin()->second);
}

void VncServer::listen_unix() {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (options_.path.size() >= sizeof name.sun_path)
        throw FatalError(1, "-vnc unix:" + options_.path + ": the path is too long");
    std::memcpy(name.sun_path, options_.path.c_str(), options_.path.size() + 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ::unlink(options_.path.c_str());
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
        ::listen(listener_, 8) != 0)
        throw FatalError(1, "-vnc unix:" + options_.path + ": " + std::strerror(errno));
    service_ = options_.path;
}

void VncServer::listen() {
    int error = 0;
    for (unsigned display = options_.display; display <= options_.last; display++) {
        const std::string port = std::to_string(kFirstPort + display);
        addrinfo hints{}, *found = nullptr;
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
        hints.ai_socktype = SOCK_STREAM;
        hints.ai_family = options_.host.empty() ? AF_INET : AF_UNSPEC;
        if (int failed =
                getaddrinfo(options_.host.empty() ? nullptr : options_.host.c_str(), port.c_str(), &hints, &found))
            throw FatalError(1, "-vnc " + options_.host + ": " + gai_strerror(failed));
        std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, freeaddrinfo);
        listener_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int on = 1;
        setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (listener_ >= 0 && ::bind(listener_, found->ai_addr, found->ai_addrlen) == 0 &&
            ::listen(listener_, 8) == 0) {
            host_ = options_.host.empty() ? "0.0.0.0" : options_.host;
            service_ = port;
            return;
        }
        error = errno;
        if (listener_ >= 0) ::close(listener_);
        listener_ = -1;
    }
    throw FatalError(1, "-vnc " + options_.host + ":" + std::to_string(options_.display) + ": " + std::strerror(error));
}

void VncServer::accept_client() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    std::array<u8, 16> challenge;
    if (clients_.size() >= kMaxClients || ::getrandom(challenge.data(), challenge.size(), 0) != 16) {
        ::close(fd);
        return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    frame_ = capture();
    RfbSession::Options options{.name = options_.name,
                                .password = options_.password ? options_.secret : std::nullopt,
                                .locked = options_.password && !options_.secret};
    auto made = std::make_unique<Client>(*this, fd, std::move(options), challenge);
    Client& client = *made;
    clients_[fd] = std::move(made);
    if (Screen* screen = screens_.find(options_.device, options_.head)) client.session.set_cursor(screen->cursor());
    write(client);
}

/// May close the client.
void VncServer::write(Client& client) {
    std::vector<u8>& out = client.session.out();
    while (!out.empty()) {
        const ssize_t sent = ::send(client.fd, out.data(), out.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            out.erase(out.begin(), out.begin() + sent);
        } else if (errno != EINTR) {
            if (errno != EAGAIN) return close(client);
            break;
        }
    }
    if (client.session.ended()) return close(client);
    watch(client);
}

void VncServer::watch(Client& client) {
    const u32 events = EventLoop::kReadable | (client.session.out().empty() ? 0 : u32{EventLoop::kWritable});
    loop_.watch(client.fd, events, [this, fd = client.fd](u32 ready) {
        auto found = clients_.find(fd);
        if (found != clients_.end() && (ready & EventLoop::kWritable) != 0) write(*found->second);
        found = clients_.find(fd);
        if (found != clients_.end() && (ready & EventLoop::kReadable) != 0) read(*found->second);
    });
}

/// May close the client.
void VncServer::read(Client& client) {
    u8 part[4096];
    for (std::size_t done = 0; done < kReadAtOnce;) {
        const ssize_t got = ::recv(client.fd, part, sizeof part, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
        if (got <= 0) return close(client);
        done += static_cast<std::size_t>(got);
        if (!client.session.receive({part, static_cast<std::size_t>(got)})) break;
    }
    write(client);
}

void VncServer::close(Client& client) {
    client.session.release_keys();
    const int fd = client.fd;
    loop_.unwatch(fd);
    ::close(fd);
    clients_.erase(fd);
}

Frame VncServer::capture() {
    Frame frame;
    if (Screen* screen = screens_.find(options_.device, options_.head)) screen->capture(frame);
    else frame.resize(Screen::kBlankWidth, Screen::kBlankHeight);
    return frame;
}

u64 VncServer::tick() {
    if (clients_.empty()) return ~u64{0};
    const u64 now = EventLoop::host_time();
    if (now < next_tick_) return next_tick_;
    next_tick_ = now + kRefreshTime;
    std::vector<int> late;
    for (auto& [fd, client] : clients_) {
        if (!client->session.running() && now - client->came > kHandshakeTime) late.push_back(fd);
    }
    for (int fd : late) close(*clients_[fd]);
    refresh();
    return next_tick_;
}

void VncServer::refresh() {
    Screen* screen = screens_.find(options_.device, options_.head);
    if (screen != nullptr && screen->generation() != seen_) {
        seen_ = screen->generation();
        frame_ = capture();
    }
    if (screen != nullptr && screen->cursor_generation() != seen_cursor_) {
        seen_cursor_ = screen->cursor_generation();
        for (auto& [fd, client] : clients_) client->session.set_cursor(screen->cursor());
    }
    std::vector<int> fds;
    for (auto& [fd, client] : clients_) {
        // One that is slow gets the next picture when it has taken the last.
        if (client->session.wants_update() && client->session.out().empty()) fds.push_back(fd);
    }
    for (int fd : fds) {
        Client& client = *clients_[fd];
        client.session.update(frame_);
        if (!client.session.out().empty()) write(client);
    }
}

bool VncServer::set_password(std::string password) {
    if (!options_.password) return false;
    options_.secret = std::move(password);
    return true;
}

std::size_t VncServer::clients() const {
    return static_cast<std::size_t>(
        std::count_if(clients_.begin(), clients_.end(), [](const auto& one) { return one.second->session.running(); }));
}

}  // namespace dragoman::devices::display
