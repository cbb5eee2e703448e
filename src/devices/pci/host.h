// A generic PCI Express host bridge ("pci-host-ecam-generic"): configuration spaces in memory (ECAM, PCI Express Base
// 5.0 §7.2.2), windows for I/O and memory, and four interrupt lines.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "devices/irq.h"
#include "devices/pci/bus.h"
#include "memory/mmio_window.h"

namespace dragoman::devices::pci {

class Host final : public Device {
public:
    static constexpr u64 kEcamBytes = u64{256} << 20;
    static constexpr memory::MmioLimits kEcamLimits{.min_size = 1, .max_size = 4, .misaligned = false, .adapt = true};

    /// @param intx  where INTA# to INTD# of slot 0 go; those of the next slots are turned by one each
    Host(memory::PhysicalSpace& space, const std::array<Irq, 4>& intx);
    ~Host() override;

    Bus& root() { return root_; }
    memory::PhysicalSpace& space() { return space_; }
    /// Guards all configuration spaces, and where BARs are.
    Mutex& lock() DRAGOMAN_RETURNS_LOCK(lock_) { return lock_; }
    const std::vector<Bus*>& buses() const { return buses_; }

    /// The handler of all configuration spaces, for the physical map.
    memory::MmioHandler& ecam() { return ecam_; }
    /// A window of `bytes`, in which offset 0 is `address` on the bus. Before functions are plugged.
    memory::MmioWindow& add_io_window(u64 address, u64 bytes) { return add_window(true, address, bytes); }
    memory::MmioWindow& add_memory_window(u64 address, u64 bytes) { return add_window(false, address, bytes); }

    /// The function that answers configuration accesses; null when none does.
    Function* find(unsigned bus, unsigned devfn) DRAGOMAN_REQUIRES(lock_);
    /// Puts Bar::address right after registers have changed that decide about it.
    void update_mappings() DRAGOMAN_REQUIRES(lock_);

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override { return "generic PCIe host bridge"; }

    // For buses
    void add_bus(Bus& bus) { buses_.push_back(&bus); }
    void remove_bus(Bus& bus) { std::erase(buses_, &bus); }
    void add_bars(Function& function) DRAGOMAN_REQUIRES(lock_);
    void remove_bars(Function& function) DRAGOMAN_REQUIRES(lock_);
    void set_intx(unsigned line, bool level);
    /// A message-signalled interrupt.
    void send_message(u64 address, u32 data);

private:
    class Ecam final : public memory::MmioHandler {
    public:
        explicit Ecam(Host& host) : host_(host) {}
        bool read(u64 offset, unsigned size, u64& value) override;
        bool write(u64 offset, unsigned size, u64 value) override;

    private:
        Host& host_;
    };
    struct Window {
        bool io;
        u64 address, bytes;
        std::unique_ptr<memory::MmioWindow> window;
    };
    /// A BAR in one of the windows that it may be in.
    struct Target {
        Function* function;
        unsigned bar;
        Window* window;
        unsigned range;  ///< its number there
    };

    memory::MmioWindow& add_window(bool io, u64 address, u64 bytes);
    u64 reachable_address(Function& function, unsigned index);

    memory::PhysicalSpace& space_;
    const std::array<Irq, 4> intx_;
    Mutex lock_;
    std::vector<Bus*> buses_;
    std::vector<std::unique_ptr<Window>> windows_;
    std::vector<Target> targets_;
    Ecam ecam_{*this};
    Mutex intx_lock_;
    std::array<unsigned, 4> asserted_ DRAGOMAN_GUARDED_BY(intx_lock_){};  ///< by how many functions
    Bus root_;
    std::unique_ptr<Function> bridge_;  ///< function 0.0, by which the guest knows the host bridge
};

}  // namespace dragoman::devices::pci
