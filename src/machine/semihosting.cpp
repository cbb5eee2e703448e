#include "machine/semihosting.h"

#include <poll.h>

#include <deque>
#include <sstream>

#include "base/error.h"
#include "machine/backends.h"
#include "machine/machine.h"
#include "semihosting/semihosting.h"

namespace dragoman::machine {

namespace {

/// How long a hart that waits for the host goes without looking whether the machine is to stop.
constexpr auto kPatience = std::chrono::milliseconds(20);

/// The console of chardev=ID.
class Console {
public:
    explicit Console(std::shared_ptr<devices::Chardev> chardev) : chardev_(std::move(chardev)) {
        chardev_->attach({.can_receive =
                              [this] {
                                  LockGuard lock(mutex_);
                                  return kRoom - std::min(kRoom, input_.size());
                              },
                          .receive =
                              [this](std::span<const u8> bytes) {
                                  LockGuard lock(mutex_);
                                  input_.insert(input_.end(), bytes.begin(), bytes.end());
                                  more_.notify_all();
                              }});
        chardev_->set_on_writable([] {});
    }

    bool write(Hart& hart, std::span<const u8> bytes) {
        for (bool any = false; !bytes.empty();) {
            std::size_t done = chardev_->write(bytes);
            any |= done != 0;
            bytes = bytes.subspan(done);
            if (done != 0 || bytes.empty()) continue;
            if (!any && hart.wants_attention()) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return true;
    }

    std::optional<int> read(Hart& hart) {
        std::optional<int> byte;
        {
            UniqueLock lock(mutex_);
            while (input_.empty() && !hart.wants_attention()) more_.wait_for(lock, kPatience);
            if (input_.empty()) return byte;
            byte = input_.front();
            input_.pop_front();
        }
        chardev_->accept_input();
        return byte;
    }

private:
    static constexpr std::size_t kRoom = 64;
    std::shared_ptr<devices::Chardev> chardev_;
    Mutex mutex_;
    ConditionVariable more_;
    std::deque<u8> input_ DRAGOMAN_GUARDED_BY(mutex_);
};

/// What arg= said, or else the kernel and the words of its command line.
std::string command_line_of(const Config& config) {
    std::string text;
    auto add = [&](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
    for (const std::string& argument : config.semihosting.arguments) add(argument);
    if (!config.semihosting.arguments.empty()) return text;
    add(config.kernel);
    std::istringstream words(config.append);
    for (std::string word; words >> word;) add(word);
    return text;
}

}  // namespace

/// The call that a hart is making with a debugger's help: which it is, and what the debugger has answered so far.
struct CallUnderWay {
    u64 pc = 0, parameter = 0;
    u32 operation = 0;
    std::vector<semihosting::FileIoReply> replies;

    bool is(const ir::Env* env, const guest::SemihostingCall& call) const {
        return pc == env->pc && operation == call.operation && parameter == call.parameter;
    }
};

struct Semihosting::State {
    Machine& machine;
    const guest::SystemOps& ops;
    semihosting::Session session;
    std::optional<Console> console;
    std::string command_line;
    bool userspace;
    bool debugger;
    std::vector<CallUnderWay> under_way;  ///< by hart; each its own thread's
};

class Semihosting::HartHost final : public semihosting::Host {
public:
    HartHost(State& state, Hart& hart) : state_(state), hart_(hart) {}

    bool read(u64 address, void* to, u64 bytes) override {
        return hart_.engine().debug_read(hart_.env(), address, to, bytes) == 0;
    }
    bool write(u64 address, const void* from, u64 bytes) override {
        return hart_.engine().debug_write(hart_.env(), address, from, bytes) == 0;
    }
    std::string command_line() override { return state_.command_line; }
    /// The largest part of RAM where nothing was loaded, for heap and stack together.
    Heap heap() override {
        auto [start, end] = state_.machine.board().unused_memory();
        return {start, end, end, start};
    }
    u64 nanoseconds() override { return state_.machine.clock().now(); }

    bool wait_for(int fd, bool output) override {
        pollfd wanted{fd, static_cast<short>(output ? POLLOUT : POLLIN), 0};
        while (!hart_.wants_attention()) {
            if (::poll(&wanted, 1, static_cast<int>(kPatience.count())) > 0) return true;
        }
        return false;
    }

    bool console_write(std::span<const u8> bytes) override {
        return state_.console ? state_.console->write(hart_, bytes) : Host::console_write(bytes);
    }
    std::optional<int> console_read() override {
        return state_.console ? state_.console->read(hart_) : Host::console_read();
    }

    bool debugger_serves() override { return state_.debugger; }
    /// The debugger is doing something for this call.
    bool waits_for_debugger() const { return waits_; }
    std::optional<semihosting::FileIoReply> file_io(const std::string& request) override {
        std::vector<semihosting::FileIoReply>& replies = state_.under_way[hart_.id()].replies;
        if (asked_ == replies.size()) {
            Debugger* debugger = state_.machine.debugger;
            if (debugger == nullptr) return Host::file_io(request);
            std::optional<semihosting::FileIoReply> reply = debugger->file_io(hart_, request);
            waits_ = !reply;
            if (waits_) return std::nullopt;
            replies.push_back(*reply);
        }
        return replies[asked_++];
    }

private:
    State& state_;
    Hart& hart_;
    std::size_t asked_ = 0;  ///< requests of this call so far
    bool waits_ = false;
};

Semihosting::Semihosting(Machine& machine)
    : state_(new State{machine,
                       *machine.guest().cpu.system,
                       {},
                       {},
                       command_line_of(machine.config()),
                       machine.config().semihosting.userspace,
                       machine.config().semihosting.debugger,
                       std::vector<CallUnderWay>(machine.hart_count())}) {
    if (state_->ops.semihosting_call == nullptr) {
        throw FatalError(1, "-semihosting: " + std::string(machine.guest().name) + " has no semihosting calls");
    }
    const std::string& id = machine.config().semihosting.chardev;
    if (!id.empty()) state_->console.emplace(machine.backends().chardevs().use("-semihosting-config", id));
}

Semihosting::~Semihosting() = default;

bool Semihosting::call(Hart& hart) {
    ir::Env* env = hart.env();
    HartHost host(*state_, hart);
    guest::SemihostingCall call;
    auto memory = [&host](u64 address, void* to, u64 bytes) { return host.read(address, to, bytes); };
    if (!state_->ops.semihosting_call(env, state_->userspace, memory, call)) return false;

    CallUnderWay& under_way = state_->under_way[hart.id()];
    if (!under_way.is(env, call)) under_way = {env->pc, call.parameter, call.operation, {}};

    using semihosting::Outcome;
    Outcome outcome = state_->session.call(host, call.operation, call.parameter, call.word_bytes);
    hart.set_in_call(host.waits_for_debugger());
    if (outcome.kind == Outcome::Kind::Again) return true;
    under_way = {};
    state_->ops.finish_semihosting(env, outcome.value);
    if (outcome.kind == Outcome::Kind::Exit) {
        state_->machine.request_shutdown(Cause::GuestShutdown, static_cast<int>(outcome.value & 0xff));
    }
    return true;
}

}  // namespace dragoman::machine
