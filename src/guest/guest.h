// What a guest processor must provide, and all that the engine knows about it: a table of CPU
// operations, a table of translator operations, and its IR layout. The engine never names a guest.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/builder.h"
#include "ir/env.h"

namespace dragoman::guest {

using ir::Env;

/// Where a translation stands after an instruction.
enum class DisasState : u8 {
    Next,      ///< go on with the following instruction
    TooMany,   ///< the TB must end before the next instruction: tb_stop emits the jump to pc_next
    NoReturn,  ///< the instruction has ended the TB itself (all paths left it)
};

/// Reads guest code for the translator. The engine provides it.
class CodeReader {
public:
    virtual ~CodeReader() = default;
    /// Reads `bytes` (2 or 4) of guest code at `pc`, which is 2-byte aligned.
    /// @returns false when it may not be fetched; the guest then emits a fetch fault for `pc`.
    virtual bool fetch(u64 pc, unsigned bytes, u32& value) = 0;
};

/// State of one translation, base of the guest's own context.
struct DisasContextBase {
    ir::Builder* b;
    CodeReader* code;
    u64 pc_first;      ///< guest address of the TB
    u64 pc_next;       ///< guest address of the instruction to translate; translate_insn advances it
    u32 flags;         ///< TB state flags of the TB
    u32 max_insns;
    u32 num_insns;     ///< instructions translated so far, counting the current one
    bool single_step;  ///< debugger single step: end after each instruction through exit_tb
    DisasState state;
};

/// How translator-visible registers are shown to a debugger: one row of the register table.
struct RegisterInfo {
    std::string_view name;     ///< target-description name ("a0", "ft0", "fcsr")
    std::string_view feature;  ///< XML feature ("org.gnu.gdb.riscv.cpu")
    std::string_view type;     ///< gdb type ("int", "code_ptr", "ieee_double")
    u16 bits;
    u16 number;  ///< gdb register number
};

/// CPU operations. All functions are called outside translated code unless said otherwise.
struct CpuOps {
    /// Allocates and resets the state of a new vCPU of the configured model. Freed by destroy. The jump
    /// cache is zero and, to keep starting cheap, was not touched (fresh pages), also after clone.
    Env* (*create)();
    /// A copy of `parent` for a new guest thread (registers equal; reservation and requests clear).
    Env* (*clone)(const Env* parent);
    void (*destroy)(Env* env);
    /// TB state flags (31 bits) that follow from the state. The guest keeps env->tb_flags equal to it.
    u32 (*tb_flags)(const Env* env);
    /// Puts env right from a fault at the instruction whose insn_start had (pc, data): the back end
    /// has already written back all globals and env->pc = pc.
    void (*restore_state)(Env* env, u64 pc, u64 data);
    /// Register dump for -d cpu and info registers.
    std::string (*dump_registers)(const Env* env);
    /// Debugger access to register `number`: value in little-endian bytes. False: no such register.
    bool (*read_register)(const Env* env, unsigned number, u8* bytes);
    bool (*write_register)(Env* env, unsigned number, const u8* bytes);
    std::span<const RegisterInfo> (*registers)();
    /// Architecture name of the gdb target description ("riscv:rv64").
    const char* gdb_architecture;
};

/// Translator operations, called by the engine's translator loop in this order: init, tb_start, then
/// insn_start and translate_insn per instruction, tb_stop.
struct TranslatorOps {
    /// sizeof the guest's context, which starts with DisasContextBase.
    std::size_t context_size;
    std::size_t context_align;
    void (*init)(DisasContextBase* ctx);
    void (*tb_start)(DisasContextBase* ctx);
    /// Emits insn_start for the instruction at pc_next.
    void (*insn_start)(DisasContextBase* ctx);
    void (*translate_insn)(DisasContextBase* ctx);
    void (*tb_stop)(DisasContextBase* ctx);
    /// One line of assembly for the instruction at the start of `bytes`; sets `length`.
    std::string (*disassemble)(u64 pc, std::span<const u8> bytes, unsigned& length);
};

/// A CPU model ("rv64", "max") for -cpu help.
struct CpuModel {
    std::string_view name;
    std::string_view help;
};

/// A guest: everything the engine and the front doors ask for.
struct Guest {
    std::string_view name;  ///< "riscv64"
    u16 elf_machine;        ///< EM_RISCV
    u8 elf_class;           ///< ELFCLASS64
    unsigned min_insn_bytes;
    CpuOps cpu;
    TranslatorOps translator;
    const ir::GuestLayout& (*layout)();
    std::span<const CpuModel> (*models)();
    /// Selects the model, "MODEL[,ext=on|off...]".
    /// @returns empty, or what was wrong with it (names the bad part).
    std::string (*configure)(std::string_view cpu);
    /// Names of the switchable extensions, for -cpu help.
    std::vector<std::string> (*extensions)();
};

/// The guest for an ELF header's machine and class; null when there is none.
const Guest* find(u16 elf_machine, u8 elf_class);
/// All guests of this build.
std::span<const Guest* const> all();

}  // namespace dragoman::guest
