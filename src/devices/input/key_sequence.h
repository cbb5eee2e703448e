// Keys that a monitor presses: each combination is held for a while before the next begins.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "devices/clock.h"
#include "devices/event_loop.h"
#include "devices/input/input.h"

namespace dragoman::devices::input {

/// On the event loop's thread.
class KeySequence {
public:
    static constexpr u32 kDefaultHold = 100;  ///< ms
    /// What waits at most; more is dropped.
    static constexpr std::size_t kMaxWaiting = 1024;

    KeySequence(EventLoop& loop, Clock& clock, Input& input);

    /// Presses the keys `codes` in that order, and releases them after `hold` ms of virtual time in the reverse one.
    void press(std::vector<u16> codes, u32 hold);

private:
    struct Combination {
        std::vector<u16> codes;
        u32 hold;
    };
    void begin();
    void end();

    EventLoop& loop_;
    Clock& clock_;
    Input& input_;
    std::deque<Combination> waiting_;  ///< the first is held
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::unique_ptr<Clock::Timer> timer_;
};

}  // namespace dragoman::devices::input
