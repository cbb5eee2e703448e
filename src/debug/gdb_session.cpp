#include "debug/gdb_session.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "debug/gdb_signal.h"
#include "debug/target_xml.h"

namespace dragoman::debug {

namespace {

constexpr std::size_t kPacketSize = 0x4000;

constexpr u64 kAll = ~u64{0};

std::string two_digits(int value) { return to_hex({{static_cast<u8>(value)}}); }

struct ThreadId {
    u64 process = 0;  ///< 0: not said; kAll: all of them
    u64 thread = kAll;
};

/// "TID", "pPID.TID" or "pPID", which means all its threads.
bool take_thread(std::string_view& text, ThreadId& id) {
    if (!take_prefix(text, "p")) return take_number(text, id.thread);
    if (!take_number(text, id.process)) return false;
    return !take_prefix(text, ".") || take_number(text, id.thread);
}

}  // namespace

GdbSession::GdbSession(Target& target, int socket, const Agreement& agreement)
    : target_(target), socket_(socket), agreement_(agreement) {
    last_stop_ = {.kind = StopEvent::Kind::Signal, .tid = 0, .value = SIGTRAP};
}

void GdbSession::run(bool resumed) {
    target_.agreed(agreement_);
    if (!resumed) {
        target_.attach();
        last_stop_.tid = selected_ = target_.threads().front();
    }
    while (open_) {
        pollfd fds[] = {{socket_, POLLIN, 0}, {target_.event_fd(), POLLIN, 0}};
        if (poll(fds, 2, -1) < 0) continue;
        if (fds[1].revents) handle_event();
        if (open_ && fds[0].revents) handle_input();
    }
    target_.detach();
}

void GdbSession::handle_input() {
    char bytes[4096];
    ssize_t size = recv(socket_, bytes, sizeof bytes, 0);
    if (size <= 0) {
        open_ = false;
        return;
    }
    reader_.feed({bytes, static_cast<std::size_t>(size)});
    std::string data;
    while (open_) {
        switch (reader_.next(data)) {
            case PacketReader::Kind::None: return;
            case PacketReader::Kind::Interrupt: target_.interrupt(); break;
            case PacketReader::Kind::BadChecksum:
                if (agreement_.acknowledge) send_raw("-");
                break;
            case PacketReader::Kind::Packet:
                if (agreement_.acknowledge) send_raw("+");
                handle_packet(data);
                break;
        }
    }
}

void GdbSession::handle_event() {
    std::optional<StopEvent> event = target_.take_event();
    if (!event) return;
    if (event->tid) selected_ = event->tid;
    in_file_io_ = event->kind == StopEvent::Kind::FileIo;
    if (in_file_io_) return send("F" + event->request);
    last_stop_ = *event;
    send(describe(*event));
    if (event->kind == StopEvent::Kind::Exited || event->kind == StopEvent::Kind::Killed) {
        open_ = false;
        target_.exit_told();
    }
}

void GdbSession::send_raw(std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size <= 0) {
            open_ = false;
            return;
        }
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
}

void GdbSession::send(std::string_view data) { send_raw(make_packet(data)); }

void GdbSession::handle_packet(std::string_view packet) {
    if (packet.empty()) return send("");
    std::string_view rest = packet.substr(1);
    switch (packet.front()) {
        case '?': return send(describe(last_stop_));
        case 'g': return send(read_registers());
        case 'G': return send(write_registers(rest));
        case 'p': return send(read_register(rest));
        case 'P': return send(write_register(rest));
        case 'm': return send(read_memory(rest));
        case 'M': return send(write_memory(rest, false));
        case 'X': return send(write_memory(rest, true));
        case 'Z': return send(change_point(rest, true));
        case 'z': return send(change_point(rest, false));
        case 'H': return send(select_thread(rest));
        case 'T': return send(thread_alive(rest));
        case 'F': return file_io_reply(rest);
        case 'q': return send(query(packet));
        case 'Q': return send(set(packet));
        case 'c':
        case 's':
        case 'C':
        case 'S':
            if (std::string error = resume_simple(packet); !error.empty()) send(error);
            return;
        case 'b':
            if (!target_.can_reverse() || (rest != "s" && rest != "c")) return send("");
            if (!target_.reverse(rest == "s")) send(kBadRequest);
            return;
        case 'D': return detach(rest);
        case 'k':
            open_ = false;
            target_.kill();
            return;
        case 'v': break;
        default: return send("");
    }
    if (packet == "vCont?") return send("vCont;c;C;s;S");
    if (take_prefix(packet, "vCont;")) {
        if (std::string error = resume_threads(packet); !error.empty()) send(error);
        return;
    }
    if (take_prefix(packet, "vKill")) {
        u64 process;
        send(kOk);
        if (take_prefix(packet, ";") && take_number(packet, process) &&
            target_.is_new_child(static_cast<pid_t>(process))) {
            ::kill(static_cast<pid_t>(process), SIGKILL);
            return target_.let_child_go(static_cast<pid_t>(process));
        }
        open_ = false;
        target_.kill();
        return;
    }
    send(target_.packet(packet).value_or(""));
}

