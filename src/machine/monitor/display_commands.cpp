#include "machine/monitor/display_commands.h"

#include "devices/display/picture.h"
#include "machine/backends.h"

namespace dragoman::machine {

namespace {

namespace display = devices::display;

constexpr std::size_t kMaxKeys = 16;
constexpr i64 kMaxHold = 60'000;

}  // namespace

std::string screendump(Machine& machine, const ScreendumpRequest& request) {
    if (request.format != "ppm" && request.format != "png")
        return "Parameter 'format' does not accept value '" + request.format + "'";
    const display::Screens& screens = machine.backends().screens();
    if (screens.all().empty()) return "There is no console to take a screendump from";
    display::Screen* screen =
        request.head <= ~u32{0} ? screens.find(request.device, static_cast<u32>(request.head)) : nullptr;
    if (screen == nullptr)
        return "Device '" + request.device + "' has no screen " + std::to_string(request.head) + ", or is not there";
    display::Frame frame;
    screen->capture(frame);
    const auto format = request.format == "png" ? display::PictureFormat::Png : display::PictureFormat::Ppm;
    return display::write_picture(frame, format, request.path);
}

std::string press_keys(Machine& machine, std::vector<u16> codes, i64 hold) {
    if (codes.empty() || codes.size() > kMaxKeys) return "there may be 1 to " + std::to_string(kMaxKeys) + " keys";
    if (hold < 0 || hold > kMaxHold) return "keys may be held for 0 to " + std::to_string(kMaxHold) + " ms";
    machine.backends().key_sequence().press(std::move(codes), static_cast<u32>(hold));
    return {};
}

std::string set_vnc_password(Machine& machine, const std::string& password) {
    bool taken = false;
    for (const auto& server : machine.backends().vncs()) taken |= server->set_password(password);
    return taken ? "" : "Could not set password: there is no VNC server with password=on";
}

}  // namespace dragoman::machine
