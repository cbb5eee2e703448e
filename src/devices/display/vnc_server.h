// VNC: a screen, keyboard and pointer over the network (RFC 6143). Everything happens on the event loop's thread;
// clients are never waited for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/display/rfb_session.h"
#include "devices/display/screens.h"
#include "devices/event_loop.h"
#include "devices/input/input.h"

namespace dragoman::devices::display {

struct VncOptions {
    std::string path;                   ///< of a unix socket; empty: TCP
    std::string host;                   ///< empty: all addresses
    unsigned display = 0, last = 0;     ///< the first of these that is free; the port is 5900 more
    bool password = false;              ///< clients need one
    std::optional<std::string> secret;  ///< the password; nothing: nobody comes in before there is one
    std::string device;                 ///< id of the device whose screen is shown; empty: the first
    u32 head = 0;
    std::string name;  ///< of the desktop
};

class VncServer {
public:
    static constexpr std::size_t kMaxClients = 16;

    /// Binds and listens. `screens` and `input` last longer. @throws FatalError
    VncServer(EventLoop& loop, const Screens& screens, input::Input& input, VncOptions options);
    ~VncServer();
    VncServer(const VncServer&) = delete;
    VncServer& operator=(const VncServer&) = delete;

    // The loop's thread.
    /// The password that clients need from now on. @returns false when the server asks for none
    bool set_password(std::string password);
    const std::string& host() const { return host_; }
    /// The port, or the path.
    const std::string& service() const { return service_; }
    bool is_unix() const { return !options_.path.empty(); }
    bool wants_password() const { return options_.password; }
    /// How many clients have come in.
    std::size_t clients() const;

private:
    struct Client;

    void listen();
    void listen_unix();
    void accept_client();
    void read(Client& client);
    void write(Client& client);
    void watch(Client& client);
    void close(Client& client);
    u64 tick();
    void refresh();
    Frame capture();

    EventLoop& loop_;
    const Screens& screens_;
    input::Input& input_;
    VncOptions options_;
    std::string host_, service_;
    int listener_ = -1;
    unsigned source_ = 0;
    u64 next_tick_ = 0;
    std::map<int, std::unique_ptr<Client>> clients_;  ///< by file descriptor
    u64 seen_ = 0, seen_cursor_ = 0;                  ///< generations
    Frame frame_;
};

}  // namespace dragoman::devices::display
