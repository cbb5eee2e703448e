#include "devices/chardev/mux.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "base/program_name.h"

namespace dragoman::devices {

namespace {

constexpr u8 kEscape = 1;  // Ctrl-A

std::span<const u8> bytes_of(std::string_view text) { return {reinterpret_cast<const u8*>(text.data()), text.size()}; }

}  // namespace

/// A front end's view. Input waits here until the front end takes it.
class MuxChardev::Port final : public Chardev {
public:
    static constexpr std::size_t kQueueSize = 4096;

    explicit Port(MuxChardev& mux) : mux_(mux) {}

    void attach(Frontend frontend) override {
        {
            LockGuard lock(mutex_);
            frontend_ = std::make_shared<const Frontend>(std::move(frontend));
        }
        post([this] {
            tell_connected(mux_.connected_);
            tell_focus();
            deliver();
        });
    }
    std::size_t write(std::span<const u8> bytes) override { return mux_.write(bytes); }
    void set_on_writable(std::function<void()> callback) override {
        LockGuard lock(mutex_);
        on_writable_ = std::move(callback);
    }
    void accept_input() override {
        if (paused_.load(std::memory_order_relaxed) && paused_.exchange(false)) post([this] { deliver(); });
    }
    std::string describe() const override { return mux_.backend_->describe() + ", mux"; }

    // The loop's thread

    bool in_use() const { return frontend() != nullptr; }
    std::size_t room() const { return kQueueSize - std::min(kQueueSize, queue_.size()); }
    void queue(u8 byte) { queue_.push_back(byte); }

    void deliver() {
        auto fe = frontend();
        if (fe == nullptr) return;
        std::size_t done = 0;
        while (done < queue_.size()) {
            std::size_t room = fe->can_receive();
            if (room == 0) {
                paused_.store(true);  // and asked again: it may have made room in between
                room = fe->can_receive();
                if (room == 0) break;
                paused_.store(false);
            }
            std::size_t count = std::min(room, queue_.size() - done);
            fe->receive(std::span<const u8>(queue_).subspan(done, count));
            done += count;
        }
        bool was_full = room() == 0;
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(done));
        if (was_full && done != 0) mux_.backend_->accept_input();
    }
    void tell_connected(bool open) {
        auto fe = frontend();
        if (fe != nullptr && fe->connected && told_open_ != open) fe->connected(open);
        told_open_ = open;
    }
    void tell_focus() {
        bool in = mux_.ports_[mux_.focus_].get() == this;
        auto fe = frontend();
        if (fe != nullptr && fe->focused) fe->focused(in);
    }
    void line_break() {
        auto fe = frontend();
        if (fe != nullptr && fe->line_break) fe->line_break();
    }
    void tell_writable() {
        std::function<void()> callback;
        {
            LockGuard lock(mutex_);
            callback = on_writable_;
        }
        if (callback) callback();
    }
    void detach() {
        LockGuard lock(mutex_);
        frontend_.reset();
        on_writable_ = nullptr;
    }

private:
    std::shared_ptr<const Frontend> frontend() const {
        LockGuard lock(mutex_);
        return frontend_;
    }
    void post(std::function<void()> function) {
        mux_.loop_.post([alive = std::weak_ptr<bool>(mux_.alive_), function = std::move(function)] {
            if (alive.lock() != nullptr) function();
        });
    }

    MuxChardev& mux_;
    mutable Mutex mutex_;
    std::shared_ptr<const Frontend> frontend_ DRAGOMAN_GUARDED_BY(mutex_);
    std::function<void()> on_writable_ DRAGOMAN_GUARDED_BY(mutex_);
    std::vector<u8> queue_;  ///< the loop's thread's
    std::atomic<bool> paused_{false};
    bool told_open_ = false;
};

