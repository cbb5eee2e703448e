// A pseudo-terminal that others open: screen /dev/pts/N.
#pragma once

#include "devices/chardev/stream.h"

namespace dragoman::devices {

/// While nobody has it open, output is dropped. The constructor throws FatalError when the host has none.
class PtyChardev final : public StreamChardev {
public:
    explicit PtyChardev(EventLoop& loop);
    ~PtyChardev() override;
    std::string describe() const override { return "pty:" + path_; }
    /// "/dev/pts/3"
    const std::string& path() const { return path_; }

private:
    static constexpr u64 kPollInterval = 200'000'000;  ///< ns; the kernel does not tell when somebody opens it

    bool has_peer() const;
    void on_end() override;
    void on_write_error(int error) override;
    u64 on_tick() override;

    int master_;
    std::string path_;
    u64 next_poll_ = 0;
};

}  // namespace dragoman::devices
