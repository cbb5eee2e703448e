// The RISC-V guests: their tables of operations put together.
#include "guest/riscv/riscv.h"

#include "guest/riscv/context.h"
#include "guest/riscv/cpu.h"
#include "guest/riscv/made_addresses.h"
#include "guest/riscv/model.h"
#include "guest/riscv/semihosting.h"
#include "guest/riscv/system.h"
#include "guest/riscv/translate.h"
#include "guest/riscv/v/vector.h"

namespace dragoman::riscv {

namespace {

constexpr guest::SystemOps kSystem = {
    .reset = reset,
    .translate = translate,
    .mmu_index = mmu_index,
    .take_exception = take_exception,
    .take_interrupt = take_interrupt,
    .has_stopped = has_stopped,
    .has_work = has_work,
    .set_interrupt = set_interrupt,
    .next_timer = next_timer,
    .timer_expired = timer_expired,
    .access_fault = access_fault,
    .misaligned = misaligned,
    .describe_page_tables = describe_page_tables,
    .semihosting_call = is_semihosting_call,
    .finish_semihosting = finish_semihosting,
    .visit = visit,
};

constexpr u16 kElfMachineRiscv = 243;
constexpr u8 kElfClass32 = 1, kElfClass64 = 2;

/// The guest of a width.
template <Extension base>
constexpr guest::Guest make_guest() {
    return {
        .name = base == Extension::Rv32 ? "riscv32" : "riscv64",
        .elf_machine = kElfMachineRiscv,
        .elf_class = base == Extension::Rv32 ? kElfClass32 : kElfClass64,
        .min_insn_bytes = 2,
        .max_insn_bytes = 4,
        .cpu =
            {
                .create = create,
                .clone = clone,
                .destroy = destroy,
                .tb_flags = tb_flags,
                .dump_registers = dump_registers,
                .read_register = read_register,
                .write_register = write_register,
                .registers = registers,
                .system = &kSystem,
                .gdb_architecture = base == Extension::Rv32 ? "riscv:rv32" : "riscv:rv64",
                .retry_access = retry_access,
            },
        .translator =
            {
                .context_size = sizeof(DisasContext),
                .context_align = alignof(DisasContext),
                .init = init_context,
                .insn_start = insn_start,
                .translate_insn = translate_insn,
                .finish = finish,
                .disassemble = disassemble,
                .made_addresses = made_addresses,
            },
        .layout = layout,
        .models = models<base>,
        .configure = configure<base>,
        .extensions = extension_names<base>,
    };
}

}  // namespace

constinit const guest::Guest kRiscv64 = make_guest<Extension::Rv64>();
constinit const guest::Guest kRiscv32 = make_guest<Extension::Rv32>();

}  // namespace dragoman::riscv
