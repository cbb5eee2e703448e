// What the Linux layer must know about a guest processor: its system calls and where their arguments, stack pointer and
// thread pointer are, structures that look different, which signal an exception becomes, and how a signal frame looks.
// One table per guest; everything else in this room is the same for all of them.
#pragma once

#include <csignal>
#include <span>
#include <string>
#include <vector>

#include "guest/guest.h"
#include "ir/env.h"
#include "linux/layouts.h"
#include "linux/signals/signal_state.h"
#include "linux/strace/flags.h"
#include "linux/syscall.h"

namespace dragoman::linux_abi {

class Task;
struct Process;
struct CloneRequest;

/// A signal on its way to a guest handler.
struct SignalDelivery {
    int signal;
    const siginfo_t& info;  ///< guest addresses
    const GuestSigaction& action;
    SignalSet saved_mask;  ///< to be restored by rt_sigreturn
};

/// A note of a core dump about registers: its type (NT_FPREGSET and so on) and content.
struct RegisterNote {
    u32 type;
    std::vector<u8> bytes;
};

/// An ELF image that the translator provides to the guest, and places in it.
struct VdsoImage {
    std::span<const u8> bytes;
    u64 sigreturn;  ///< offset of the signal return trampoline
};

/// Positions of clone's arguments behind flags (0), stack (1) and parent_tid (2).
struct CloneArguments {
    u8 tls, child_tid;
};

/// Where a stopped task's system call is in its general registers, as NT_PRSTATUS has them: offsets of 8-byte words.
struct CallRegisters {
    u16 pc, stack_pointer, number, result;
    std::array<u16, 5> arguments;  ///< but for the first: a result may stand in its place already
};

struct Arch {
    u16 elf_machine;
    u8 elf_class;
    u32 audit_arch;        ///< what seccomp's filters know the system calls by: AUDIT_ARCH_*
    const char* machine;   ///< of uname: "riscv64"
    const char* platform;  ///< AT_PLATFORM; null: none
    /// The stack, and mappings without a hint, lie below it as long as there is room: TASK_SIZE of the smallest MMU,
    /// which programs that count on unused upper bits of pointers run on.
    u64 address_space_top;
    /// Nothing is mapped at or above it, whatever the host offers; 0: no such bound.
    u64 address_space_limit;
    u64 program_base;  ///< of position-independent programs: ELF_ET_DYN_BASE, two thirds of the address space
    /// /proc/cpuinfo. `highest_address`: of those that may be mapped.
    std::string (*cpuinfo)(const guest::Model& model, u64 highest_address);
    u64 (*minimum_signal_stack)(const guest::Model& model);  ///< AT_MINSIGSTKSZ
    u64 (*hwcap)(const guest::Model& model);

    const SyscallTable& syscalls;
    unsigned restart_syscall_number;
    u32 rseq_signature;  ///< RSEQ_SIG, which C libraries register and put in front of abort handlers
    CloneArguments clone_arguments;
    SyscallFunction prctl;                    ///< options of prctl that only this architecture has; null: none
    std::span<const FlagName> prctl_options;  ///< their names
    const StructLayouts& layouts;

    // Registers of system calls. The guest's pc is behind the instruction that made the call.
    unsigned (*syscall_number)(const ir::Env* env);
    SyscallArgs (*syscall_args)(const ir::Env* env);
    void (*set_syscall_result)(ir::Env* env, i64 result);
    /// Makes the guest execute the call again, with its first argument back in place and, when `number` is
    /// not negative, as call `number`.
    void (*restart_syscall)(ir::Env* env, u64 first_argument, int number);

    /// After set_syscall_result, where that has overwritten the first argument of a call that is yet to be made.
    void (*restore_first_argument)(ir::Env* env, u64 first_argument);

    u64 (*stack_pointer)(const ir::Env* env);
    /// State at the entry point of a new program.
    void (*set_entry_state)(ir::Env* env, u64 entry, u64 stack);
    /// State of the child of clone: result 0, stack and thread pointer replaced unless null.
    void (*set_child_state)(ir::Env* env, const u64* stack, const u64* tls);
    /// After that, of a child in the memory of its parent: gives it what it cannot share. @returns 0 or -errno. Null:
    /// there is no such thing
    SyscallResult (*prepare_child)(Task& parent, const CloneRequest& request, Task& child);
    /// The task is about to end while others go on in its memory: takes that back. Null as prepare_child.
    void (*release_task)(Task& task);

    /// Does what the exception in `env` asks for, where it stands for a call that is no system call; the task then goes
    /// on. False: it is an exception. Null: there are no such calls.
    bool (*handle_call)(Task& task);
    /// The signal that the exception in `env` becomes, with guest addresses in `info`.
    void (*exception_signal)(const Task& task, siginfo_t& info);

    /// Builds the frame and enters the handler. False: the stack is not writable.
    bool (*push_signal_frame)(Task& task, const SignalDelivery& delivery, u64 stack);
    /// rt_sigreturn: restores registers and alternate stack. False: the frame is bad.
    bool (*pop_signal_frame)(Task& task, SignalSet& mask);

    /// The general registers as a core dump has them (elf_gregset_t), and notes about further ones.
    std::vector<u8> (*core_registers)(const ir::Env* env);
    std::vector<RegisterNote> (*core_register_notes)(const ir::Env* env);
    /// Takes over what they give, or as much of its beginning as there is. `type`: NT_PRSTATUS or that of a note.
    void (*set_registers)(ir::Env* env, u32 type, std::span<const u8> bytes);
    const CallRegisters* call_registers;  ///< null: tasks cannot be traced

    const VdsoImage& (*vdso)();
    /// The image has been mapped at `address` for guest programs that run on `model`.
    void (*vdso_mapped)(guest::Model& model, u64 address);
    /// Auxiliary vector entries of this architecture (cache geometry), as pairs.
    std::span<const u64> auxv;
};

/// Name of an ELF machine (e_machine), whether it is a guest or not: "riscv", "aarch64", "machine 4660".
std::string machine_name(unsigned elf_machine);

/// The table for an ELF machine and class; null when there is none.
const Arch* find_arch(u16 elf_machine, u8 elf_class);

}  // namespace dragoman::linux_abi
