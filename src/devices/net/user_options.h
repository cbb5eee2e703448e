// What -netdev user,... says.
#pragma once

#include <netinet/in.h>
#include <slirp/libslirp.h>

#include <string>
#include <vector>

#include "base/properties.h"

namespace dragoman::devices::net {

/// A port of the host that leads to one of the guest.
struct HostForward {
    bool udp = false;
    in_addr host{};  ///< 0: all of the host's addresses
    u16 host_port = 0;
    in_addr guest{};  ///< 0: the guest that has the first address of DHCP
    u16 guest_port = 0;

    /// "[tcp|udp]:[host address]:port-[guest address]:port". @throws FatalError that begins with `option`
    static HostForward parse(const std::string& option, const std::string& text, bool with_guest = true);
};

/// A TCP port of an address in the guest's network that leads to a character device or a command.
struct GuestForward {
    in_addr address{};
    u16 port = 0;
    std::string command;  ///< run for each connection, on its standard input and output; else:
    std::string chardev;  ///< as -serial takes it
    std::string text;     ///< as it was given
};

struct UserOptions {
    /// All properties but "type" and "id". @throws FatalError
    explicit UserOptions(Properties& properties);

    /// Points into this object.
    SlirpConfig config();

    bool restricted, ipv4, ipv6;
    in_addr network, mask, host, name_server, first_guest;
    in6_addr prefix6, host6, name_server6;
    u8 prefix6_bits;
    std::string host_name, domain_name, tftp, tftp_server, boot_file;
    std::vector<std::string> search;
    std::vector<HostForward> host_forwards;
    std::vector<std::string> host_forward_texts;
    std::vector<GuestForward> guest_forwards;

private:
    void take_ipv4(Properties& properties);
    void take_ipv6(Properties& properties);
    GuestForward parse_guest_forward(const Properties& properties, const std::string& text) const;

    std::vector<const char*> search_list_;
};

std::string text_of(in_addr address);

}  // namespace dragoman::devices::net
