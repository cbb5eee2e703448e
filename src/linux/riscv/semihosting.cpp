#include "linux/riscv/semihosting.h"

#include <poll.h>
#include <sys/syscall.h>

#include <cstring>
#include <ctime>

#include "guest/riscv/model.h"
#include "guest/riscv/semihosting.h"
#include "linux/process/process.h"
#include "linux/semihosting.h"
#include "linux/syscall.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

namespace {

class ProgramHost final : public semihosting::Host {
public:
    ProgramHost(Task& task, SemihostingState& state) : task_(task), state_(state) {}

    bool read(u64 address, void* to, u64 bytes) override { return task_.read(to, address, bytes); }
    bool write(u64 address, const void* from, u64 bytes) override { return task_.write(address, from, bytes); }

    std::string command_line() override {
        std::string text;
        for (const std::string& argument : task_.process->arguments) {
            if (&argument != &task_.process->arguments.front()) text += ' ';
            text += argument;
        }
        return text;
    }

    /// C libraries take the heap to be what follows .bss: the program break is moved for it.
    Heap heap() override {
        constexpr u64 kWanted = u64{128} << 20;
        LockGuard lock(state_.mutex);
        if (state_.heap_limit == 0) {
            state_.heap_base = static_cast<u64>(task_.space().brk(0));
            u64 size = kWanted;
            while (size > memory::kPageSize &&
                   static_cast<u64>(task_.space().brk(state_.heap_base + size)) != state_.heap_base + size) {
                size /= 2;
            }
            state_.heap_limit = static_cast<u64>(task_.space().brk(0));
        }
        return {state_.heap_base, state_.heap_limit, task_.process->stack_top, 0};
    }

    u64 nanoseconds() override { return state_.nanoseconds(); }

    bool wait_for(int fd, bool output) override {
        pollfd wanted{fd, static_cast<short>(output ? POLLOUT : POLLIN), 0};
        return safe_syscall(task_, SYS_ppoll, reinterpret_cast<u64>(&wanted), 1, 0, 0, 0) > 0;
    }

private:
    Task& task_;
    SemihostingState& state_;
};

}  // namespace

bool semihosting_call(Task& task) {
    using namespace dragoman::riscv;
    if (task.env->exception != static_cast<u32>(Cause::Breakpoint)) return false;
    u64 start = semihosting_call_start(task.env->pc);
    u32 code[3];
    if (start == kNoCall || !task.read(code, start)) return false;
    if (std::memcmp(code, kSemihostingCall, sizeof code) != 0) return false;

    SemihostingState& state = SemihostingState::of(*task.process);
    ProgramHost host(task, state);
    using semihosting::Outcome;
    const unsigned bytes = hart(task.env)->model->xlen() / 8;
    const u64 parameter = semihosting_parameter(task.env) & low_mask(bytes * 8);
    Outcome outcome = state.session.call(host, semihosting_operation(task.env), parameter, bytes);
    switch (outcome.kind) {
        case Outcome::Kind::Result:
            finish_semihosting(task.env, bytes == 4 ? static_cast<u64>(sign_extend(outcome.value, 32)) : outcome.value);
            break;
        case Outcome::Kind::Again: break;  // after the signal that interrupted it
        case Outcome::Kind::Exit: exit_process(task, static_cast<int>(outcome.value & 0xff));
    }
    return true;
}

}  // namespace dragoman::linux_abi::riscv