MuxChardev::MuxChardev(EventLoop& loop, std::shared_ptr<Chardev> backend, MuxActions actions)
    : loop_(loop), backend_(std::move(backend)), actions_(std::move(actions)), start_(EventLoop::host_time()) {
    backend_->set_on_writable([this] {
        for (const auto& port : ports_) port->tell_writable();
    });
    backend_->attach({.can_receive = [this] { return room(); },
                      .receive = [this](std::span<const u8> bytes) { receive(bytes); },
                      .connected =
                          [this](bool open) {
                              connected_ = open;
                              for (const auto& port : ports_) port->tell_connected(open);
                          },
                      .line_break =
                          [this] {
                              if (!ports_.empty()) ports_[focus_]->line_break();
                          }});
}

MuxChardev::~MuxChardev() = default;

std::shared_ptr<Chardev> MuxChardev::add_port() {
    ports_.push_back(std::make_shared<Port>(*this));
    return ports_.back();
}

std::size_t MuxChardev::room() const { return ports_.empty() ? 0 : ports_[focus_]->room(); }

void MuxChardev::receive(std::span<const u8> bytes) {
    for (u8 byte : bytes) {
        bool escaped = std::exchange(escaped_, false);
        if (escaped && byte != kEscape) command(byte);
        else if (!escaped && byte == kEscape) escaped_ = true;
        else ports_[focus_]->queue(byte);  // no more than room() said, whichever port has the focus by now
    }
    ports_[focus_]->deliver();
}

void MuxChardev::command(u8 key) {
    switch (key) {
        case 'h':
        case '?': print_help(); break;
        case 'x':
            print(std::string("\r\n") + program_name() + ": terminated\r\n");
            if (actions_.quit) actions_.quit();
            break;
        case 's':
            if (actions_.commit) actions_.commit();
            break;
        case 't': {
            LockGuard lock(mutex_);
            stamps_ = !stamps_;
            at_line_start_ = false;
            break;
        }
        case 'b': ports_[focus_]->line_break(); break;
        case 'c': focus_next(); break;
        default: break;
    }
}

void MuxChardev::focus_next() {
    ports_[focus_]->deliver();
    std::size_t before = focus_;
    do {
        focus_ = (focus_ + 1) % ports_.size();
    } while (focus_ != before && !ports_[focus_]->in_use());
    if (focus_ == before) return;
    ports_[before]->tell_focus();
    ports_[focus_]->tell_focus();
}

void MuxChardev::print(std::string_view text) { backend_->write(bytes_of(text)); }

void MuxChardev::print_help() {
    print(
        "\r\n"
        "C-a h    this help\r\n"
        "C-a x    end the emulator\r\n"
        "C-a s    write the changes of -snapshot to the disks\r\n"
        "C-a t    time stamps on or off\r\n"
        "C-a b    send a break\r\n"
        "C-a c    switch between console and monitor\r\n"
        "C-a C-a  send C-a\r\n");
}

std::size_t MuxChardev::write(std::span<const u8> bytes) {
    {
        LockGuard lock(mutex_);
        if (stamps_) return write_stamped(bytes);
    }
    return backend_->write(bytes);
}

std::size_t MuxChardev::write_stamped(std::span<const u8> bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (at_line_start_) {
            u64 ms = (EventLoop::host_time() - start_) / 1'000'000;
            char stamp[32];
            int length = std::snprintf(stamp, sizeof stamp, "[%02u:%02u:%02u.%03u] ",
                                       static_cast<unsigned>(ms / 3'600'000), static_cast<unsigned>(ms / 60'000 % 60),
                                       static_cast<unsigned>(ms / 1000 % 60), static_cast<unsigned>(ms % 1000));
            backend_->write(bytes_of({stamp, static_cast<std::size_t>(length)}));
            at_line_start_ = false;
        }
        if (backend_->write(bytes.subspan(i, 1)) == 0) return i;
        at_line_start_ = bytes[i] == '\n';
    }
    return bytes.size();
}

}  // namespace dragoman::devices
