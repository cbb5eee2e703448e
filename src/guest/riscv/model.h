// The CPU model: which extensions a hart has (-cpu MODEL[,extension=on|off...]), and what follows from them.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "guest/guest.h"
#include "guest/riscv/cpu_models.h"
#include "guest/riscv/extension.h"
#include "guest/riscv/host_call.h"
#include "guest/riscv/state.h"

namespace dragoman::riscv {

class Decoder;

/// A model as -cpu describes it.
struct CpuConfiguration {
    ExtensionSet extensions;
    HartIds ids;
    unsigned vlen = 128;  ///< bits of a vector register
    /// Smrnmi: where non-maskable interrupts, and exceptions in their handler, go.
    u64 rnmi_interrupt_vector = 0, rnmi_exception_vector = 0;
};

/// Reads "MODEL[,property...]" for a whole hart (`system`), or for user programs, which have no part in the privileged
/// architecture. @returns empty, or what was wrong; then `out` is as it was.
std::string parse_cpu(std::string_view cpu, bool system, CpuConfiguration& out, Extension base = Extension::Rv64);

/// What the board's device tree says about a hart.
struct HartDescription {
    std::string isa;                      ///< riscv,isa: "rv64imafdc_zicsr..."
    std::string isa_base;                 ///< riscv,isa-base: "rv64i"
    std::vector<std::string> extensions;  ///< riscv,isa-extensions: "i", "m", ..., "zicsr", ...
    std::string mmu_type;                 ///< "riscv,sv57"; "riscv,none"
    unsigned cache_block_bytes;           ///< cbom, cbop and cboz block size; 0: no such instructions
};

/// A configured RISC-V CPU. Harts (Hart::model) and translations (DisasContext::model) refer to it.
class Model final : public guest::Model {
public:
    Model(const CpuConfiguration& configuration, bool system);
    ~Model() override;

    /// In user mode without those of the privileged architecture.
    const ExtensionSet& extensions() const { return cpu_.extensions; }
    bool has(Extension e) const { return cpu_.extensions.has(e); }
    /// XLEN.
    unsigned xlen() const { return has(Extension::Rv32) ? 32 : 64; }
    /// Identity of the harts.
    const HartIds& ids() const { return cpu_.ids; }
    /// Bytes of a vector register.
    unsigned vector_bytes() const { return cpu_.vlen / 8; }
    /// Made when it is first asked for: not at all by a program whose translations all come from the cache.
    const Decoder& decoder() const {
        const Decoder* decoder = decoder_.load(std::memory_order_acquire);
        return decoder != nullptr ? *decoder : make_decoder();
    }
    /// The registers that a debugger sees.
    std::span<const guest::RegisterInfo> registers() const;
    /// The ISA string: "rv64imafdcb_zic64b_...".
    std::string isa_string() const;
    HartDescription describe_hart() const;

    /// Whether traps are more than the change of a mode: some are refused, or recorded.
    bool watches_traps() const { return watches_traps_; }
    u64 rnmi_interrupt_vector() const { return cpu_.rnmi_interrupt_vector; }
    u64 rnmi_exception_vector() const { return cpu_.rnmi_exception_vector; }

    const ir::GuestLayout& layout() const override;

    u64 configuration() const override { return cpu_.extensions.hash() + cpu_.vlen; }

    HostCalls host_calls;  ///< of the operating-system layer

private:
    const Decoder& make_decoder() const;

    CpuConfiguration cpu_;
    bool watches_traps_;
    // Made when first asked for, by any thread.
    mutable std::atomic<const Decoder*> decoder_{nullptr};
    mutable std::atomic<const std::vector<guest::RegisterInfo>*> registers_{nullptr};
};

inline const Model& riscv_model(const guest::Model& model) { return static_cast<const Model&>(model); }
inline bool hart_has(const Hart& hart, Extension e) { return hart.model->has(e); }
/// An address in a register of RV32 is a word.
inline u64 register_address(const Hart& hart, u64 address) {
    return hart_has(hart, Extension::Rv32) ? static_cast<u32>(address) : address;
}
/// ASIDLEN.
inline unsigned asid_bits(const Hart& hart) { return hart_has(hart, Extension::Rv32) ? 9 : kSatpAsidBits; }

/// Guest::configure. An empty name is the default: max, and rv64 or rv32 for machines, as in QEMU.
template <Extension base>
std::unique_ptr<guest::Model> configure(std::string_view cpu, bool system, std::string& error);
/// Guest::models.
template <Extension base>
std::span<const guest::CpuModel> models(bool system);
/// Guest::extensions: names of the extensions and profiles that -cpu can switch on.
template <Extension base>
std::vector<std::string> extension_names(bool system);

/// registers.cpp
std::vector<guest::RegisterInfo> make_registers(const Model& model);

}  // namespace dragoman::riscv
