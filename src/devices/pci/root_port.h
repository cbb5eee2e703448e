// A PCI Express root port ("pcie-root-port"): a bridge from the root complex to one slot (PCI Express Base 5.0 §7.5;
// PCI-to-PCI Bridge Architecture 1.2). What is in the slot is there from the start.
#pragma once

#include "base/properties.h"
#include "devices/pci/bus.h"

namespace dragoman::devices::pci {

class RootPort final : public Function, private memory::MmioHandler {
public:
    /// @param name  of the bus behind it
    RootPort(Host& host, std::string name, u8 port, u16 slot);
    /// `-device pcie-root-port,id=…`. @throws FatalError
    static std::unique_ptr<RootPort> make(Host& host, const std::string& id, Properties& properties);

    Bus* secondary_bus() override { return &bus_behind_; }
    bool forwards(bool io, u64 address, u64 bytes) const override;
    void child_plugged() override;

private:
    // Its BAR holds nothing but the table of MSI-X.
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    void reset_device() override {}
    void visit_device(State&) override {}
    std::string describe_device() const override { return "bus " + bus_behind_.name(); }

    Bus bus_behind_;
};

}  // namespace dragoman::devices::pci
