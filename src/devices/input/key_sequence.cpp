#include "devices/input/key_sequence.h"

namespace dragoman::devices::input {

namespace {

constexpr u64 kNanosecondsPerMs = 1'000'000;

}  // namespace

KeySequence::KeySequence(EventLoop& loop, Clock& clock, Input& input) : loop_(loop), clock_(clock), input_(input) {
    // With -icount timers run on a hart's thread.
    std::weak_ptr<bool> alive = alive_;
    timer_ = clock_.add_timer([this, &loop, alive] {
        loop.post([this, alive] {
            if (alive.lock() != nullptr) end();
        });
    });
}

void KeySequence::press(std::vector<u16> codes, u32 hold) {
    if (waiting_.size() >= kMaxWaiting) return;
    waiting_.push_back({std::move(codes), hold});
    if (waiting_.size() == 1) begin();
}

void KeySequence::begin() {
    for (u16 code : waiting_.front().codes) {
        const Event event{Event::Kind::Key, code, 1};
        input_.send({&event, 1});
    }
    timer_->arm(clock_.now() + waiting_.front().hold * kNanosecondsPerMs);
}

void KeySequence::end() {
    if (waiting_.empty()) return;
    const std::vector<u16> codes = std::move(waiting_.front().codes);
    waiting_.pop_front();
    for (auto code = codes.rbegin(); code != codes.rend(); ++code) {
        const Event event{Event::Kind::Key, *code, 0};
        input_.send({&event, 1});
    }
    if (!waiting_.empty()) begin();
}

}  // namespace dragoman::devices::input
