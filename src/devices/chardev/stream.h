// What all back ends on host file descriptors share: buffered bytes in both directions, moved by the event loop.
#pragma once

#include <atomic>
#include <vector>

#include "base/mutex.h"
#include "devices/chardev.h"
#include "devices/event_loop.h"

namespace dragoman::devices {

/// A pair of descriptors, or none while there is no peer. Harts only ever touch the output buffer in memory; the
/// event loop writes it out a moment later, so that a burst of single bytes becomes one system call. Made
/// before the loop runs; destroyed on its thread or when it has ended.
class StreamChardev : public Chardev {
public:
    void attach(Frontend frontend) override;
    std::size_t write(std::span<const u8> bytes) override;
    void set_on_writable(std::function<void()> callback) override;
    void accept_input() override;

protected:
    explicit StreamChardev(EventLoop& loop);
    ~StreamChardev() override;

    // On the loop's thread, or before it runs.

    /// Takes both over; they may be the same. -1: there is no such direction.
    void open_stream(int in, int out);
    /// Closes the descriptors; what was not written or delivered yet is dropped.
    void close_stream();
    bool is_open() const { return open_.load(std::memory_order_acquire); }
    /// Bytes for the peer alone, past the guest's (telnet's negotiation).
    void write_out_of_band(std::span<const u8> bytes);
    std::shared_ptr<const Frontend> frontend() const;

    /// The input has ended. Nothing more is read then; the output stays.
    virtual void on_end() {}
    /// The output cannot be written any more (errno). From then on output is dropped.
    virtual void on_write_error(int error);
    /// Takes from `bytes` what is not the guest's.
    virtual void filter_input(std::vector<u8>& bytes) { (void)bytes; }
    /// Called before each sleep of the loop. @returns when next, at the latest
    virtual u64 on_tick() { return ~u64{0}; }

    EventLoop& loop() const { return loop_; }
    /// Runs `function` on the loop's thread if this still exists then.
    void post(std::function<void()> function);

    std::string label_;  ///< of messages: the chardev's id

private:
    static constexpr std::size_t kOutputLimit = 65536, kInputSize = 4096;
    static constexpr u64 kFlushDelay = 100'000;  ///< ns

    u64 tick();
    void tell_connected(bool open);
    void on_ready(int fd, u32 events);
    void read_input();
    void deliver_input();
    void flush();
    void drop_output();
    void write_rest();
    void update_watches();
    std::ptrdiff_t write_some(const u8* bytes, std::size_t count);

    EventLoop& loop_;
    unsigned source_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::atomic<bool> open_{false};
    std::atomic<bool> has_output_{false};    ///< somebody gets what is written
    std::atomic<bool> input_paused_{false};  ///< the front end had no room: accept_input goes on

    mutable Mutex mutex_;
    std::shared_ptr<const Frontend> frontend_ DRAGOMAN_GUARDED_BY(mutex_);
    std::function<void()> on_writable_ DRAGOMAN_GUARDED_BY(mutex_);
    std::vector<u8> pending_ DRAGOMAN_GUARDED_BY(mutex_);  ///< output
    bool starved_ DRAGOMAN_GUARDED_BY(mutex_) = false;     ///< a write was not taken in full
    u64 flush_at_ DRAGOMAN_GUARDED_BY(mutex_) = ~u64{0};

    // Of the loop's thread
    int in_ = -1, out_ = -1;
    bool out_is_socket_ = false;
    bool ended_ = false, blocked_ = false;
    bool told_open_ = false;  ///< what the front end has been told
    u32 in_watch_ = 0, out_watch_ = 0;
    std::vector<u8> input_, output_;  ///< from _done on still to be delivered, written
    std::size_t input_done_ = 0, output_done_ = 0;
};

/// A descriptor of its own for the terminal, pipe or file behind `fd`, which does not block; other processes that share
/// `fd` do not notice. Where that cannot be: a duplicate. -1 when `fd` is closed.
int duplicate_nonblocking(int fd, int access);

}  // namespace dragoman::devices
