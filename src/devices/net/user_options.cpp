#include "devices/net/user_options.h"

#include <arpa/inet.h>

#include <bit>

#include "base/error.h"
#include "base/number.h"

namespace dragoman::devices::net {

namespace {

in_addr number(u32 host_order) { return {htonl(host_order)}; }

in_addr parse_address(const std::string& option, const std::string& name, const std::string& text) {
    in_addr address;
    if (::inet_pton(AF_INET, text.c_str(), &address) != 1)
        throw FatalError(1, option + ": " + name + "=" + text + ": not an IPv4 address");
    return address;
}

in_addr take_address(Properties& properties, const std::string& name, in_addr otherwise) {
    std::optional<std::string> text = properties.take(name);
    return text ? parse_address(properties.option(), name, *text) : otherwise;
}

in6_addr take_address6(Properties& properties, const char* name, in6_addr otherwise) {
    std::optional<std::string> text = properties.take(name);
    if (text && ::inet_pton(AF_INET6, text->c_str(), &otherwise) != 1)
        properties.fail(std::string(name) + "=" + *text + ": not an IPv6 address");
    return otherwise;
}

/// `prefix` with the last bytes of an address in it.
in6_addr with_suffix(in6_addr prefix, u8 suffix) {
    prefix.s6_addr[15] = suffix;
    return prefix;
}

/// All values of a property that may be given several times.
std::vector<std::string> take_all(Properties& properties, std::string_view name) {
    std::vector<std::string> values;
    for (const auto& [key, value] : properties.rest()) {
        if (key == name) values.push_back(value);
    }
    properties.take(name);
    return values;
}

/// Cuts `rest` behind the part before `separator`. @returns false when it has none
bool cut(std::string& rest, char separator, std::string& part) {
    std::size_t at = rest.find(separator);
    if (at == std::string::npos) return false;
    part = rest.substr(0, at);
    rest = rest.substr(at + 1);
    return true;
}

std::optional<u16> parse_port(const std::string& text) {
    std::optional<u64> port = parse_number(text);
    if (!port || *port > 65535) return std::nullopt;
    return static_cast<u16>(*port);
}

const char* optional(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

}  // namespace

std::string text_of(in_addr address) {
    char text[INET_ADDRSTRLEN];
    return ::inet_ntop(AF_INET, &address, text, sizeof text);
}

HostForward HostForward::parse(const std::string& option, const std::string& text, bool with_guest) {
    auto refuse = [&](const char* why) { throw FatalError(1, option + ": hostfwd=" + text + ": " + why); };
    HostForward forward;
    std::string rest = text, protocol, host, host_port, guest;
    if (!cut(rest, ':', protocol) || !cut(rest, ':', host) ||
        (with_guest && (!cut(rest, '-', host_port) || !cut(rest, ':', guest)))) {
        refuse(with_guest ? "not of the form tcp|udp:[address]:port-[address]:port"
                          : "not of the form tcp|udp:[address]:port");
    }
    if (!with_guest) host_port = rest;
    if (protocol != "tcp" && protocol != "udp" && !protocol.empty()) refuse("neither tcp nor udp");
    forward.udp = protocol == "udp";
    if (!host.empty()) forward.host = parse_address(option, "hostfwd", host);
    if (!guest.empty()) forward.guest = parse_address(option, "hostfwd", guest);
    std::optional<u16> from = parse_port(host_port), to = with_guest ? parse_port(rest) : 1;
    if (!from) refuse("no port of the host");
    if (!to || *to == 0) refuse("no port of the guest");
    forward.host_port = *from;
    forward.guest_port = *to;
    return forward;
}

/// "[tcp]:address:port-device" or "[tcp]:address:port-cmd:command".
GuestForward UserOptions::parse_guest_forward(const Properties& properties, const std::string& text) const {
    auto refuse = [&](const char* why) { properties.fail("guestfwd=" + text + ": " + why); };
    GuestForward forward;
    forward.text = text;
    std::string rest = text, protocol, address, port;
    if (!cut(rest, ':', protocol) || !cut(rest, ':', address) || !cut(rest, '-', port))
        refuse("not of the form tcp:address:port-device");
    if (protocol != "tcp" && !protocol.empty()) refuse("not tcp");
    forward.address = parse_address(properties.option(), "guestfwd", address);
    if ((forward.address.s_addr & mask.s_addr) != network.s_addr) refuse("the address is not in the network");
    std::optional<u16> number = parse_port(port);
    if (!number || *number == 0) refuse("no port");
    forward.port = *number;
    constexpr std::string_view kCommand = "cmd:";
    (rest.starts_with(kCommand) ? forward.command : forward.chardev) =
        rest.starts_with(kCommand) ? rest.substr(kCommand.size()) : rest;
    if (forward.command.empty() && forward.chardev.empty()) refuse("no device");
    return forward;
}

/// net= is "10.0.2.0/24", "10.0.2.0/255.255.255.0" or "10.0.2.0".
void UserOptions::take_ipv4(Properties& properties) {
    std::string text = properties.take("net", "10.0.2.0/24");
    std::size_t slash = text.find('/');
    network = parse_address(properties.option(), "net", text.substr(0, slash));
    mask = number(0xffffff00);
    if (slash != std::string::npos) {
        std::string bits = text.substr(slash + 1);
        if (std::optional<u64> count = parse_number(bits)) {
            if (*count == 0 || *count > 30) properties.fail("net=" + text + ": a prefix is 1 to 30 bits long");
            mask = number(static_cast<u32>(~low_mask(32 - static_cast<unsigned>(*count))));
        } else {
            mask = parse_address(properties.option(), "net", bits);
        }
    }
    network.s_addr &= mask.s_addr;
    u32 base = ntohl(network.s_addr), hosts = ~ntohl(mask.s_addr);
    // The places that guests expect: gateway .2, name server .3, first guest .15
    host = take_address(properties, "host", number(base | (2 & hosts)));
    name_server = take_address(properties, "dns", number(base | (3 & hosts)));
    first_guest = take_address(properties, "dhcpstart", number(base | (15 & hosts)));
    for (in_addr address : {host, name_server, first_guest}) {
        if ((address.s_addr & mask.s_addr) != network.s_addr)
            properties.fail(text_of(address) + " is not in the network " + text_of(network));
    }
}

void UserOptions::take_ipv6(Properties& properties) {
    ::inet_pton(AF_INET6, "fec0::", &prefix6);
    prefix6_bits = 64;
    if (std::optional<std::string> net = properties.take("ipv6-net")) {
        std::size_t slash = net->find('/');
        if (slash != std::string::npos) properties.set("ipv6-prefixlen", net->substr(slash + 1));
        properties.set("ipv6-prefix", net->substr(0, slash));
    }
    prefix6 = take_address6(properties, "ipv6-prefix", prefix6);
    prefix6_bits = static_cast<u8>(properties.take_number("ipv6-prefixlen", prefix6_bits, 1, 126));
    host6 = take_address6(properties, "ipv6-host", with_suffix(prefix6, 2));
    name_server6 = take_address6(properties, "ipv6-dns", with_suffix(prefix6, 3));
}

UserOptions::UserOptions(Properties& properties) {
    restricted = properties.take_bool("restrict", false);
    ipv4 = properties.take_bool("ipv4", true);
    ipv6 = properties.take_bool("ipv6", true);
    if (!ipv4 && !ipv6) properties.fail("neither ipv4 nor ipv6 is left");
    take_ipv4(properties);
    take_ipv6(properties);
    host_name = properties.take("hostname", "");
    domain_name = properties.take("domainname", "");
    tftp = properties.take("tftp", "");
    tftp_server = properties.take("tftp-server-name", "");
    boot_file = properties.take("bootfile", "");
    search = take_all(properties, "dnssearch");
    host_forward_texts = take_all(properties, "hostfwd");
    for (const std::string& text : host_forward_texts)
        host_forwards.push_back(HostForward::parse(properties.option(), text));
    for (const std::string& text : take_all(properties, "guestfwd"))
        guest_forwards.push_back(parse_guest_forward(properties, text));
    if (properties.has("smb")) properties.fail("smb= is not supported (share a directory with -virtfs)");
    properties.finish();
}

SlirpConfig UserOptions::config() {
    SlirpConfig config{};
    config.version = 1;
    config.restricted = restricted;
    config.in_enabled = ipv4;
    config.vnetwork = network;
    config.vnetmask = mask;
    config.vhost = host;
    config.vnameserver = name_server;
    config.vdhcp_start = first_guest;
    config.in6_enabled = ipv6;
    config.vprefix_addr6 = prefix6;
    config.vprefix_len = prefix6_bits;
    config.vhost6 = host6;
    config.vnameserver6 = name_server6;
    config.vhostname = optional(host_name);
    config.vdomainname = optional(domain_name);
    config.tftp_path = optional(tftp);
    config.tftp_server_name = optional(tftp_server);
    config.bootfile = optional(boot_file);
    search_list_.clear();
    for (const std::string& domain : search) search_list_.push_back(domain.c_str());
    search_list_.push_back(nullptr);
    config.vdnssearch = search.empty() ? nullptr : search_list_.data();
    return config;
}

}  // namespace dragoman::devices::net
