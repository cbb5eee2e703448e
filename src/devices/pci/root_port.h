// A PCI Express root port ("pcie-root-port"): a bridge from the root complex to one slot (PCI Express Base 5.0 §7.5;
// PCI-to-PCI Bridge Architecture 1.2), in which devices come and go while the machine runs (§6.7).
#pragma once

#include <functional>

#include "base/properties.h"
#include "devices/pci/bus.h"

namespace dragoman::devices::pci {

class RootPort final : public Function, private memory::MmioHandler {
public:
    /// @param name  of the bus behind it
    /// @param hotplug  its driver can deal with devices that come and go
    RootPort(Host& host, std::string name, u8 port, u16 slot, bool hotplug = true);
    /// `-device pcie-root-port,id=…`. @throws FatalError
    static std::unique_ptr<RootPort> make(Host& host, const std::string& id, Properties& properties);

    Bus* secondary_bus() override { return &bus_behind_; }
    bool forwards(bool io, u64 address, u64 bytes) const override;
    bool powered() const override;
    void children_changed() override;
    void write_config(unsigned offset, unsigned size, u32 value) override;

    // The user's side of the slot (§6.7.1). While no hart runs.
    bool hotplug() const { return hotplug_; }
    /// Something has been put into the slot: its driver looks.
    void announce();
    enum class Answer : u8 {
        Asked,  ///< the driver knows, and turns the slot's power off when it is ready (on_power_off)
        Busy,   ///< it is about to do something else with the slot
        Off,    ///< the slot has no power, so that what is in it can be taken out
    };
    /// Asks the driver for what is in the slot.
    Answer press_button();
    /// What was in the slot has been taken out.
    void tell_empty();
    /// Is called when the driver has turned the power of a slot off in which something is, with the bridge's lock held.
    void set_on_power_off(std::function<void()> function) { on_power_off_ = std::move(function); }

private:
    // Its BAR holds nothing but the table of MSI-X.
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    void reset_device() override;
    void visit_device(State& state) override;
    std::string describe_device() const override { return "bus " + bus_behind_.name(); }

    void write_slot_control(u16 before);
    void raise(u16 events);
    bool wants_interrupt() const;
    void update_interrupt();

    const bool hotplug_;
    std::function<void()> on_power_off_;
    bool interrupting_ = false;  ///< of the slot's events; guarded by the bridge's lock
    Bus bus_behind_;
};

}  // namespace dragoman::devices::pci
