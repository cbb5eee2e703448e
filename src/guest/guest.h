// What a guest processor must provide, and all that the engine knows about it: a table of CPU
// operations, a table of translator operations, and its IR layout. The engine never names a guest.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "guest/block_flow.h"
#include "ir/env.h"
#include "ir/vector_support.h"

namespace dragoman {
class State;
}

namespace dragoman::guest {

using ir::Env;

struct Guest;

/// A CPU as it was configured: a model with its switches, as harts of user mode or of system mode. Made by
/// Guest::configure, owned by the engine that runs it; what a guest derives from it (its decoder, ...) is in the
/// guest's own class. Constant once guest code runs: threads share it.
class Model {
public:
    Model(const Guest& guest, bool system) : guest(guest), system(system) {}
    virtual ~Model() = default;
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    /// A number that differs when the same code would be translated differently.
    virtual u64 configuration() const { return 0; }
    /// The IR layout of its harts: the guest's, or what a model adds to that.
    virtual const ir::GuestLayout& layout() const;

    const Guest& guest;
    const bool system;   ///< whole harts with privilege levels, traps and an MMU
    bool mixed = false;  ///< some harts that share its translations have another model, which has less
};

/// Reads guest code for the translator. The engine provides it.
class CodeReader {
public:
    virtual ~CodeReader() = default;
    /// Reads `bytes` (1 to 4) of guest code at `pc`, as a little-endian number.
    /// @returns false when it may not be fetched; the guest then emits a fetch fault for `pc`.
    bool fetch(u64 pc, unsigned bytes, u32& value) {
        const u8* code = at(pc, bytes);
        if (code == nullptr) return false;
        value = 0;
        __builtin_memcpy(&value, code, bytes);
        return true;
    }
    /// The `bytes` (1 to kMaxInsnBytes) of guest code at `pc`; null when they may not all be fetched. Valid until the
    /// next call. An instruction that may end at a page's end is to be read piece by piece.
    const u8* at(u64 pc, unsigned bytes) {
        const u64 offset = pc - start_;
        if (offset + bytes > filled_ || offset > filled_) return fetch_more(pc, bytes) ? at(pc, bytes) : nullptr;
        if (size_ < offset + bytes) size_ = offset + bytes;
        return bytes_ + offset;
    }
    static constexpr unsigned kMaxInsnBytes = 15;

protected:
    explicit CodeReader(const u8* bytes) : bytes_(bytes) {}
    /// Has bytes_ hold the `bytes` at `pc`.
    virtual bool fetch_more(u64 pc, unsigned bytes) = 0;

    const u8* bytes_;         ///< guest code that was copied ahead, from start_ on
    u64 start_ = 0;           ///< guest address of bytes_[0]
    std::size_t filled_ = 0;  ///< bytes that were copied ahead
    std::size_t size_ = 0;    ///< bytes that were asked for
};

/// State of one translation, base of the guest's own context.
struct DisasContextBase : BlockFlow {
    const Model* model;
    CodeReader* code;
    const ir::VectorSupport* vectors;  ///< the vector ops that may be emitted
    u64 pc_first;                      ///< guest address of the TB
    u32 max_insns;
    u32 num_insns;  ///< instructions translated so far, counting the current one

