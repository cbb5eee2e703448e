// What all PCI functions share: configuration space, base address registers, capabilities, INTx, MSI and MSI-X.
//
// Locks: the host bridge has one for all configuration spaces; a device's own comes after it. An interrupt is raised
// under the device's lock, by itself or by its threads.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "devices/device.h"
#include "devices/pci/registers.h"

namespace dragoman::devices::pci {

class Bus;
class Msi;
class Msix;

/// What a function is, as the first registers of its configuration space tell.
struct Identity {
    u16 vendor, device;
    u32 class_code;  ///< class, subclass, programming interface: 0x010802
    u8 revision = 0;
    u16 subsystem_vendor = kVendorQumranet;
    u16 subsystem = kSubsystemQemu;
    u8 interrupt_pin = 1;  ///< 1: INTA#; 0: none
    bool express = false;  ///< has the extended configuration space
};

class Function : public Device {
public:
    static constexpr unsigned kBars = 6;
    static constexpr u64 kUnmapped = ~u64{0};

    enum class BarKind : u8 { None, Io, Memory32, Memory64, Prefetchable64 };
    struct Bar {
        BarKind kind = BarKind::None;
        u64 size = 0;
        memory::MmioHandler* handler = nullptr;
        memory::MmioLimits limits;
        u64 address = kUnmapped;  ///< on the bus, where accesses reach it; the bridge's (Host::update_mappings)
    };

    /// @param model  the name by which -device knows it
    Function(std::string model, const Identity& identity);
    ~Function() override;
    Function(const Function&) = delete;
    Function& operator=(const Function&) = delete;

    const std::string& model() const { return model_; }
    /// Its -device id; empty when it has none.
    const std::string& id() const { return id_; }
    void set_id(std::string id) { id_ = std::move(id); }
    /// One of several functions of its slot, as it says in its header.
    void set_multifunction() { set_reset_bits(kHeaderType, 1, kMultifunction); }
    bool multifunction() const { return (reset_values_[kHeaderType] & kMultifunction) != 0; }

    /// Where it is plugged (Bus::plug).
    Bus* bus() const { return bus_; }
    u8 devfn() const { return devfn_; }
    unsigned slot() const { return devfn_ >> 3; }
    unsigned number() const { return devfn_ & 7; }

    // The bridge's, with its lock held.
    /// A read of `size` bytes (1, 2 or 4), which do not cross a word.
    virtual u32 read_config(unsigned offset, unsigned size);
    virtual void write_config(unsigned offset, unsigned size, u32 value);
    unsigned config_bytes() const { return static_cast<unsigned>(config_.size()); }
    Bar& bar(unsigned index) { return bars_[index]; }
    /// The bus address that base address register `index` holds while the function answers there; else kUnmapped.
    u64 bar_address(unsigned index) const;
    /// What lies behind it, when it is a bridge.
    virtual Bus* secondary_bus() { return nullptr; }
    /// A bridge's: whether it passes accesses of [address, address + bytes) on.
    virtual bool forwards(bool /*io*/, u64 /*address*/, u64 /*bytes*/) const { return false; }

    /// A bridge's: whether what lies behind it has power; else it answers nothing. The bridge's lock is held.
    virtual bool powered() const { return true; }
    /// A bridge's: something has been plugged behind it, or taken out. The bridge's lock is held.
    virtual void children_changed() {}

    /// The value that the configuration space holds, without the effects of a read. The bridge's lock is held.
    u32 peek(unsigned offset, unsigned size) const;
    u16 command() const { return command_.load(std::memory_order_acquire); }
    /// Whether the driver lets it access memory.
    bool bus_master() const { return (command() & kCommandMaster) != 0; }

    void reset() final;
    void visit(State& state) final;
    std::string describe() const final;

protected:
    // While it is made
    /// Bits that a register has after reset beside what it has.
    void set_reset_bits(unsigned offset, unsigned size, u32 bits);
    void add_bar(unsigned index, BarKind kind, u64 size, memory::MmioHandler& handler, memory::MmioLimits limits);
    /// Puts a capability of `bytes` in front of the others. @param offset  0: behind the last
    /// @returns its offset
    unsigned add_capability(CapabilityId id, unsigned bytes, unsigned offset = 0);
    /// A register's value after reset, and which of its bits the driver writes.
    void set_register(unsigned offset, unsigned size, u32 value, u32 writable = 0);
    /// Of which bits writing a one clears.
    void set_clearable(unsigned offset, unsigned size, u32 bits);
    /// Which bits change by themselves, so that a saved state may have others.
    void set_changing(unsigned offset, unsigned size, u32 bits);
    /// Gives a register a value until the next reset. The bridge's lock is held.
    void poke(unsigned offset, unsigned size, u32 value);
    /// The capability of a device at the other end of a PCI Express link.
    void add_express_endpoint();
    /// MSI with one 64-bit message.
    void add_msi(unsigned offset = 0);
    /// MSI-X with its table at `table` and its pending bits at `pending` of BAR `bar`, of which the caller gives those
    /// offsets to msix().
    void add_msix(unsigned vectors, unsigned bar, u32 table, u32 pending, unsigned offset = 0);

    /// The device's own: power-on state and fields.
    virtual void reset_device() = 0;
    virtual void visit_device(State& state) = 0;
    /// For info qtree: "drive hd0".
    virtual std::string describe_device() const { return {}; }
    /// The command register has another value; the bridge's lock is held.
    virtual void command_changed() {}

    /// INTx: the level of the function's wire. Any thread.
    void set_intx(bool level);
    Msix* msix() { return msix_.get(); }
    Msi* msi() { return msi_.get(); }
    /// Where its DMA goes. Only after it is plugged.
    memory::PhysicalSpace& space() const;
    /// DMA. @returns false when the driver does not let it, or when a part is not memory
    bool dma_read(u64 address, void* to, u64 bytes) const;
    bool dma_write(u64 address, const void* from, u64 bytes);

private:
    friend class Bus;
    friend class Msi;
    friend class Msix;

    void apply_writes(unsigned offset, unsigned size, u32 value);
    void take_command();
    void update_intx();
    bool intx_level();
    void send_message(u64 address, u32 data);

    const std::string model_;
    const Identity identity_;
    std::string id_;
    Bus* bus_ = nullptr;
    u8 devfn_ = 0;

    std::vector<u8> config_, reset_values_, writable_, clearable_, changing_;
    unsigned next_capability_ = 0x40;  ///< offset of the next that asks for none
    Bar bars_[kBars];
    std::unique_ptr<Msi> msi_;
    std::unique_ptr<Msix> msix_;
    std::atomic<u16> command_{0};

    Mutex intx_lock_;
    bool intx_level_ DRAGOMAN_GUARDED_BY(intx_lock_) = false;     ///< what the device wants
    bool intx_asserted_ DRAGOMAN_GUARDED_BY(intx_lock_) = false;  ///< what the bus was told
};

}  // namespace dragoman::devices::pci
