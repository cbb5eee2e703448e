#include "devices/chardev/pty.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "base/error.h"
#include "devices/chardev/terminal.h"

namespace dragoman::devices {

PtyChardev::PtyChardev(EventLoop& loop) : StreamChardev(loop) {
    int slave;
    char name[PATH_MAX];
    if (openpty(&master_, &slave, nullptr, nullptr, nullptr) != 0 || ttyname_r(slave, name, sizeof name) != 0)
        throw FatalError(1, std::string("cannot make a pseudo-terminal: ") + std::strerror(errno));
    path_ = name;
    terminal::make_raw_line(slave);
    ::close(slave);
    fcntl(master_, F_SETFL, O_RDWR | O_NONBLOCK);
    fcntl(master_, F_SETFD, FD_CLOEXEC);
}

PtyChardev::~PtyChardev() { ::close(master_); }

bool PtyChardev::has_peer() const {
    pollfd state{master_, POLLIN, 0};
    return poll(&state, 1, 0) >= 0 && (state.revents & POLLHUP) == 0;
}

u64 PtyChardev::on_tick() {
    if (is_open()) return ~u64{0};
    u64 now = EventLoop::host_time();
    if (now < next_poll_) return next_poll_;
    if (has_peer()) {
        int fd = fcntl(master_, F_DUPFD_CLOEXEC, 3);
        if (fd >= 0) {
            open_stream(fd, fd);
            return ~u64{0};
        }
    }
    return next_poll_ = now + kPollInterval;
}

void PtyChardev::on_end() { close_stream(); }

void PtyChardev::on_write_error(int) { close_stream(); }

}  // namespace dragoman::devices