    /// For whoever drives the translation: begins the block at `address`.
    void begin_block(ir::Builder& builder, BlockKind block_kind, u64 address) {
        begin(builder, block_kind);
        pc_first = pc = address;
        length = 0;
        num_insns = 0;
    }
};

/// How translator-visible registers are shown to a debugger: one row of the register table.
struct RegisterInfo {
    std::string_view name;     ///< target-description name ("a0", "ft0", "fcsr")
    std::string_view feature;  ///< XML feature ("org.gnu.gdb.riscv.cpu")
    std::string_view type;     ///< gdb type ("int", "code_ptr", "ieee_double")
    u16 bits;
    u16 number;  ///< gdb register number
};

enum class Access : u8 { Load, Store, Fetch };

/// Where the guest's MMU sends an access.
struct Translation {
    u64 physical;      ///< of the address that was asked for
    u64 page_bytes;    ///< size of the naturally aligned page around the address with the same translation; at least 1:
                       ///< smaller than 4096 when protection is finer, then nothing may be cached
    u64 access_bytes;  ///< when protection is finer: the most bytes that one access at the address may have. One that
                       ///< reaches beyond is an access fault, unless it goes on in another page
    bool load, store, fetch;  ///< accesses that may be cached: allowed, with accessed and dirty bits already set
    bool global;              ///< the same in all address spaces
    bool uncached;            ///< memory that the guest says is I/O (Svpbmt)
    u32 exception;            ///< on failure: guest exception number
    u64 value;                ///< on failure: its value (RISC-V: tval)
};

/// A call of whoever runs the guest (semihosting), as the state of a hart shows it.
struct SemihostingCall {
    u32 operation;
    u64 parameter;        ///< the address of the arguments, or the only one
    unsigned word_bytes;  ///< of an argument in memory: 4 or 8
};

/// Reads guest memory for something that changes nothing. @returns false when part of it is not there
using MemoryReader = std::function<bool(u64 address, void* to, u64 bytes)>;

/// CPU operations of system mode. An interrupt line is numbered as the guest's own (RISC-V: the bit in mip).
struct SystemOps {
    /// Power-on state; the hart starts at env->pc, which the board sets afterwards.
    void (*reset)(Env* env, unsigned hart_id);
    /// Translates one access. Walks tables and sets accessed and dirty bits, unless `debug`, which changes nothing
    /// and checks no permission. @returns false with exception and value set.
    bool (*translate)(Env* env, u64 address, Access access, unsigned mmu_index, bool debug, Translation& out);
    /// MMU index of instruction fetch, or of loads and stores, in the state that the hart is in.
    unsigned (*mmu_index)(const Env* env, bool fetch);
    /// Turns exception env->exception with env->exception_value at env->pc into a trap: CSRs, privilege, pc, tb_flags.
    void (*take_exception)(Env* env);
    /// Takes the interrupt with the highest priority that is pending and enabled. @returns false when there is none.
    bool (*take_interrupt)(Env* env);
    /// Whether the hart has come to an end, as its own state says: it executes nothing more until it is reset. Null:
    /// never.
    bool (*has_stopped)(const Env* env) = nullptr;
    /// Whether a halted hart goes on: something is pending and locally enabled, whatever the global enable says.
    bool (*has_work)(const Env* env);
    /// Level of an interrupt line. Async: any thread; the caller then makes the hart look (Engine::request_exit).
    void (*set_interrupt)(Env* env, unsigned line, bool level);
    /// Deadline of the hart's own timers (Sstc) in ticks of Runtime::time; ~0: none. When it is reached the board calls
    /// timer_expired on the hart's thread.
    u64 (*next_timer)(const Env* env);
    void (*timer_expired)(Env* env);
    /// Exceptions raised by the engine: access fault and misaligned of the kind of access.
    u32 (*access_fault)(Access access);
    u32 (*misaligned)(Access access);

    // What a debugger, a monitor and whoever runs the machine ask of a stopped hart.
    /// The mappings of its page tables, one line per run of pages, for info mem; `physical` reads their memory. Null:
    /// the guest has no page tables.
    std::string (*describe_page_tables)(const Env* env, const MemoryReader& physical) = nullptr;
    /// Whether env->exception is a semihosting call, of user mode only where `userspace`; `memory` reads at the hart's
    /// own addresses. Null: the guest has no such calls.
    bool (*semihosting_call)(const Env* env, bool userspace, const MemoryReader& memory,
                             SemihostingCall& call) = nullptr;
    /// Goes on behind the call with `result`.
    void (*finish_semihosting)(Env* env, u64 result) = nullptr;

