// The other end of a migration, as its address names it: "file:PATH", "exec:COMMAND", "unix:PATH", "tcp:HOST:PORT",
// "fd:NUMBER".
#pragma once

#include <sys/types.h>

#include <memory>

#include "machine/snapshot/channel.h"

namespace dragoman::machine {

/// Wakes whoever waits for an endpoint.
class CancelEvent {
public:
    CancelEvent();
    ~CancelEvent();
    CancelEvent(const CancelEvent&) = delete;
    CancelEvent& operator=(const CancelEvent&) = delete;
    /// For good. Any thread.
    void raise();
    bool raised() const;
    int fd() const { return fd_; }

private:
    int fd_;
};

/// Functions wait, but not once `cancel` has been raised: ECANCELED.
class Endpoint final : public ByteSink, public ByteSource {
public:
    enum class Direction : u8 { Out, In };
    /// Looks at the address, and makes what can be made at once: the file, the program, the socket that is listened on.
    /// @throws FatalError
    Endpoint(const std::string& address, Direction direction, CancelEvent& cancel);
    ~Endpoint() override;
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    /// Connects, or waits for who does. @returns 0 or an errno value
    int open();
    int write(std::span<const u8> bytes) override;
    int read(std::span<u8> to, std::size_t& got) override;
    /// After the last byte. @returns what was wrong with the other end; empty: nothing
    std::string close();

private:
    void open_file(const std::string& text);
    void start_program(const std::string& command);
    void make_socket();
    int wait(short events);
    [[noreturn]] void fail(const std::string& why) const;

    const std::string address_;
    const Direction direction_;
    CancelEvent& cancel_;
    int fd_ = -1;
    int listener_ = -1;
    std::string own_path_;  ///< of a socket that is gone at the end
    pid_t child_ = 0;
};

}  // namespace dragoman::machine
