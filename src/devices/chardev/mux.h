// Several front ends on one back end: a serial port and the monitor share the terminal; Ctrl-A keys switch.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "devices/chardev.h"
#include "devices/event_loop.h"

namespace dragoman::devices {

/// What Ctrl-A keys ask the machine for. Called on the event loop's thread.
struct MuxActions {
    std::function<void()> quit = nullptr;    ///< x
    std::function<void()> commit = nullptr;  ///< s: write -snapshot's changes to the disks
};

/// Input goes to one port, output comes from all. Lives as long as its ports are used.
class MuxChardev {
public:
    MuxChardev(EventLoop& loop, std::shared_ptr<Chardev> backend, MuxActions actions);
    ~MuxChardev();
    MuxChardev(const MuxChardev&) = delete;
    MuxChardev& operator=(const MuxChardev&) = delete;

    /// One more user. The first one has the input until Ctrl-A c is typed. Before the loop runs, or on its thread.
    std::shared_ptr<Chardev> add_port();

private:
    class Port;

    std::size_t room() const;
    void receive(std::span<const u8> bytes);
    void command(u8 key);
    void focus_next();
    void print(std::string_view text);
    void print_help();
    std::size_t write(std::span<const u8> bytes);
    std::size_t write_stamped(std::span<const u8> bytes) DRAGOMAN_REQUIRES(mutex_);

    EventLoop& loop_;
    std::shared_ptr<Chardev> backend_;
    MuxActions actions_;
    u64 start_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

    // Of the loop's thread
    std::vector<std::shared_ptr<Port>> ports_;
    std::size_t focus_ = 0;
    bool escaped_ = false;  ///< the last byte was Ctrl-A
    bool connected_ = false;

    Mutex mutex_;
    bool stamps_ DRAGOMAN_GUARDED_BY(mutex_) = false;
    bool at_line_start_ DRAGOMAN_GUARDED_BY(mutex_) = true;
};

}  // namespace dragoman::devices