    /// Saves, checks or loads the state of a hart of the same model (base/state.h); interrupt lines, too. On the hart's
    /// thread; the machine's clocks go on from what they show. Null: harts of this guest cannot be saved.
    void (*visit)(Env* env, State& state) = nullptr;
};

/// CPU operations. All functions are called outside translated code unless said otherwise.
struct CpuOps {
    /// Allocates and resets the state of a new vCPU of `model`, which has to outlive it. Freed by destroy. The jump
    /// cache is zero and, to keep starting cheap, was not touched (fresh pages), also after clone.
    Env* (*create)(const Model& model);
    /// A copy of `parent` for a new guest thread (registers equal; reservation and requests clear).
    Env* (*clone)(const Env* parent);
    void (*destroy)(Env* env);
    /// TB state flags (31 bits) that follow from the state. The guest keeps env->tb_flags equal to it.
    u32 (*tb_flags)(const Env* env);
    /// Register dump for -d cpu and info registers.
    std::string (*dump_registers)(const Env* env);
    /// Debugger access to register `number`: value in little-endian bytes. False: no such register.
    bool (*read_register)(const Env* env, unsigned number, u8* bytes);
    bool (*write_register)(Env* env, unsigned number, const u8* bytes);
    std::span<const RegisterInfo> (*registers)(const Model& model);
    /// System mode; null when the guest has none.
    const SystemOps* system;
    /// Architecture name of the gdb target description ("riscv:rv64").
    const char* gdb_architecture;
    /// A guest access has faulted, and env is precise. @returns whether the instruction is to be run again in the state
    /// that this has made of env: another translation of it knows what exactly faults. Null: never.
    bool (*retry_access)(Env* env) = nullptr;
};

/// An address that guest code makes of constants, of its own place, or of a register that never changes.
struct MadeAddress {
    u64 address;
    bool loaded;  ///< what the code wants is the pointer that it loads from there
};

/// Translator operations, called by the engine's translator loop in this order: init, then
/// insn_start and translate_insn per instruction.
struct TranslatorOps {
    /// sizeof the guest's context, which starts with DisasContextBase.
    std::size_t context_size;
    std::size_t context_align;
    void (*init)(DisasContextBase* ctx);
    /// Emits insn_start for the instruction at pc.
    void (*insn_start)(DisasContextBase* ctx);
    /// Translates the instruction at pc and says its length (0: it could not be fetched), and through BlockFlow
    /// where it goes if not on to the next one.
    void (*translate_insn)(DisasContextBase* ctx);
    /// Behind the last instruction and its exits: emits what is not in line with the others. Null: nothing.
    void (*finish)(DisasContextBase* ctx) = nullptr;
    /// One line of assembly for the instruction at the start of `bytes`; sets `length`.
    std::string (*disassemble)(const Model& model, u64 pc, std::span<const u8> bytes, unsigned& length);
    /// Calls `take` with the addresses that the code in `bytes`, which is at `pc`, makes, and maybe with more. `env`:
    /// of the thread that is about to run it; null: unknown. Null: the guest cannot tell.
    void (*made_addresses)(const Model& model, const Env* env, u64 pc, std::span<const u8> bytes,
                           const std::function<void(MadeAddress)>& take) = nullptr;
};

/// The name of a CPU model ("rv64", "max") for -cpu help.
struct CpuModel {
    std::string_view name;
    std::string_view help;
};

/// A guest: everything the engine and the front doors ask for.
struct Guest {
    std::string_view name;    ///< "riscv64"
    u16 elf_machine;          ///< EM_RISCV
    u8 elf_class;             ///< ELFCLASS64
    unsigned min_insn_bytes;  ///< 1 and more
    unsigned max_insn_bytes;  ///< at most CodeReader::kMaxInsnBytes
    /// System mode: the smallest page of the guest's MMU, a multiple of 4096. Code inside one may be linked directly.
    u64 page_bytes = 4096;
    /// A store to instructions that follow it takes effect at once, without a fence. (Without this, code that was
    /// translated together with the store runs on as it was.)
    bool precise_self_modification = false;
    CpuOps cpu;
    TranslatorOps translator;
    const ir::GuestLayout& (*layout)();
    /// What -cpu help lists, for user or for system mode.
    std::span<const CpuModel> (*models)(bool system);
    /// The model "MODEL[,ext=on|off...]", the default one when MODEL is empty, for user or for system mode.
    /// @returns null with `error` set to what was wrong (names the bad part).
    std::unique_ptr<Model> (*configure)(std::string_view cpu, bool system, std::string& error);
    /// Names of the switchable extensions, for -cpu help.
    std::vector<std::string> (*extensions)(bool system);
};

inline const ir::GuestLayout& Model::layout() const { return guest.layout(); }

/// The guest for an ELF header's machine and class; null when there is none.
const Guest* find(u16 elf_machine, u8 elf_class);
/// All guests of this build.
std::span<const Guest* const> all();

}  // namespace dragoman::guest