std::string GdbSession::thread_text(pid_t tid) const {
    const std::string number = hex_number(static_cast<u64>(tid));
    return agreement_.multiprocess ? "p" + hex_number(static_cast<u64>(target_.process())) + "." + number : number;
}

std::string GdbSession::process_text() const {
    return agreement_.multiprocess ? ";process:" + hex_number(static_cast<u64>(target_.process())) : "";
}

/// "D", or "D;PID" of one process.
void GdbSession::detach(std::string_view arguments) {
    u64 process = 0;
    if (take_prefix(arguments, ";") && !take_number(arguments, process)) return send(kBadRequest);
    send(kOk);
    if (target_.is_new_child(static_cast<pid_t>(process))) return target_.let_child_go(static_cast<pid_t>(process));
    // gdb lets the parent go when it is to follow the child.
    if (process != 0) target_.hand_over(agreement_);
    open_ = false;
}

std::string GdbSession::describe(const StopEvent& event) const {
    using Kind = StopEvent::Kind;
    if (event.kind == Kind::Exited) return "W" + two_digits(event.value & 0xff) + process_text();
    if (event.kind == Kind::Killed) return "X" + two_digits(gdb_signal(event.value)) + process_text();
    std::string thread = "thread:" + thread_text(event.tid) + ";";
    std::string trap = "T" + two_digits(gdb_signal(SIGTRAP)) + thread;
    switch (event.kind) {
        case Kind::Fork: {
            const std::string child = hex_number(static_cast<u64>(event.value));
            return trap + "fork:p" + child + "." + child + ";";
        }
        case Kind::Exec: return trap + "exec:" + to_hex(event.request) + ";";
        case Kind::SyscallEntry: return trap + "syscall_entry:" + hex_number(static_cast<u64>(event.value)) + ";";
        case Kind::SyscallReturn: return trap + "syscall_return:" + hex_number(static_cast<u64>(event.value)) + ";";
        case Kind::Watch: {
            const char* name = event.watch.kind == WatchKind::Write  ? "watch:"
                               : event.watch.kind == WatchKind::Read ? "rwatch:"
                                                                     : "awatch:";
            return trap + name + hex_number(event.watch.address) + ";";
        }
        case Kind::HistoryBegin: return trap + "replaylog:begin;";
        case Kind::HistoryEnd: return trap + "replaylog:end;";
        default: return "T" + two_digits(gdb_signal(event.value)) + thread;
    }
}

ir::Env* GdbSession::selected_env() { return target_.find(selected_); }

// Registers and memory.

std::string GdbSession::read_registers() {
    ir::Env* env = selected_env();
    if (!env) return kBadRequest;
    // The registers in the order of their numbers; gdb asks for those behind a gap with p.
    std::string digits;
    unsigned expected = 0;
    for (const guest::RegisterInfo& r : target_.model().guest.cpu.registers(target_.model())) {
        if (r.number != expected++) break;
        u8 bytes[64] = {};
        target_.model().guest.cpu.read_register(env, r.number, bytes);
        digits += to_hex({bytes, r.bits / 8u});
    }
    return digits;
}

std::string GdbSession::write_registers(std::string_view digits) {
    ir::Env* env = selected_env();
    std::optional<std::string> bytes = from_hex(digits);
    if (!env || !bytes) return kBadRequest;
    std::size_t at = 0;
    for (const guest::RegisterInfo& r : target_.model().guest.cpu.registers(target_.model())) {
        if (at + r.bits / 8 > bytes->size()) break;
        target_.model().guest.cpu.write_register(env, r.number, reinterpret_cast<const u8*>(bytes->data()) + at);
        at += r.bits / 8;
    }
    return kOk;
}

std::string GdbSession::read_register(std::string_view arguments) {
    ir::Env* env = selected_env();
    u64 number;
    if (!env || !take_number(arguments, number)) return kBadRequest;
    for (const guest::RegisterInfo& r : target_.model().guest.cpu.registers(target_.model())) {
        if (r.number != number) continue;
        u8 bytes[64] = {};
        target_.model().guest.cpu.read_register(env, r.number, bytes);
        return to_hex({bytes, r.bits / 8u});
    }
    return kBadRequest;
}

