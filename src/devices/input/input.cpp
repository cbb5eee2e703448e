#include "devices/input/input.h"

#include <cstring>

namespace dragoman::devices::input {

namespace {

using Kind = Event::Kind;

bool points(const Handler& handler) { return handler.takes(Kind::Relative) || handler.takes(Kind::Absolute); }

}  // namespace

Handler* Input::handler_of(Event::Kind kind) const {
    // A button belongs to the pointer that is moved.
    if (kind == Kind::Button) return pointer();
    Handler* found = nullptr;
    for (Handler* handler : handlers_) {
        if (handler->takes(kind) && handler->active()) found = handler;
    }
    return found;
}

Handler* Input::pointer() const {
    Handler* place = handler_of(Kind::Absolute);
    return place != nullptr ? place : handler_of(Kind::Relative);
}

void Input::record(Inputs& inputs) {
    inputs_ = &inputs;
    source_ = inputs.add({.name = "input", .deliver = [this](std::span<const u8> bytes) {
                              std::vector<Event> events(bytes.size() / sizeof(Event));
                              std::memcpy(events.data(), bytes.data(), events.size() * sizeof(Event));
                              pass_on(events);
                          }});
}

void Input::send(std::span<const Event> events) {
    if (inputs_ == nullptr) return pass_on(events);
    if (inputs_->replaying()) return;
    std::vector<u8> bytes(events.size_bytes());
    std::memcpy(bytes.data(), events.data(), bytes.size());
    inputs_->put(source_, std::move(bytes));
}

void Input::pass_on(std::span<const Event> events) {
    std::vector<Event> group;
    for (Handler* handler : handlers_) {
        group.clear();
        for (const Event& event : events) {
            if (handler_of(event.kind) == handler) group.push_back(event);
        }
        if (!group.empty()) handler->receive(group);
    }
}

void Input::set_buttons(u32 down) {
    std::vector<Event> events;
    for (u16 i = 0; i < kButtonNames.size(); i++) {
        if (((down ^ buttons_) >> i & 1) != 0) events.push_back({Kind::Button, i, static_cast<i32>(down >> i & 1)});
    }
    buttons_ = down;
    if (!events.empty()) send(events);
}

bool Input::absolute() const { return handler_of(Kind::Absolute) != nullptr; }

std::vector<Input::Mouse> Input::mice() const {
    std::vector<Mouse> all;
    Handler* current = pointer();
    for (Handler* handler : handlers_) {
        if (points(*handler))
            all.push_back({static_cast<unsigned>(all.size()), handler->input_name(), handler == current,
                           handler->takes(Kind::Absolute)});
    }
    return all;
}

}  // namespace dragoman::devices::input
