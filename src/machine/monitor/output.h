// Output of a monitor: kept until the back end takes it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "devices/chardev.h"

namespace dragoman::machine {

class Output {
public:
    explicit Output(std::shared_ptr<devices::Chardev> chardev) : chardev_(std::move(chardev)) {
        chardev_->set_on_writable([this] { flush(); });
    }
    ~Output() { chardev_->set_on_writable(nullptr); }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    void write(std::string_view text) {
        LockGuard lock(mutex_);
        if (pending_.size() < kLimit) pending_ += text;
        flush_locked();
    }

private:
    static constexpr std::size_t kLimit = 16 << 20;  ///< for a peer that never reads

    void flush() {
        LockGuard lock(mutex_);
        flush_locked();
    }
    void flush_locked() DRAGOMAN_REQUIRES(mutex_) {
        auto* bytes = reinterpret_cast<const u8*>(pending_.data());
        std::size_t done = pending_.empty() ? 0 : chardev_->write({bytes, pending_.size()});
        pending_.erase(0, done);
    }

    std::shared_ptr<devices::Chardev> chardev_;
    Mutex mutex_;
    std::string pending_ DRAGOMAN_GUARDED_BY(mutex_);
};

}  // namespace dragoman::machine
