#include "machine/monitor/qmp_display.h"

#include <algorithm>
#include <optional>

#include "devices/input/keys.h"
#include "machine/backends.h"
#include "machine/monitor/display_commands.h"
#include "machine/monitor/qmp_error.h"

namespace dragoman::machine {

namespace {

namespace input = devices::input;
using Json = nlohmann::ordered_json;
using InputEvent = input::Event;

const Json& take(const Json& arguments, const std::string& name) {
    auto found = arguments.is_object() ? arguments.find(name) : arguments.end();
    if (found == arguments.end()) throw QmpError{"Parameter '" + name + "' is missing"};
    return *found;
}

[[noreturn]] void wrong_type(const std::string& name, const char* expected) {
    throw QmpError{"Invalid parameter type for '" + name + "', expected: " + expected};
}

std::string take_text(const Json& arguments, const std::string& name) {
    const Json& value = take(arguments, name);
    if (!value.is_string()) wrong_type(name, "string");
    return value;
}

i64 take_integer(const Json& arguments, const std::string& name) {
    const Json& value = take(arguments, name);
    if (!value.is_number_integer()) wrong_type(name, "integer");
    return value;
}

bool take_bool(const Json& arguments, const std::string& name) {
    const Json& value = take(arguments, name);
    if (!value.is_boolean()) wrong_type(name, "boolean");
    return value;
}

const Json& take_array(const Json& arguments, const std::string& name) {
    const Json& value = take(arguments, name);
    if (!value.is_array()) wrong_type(name, "array");
    return value;
}

/// {"type": "qcode", "data": "ret"} or {"type": "number", "data": 28}
u16 key_code(const Json& value) {
    const std::string type = take_text(value, "type");
    const input::Key* key = nullptr;
    if (type == "qcode") {
        const std::string name = take_text(value, "data");
        key = input::find_key(name);
        if (key == nullptr) throw QmpError{"Parameter 'data' does not accept value '" + name + "'"};
    } else if (type == "number") {
        const i64 number = take_integer(value, "data");
        key = input::find_key_by_number(static_cast<u64>(number));
        if (key == nullptr) throw QmpError{"there is no key of number " + std::to_string(number)};
    } else {
        throw QmpError{"Parameter 'type' does not accept value '" + type + "'"};
    }
    return key->code;
}

u16 axis(const Json& data) {
    const std::string name = take_text(data, "axis");
    if (name != "x" && name != "y") throw QmpError{"Parameter 'axis' does not accept value '" + name + "'"};
    return name == "y" ? 1 : 0;
}

u16 button(const Json& data) {
    const std::string name = take_text(data, "button");
    const auto* found = std::find(input::kButtonNames.begin(), input::kButtonNames.end(), name);
    if (found == input::kButtonNames.end()) throw QmpError{"Parameter 'button' does not accept value '" + name + "'"};
    return static_cast<u16>(found - input::kButtonNames.begin());
}

i32 value_in(const Json& data, i64 low, i64 high) {
    const i64 value = take_integer(data, "value");
    if (value < low || value > high)
        throw QmpError{"Parameter 'value' expects " + std::to_string(low) + " to " + std::to_string(high)};
    return static_cast<i32>(value);
}

InputEvent event_of(const Json& json) {
    const std::string type = take_text(json, "type");
    const Json& data = take(json, "data");
    if (type == "key") return {InputEvent::Kind::Key, key_code(take(data, "key")), take_bool(data, "down")};
    if (type == "btn") return {InputEvent::Kind::Button, button(data), take_bool(data, "down")};
    if (type == "rel") return {InputEvent::Kind::Relative, axis(data), value_in(data, -0x7fffffff, 0x7fffffff)};
    if (type == "abs") return {InputEvent::Kind::Absolute, axis(data), value_in(data, 0, InputEvent::kAbsoluteMax)};
    throw QmpError{"Parameter 'type' does not accept value '" + type + "'"};
}

}  // namespace

Json qmp_screendump(Machine& machine, const Json& arguments) {
    ScreendumpRequest request;
    request.path = take_text(arguments, "filename");
    if (arguments.contains("device")) request.device = take_text(arguments, "device");
    if (arguments.contains("format")) request.format = take_text(arguments, "format");
    if (arguments.contains("head")) {
        if (!arguments.contains("device")) throw QmpError{"'head' must be specified together with 'device'"};
        request.head = static_cast<u64>(take_integer(arguments, "head"));
    }
    if (std::string wrong = screendump(machine, request); !wrong.empty()) throw QmpError{wrong};
    return Json::object();
}

Json qmp_send_key(Machine& machine, const Json& arguments) {
    std::vector<u16> codes;
    for (const Json& key : take_array(arguments, "keys")) codes.push_back(key_code(key));
    i64 hold = input::KeySequence::kDefaultHold;
    if (arguments.contains("hold-time")) hold = take_integer(arguments, "hold-time");
    if (std::string wrong = press_keys(machine, std::move(codes), hold); !wrong.empty()) throw QmpError{wrong};
    return Json::object();
}

Json qmp_send_input(Machine& machine, const Json& arguments) {
    input::Input& input = machine.backends().input();
    if (arguments.contains("device")) {
        const u64 head = arguments.contains("head") ? static_cast<u64>(take_integer(arguments, "head")) : 0;
        if (std::string device = take_text(arguments, "device");
            head > ~u32{0} || machine.backends().screens().find(device, static_cast<u32>(head)) == nullptr)
            throw QmpError{"Device '" + device + "' not found", "DeviceNotFound"};
    }
    std::vector<InputEvent> events;
    for (const Json& json : take_array(arguments, "events")) {
        events.push_back(event_of(json));
        if (!input.takes(events.back().kind))
            throw QmpError{"Input handler not found for event type " + take_text(json, "type")};
    }
    input.send(events);
    return Json::object();
}

Json qmp_set_password(Machine& machine, const Json& arguments) {
    if (std::string protocol = take_text(arguments, "protocol"); protocol != "vnc")
        throw QmpError{"Parameter 'protocol' does not accept value '" + protocol + "'"};
    if (std::string wrong = set_vnc_password(machine, take_text(arguments, "password")); !wrong.empty())
        throw QmpError{wrong};
    return Json::object();
}

Json qmp_vnc(Machine& machine) {
    const auto& servers = machine.backends().vncs();
    if (servers.empty()) return {{"enabled", false}};
    const devices::display::VncServer& server = *servers.front();
    return {{"enabled", true},
            {"host", server.host()},
            {"service", server.service()},
            {"family", server.is_unix()                               ? "unix"
                       : server.host().find(':') != std::string::npos ? "ipv6"
                                                                      : "ipv4"},
            {"auth", server.wants_password() ? "vnc" : "none"},
            {"clients", Json::array()}};
}

Json qmp_mice(Machine& machine) {
    Json list = Json::array();
    for (const input::Input::Mouse& mouse : machine.backends().input().mice())
        list.push_back(
            {{"name", mouse.name}, {"index", mouse.index}, {"current", mouse.current}, {"absolute", mouse.absolute}});
    return list;
}

}  // namespace dragoman::machine