std::string GdbSession::write_register(std::string_view arguments) {
    ir::Env* env = selected_env();
    u64 number;
    if (!env || !take_number(arguments, number) || !take_prefix(arguments, "=")) return kBadRequest;
    std::optional<std::string> bytes = from_hex(arguments);
    if (!bytes || bytes->size() > 64) return kBadRequest;
    bytes->resize(64);
    bool known = target_.model().guest.cpu.write_register(env, static_cast<unsigned>(number),
                                                          reinterpret_cast<const u8*>(bytes->data()));
    return known ? kOk : kBadRequest;
}

std::string GdbSession::read_memory(std::string_view arguments) {
    u64 address, length;
    if (!take_number(arguments, address) || !take_prefix(arguments, ",") || !take_number(arguments, length)) {
        return kBadRequest;
    }
    std::string bytes(std::min<u64>(length, kPacketSize / 2), '\0');
    bytes.resize(target_.read_memory(selected_, address, bytes.data(), bytes.size()));
    if (bytes.empty() && length != 0) return kNoMemory;
    return to_hex(bytes);
}

std::string GdbSession::write_memory(std::string_view arguments, bool binary) {
    u64 address, length;
    if (!take_number(arguments, address) || !take_prefix(arguments, ",") || !take_number(arguments, length) ||
        !take_prefix(arguments, ":")) {
        return kBadRequest;
    }
    std::optional<std::string> bytes = binary ? std::string(arguments) : from_hex(arguments);
    if (!bytes || bytes->size() != length) return kBadRequest;
    if (length == 0 || on_child_) return kOk;
    return target_.write_memory(selected_, address, bytes->data(), length) == length ? kOk : kNoMemory;
}

std::string GdbSession::change_point(std::string_view arguments, bool insert) {
    u64 type, address, kind;
    if (!take_number(arguments, type) || !take_prefix(arguments, ",") || !take_number(arguments, address) ||
        !take_prefix(arguments, ",") || !take_number(arguments, kind)) {
        return kBadRequest;
    }
    if (on_child_) return kOk;  // it has none, and gets none before it has a session of its own
    switch (type) {
        case 0:
        case 1: return target_.set_breakpoint(address, insert) ? kOk : kNoMemory;
        case 2:
        case 3:
        case 4: {
            constexpr WatchKind kKinds[] = {WatchKind::Write, WatchKind::Read, WatchKind::Access};
            return target_.set_watchpoint(kKinds[type - 2], address, kind, insert) ? kOk : kNoMemory;
        }
        default: return {};
    }
}

// Threads, and letting them go on.

std::string GdbSession::select_thread(std::string_view arguments) {
    if (arguments.empty()) return kBadRequest;
    char use = arguments.front();
    ThreadId id;
    arguments.remove_prefix(1);
    if (!take_thread(arguments, id)) return kBadRequest;
    if (use == 'c') {
        resumed_ = static_cast<pid_t>(id.thread);
        return kOk;
    }
    on_child_ = target_.is_new_child(static_cast<pid_t>(id.process));
    if (on_child_ || id.thread == 0 || id.thread == kAll) return kOk;
    if (!target_.find(static_cast<pid_t>(id.thread))) return kBadRequest;
    selected_ = static_cast<pid_t>(id.thread);
    return kOk;
}

std::string GdbSession::thread_alive(std::string_view arguments) {
    ThreadId id;
    if (!take_thread(arguments, id)) return kBadRequest;
    const bool alive =
        target_.is_new_child(static_cast<pid_t>(id.process)) || target_.find(static_cast<pid_t>(id.thread)) != nullptr;
    return alive ? kOk : kBadRequest;
}

std::string GdbSession::resume_threads(std::string_view actions) {
    // The first action that matches a thread is its own.
    std::vector<pid_t> left = target_.threads();
    std::vector<Resumption> resumed;
    while (!actions.empty()) {
        std::string_view action = take_until(actions, ';');
        std::string_view what = take_until(action, ':');
        ThreadId id;
        if (!action.empty() && !take_thread(action, id)) return kBadRequest;
        if (what.empty()) return kBadRequest;
        Resumption r{.tid = 0, .step = what.front() == 's' || what.front() == 'S'};
        u64 signal = 0;
        std::string_view number = what.substr(1);
        if ((what.front() == 'C' || what.front() == 'S') && take_number(number, signal)) {
            r.signal = linux_signal(static_cast<int>(signal));
        }
        std::erase_if(left, [&](pid_t tid) {
            if (id.thread != kAll && static_cast<u64>(tid) != id.thread) return false;
            r.tid = tid;
            resumed.push_back(r);
            return true;
        });
    }
    if (resumed.empty()) return kBadRequest;
    going_ = resumed;
    target_.resume(resumed);
    return {};
}

