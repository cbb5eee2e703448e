#include "machine/gdb_target.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "base/descriptors.h"
#include "base/error.h"
#include "debug/gdb_session.h"
#include "debug/gdb_socket.h"
#include "debug/packet.h"
#include "machine/replay/navigator.h"

namespace dragoman::machine {

using debug::kBadRequest;
using debug::kOk;
using debug::StopEvent;
using debug::WatchKind;

namespace {

pid_t id_of(const Hart& hart) { return static_cast<pid_t>(hart.id() + 1); }

/// The File-I/O protocol's numbers are Linux's but for these ("Debugging with GDB", E.13.9.3).
int errno_of_file_io(int error) {
    constexpr int kNameTooLong = 91, kUnknown = 9999;
    return error == kNameTooLong ? ENAMETOOLONG : error == kUnknown ? EIO : error;
}

}  // namespace

GdbTarget::GdbTarget(Machine& machine) : machine_(machine), event_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    machine_.debugger = this;
    machine_.add_listener([this](Event event, Cause) { machine_event(event); });
}

GdbTarget::~GdbTarget() { ::close(event_fd_); }

bool GdbTarget::attached() {
    LockGuard lock(mutex_);
    return attached_;
}

void GdbTarget::hart_stopped(Hart& hart) {
    LockGuard lock(mutex_);
    if (!attached_ || pending_) return;
    pending_ = StopEvent{.kind = StopEvent::Kind::Signal, .tid = id_of(hart), .value = SIGTRAP};
    if (hart.env()->exception != ir::kExceptionWatch) return;
    const u64 address = hart.env()->exception_value;
    for (const Watch& w : watches_) {
        if (w.address != address) continue;
        pending_->kind = StopEvent::Kind::Watch;
        pending_->watch = {address, w.kind};
    }
}

std::optional<semihosting::FileIoReply> GdbTarget::file_io(Hart& hart, const std::string& request) {
    const pid_t id = id_of(hart);
    {
        LockGuard lock(mutex_);
        if (!attached_) return semihosting::FileIoReply{-1, EIO};
        if (auto reply = replies_.extract(id)) return reply.mapped();
        if (!pending_) {
            pending_ = StopEvent{.kind = StopEvent::Kind::FileIo, .tid = id, .request = request};
            asking_ = id;
        }
    }
    machine_.request_debug_stop();
    return std::nullopt;
}

void GdbTarget::file_io_done(i64 result, int error) {
    LockGuard lock(mutex_);
    replies_[std::exchange(asking_, 0)] = {result, errno_of_file_io(error)};
}

void GdbTarget::on_io_thread(const std::function<void()>& function) {
    bool finished = false;
    machine_.loop().post([&] {
        function();
        LockGuard lock(mutex_);
        finished = true;
        changed_.notify_all();
    });
    UniqueLock lock(mutex_);
    while (!finished && !closed_) changed_.wait(lock);
}

