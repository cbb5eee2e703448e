// The human monitor's commands about screens, keyboard and pointer.
#include <cstdlib>
#include <optional>
#include <sstream>

#include "base/number.h"
#include "devices/input/keys.h"
#include "machine/backends.h"
#include "machine/monitor/display_commands.h"
#include "machine/monitor/human.h"

namespace dragoman::machine {

namespace {

namespace input = devices::input;
using InputEvent = input::Event;

std::vector<std::string> split_words(std::string_view text) {
    std::istringstream in{std::string(text)};
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

std::optional<i32> parse_step(std::string_view text) {
    const bool negative = text.starts_with('-');
    const std::optional<u64> number = parse_number(text.substr(negative ? 1 : 0));
    if (!number || *number > 0x7fffffff) return std::nullopt;
    return static_cast<i32>(negative ? -static_cast<i64>(*number) : static_cast<i64>(*number));
}

const input::Key* key_of(const std::string& name) {
    if (name == "<") return input::find_key("less");
    if (name.starts_with("0x")) return input::find_key_by_number(parse_number(name).value_or(0));
    return input::find_key(name);
}

std::string error_line(const std::string& wrong) { return wrong.empty() ? "" : "Error: " + wrong + "\n"; }

}  // namespace

std::string HumanMonitor::screendump(std::string_view arguments) {
    ScreendumpRequest request;
    std::vector<std::string> plain, words = split_words(arguments);
    for (std::size_t i = 0; i < words.size(); i++) {
        if (words[i] != "-f") plain.push_back(words[i]);
        else if (++i < words.size()) request.format = words[i];
    }
    if (plain.empty() || plain.size() > 3) return "screendump: needs filename [-f png|ppm] [device [head]]\n";
    request.path = plain[0];
    if (plain.size() > 1) request.device = plain[1];
    if (plain.size() > 2) {
        const std::optional<u64> head = parse_number(plain[2]);
        if (!head) return "invalid head: '" + plain[2] + "'\n";
        request.head = *head;
    }
    return error_line(machine::screendump(machine_, request));
}

std::string HumanMonitor::send_key(std::string_view arguments) {
    const std::vector<std::string> words = split_words(arguments);
    std::optional<u64> hold = input::KeySequence::kDefaultHold;
    if (words.size() == 2) hold = parse_number(words[1]);
    if (words.empty() || words.size() > 2 || !hold) return "sendkey: needs keys [hold_ms]\n";
    std::vector<u16> codes;
    std::istringstream in(words[0]);
    for (std::string name; std::getline(in, name, '-');) {
        const input::Key* key = key_of(name);
        if (key == nullptr) return "invalid parameter: " + name + "\n";
        codes.push_back(key->code);
    }
    return error_line(press_keys(machine_, std::move(codes), static_cast<i64>(*hold)));
}

std::string HumanMonitor::mouse_move(std::string_view arguments) {
    const std::vector<std::string> words = split_words(arguments);
    if (words.size() < 2 || words.size() > 3) return "mouse_move: needs dx dy [dz]\n";
    std::vector<i32> steps;
    for (const std::string& word : words) {
        const std::optional<i32> step = parse_step(word);
        if (!step) return "mouse_move: '" + word + "' is no number\n";
        steps.push_back(*step);
    }
    input::Input& input = machine_.backends().input();
    const InputEvent moves[] = {{InputEvent::Kind::Relative, 0, steps[0]}, {InputEvent::Kind::Relative, 1, steps[1]}};
    input.send(moves);
    if (steps.size() < 3 || steps[2] == 0) return {};
    const auto wheel = static_cast<u16>(steps[2] > 0 ? input::Button::WheelUp : input::Button::WheelDown);
    for (i32 down : {1, 0}) {
        const InputEvent turn{InputEvent::Kind::Button, wheel, down};
        input.send({&turn, 1});
    }
    return {};
}

std::string HumanMonitor::mouse_button(std::string_view arguments) {
    const std::optional<u64> state = parse_number(arguments);
    if (!state || *state > 7) return "mouse_button: needs state, 0 to 7\n";
    machine_.backends().input().set_buttons(static_cast<u32>(*state));
    return {};
}

std::string HumanMonitor::info_mice(std::string_view) {
    std::string text;
    for (const input::Input::Mouse& mouse : machine_.backends().input().mice())
        text += std::string(mouse.current ? "* " : "  ") + "Mouse #" + std::to_string(mouse.index) + ": " + mouse.name +
                (mouse.absolute ? " (absolute)" : "") + "\n";
    return text.empty() ? "No mouse devices connected\n" : text;
}

std::string HumanMonitor::set_password(std::string_view arguments) {
    const std::vector<std::string> words = split_words(arguments);
    if (words.size() != 2 || words[0] != "vnc") return "set_password: needs vnc password\n";
    return error_line(set_vnc_password(machine_, words[1]));
}

std::string HumanMonitor::info_vnc(std::string_view) {
    std::string text;
    for (const auto& server : machine_.backends().vncs())
        text += "Server: " + (server->is_unix() ? "" : server->host() + ":") + server->service() +
                "\n  Auth: " + (server->wants_password() ? "vnc" : "none") +
                "\n  Clients: " + std::to_string(server->clients()) + "\n";
    return text.empty() ? "None\n" : text;
}

}  // namespace dragoman::machine
