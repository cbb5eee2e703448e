// The short form of back ends that -serial, -monitor and -qmp take.
#include "devices/chardev/factory.h"

namespace dragoman::devices {

namespace {

void set_host_and_port(Properties& properties) {
    std::string address = properties.take("address", "");
    std::size_t colon = address.rfind(':');
    if (colon == address.npos || colon + 1 == address.size()) properties.fail("'" + address + "' is not HOST:PORT");
    std::string host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    properties.set("host", host);
    properties.set("port", address.substr(colon + 1));
}

}  // namespace

Properties parse_legacy_chardev(const std::string& option, std::string_view text) {
    auto starts = [&](std::string_view prefix) { return text.starts_with(prefix); };
    auto rest = [&](std::string_view prefix) { return text.substr(prefix.size()); };
    auto path_of = [&](const char* backend, std::string_view path) {
        Properties properties;
        properties.rename(option);
        properties.set("backend", backend);
        properties.set("path", std::string(path));
        return properties;
    };

    if (starts("mon:")) {
        Properties properties = parse_legacy_chardev(option, rest("mon:"));
        properties.set("mux", "on");
        // Ctrl-C is for the guest then; Ctrl-A x is there to leave.
        if (rest("mon:") == "stdio") properties.set("signal", "off");
        return properties;
    }
    if (starts("file:")) return path_of("file", rest("file:"));
    if (starts("pipe:")) return path_of("pipe", rest("pipe:"));
    if (starts("/dev/")) return path_of("serial", text);
    if (starts("unix:")) {
        Properties properties(option, rest("unix:"), "path");
        properties.set("backend", "socket");
        return properties;
    }
    for (std::string_view protocol : {"tcp:", "telnet:"}) {
        if (!starts(protocol)) continue;
        Properties properties(option, rest(protocol), "address");
        set_host_and_port(properties);
        properties.set("backend", "socket");
        if (protocol == "telnet:") properties.set("telnet", "on");
        return properties;
    }
    if (starts("vc:")) return Properties(option, "vc", "backend");
    return Properties(option, text, "backend");
}

}  // namespace dragoman::devices
