// A character back end whose input is recorded or replayed. Output always goes to the host, and never makes the guest
// wait.
#pragma once

#include <atomic>
#include <deque>
#include <memory>

#include "base/mutex.h"
#include "devices/chardev.h"
#include "devices/replay/inputs.h"

namespace dragoman::devices {

class ReplayChardev final : public Chardev {
public:
    /// @param name  of the front end, the same in every run
    ReplayChardev(std::shared_ptr<Chardev> host, Inputs& inputs, const std::string& name);

    void attach(Frontend frontend) override;
    std::size_t write(std::span<const u8> bytes) override;
    void set_on_writable(std::function<void()>) override {}  // there always is room
    void accept_input() override;
    std::string describe() const override { return host_->describe(); }

private:
    enum class Kind : u8 { Data, Opened, Closed, Break };
    void put(Kind kind, std::span<const u8> bytes = {});
    void deliver(std::span<const u8> bytes);
    void pass_on();
    void flush();

    std::shared_ptr<Chardev> host_;
    Inputs& inputs_;
    unsigned source_;
    Frontend frontend_;

    // Of the thread that runs the guest, or of a machine that stands
    std::deque<u8> arrived_;  ///< that the front end has no room for yet
    bool pass_on_posted_ = false;

    std::atomic<bool> on_the_way_{false};  ///< the host may send no more before this has arrived
    Mutex mutex_;
    std::deque<u8> unsent_ DRAGOMAN_GUARDED_BY(mutex_);  ///< output that the host has not taken yet
};

}  // namespace dragoman::devices
