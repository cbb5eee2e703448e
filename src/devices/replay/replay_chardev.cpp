#include "devices/replay/replay_chardev.h"

#include <algorithm>
#include <utility>

namespace dragoman::devices {

namespace {

/// Of output that nobody takes, what comes beyond this is lost.
constexpr std::size_t kMostUnsent = 16 << 20;

}  // namespace

ReplayChardev::ReplayChardev(std::shared_ptr<Chardev> host, Inputs& inputs, const std::string& name)
    : host_(std::move(host)),
      inputs_(inputs),
      source_(inputs.add({.name = "chardev " + name,
                          .deliver = [this](std::span<const u8> bytes) { deliver(bytes); },
                          .busy = [this] { return !arrived_.empty(); },
                          .forget =
                              [this] {
                                  arrived_.clear();
                                  pass_on_posted_ = false;
                              }})) {
    host_->set_on_writable([this] { flush(); });
}

void ReplayChardev::attach(Frontend frontend) {
    frontend_ = std::move(frontend);
    if (inputs_.replaying()) {
        // What is typed is lost.
        host_->attach({.can_receive = [] { return std::size_t{256}; }, .receive = [](std::span<const u8>) {}});
        return;
    }
    Frontend outer{.can_receive = [this] { return on_the_way_ ? 0 : frontend_.can_receive(); },
                   .receive = [this](std::span<const u8> bytes) { put(Kind::Data, bytes); }};
    if (frontend_.connected) outer.connected = [this](bool open) { put(open ? Kind::Opened : Kind::Closed); };
    if (frontend_.line_break) outer.line_break = [this] { put(Kind::Break); };
    host_->attach(std::move(outer));
}

void ReplayChardev::put(Kind kind, std::span<const u8> bytes) {
    std::vector<u8> message{static_cast<u8>(kind)};
    message.insert(message.end(), bytes.begin(), bytes.end());
    if (kind == Kind::Data) on_the_way_ = true;
    inputs_.put(source_, std::move(message));
}

void ReplayChardev::deliver(std::span<const u8> message) {
    if (message.empty()) return;
    switch (static_cast<Kind>(message[0])) {
        case Kind::Data: arrived_.insert(arrived_.end(), message.begin() + 1, message.end()); return pass_on();
        case Kind::Opened:
        case Kind::Closed:
            if (frontend_.connected) frontend_.connected(message[0] == static_cast<u8>(Kind::Opened));
            return;
        case Kind::Break:
            if (frontend_.line_break) frontend_.line_break();
            return;
    }
}

/// Gives the guest what it has room for.
void ReplayChardev::pass_on() {
    while (!arrived_.empty()) {
        const std::size_t count = std::min(arrived_.size(), frontend_.can_receive());
        if (count == 0) return;
        const std::vector<u8> part(arrived_.begin(), arrived_.begin() + static_cast<std::ptrdiff_t>(count));
        arrived_.erase(arrived_.begin(), arrived_.begin() + static_cast<std::ptrdiff_t>(count));
        frontend_.receive(part);
    }
    if (inputs_.replaying()) return;
    on_the_way_ = false;
    host_->accept_input();
}

void ReplayChardev::accept_input() {
    if (arrived_.empty()) {
        if (!inputs_.replaying()) host_->accept_input();
    } else if (!std::exchange(pass_on_posted_, true)) {
        // The front end may hold its lock.
        inputs_.tasks().post([this] {
            pass_on_posted_ = false;
            pass_on();
        });
    }
}

std::size_t ReplayChardev::write(std::span<const u8> bytes) {
    LockGuard lock(mutex_);
    std::size_t sent = unsent_.empty() ? host_->write(bytes) : 0;
    if (unsent_.size() < kMostUnsent)
        unsent_.insert(unsent_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(sent), bytes.end());
    return bytes.size();
}

void ReplayChardev::flush() {
    LockGuard lock(mutex_);
    const std::vector<u8> bytes(unsent_.begin(), unsent_.end());
    if (bytes.empty()) return;
    const std::size_t sent = host_->write(bytes);
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent));
}

}  // namespace dragoman::devices
