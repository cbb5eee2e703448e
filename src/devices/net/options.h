// The properties of -netdev stream, dgram, socket and bridge.
#pragma once

#include "base/properties.h"
#include "devices/net/datagram.h"
#include "devices/peer_socket.h"

namespace dragoman::devices::net {

/// What a `socket` is: the one or the other, by the property that says where.
struct SocketOptions {
    std::optional<PeerSocket::Options> stream;
    DatagramNetdev::Options datagram;
};

/// addr.type=inet|unix|fd, addr.host …, server=, reconnect-ms=. @throws FatalError
PeerSocket::Options take_stream_options(Properties& properties);
/// local.type= …, remote.type= …. @throws FatalError
DatagramNetdev::Options take_datagram_options(Properties& properties);
/// listen=, connect=, mcast=, udp= or fd=, localaddr=. @throws FatalError
SocketOptions take_socket_options(Properties& properties);

}  // namespace dragoman::devices::net
