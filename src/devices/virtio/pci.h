// virtio over PCI (virtio 1.2 §4.1): a function with the registers of virtio 1.0 in a memory BAR, those of before in
// an I/O BAR, or both (transitional).
#pragma once

#include "base/properties.h"
#include "devices/pci/function.h"
#include "devices/pci/msix.h"
#include "devices/virtio/driver_registers.h"

namespace dragoman::devices::virtio {

struct PciOptions {
    bool legacy = true, modern = true;  ///< at least one
    unsigned vectors = 2;               ///< of MSI-X; 0: there is no MSI-X
    bool express = false;               ///< behind a PCI Express port
};

class PciTransport final : public pci::Function, private Transport {
public:
    /// @param model  name for -device
    PciTransport(std::string model, std::unique_ptr<VirtioDevice> device, const PciOptions& options);
    ~PciTransport() override;

    VirtioDevice& device() { return *device_; }
    /// How many MSI-X vectors QEMU gives a device of this kind.
    static unsigned default_vectors(const VirtioDevice& device);

    u32 read_config(unsigned offset, unsigned size) override;
    void write_config(unsigned offset, unsigned size, u32 value) override;
    void resume() override;
    void resume_idle() override;

private:
    /// One of the two BARs with registers.
    class Registers final : public memory::MmioHandler {
    public:
        Registers(PciTransport& transport, bool legacy) : transport_(transport), legacy_(legacy) {}
        bool read(u64 offset, unsigned size, u64& value) override;
        bool write(u64 offset, unsigned size, u64 value) override;

    private:
        PciTransport& transport_;
        const bool legacy_;
    };

    void add_modern();
    void add_legacy();
    unsigned add_vendor_capability(u8 type, u32 offset, u32 bytes, unsigned capability_bytes);

    u32 read_modern(u64 offset, unsigned size) DRAGOMAN_REQUIRES(device_->lock());
    void write_modern(u64 offset, unsigned size, u32 value, UniqueLock& held) DRAGOMAN_REQUIRES(device_->lock());
    u32 read_common(u64 offset) DRAGOMAN_REQUIRES(device_->lock());
    void write_common(u64 offset, u32 value, UniqueLock& held) DRAGOMAN_REQUIRES(device_->lock());
    u32 read_legacy(u64 offset, unsigned size) DRAGOMAN_REQUIRES(device_->lock());
    void write_legacy(u64 offset, unsigned size, u32 value, UniqueLock& held) DRAGOMAN_REQUIRES(device_->lock());
    u64 legacy_config() { return msix() != nullptr && msix()->enabled() ? 0x18 : 0x14; }
    /// The access that the capability for configuration cycles describes. @returns false when it describes none
    bool window(pci::Function::Bar*& bar, u64& offset, unsigned& size);

    u32 take_interrupt_status() DRAGOMAN_REQUIRES(device_->lock());
    void set_status(u32 value, UniqueLock& held) DRAGOMAN_REQUIRES(device_->lock());
    void clear_registers() DRAGOMAN_REQUIRES(device_->lock());
    u16 known_vector(u32 value);
    void queue_interrupt(unsigned queue) override DRAGOMAN_REQUIRES(device_->lock());
    void config_interrupt() override DRAGOMAN_REQUIRES(device_->lock());
    void raise(u32 bit, u16 vector) DRAGOMAN_REQUIRES(device_->lock());

    void reset_device() override;
    void visit_device(State& state) override;
    std::string describe_device() const override { return device_->describe(); }
    void command_changed() override;

    std::unique_ptr<VirtioDevice> device_;
    DriverRegisters registers_ DRAGOMAN_GUARDED_BY(device_->lock());
    u32 interrupt_status_ DRAGOMAN_GUARDED_BY(device_->lock()) = 0;
    u16 config_vector_ DRAGOMAN_GUARDED_BY(device_->lock()) = 0;
    std::vector<u16> queue_vectors_ DRAGOMAN_GUARDED_BY(device_->lock());
    bool legacy_ DRAGOMAN_GUARDED_BY(device_->lock()) = false;  ///< how the driver has spoken last
    Registers modern_bar_{*this, false}, legacy_bar_{*this, true};
    unsigned window_at_ = 0;  ///< of the capability for configuration cycles; 0: there is none
};

}  // namespace dragoman::devices::virtio