void GdbTarget::close() {
    LockGuard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

Hart* GdbTarget::hart(pid_t tid) {
    bool known = tid >= 1 && static_cast<unsigned>(tid) <= machine_.hart_count();
    return known ? &machine_.hart(static_cast<unsigned>(tid) - 1) : nullptr;
}

void GdbTarget::post(const StopEvent& event) {
    event_ = event;
    u64 one = 1;
    [[maybe_unused]] ssize_t size = write(event_fd_, &one, sizeof one);
}

void GdbTarget::machine_event(Event event) {
    LockGuard lock(mutex_);
    if (event == Event::Reset) replies_.clear();
    if (!attached_) return;
    // Whoever has stopped the machine (a monitor, too), gdb is told.
    if (event == Event::Stop) {
        post(pending_.value_or(StopEvent{.kind = StopEvent::Kind::Signal, .tid = 1, .value = SIGINT}));
        pending_.reset();
    } else if (event == Event::Shutdown) {
        exit_untold_ = true;
        post({.kind = StopEvent::Kind::Exited, .tid = 0, .value = machine_.exit_status()});
    }
}

std::optional<StopEvent> GdbTarget::take_event() {
    LockGuard lock(mutex_);
    u64 count;
    [[maybe_unused]] ssize_t size = read(event_fd_, &count, sizeof count);
    std::optional<StopEvent> event = event_;
    event_.reset();
    return event;
}

void GdbTarget::interrupt() {
    on_io_thread([this] {
        if (machine_.state() == RunState::Running) machine_.stop(RunState::Debug);
    });
}

void GdbTarget::attach() {
    on_io_thread([this] {
        if (machine_.state() == RunState::Running) machine_.stop(RunState::Debug);
        LockGuard lock(mutex_);
        attached_ = true;
        pending_.reset();
        event_.reset();
    });
}

void GdbTarget::detach() {
    on_io_thread([this] {
        remove_points();
        {
            LockGuard lock(mutex_);
            attached_ = false;
            pending_.reset();
            event_.reset();
            replies_.clear();
        }
        for (unsigned i = 0; i < machine_.hart_count(); ++i) machine_.hart(i).set_step(false);
        if (machine_.state() == RunState::Debug) machine_.cont();
    });
}

void GdbTarget::resume(const std::vector<debug::Resumption>& threads) {
    on_io_thread([&] {
        std::vector<bool> goes(machine_.hart_count(), false);
        for (const debug::Resumption& r : threads) {
            Hart* h = hart(r.tid);
            if (h == nullptr) continue;
            goes[h->id()] = true;
            h->set_step(r.step);
        }
        machine_.cont(goes);
    });
}

void GdbTarget::exit_told() {
    LockGuard lock(mutex_);
    exit_untold_ = false;
    changed_.notify_all();
}

void GdbTarget::wait_exit_told() {
    UniqueLock lock(mutex_);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (exit_untold_ && changed_.wait_until(lock, end) == std::cv_status::no_timeout) {
    }
}

void GdbTarget::kill() { machine_.request_shutdown(Cause::HostSignal); }

std::vector<pid_t> GdbTarget::threads() {
    std::vector<pid_t> ids;
    for (unsigned i = 0; i < machine_.hart_count(); ++i) ids.push_back(static_cast<pid_t>(i + 1));
    return ids;
}

ir::Env* GdbTarget::find(pid_t tid) {
    Hart* h = hart(tid);
    return h != nullptr ? h->env() : nullptr;
}

std::string GdbTarget::describe_thread(pid_t tid) {
    Hart* h = hart(tid);
    if (h == nullptr) return {};
    return "hart " + std::to_string(h->id()) + (h->halted() ? " [halted]" : " [running]");
}

bool GdbTarget::set_breakpoint(u64 address, bool on) {
    LockGuard lock(mutex_);
    if (on) {
        breakpoints_.insert(address);
    } else {
        breakpoints_.erase(address);
    }
    machine_.engine().set_breakpoint(address, on);
    return true;
}

void GdbTarget::apply_points(bool on) {
    for (u64 address : breakpoints_) machine_.engine().set_breakpoint(address, on);
    for (const Watch& w : watches_) {
        machine_.engine().set_watchpoint(w.address, w.length, w.kind != WatchKind::Write, w.kind != WatchKind::Read,
                                         on);
    }
}

void GdbTarget::remove_points() {
    LockGuard lock(mutex_);
    apply_points(false);
    breakpoints_.clear();
    watches_.clear();
}

void GdbTarget::enable_points(bool on) {
    LockGuard lock(mutex_);
    if (std::exchange(points_on_, on) != on) apply_points(on);
}

void GdbTarget::remember_stop() {
    LockGuard lock(mutex_);
    remembered_ = pending_;
    pending_.reset();
}

void GdbTarget::forget_stop() {
    LockGuard lock(mutex_);
    pending_.reset();
}

void GdbTarget::arrived(Arrival where) {
    LockGuard lock(mutex_);
    pending_ = std::exchange(remembered_, std::nullopt);
    if (where == Arrival::Begin) pending_ = StopEvent{.kind = StopEvent::Kind::HistoryBegin};
    if (where == Arrival::End) pending_ = StopEvent{.kind = StopEvent::Kind::HistoryEnd};
    if (!pending_) pending_ = StopEvent{.kind = StopEvent::Kind::Signal, .value = SIGTRAP};
    pending_->tid = id_of(machine_.hart_in_turn());
}

bool GdbTarget::can_reverse() const { return machine_.inputs() != nullptr && machine_.inputs()->replaying(); }

bool GdbTarget::reverse(bool step) {
    std::string wrong = "there is nothing to go back to";
    on_io_thread([&] {
        {
            LockGuard lock(mutex_);
            pending_.reset();
            remembered_.reset();
        }
        for (unsigned i = 0; i < machine_.hart_count(); ++i) machine_.hart(i).set_step(false);
        if (Navigator* navigator = machine_.navigator())
            wrong = step ? navigator->reverse_step() : navigator->reverse_continue();
    });
    return wrong.empty();
}

bool GdbTarget::set_watchpoint(WatchKind kind, u64 address, u64 length, bool on) {
    if (length == 0) return false;
    LockGuard lock(mutex_);
    Watch watch{address, length, kind};
    if (on) {
        watches_.insert(watch);
    } else if (watches_.erase(watch) == 0) {
        return true;
    }
    machine_.engine().set_watchpoint(address, length, kind != WatchKind::Write, kind != WatchKind::Read, on);
    return true;
}

std::size_t GdbTarget::read_memory(pid_t tid, u64 address, void* to, std::size_t bytes) {
    Hart* h = hart(tid);
    if (h == nullptr) return 0;
    if (!physical_) return bytes - machine_.engine().debug_read(h->env(), address, to, bytes);
    return machine_.memory().read(address, to, bytes) ? bytes : 0;
}

std::size_t GdbTarget::write_memory(pid_t tid, u64 address, const void* from, std::size_t bytes) {
    Hart* h = hart(tid);
    if (h == nullptr) return 0;
    if (!physical_) return bytes - machine_.engine().debug_write(h->env(), address, from, bytes);
    return machine_.memory().write(address, from, bytes) ? bytes : 0;
}

std::optional<std::string> GdbTarget::packet(std::string_view packet) {
    if (packet == "qqemu.PhyMemMode") return physical_ ? "1" : "0";
    if (debug::take_prefix(packet, "Qqemu.PhyMemMode:")) {
        if (packet != "0" && packet != "1") return kBadRequest;
        physical_ = packet == "1";
        return kOk;
    }
    return std::nullopt;
}

namespace {

int listen_at(const std::string& where, debug::SocketFile& file) {
    std::string_view address = where;
    address = address.substr(0, address.find(','));
    if (debug::take_prefix(address, "unix:")) return debug::listen_for_gdb(std::string(address), file);
    std::string_view host;
    if (debug::take_prefix(address, "tcp:")) {
        std::size_t colon = address.rfind(':');
        if (colon == address.npos) throw FatalError(1, "-gdb: " + where + ": expected tcp:[HOST]:PORT");
        host = address.substr(0, colon);
        address.remove_prefix(colon + 1);
    }
    unsigned port = 0;
    auto [end, error] = std::from_chars(address.data(), address.data() + address.size(), port);
    if (error != std::errc() || end != address.data() + address.size() || port > 65535) {
        throw FatalError(1, "-gdb: " + where + ": expected tcp:[HOST]:PORT, unix:PATH or PORT");
    }
    return debug::listen_for_gdb(std::string(host), port);
}

}  // namespace

GdbServer::GdbServer(Machine& machine, const std::string& where)
    : target_(machine), listener_(listen_at(where, file_)) {
    thread_ = std::thread([this] { serve(); });
}

GdbServer::~GdbServer() {
    target_.wait_exit_told();
    target_.close();
    {
        LockGuard lock(mutex_);
        ending_ = true;
        shutdown(listener_, SHUT_RDWR);
        if (session_ >= 0) shutdown(session_, SHUT_RDWR);
    }
    thread_.join();
    release_descriptor(listener_);
    file_.remove();
}

bool GdbServer::begin_session(int socket) {
    LockGuard lock(mutex_);
    if (!ending_ && socket >= 0) session_ = socket;
    return !ending_;
}

void GdbServer::end_session() {
    LockGuard lock(mutex_);
    if (session_ >= 0) release_descriptor(session_);
    session_ = -1;
}

void GdbServer::serve() {
    for (;;) {
        int fd = debug::accept_gdb(listener_);
        if (!begin_session(fd)) {
            if (fd >= 0) release_descriptor(fd);
            return;
        }
        if (fd >= 0) debug::GdbSession(target_, fd).run();
        end_session();
    }
}

}  // namespace dragoman::machine
