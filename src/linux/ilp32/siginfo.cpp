// siginfo_t of 32-bit ABIs (asm-generic/siginfo.h; kernel/signal.c, copy_siginfo_to_external32): behind three ints
// comes the union at once, and its longs and pointers have 32 bits.
#include <csignal>
#include <cstring>

#include "linux/ilp32/structures.h"

namespace dragoman::linux_abi {

namespace {

/// Which member of the union there is.
enum class Layout : u8 { Kill, Timer, Poll, Fault, Child, Rt, Sys };

Layout layout_of(int signal, int code) {
    if (code > SI_USER && code < SI_KERNEL) {
        switch (signal) {
            case SIGILL:
            case SIGFPE:
            case SIGSEGV:
            case SIGBUS:
            case SIGTRAP: return Layout::Fault;
            case SIGCHLD: return Layout::Child;
            case SIGPOLL: return Layout::Poll;
            case SIGSYS: return Layout::Sys;
            default: return Layout::Kill;
        }
    }
    if (code == SI_TIMER) return Layout::Timer;
    if (code == SI_SIGIO) return Layout::Poll;
    return code < 0 && code != SI_TKILL ? Layout::Rt : Layout::Kill;
}

/// Behind si_signo, si_errno and si_code.
union Union32 {
    struct {
        i32 pid;
        u32 uid;
        u32 value;
    } rt;
    struct {
        i32 id, overrun;
        u32 value;
    } timer;
    struct {
        i32 pid;
        u32 uid;
        i32 status, user_time, system_time;
    } child;
    struct {
        u32 address;
        i16 address_bits;
    } fault;
    struct {
        i32 band, descriptor;
    } poll;
    struct {
        u32 address;
        i32 number;
        u32 arch;
    } sys;
};

struct Siginfo32 {
    i32 signal, error, code;
    Union32 u;
};

u32 low(const void* pointer) { return static_cast<u32>(reinterpret_cast<u64>(pointer)); }
void* wide(u32 pointer) { return reinterpret_cast<void*>(u64{pointer}); }

}  // namespace

void put_siginfo32(const siginfo_t& info, u8 (&guest)[sizeof(siginfo_t)]) {
    Siginfo32 out{info.si_signo, info.si_errno, info.si_code, {}};
    switch (layout_of(info.si_signo, info.si_code)) {
        case Layout::Kill:
        case Layout::Rt: out.u.rt = {info.si_pid, info.si_uid, low(info.si_value.sival_ptr)}; break;
        case Layout::Timer: out.u.timer = {info.si_timerid, info.si_overrun, low(info.si_value.sival_ptr)}; break;
        case Layout::Child:
            out.u.child = {info.si_pid, info.si_uid, info.si_status, static_cast<i32>(info.si_utime),
                           static_cast<i32>(info.si_stime)};
            break;
        case Layout::Fault: out.u.fault = {low(info.si_addr), info.si_addr_lsb}; break;
        case Layout::Poll: out.u.poll = {static_cast<i32>(info.si_band), info.si_fd}; break;
        case Layout::Sys: out.u.sys = {low(info.si_call_addr), info.si_syscall, info.si_arch}; break;
    }
    std::memset(guest, 0, sizeof guest);
    std::memcpy(guest, &out, sizeof out);
}

void get_siginfo32(const u8 (&guest)[sizeof(siginfo_t)], siginfo_t& info) {
    Siginfo32 in;
    std::memcpy(&in, guest, sizeof in);
    info = {};
    info.si_signo = in.signal;
    info.si_errno = in.error;
    info.si_code = in.code;
    switch (layout_of(in.signal, in.code)) {
        case Layout::Kill:
        case Layout::Rt:
            info.si_pid = in.u.rt.pid;
            info.si_uid = in.u.rt.uid;
            info.si_value.sival_ptr = wide(in.u.rt.value);
            break;
        case Layout::Timer:
            info.si_timerid = in.u.timer.id;
            info.si_overrun = in.u.timer.overrun;
            info.si_value.sival_ptr = wide(in.u.timer.value);
            break;
        case Layout::Child:
            info.si_pid = in.u.child.pid;
            info.si_uid = in.u.child.uid;
            info.si_status = in.u.child.status;
            info.si_utime = in.u.child.user_time;
            info.si_stime = in.u.child.system_time;
            break;
        case Layout::Fault:
            info.si_addr = wide(in.u.fault.address);
            info.si_addr_lsb = in.u.fault.address_bits;
            break;
        case Layout::Poll:
            info.si_band = in.u.poll.band;
            info.si_fd = in.u.poll.descriptor;
            break;
        case Layout::Sys:
            info.si_call_addr = wide(in.u.sys.address);
            info.si_syscall = in.u.sys.number;
            info.si_arch = in.u.sys.arch;
            break;
    }
}

}  // namespace dragoman::linux_abi
