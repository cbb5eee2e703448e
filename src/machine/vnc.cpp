#include "machine/vnc.h"

#include "base/number.h"
#include "machine/backends.h"
#include "machine/machine.h"

namespace dragoman::machine {

namespace {

using devices::display::VncOptions;

constexpr u64 kMaxDisplay = 65535 - 5900;

/// "unix:PATH", "HOST:DISPLAY" or ":DISPLAY"; an IPv6 address is in brackets.
void take_address(const Properties& properties, const std::string& text, VncOptions& options) {
    if (text.starts_with("unix:") && text.size() > 5) {
        options.path = text.substr(5);
        return;
    }
    const std::size_t colon = text.rfind(':');
    const std::optional<u64> display =
        colon != std::string::npos ? parse_number(std::string_view(text).substr(colon + 1)) : std::nullopt;
    if (!display || *display > kMaxDisplay)
        properties.fail(text + ": not of the form HOST:DISPLAY or unix:PATH (displays are 0 to " +
                        std::to_string(kMaxDisplay) + ")");
    options.host = text.substr(0, colon);
    if (options.host.starts_with('[') && options.host.ends_with(']'))
        options.host = options.host.substr(1, options.host.size() - 2);
    options.display = options.last = static_cast<unsigned>(*display);
}

void take_password(Machine& machine, Properties& properties, VncOptions& options) {
    options.password = properties.take_bool("password", false);
    const std::optional<std::string> id = properties.take("password-secret");
    if (!id) return;
    const auto& secrets = machine.config().secrets;
    auto secret = secrets.find(*id);
    if (secret == secrets.end()) properties.fail("password-secret=" + *id + ": there is no such -object secret");
    options.password = true;
    options.secret = secret->second;
}

}  // namespace

std::unique_ptr<devices::display::VncServer> make_vnc(Machine& machine, Properties properties) {
    VncOptions options;
    take_address(properties, properties.take("vnc", ""), options);
    options.last = static_cast<unsigned>(properties.take_number("to", options.last, options.display, kMaxDisplay));
    take_password(machine, properties, options);
    options.device = properties.take("display", "");
    options.head = static_cast<u32>(properties.take_number("head", 0, 0, 15));
    properties.take_choice("share", {"allow-exclusive", "force-shared", "ignore"}, 0);
    properties.take("id");
    for (const char* hint : {"lossy", "non-adaptive", "power-control"}) properties.take_bool(hint, false);
    properties.take_number("key-delay-ms", 0);
    properties.finish();
    const auto& screens = machine.backends().screens();
    if (!options.device.empty() && screens.find(options.device, options.head) == nullptr)
        properties.fail("display=" + options.device + ": there is no such screen");
    options.name = machine.config().name.empty() ? "Dragoman" : "Dragoman (" + machine.config().name + ")";
    return std::make_unique<devices::display::VncServer>(machine.loop(), screens, machine.backends().input(),
                                                         std::move(options));
}

}  // namespace dragoman::machine
