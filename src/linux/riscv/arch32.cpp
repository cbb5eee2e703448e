// Linux on riscv32.
#include <elf.h>
#include <linux/audit.h>

#include <array>

#include "linux/riscv/arch.h"
#include "linux/riscv/call_abi.h"
#include "linux/riscv/isa.h"
#include "linux/riscv/semihosting.h"
#include "linux/task.h"

#ifndef AUDIT_ARCH_RISCV32
#define AUDIT_ARCH_RISCV32 (EM_RISCV | __AUDIT_ARCH_LE)
#endif

namespace dragoman::linux_abi::riscv {

namespace {

using Abi = CallAbi<u32>;

constexpr unsigned kArguments = 6;

/// Arguments of 64 bits are pairs of registers: a bit at the place of the lower one. (Only those of functions with a
/// variable list of arguments would have to begin at an even place.)
constexpr auto kPairs = [] {
    std::array<u8, 288> pairs{};
    for (u16 number : {45, 46}) pairs[number] = 1 << 1;                    // truncate64, ftruncate64
    pairs[47] = 1 << 2 | 1 << 4;                                           // fallocate
    for (u16 number : {67, 68, 69, 70, 286, 287}) pairs[number] = 1 << 3;  // pread64, pwrite64, preadv and so on
    for (u16 number : {84, 223}) pairs[number] = 1 << 1 | 1 << 3;          // sync_file_range, fadvise64_64
    pairs[213] = 1 << 1;                                                   // readahead
    pairs[263] = 1 << 2;                                                   // fanotify_mark
    return pairs;
}();

SyscallArgs syscall_args(const ir::Env* env) {
    const u64* a = &dragoman::riscv::hart(env)->gpr[kA0];
    const unsigned number = Abi::syscall_number(env), pairs = number < kPairs.size() ? kPairs[number] : 0;
    SyscallArgs args{};
    unsigned count = 0;
    for (unsigned i = 0; i < kArguments; ++i) {
        const bool pair = (pairs >> i & 1) != 0;
        args.a[count] = static_cast<u32>(a[i]);
        if (pair) args.a[count] |= a[++i] << 32;
        ++count;
    }
    return args;
}

}  // namespace

const Arch kArch32 = {
    .elf_machine = EM_RISCV,
    .elf_class = ELFCLASS32,
    .audit_arch = AUDIT_ARCH_RISCV32,
    .machine = "riscv32",
    .platform = nullptr,
    // What programs of 32 bits get from kernels of 64, and half of what there can be: below it, addresses are no
    // negative numbers.
    .address_space_top = u64{1} << 31,
    // The last page is nobody's: no access reaches beyond the 4 GiB.
    .address_space_limit = (u64{1} << 32) - memory::kPageSize,
    .program_base = 0x55555000,
    .cpuinfo = cpuinfo,
    .minimum_signal_stack = minimum_signal_stack32,
    .hwcap = hwcap,
    .syscalls = kSyscalls32,
    .restart_syscall_number = 128,
    .rseq_signature = kRseqSignature,
    .clone_arguments = {.tls = 3, .child_tid = 4},
    .prctl = nullptr,
    .prctl_options = {},
    .layouts = kGenericLayouts32,
    .syscall_number = Abi::syscall_number,
    .syscall_args = syscall_args,
    .set_syscall_result = Abi::set_syscall_result,
    .restart_syscall = Abi::restart_syscall,
    .restore_first_argument = Abi::restore_first_argument,
    .stack_pointer = Abi::stack_pointer,
    .set_entry_state = Abi::set_entry_state,
    .set_child_state = Abi::set_child_state,
    .prepare_child = nullptr,
    .release_task = nullptr,
    .handle_call = semihosting_call,
    .exception_signal = exception_signal,
    .push_signal_frame = push_signal_frame32,
    .pop_signal_frame = pop_signal_frame32,
    .core_registers = core_registers32,
    .core_register_notes = core_register_notes,
    .set_registers = set_registers32,
    .call_registers = nullptr,
    .vdso = vdso32,
    .vdso_mapped = [](guest::Model&, u64) {},
    .auxv = kAuxv,
};

}  // namespace dragoman::linux_abi::riscv
