// Linux on riscv64, and the signals that exceptions become (arch/riscv/kernel/traps.c).
#include "linux/riscv/arch.h"

#include <elf.h>
#include <linux/audit.h>

#include "linux/riscv/call_abi.h"
#include "linux/riscv/calls.h"
#include "linux/riscv/cfi.h"
#include "linux/riscv/isa.h"
#include "linux/riscv/semihosting.h"
#include "linux/task.h"

namespace dragoman::linux_abi::riscv {

using dragoman::riscv::Cause;

namespace {

using Abi = CallAbi<u64>;

SyscallArgs syscall_args(const ir::Env* env) {
    const u64* a = &dragoman::riscv::hart(env)->gpr[kA0];
    return {{a[0], a[1], a[2], a[3], a[4], a[5]}};
}

// pc stands in the place of x0.
constexpr CallRegisters kCallRegisters{0, 8 * kSp, 8 * kA7, 8 * kA0, {88, 96, 104, 112, 120}};

/// Of a violation of control-flow integrity.
constexpr int kSegvCperr = 10;

void set_fault(siginfo_t& info, int signal, int code, u64 address) {
    info = {};
    info.si_signo = signal;
    info.si_code = code;
    info.si_addr = reinterpret_cast<void*>(address);
}

}  // namespace

// The kernel reports misaligned accesses and illegal instructions at the address of the instruction.
void exception_signal(const Task& task, siginfo_t& info) {
    const ir::Env* env = task.env;
    u64 value = env->exception_value;
    int segv_code = task.space().mapped(value) ? SEGV_ACCERR : SEGV_MAPERR;
    switch (env->exception) {
        case ir::kExceptionHostFault: {
            const siginfo_t& fault = task.signals.fault_info;
            // x86 gives no address for one that is not canonical.
            if (fault.si_code == SI_KERNEL) value = access_address(task);
            if (fault.si_signo == SIGBUS) return set_fault(info, SIGBUS, fault.si_code, value);
            // An ordinary store to a shadow stack is an access fault, of which the address is not told.
            if (task.space().is_shadow_stack(value) && has(task.space().flags(value), memory::PageFlags::Read)) {
                return set_fault(info, SIGSEGV, SEGV_ACCERR, env->pc);
            }
            return set_fault(info, SIGSEGV, task.space().mapped(value) ? SEGV_ACCERR : SEGV_MAPERR, value);
        }
        case ir::kExceptionHelperFault: {
            // The copy that failed has left its host fault behind.
            const siginfo_t& fault = task.signals.fault_info;
            bool bus = fault.si_signo == SIGBUS && task.space().accessible(value, 1, false);
            return bus ? set_fault(info, SIGBUS, BUS_ADRERR, value) : set_fault(info, SIGSEGV, segv_code, value);
        }
        case ir::kExceptionMisalignedLoad:
        case ir::kExceptionMisalignedStore: return set_fault(info, SIGBUS, BUS_ADRALN, env->pc);
        case ir::kExceptionDebug: return set_fault(info, SIGTRAP, TRAP_TRACE, env->pc);
        default: break;
    }
    switch (static_cast<Cause>(env->exception)) {
        case Cause::IllegalInstruction: return set_fault(info, SIGILL, ILL_ILLOPC, env->pc);
        case Cause::Breakpoint: return set_fault(info, SIGTRAP, TRAP_BRKPT, env->pc);
        case Cause::FetchMisaligned:
        case Cause::LoadMisaligned:
        case Cause::StoreMisaligned: return set_fault(info, SIGBUS, BUS_ADRALN, env->pc);
        case Cause::LoadAccess:
        case Cause::StoreAccess: return set_fault(info, SIGSEGV, SEGV_ACCERR, env->pc);
        case Cause::SoftwareCheck: return set_fault(info, SIGSEGV, kSegvCperr, env->pc);
        case Cause::FetchAccess:
        case Cause::FetchPageFault:
        case Cause::LoadPageFault:
        case Cause::StorePageFault:
        default: return set_fault(info, SIGSEGV, segv_code, value);
    }
}

// Cache geometry (AT_L1I_CACHESIZE and so on): size, then associativity << 16 | line size.
const u64 kAuxv[16] = {40, 0x8000,  41, 8 << 16 | 64, 42, 0x8000, 43, 8 << 16 | 64,
                       44, 0x80000, 45, 8 << 16 | 64, 46, 0,      47, 0};

const Arch kArch64 = {
    .elf_machine = EM_RISCV,
    .elf_class = ELFCLASS64,
    .audit_arch = AUDIT_ARCH_RISCV64,
    .machine = "riscv64",
    .platform = nullptr,
    .address_space_top = u64{1} << 38,  // sv39
    .address_space_limit = 0,
    .program_base = 0x2aaaaaa000,
    .cpuinfo = cpuinfo,
    .minimum_signal_stack = minimum_signal_stack,
    .hwcap = hwcap,
    .syscalls = kSyscalls64,
    .restart_syscall_number = 128,
    .rseq_signature = kRseqSignature,
    .clone_arguments = {.tls = 3, .child_tid = 4},
    .prctl = prctl,
    .prctl_options = kPrctlOptions,
    .layouts = kGenericLayouts64,
    .syscall_number = Abi::syscall_number,
    .syscall_args = syscall_args,
    .set_syscall_result = Abi::set_syscall_result,
    .restart_syscall = Abi::restart_syscall,
    .restore_first_argument = Abi::restore_first_argument,
    .stack_pointer = Abi::stack_pointer,
    .set_entry_state = Abi::set_entry_state,
    .set_child_state = Abi::set_child_state,
    .prepare_child = prepare_shadow_stack,
    .release_task = release_shadow_stack,
    .handle_call = semihosting_call,
    .exception_signal = exception_signal,
    .push_signal_frame = push_signal_frame,
    .pop_signal_frame = pop_signal_frame,
    .core_registers = core_registers,
    .core_register_notes = core_register_notes,
    .set_registers = set_registers,
    .call_registers = &kCallRegisters,
    .vdso = vdso,
    .vdso_mapped = vdso_mapped,
    .auxv = kAuxv,
};

}  // namespace dragoman::linux_abi::riscv