/// "RESULT[,ERRNO[,C]][;...]"; C: the user has interrupted it, and the guest is to stop.
void GdbSession::file_io_reply(std::string_view arguments) {
    if (!std::exchange(in_file_io_, false)) return send(kBadRequest);
    arguments = arguments.substr(0, arguments.find(';'));
    const bool negative = take_prefix(arguments, "-");
    u64 result = 0, error = 0;
    if (!take_number(arguments, result)) return send(kBadRequest);
    if (take_prefix(arguments, ",")) take_number(arguments, error);
    target_.file_io_done(static_cast<i64>(negative ? 0 - result : result), static_cast<int>(error));
    if (!arguments.ends_with(",C")) return target_.resume(going_);
    last_stop_ = {.kind = StopEvent::Kind::Signal, .tid = selected_, .value = SIGINT};
    send(describe(last_stop_));
}

std::string GdbSession::resume_simple(std::string_view packet) {
    char kind = packet.front();
    packet.remove_prefix(1);
    std::string what(1, kind);
    if (kind == 'C' || kind == 'S') what += take_until(packet, ';');
    u64 address;
    if (ir::Env* env = selected_env(); env && take_number(packet, address)) env->pc = address;
    pid_t tid = resumed_ > 0 ? resumed_ : selected_;
    bool steps = kind == 's' || kind == 'S';
    std::string actions = what + ":" + hex_number(static_cast<u64>(tid));  // of this process
    if (!steps) actions += ";c";
    return resume_threads(actions);
}

// Queries and settings.

std::string GdbSession::query(std::string_view packet) {
    if (packet.starts_with("qSupported")) {
        const bool processes = target_.process() != 0;
        auto offers = [&](const char* feature) { return processes && packet.find(feature) != packet.npos; };
        agreement_.multiprocess = offers("multiprocess+");
        agreement_.forks = agreement_.multiprocess && offers("fork-events+");
        agreement_.execs = agreement_.multiprocess && offers("exec-events+");
        target_.agreed(agreement_);
        return "PacketSize=" + hex_number(kPacketSize) +
               ";QStartNoAckMode+;qXfer:features:read+;qXfer:threads:read+;vContSupported+" +
               (target_.can_reverse() ? ";ReverseStep+;ReverseContinue+" : "") + target_.features();
    }
    if (take_prefix(packet, "qXfer:")) return transfer(packet);
    if (packet == "qC") return "QC" + thread_text(selected_);
    if (packet == "qfThreadInfo") {
        std::string list = "m";
        for (pid_t tid : target_.threads()) list += (list.size() > 1 ? "," : "") + thread_text(tid);
        return list;
    }
    if (packet == "qsThreadInfo") return "l";
    if (packet.starts_with("qAttached")) return "0";
    if (packet.starts_with("qSymbol")) return kOk;
    if (std::string_view id = packet; take_prefix(id, "qThreadExtraInfo,")) {
        ThreadId wanted;
        if (!take_thread(id, wanted)) return kBadRequest;
        return to_hex(target_.describe_thread(static_cast<pid_t>(wanted.thread)));
    }
    return target_.packet(packet).value_or("");
}

std::string GdbSession::set(std::string_view packet) {
    if (packet == "QStartNoAckMode") {
        agreement_.acknowledge = false;
        return kOk;
    }
    return target_.packet(packet).value_or("");
}

std::string GdbSession::transfer(std::string_view request) {
    std::string_view object = take_until(request, ':');
    if (take_until(request, ':') != "read") return {};
    std::string_view annex = take_until(request, ':');
    u64 offset, length;
    if (!take_number(request, offset) || !take_prefix(request, ",") || !take_number(request, length)) {
        return kBadRequest;
    }
    const guest::CpuOps& cpu = target_.model().guest.cpu;
    std::string data;
    if (object == "features" && annex == "target.xml") {
        data = target_xml(cpu.gdb_architecture, cpu.registers(target_.model()));
    } else if (object == "threads") {
        data = "<?xml version=\"1.0\"?>\n<threads>\n";
        for (pid_t tid : target_.threads()) {
            data += "<thread id=\"" + thread_text(tid) + "\">" + target_.describe_thread(tid) + "</thread>\n";
        }
        data += "</threads>\n";
    } else if (std::optional<std::string> own = target_.object(object, selected_)) {
        data = *own;
    } else {
        return {};
    }
    if (offset > data.size()) return kBadRequest;
    std::string_view part = std::string_view(data).substr(offset, std::min<u64>(length, kPacketSize / 2));
    return (offset + part.size() < data.size() ? "m" : "l") + escape(part);
}

}  // namespace dragoman::debug
