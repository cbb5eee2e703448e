// -netdev stream, and socket with listen= or connect=: frames over a stream socket, each behind its length in four
// bytes, big-endian. What is at the other end is another emulator, or a switch in user space (passt, socket_vmnet).
#pragma once

#include "devices/net/netdev.h"
#include "devices/peer_socket.h"

namespace dragoman::devices::net {

class StreamNetdev final : public Netdev {
public:
    /// Listens or connects. @throws FatalError
    StreamNetdev(std::string id, EventLoop& loop, const PeerSocket::Options& options);
    ~StreamNetdev() override;

    std::string describe() const override;

protected:
    void send(std::span<const iovec> frame, u64 bytes) override;

private:
    void open(int fd);
    void lose_peer();
    void ready(u32 events);
    /// @returns whether there may be more to read
    bool read_some();
    void deliver_frames();
    void write_rest();
    void update_watch();
    void drained() override { update_watch(); }

    EventLoop& loop_;
    PeerSocket socket_;
    unsigned source_;
    int fd_ = -1;
    u32 watched_ = 0;
    std::vector<u8> input_;   ///< room for one frame and more
    std::size_t have_ = 0;    ///< bytes of it that were read
    std::vector<u8> output_;  ///< what the peer's buffer had no room for
    std::size_t written_ = 0;
    std::vector<iovec> pieces_;  ///< of the frame that is sent
};

}  // namespace dragoman::devices::net
