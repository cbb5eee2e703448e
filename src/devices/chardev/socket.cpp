#include "devices/chardev/socket.h"

namespace dragoman::devices {

SocketChardev::SocketChardev(EventLoop& loop, const Options& options)
    : StreamChardev(loop), is_telnet_(options.telnet), socket_(loop, options, [this](int fd) { start(fd); }) {
    socket_.start();
}

std::string SocketChardev::describe() const {
    const SocketAddress& address = socket_.options().address;
    std::string text = is_telnet_ ? "telnet:" + address.host + ":" + address.port : address.text();
    return text + (socket_.options().server ? ",server" : "");
}

void SocketChardev::start(int fd) {
    telnet_.reset();
    if (is_telnet_ && socket_.options().server) write_out_of_band(TelnetFilter::greeting());
    open_stream(fd, fd);
}

void SocketChardev::lose_peer() {
    close_stream();
    socket_.lost();
}

void SocketChardev::filter_input(std::vector<u8>& bytes) {
    if (!is_telnet_) return;
    auto fe = frontend();
    telnet_.filter(bytes, [&] {
        if (fe != nullptr && fe->line_break) fe->line_break();
    });
}

}  // namespace dragoman::devices
