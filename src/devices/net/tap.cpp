#include "devices/net/tap.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/number.h"

namespace dragoman::devices::net {

namespace {

constexpr std::size_t kMaxFrame = 65536 + 64;
constexpr unsigned kBurst = 64;  // frames at a time, so that others have their turn

/// Runs `script INTERFACE`. @returns its exit status, or -1.
int run(const std::string& script, const std::string& interface) {
    char* arguments[] = {const_cast<char*>(script.c_str()), const_cast<char*>(interface.c_str()), nullptr};
    pid_t child;
    if (::posix_spawn(&child, script.c_str(), nullptr, nullptr, arguments, environ) != 0) return -1;
    int status;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TapNetdev::TapNetdev(std::string id, Properties& properties, EventLoop& loop)
    : Netdev(std::move(id)), loop_(loop), buffer_(kMaxFrame) {
    name_ = properties.take("ifname", "");
    std::string up_script = properties.take("script", "/etc/qemu-ifup");
    down_script_ = properties.take("downscript", "/etc/qemu-ifdown");
    std::optional<std::string> given = properties.take("fd");
    if (name_.size() >= IFNAMSIZ) properties.fail("ifname=" + name_ + ": longer than a name can be");
    properties.finish();
    if (given) {
        std::optional<u64> number = parse_number(*given);
        if (!number || ::fcntl(static_cast<int>(*number), F_GETFD) < 0)
            properties.fail("fd=" + *given + ": not an open descriptor");
        fd_ = static_cast<int>(*number);
        up_script = down_script_ = "no";
        ifreq request{};
        if (::ioctl(fd_, TUNGETIFF, &request) != 0) properties.fail("fd=" + *given + ": not a tap interface");
        name_ = request.ifr_name;
        ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
    } else {
        open(properties);
        if (up_script != "no") run_script(properties, up_script);
    }
    drained();
}

TapNetdev::~TapNetdev() {
    if (fd_ < 0) return;
    loop_.unwatch(fd_);
    ::close(fd_);
    if (down_script_ != "no" && ::access(down_script_.c_str(), X_OK) == 0) run(down_script_, name_);
}

void TapNetdev::open(const Properties& properties) {
    fd_ = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd_ < 0) properties.fail(std::string("/dev/net/tun: ") + std::strerror(errno));
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    name_.copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(fd_, TUNSETIFF, &request) != 0) {
        int error = errno;
        ::close(fd_);
        fd_ = -1;
        properties.fail("tap interface " + name_ + ": " + std::strerror(error));
    }
    name_ = request.ifr_name;
}

void TapNetdev::run_script(const Properties& properties, const std::string& script) const {
    int status = run(script, name_);
    if (status == 0) return;
    ::close(fd_);
    properties.fail("script=" + script +
                    (status < 0 ? ": cannot be run" : ": failed with status " + std::to_string(status)));
}

void TapNetdev::drained() {
    if (watching_) return;
    watching_ = true;
    loop_.watch(fd_, EventLoop::kReadable, [this](u32) { readable(); });
}

void TapNetdev::readable() {
    for (unsigned i = 0; i < kBurst; i++) {
        ssize_t bytes = ::read(fd_, buffer_.data(), buffer_.size());
        if (bytes <= 0) return;
        deliver({buffer_.data(), static_cast<std::size_t>(bytes)});
        if (waiting()) {  // the guest is full: the host queues for us
            watching_ = false;
            loop_.unwatch(fd_);
            return;
        }
    }
}

void TapNetdev::send(std::span<const iovec> frame, u64) {
    // A full queue of the host's loses the frame, as a network does.
    while (::writev(fd_, frame.data(), static_cast<int>(frame.size())) < 0 && errno == EINTR) {
    }
}

}  // namespace dragoman::devices::net
