#include "devices/net/options.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/number.h"

namespace dragoman::devices::net {

namespace {

constexpr u64 kMillisecond = 1'000'000;

std::string required(Properties& properties, const std::string& name) {
    std::optional<std::string> value = properties.take(name);
    if (!value || value->empty()) properties.fail("needs " + name + "=");
    return *value;
}

int parse_descriptor(const Properties& properties, const std::string& name, const std::string& text) {
    std::optional<u64> number = parse_number(text);
    if (!number || *number > 1 << 20 || ::fcntl(static_cast<int>(*number), F_GETFD) < 0)
        properties.fail(name + "=" + text + ": not an open descriptor");
    return static_cast<int>(*number);
}

/// A SocketAddress of QAPI, with its members under "NAME.".
SocketAddress take_address(Properties& properties, const std::string& name) {
    SocketAddress address;
    switch (properties.take_choice(name + ".type", {"inet", "unix", "fd"}, 3)) {
        case 0: {
            address.host = properties.take(name + ".host", "");
            address.port = required(properties, name + ".port");
            bool any = !properties.has(name + ".ipv4") && !properties.has(name + ".ipv6");
            address.ipv4 = properties.take_bool(name + ".ipv4", any);
            address.ipv6 = properties.take_bool(name + ".ipv6", any);
            if (!address.ipv4 && !address.ipv6) properties.fail("neither ipv4 nor ipv6 is left");
            break;
        }
        case 1:
            address.path = required(properties, name + ".path");
            address.abstract = properties.take_bool(name + ".abstract", false);
            properties.take_bool(name + ".tight", true);
            break;
        case 2: {
            std::string text = required(properties, name + ".str");
            address.fd = parse_descriptor(properties, name + ".str", text);
            break;
        }
        default: properties.fail("needs " + name + ".type=inet, unix or fd");
    }
    return address;
}

bool has_address(const Properties& properties, const std::string& name) { return properties.has(name + ".type"); }

/// "[HOST]:PORT", with an address of IPv6 in brackets.
SocketAddress parse_host_port(const Properties& properties, const std::string& name, const std::string& text) {
    SocketAddress address;
    std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon + 1 == text.size())
        properties.fail(name + "=" + text + ": not of the form [host]:port");
    address.host = text.substr(0, colon);
    address.port = text.substr(colon + 1);
    if (address.host.starts_with('[') && address.host.ends_with(']'))
        address.host = address.host.substr(1, address.host.size() - 2);
    return address;
}

}  // namespace

PeerSocket::Options take_stream_options(Properties& properties) {
    PeerSocket::Options options;
    options.address = take_address(properties, "addr");
    options.server = properties.take_bool("server", false);
    options.wait = false;
    options.nodelay = true;
    u64 seconds = properties.take_number("reconnect", 0, 0, 1'000'000);
    options.reconnect = properties.take_number("reconnect-ms", seconds * 1000, 0, 1'000'000'000) * kMillisecond;
    if (options.reconnect != 0 && (options.server || options.address.fd >= 0))
        properties.fail("reconnect is for clients that connect by themselves");
    return options;
}

DatagramNetdev::Options take_datagram_options(Properties& properties) {
    DatagramNetdev::Options options;
    if (has_address(properties, "local")) options.local = take_address(properties, "local");
    if (has_address(properties, "remote")) options.remote = take_address(properties, "remote");
    const bool given = options.local && options.local->fd >= 0;
    if (!options.local && !options.remote) properties.fail("needs local.type= or remote.type=");
    if (options.remote && options.remote->fd >= 0) properties.fail("remote.type=fd: the remote end is an address");
    if (options.local && !given && !options.remote) properties.fail("needs remote.type=");
    if (given && options.remote && options.remote->is_unix()) properties.fail("local.type=fd has no remote end");
    if (options.local && options.remote && !given && options.local->is_unix() != options.remote->is_unix())
        properties.fail("local and remote are of different types");
    return options;
}

SocketOptions take_socket_options(Properties& properties) {
    SocketOptions options;
    std::optional<std::string> listen = properties.take("listen"), connect = properties.take("connect"),
                               mcast = properties.take("mcast"), udp = properties.take("udp"),
                               fd = properties.take("fd"), local = properties.take("localaddr");
    const int given = (listen ? 1 : 0) + (connect ? 1 : 0) + (mcast ? 1 : 0) + (udp ? 1 : 0) + (fd ? 1 : 0);
    if (given != 1) properties.fail("needs one of connect=, fd=, listen=, mcast= and udp=");
    if (local && !mcast && !udp) properties.fail("localaddr= belongs to mcast= and udp=");
    if (udp) {
        if (!local) properties.fail("udp= needs localaddr=");
        options.datagram.remote = parse_host_port(properties, "udp", *udp);
        options.datagram.local = parse_host_port(properties, "localaddr", *local);
    } else if (mcast) {
        options.datagram.remote = parse_host_port(properties, "mcast", *mcast);
        if (local) options.datagram.local = SocketAddress{.path = {}, .host = *local, .port = "0"};
    } else {
        PeerSocket::Options& stream = options.stream.emplace();
        stream.wait = false;
        stream.nodelay = true;
        stream.server = listen.has_value();
        if (listen) stream.address = parse_host_port(properties, "listen", *listen);
        if (connect) stream.address = parse_host_port(properties, "connect", *connect);
        if (fd) {
            const int descriptor = parse_descriptor(properties, "fd", *fd);
            int type = 0;
            socklen_t size = sizeof type;
            if (::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
                properties.fail("fd=" + *fd + ": not a socket");
            SocketAddress address;
            address.fd = descriptor;
            stream.address = address;
            if (type == SOCK_DGRAM) {
                options.datagram.local = address;
                options.stream.reset();
            }
        }
    }
    return options;
}

}  // namespace dragoman::devices::net
