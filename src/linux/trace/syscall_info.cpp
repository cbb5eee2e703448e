#include "linux/trace/syscall_info.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace dragoman::linux_abi::trace {

namespace {

constexpr i64 kGreatestErrno = 4095;

u64 get(std::span<const u8> registers, u16 place) {
    u64 value = 0;
    std::memcpy(&value, registers.data() + place, sizeof value);
    return value;
}
void put(std::span<u8> registers, u16 place, u64 value) { std::memcpy(registers.data() + place, &value, sizeof value); }

/// Entry and seccomp stops begin alike.
bool is_before_call(const ptrace_syscall_info& call) {
    return call.op == PTRACE_SYSCALL_INFO_ENTRY || call.op == PTRACE_SYSCALL_INFO_SECCOMP;
}

/// What is behind the kind of stop: a byte and a word that are reserved.
bool has_reserved_bits(const ptrace_syscall_info& call) {
    const auto* bytes = reinterpret_cast<const u8*>(&call);
    return std::any_of(bytes + 1, bytes + offsetof(ptrace_syscall_info, arch), [](u8 byte) { return byte != 0; });
}
/// The word behind what a filter says.
bool has_reserved_seccomp_bits(const ptrace_syscall_info& call) {
    u32 word;
    std::memcpy(&word, reinterpret_cast<const u8*>(&call.seccomp.ret_data) + sizeof call.seccomp.ret_data, sizeof word);
    return word != 0;
}

}  // namespace

void follow_registers(ptrace_syscall_info& call, std::span<const u8> registers, const CallRegisters& places) {
    call.instruction_pointer = get(registers, places.pc);
    call.stack_pointer = get(registers, places.stack_pointer);
    if (is_before_call(call)) {
        call.entry.nr = static_cast<u64>(static_cast<i64>(static_cast<i32>(get(registers, places.number))));
        for (std::size_t i = 0; i < places.arguments.size(); ++i) {
            call.entry.args[i + 1] = get(registers, places.arguments[i]);
        }
    } else if (call.op == PTRACE_SYSCALL_INFO_EXIT) {
        call.exit.rval = static_cast<i64>(get(registers, places.result));
        call.exit.is_error = call.exit.rval < 0 && call.exit.rval >= -kGreatestErrno;
    }
}

std::size_t described_bytes(const ptrace_syscall_info& call) {
    constexpr std::size_t kHead = offsetof(ptrace_syscall_info, entry);
    switch (call.op) {
        case PTRACE_SYSCALL_INFO_ENTRY: return kHead + sizeof call.entry;
        case PTRACE_SYSCALL_INFO_EXIT: return offsetof(ptrace_syscall_info, exit.is_error) + sizeof call.exit.is_error;
        case PTRACE_SYSCALL_INFO_SECCOMP:
            return offsetof(ptrace_syscall_info, seccomp.ret_data) + sizeof call.seccomp.ret_data;
        default: return kHead;
    }
}

i64 change_call(ptrace_syscall_info& call, const ptrace_syscall_info& wanted, std::span<u8> registers,
                const CallRegisters& places) {
    if (has_reserved_bits(wanted) || wanted.op != call.op) return -EINVAL;
    if (call.op == PTRACE_SYSCALL_INFO_EXIT) {
        const i64 value = wanted.exit.rval;
        put(registers, places.result, static_cast<u64>(wanted.exit.is_error ? static_cast<i32>(value) : value));
        return 0;
    }
    if (!is_before_call(call)) return -EINVAL;
    if (call.op == PTRACE_SYSCALL_INFO_SECCOMP && has_reserved_seccomp_bits(wanted)) return -EINVAL;
    const auto number = static_cast<i32>(wanted.entry.nr);
    if (static_cast<u64>(static_cast<i64>(number)) != wanted.entry.nr) return -ERANGE;
    put(registers, places.number, static_cast<u64>(static_cast<i64>(number)));
    if (number == -1) return 0;  // there is no call, and a result stands where its first argument was
    call.entry.args[0] = wanted.entry.args[0];
    for (std::size_t i = 0; i < places.arguments.size(); ++i) {
        put(registers, places.arguments[i], wanted.entry.args[i + 1]);
    }
    return 0;
}

}  // namespace dragoman::linux_abi::trace
