// The USB host controller qemu-xhci (eXtensible Host Controller Interface 1.2): four ports for USB 2 and four for USB
// 3, one event ring segment per interrupter. Transfers are done by the hart that rings a doorbell, or by whom a device
// wakes.
#pragma once

#include <array>
#include <deque>

#include "base/mutex.h"
#include "devices/clock.h"
#include "devices/pci/function.h"
#include "devices/pci/xhci_registers.h"
#include "devices/usb/device.h"

namespace dragoman::devices::pci {

class Xhci final : public Function, private memory::MmioHandler {
public:
    explicit Xhci(Clock& clock);
    ~Xhci() override;

    // On the thread on which devices are woken.
    /// Plugs a device into `port`, from 1, or into the first that is free (0). @returns the port; 0: it is taken, or
    /// there is none
    unsigned plug(std::unique_ptr<usb::Device> device, unsigned port = 0);
    /// Takes the device out of `port`, without asking the driver, as is usual with USB. Null: there is none.
    std::unique_ptr<usb::Device> unplug(unsigned port);

private:
    static constexpr unsigned kPortCount = 2 * xhci::kPortsEach;
    static constexpr std::size_t kMostEvents = 1024;

    struct Ring {
        u64 at = 0;
        bool cycle = true;
    };
    struct Endpoint {
        u32 state = xhci::kDisabled;
        Ring ring;
    };
    struct Slot {
        bool enabled = false;
        u8 port = 0;                                           ///< from 1; 0: none
        std::array<Endpoint, xhci::kEndpoints + 1> endpoints;  ///< by context index, from 1
    };
    struct Interrupter {
        u32 management = 0, moderation = 0, segments = 0;
        u64 table = 0, dequeue = 0;
        u64 ring = 0;
        u32 size = 0, next = 0;
        bool cycle = true;
        std::deque<xhci::Trb> waiting;  ///< events for which the ring has no room
    };
    struct Placed {
        xhci::Trb trb;
        u64 address;
    };

    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    void reset_device() override;
    void visit_device(State& state) override;
    std::string describe_device() const override;

    u32 read_register(u64 offset) DRAGOMAN_REQUIRES(lock_);
    u32 read_capability(u64 offset) const;
    u32 read_runtime(u64 offset) DRAGOMAN_REQUIRES(lock_);
    void write_register(u64 offset, u32 value) DRAGOMAN_REQUIRES(lock_);
    void write_operational(u64 offset, u32 value) DRAGOMAN_REQUIRES(lock_);
    void write_runtime(u64 offset, u32 value) DRAGOMAN_REQUIRES(lock_);
    void write_port(unsigned port, u32 value) DRAGOMAN_REQUIRES(lock_);
    void reset_controller() DRAGOMAN_REQUIRES(lock_);
    void power_port(unsigned port) DRAGOMAN_REQUIRES(lock_);
    void change_port(unsigned port, u32 changes) DRAGOMAN_REQUIRES(lock_);

    bool fetch(Ring& ring, Placed& out) DRAGOMAN_REQUIRES(lock_);
    void post(unsigned interrupter, xhci::Trb event) DRAGOMAN_REQUIRES(lock_);
    void flush_events(unsigned interrupter) DRAGOMAN_REQUIRES(lock_);
    void update_interrupt() DRAGOMAN_REQUIRES(lock_);

    void run_commands() DRAGOMAN_REQUIRES(lock_);
    u8 command(const xhci::Trb& trb, u8& slot) DRAGOMAN_REQUIRES(lock_);
    u8 address_device(u8 slot, u64 input, bool block) DRAGOMAN_REQUIRES(lock_);
    u8 configure_endpoints(u8 slot, u64 input, bool deconfigure) DRAGOMAN_REQUIRES(lock_);
    u8 evaluate_context(u8 slot, u64 input) DRAGOMAN_REQUIRES(lock_);
    u8 endpoint_command(u8 slot, const xhci::Trb& trb) DRAGOMAN_REQUIRES(lock_);
    u8 reset_slot(u8 slot) DRAGOMAN_REQUIRES(lock_);
    void enable_endpoint(u8 slot, unsigned index, std::array<u32, 8>& context) DRAGOMAN_REQUIRES(lock_);
    void set_endpoint_state(u8 slot, unsigned index, u32 state) DRAGOMAN_REQUIRES(lock_);
    u64 context_address(u8 slot) DRAGOMAN_REQUIRES(lock_);

    usb::Device* device_at(unsigned port) DRAGOMAN_REQUIRES(lock_) {
        return port < devices_.size() ? devices_[port].get() : nullptr;
    }
    usb::Device* device_of(u8 slot) DRAGOMAN_REQUIRES(lock_);
    void run_endpoint(u8 slot, unsigned index) DRAGOMAN_REQUIRES(lock_);
    bool collect(Ring& ring, bool control, std::vector<Placed>& td) DRAGOMAN_REQUIRES(lock_);
    usb::Outcome transfer(u8 slot, unsigned index, const std::vector<Placed>& td) DRAGOMAN_REQUIRES(lock_);
    usb::Outcome control(u8 slot, const std::vector<Placed>& td) DRAGOMAN_REQUIRES(lock_);
    void report(u8 slot, unsigned index, const std::vector<Placed>& td, u64 bytes, bool failed)
        DRAGOMAN_REQUIRES(lock_);
    void kick(unsigned port);

    Clock& clock_;
    /// By port, from 0; null: nothing is there. They change with the lock held.
    std::array<std::unique_ptr<usb::Device>, xhci::kPortsEach> devices_;
    Mutex lock_;
    u32 command_ DRAGOMAN_GUARDED_BY(lock_) = 0, status_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u32 notification_ DRAGOMAN_GUARDED_BY(lock_) = 0, configure_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    Ring commands_ DRAGOMAN_GUARDED_BY(lock_);
    bool commands_run_ DRAGOMAN_GUARDED_BY(lock_) = false;
    u64 context_base_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    std::array<u32, kPortCount> ports_ DRAGOMAN_GUARDED_BY(lock_){};
    std::array<Slot, xhci::kSlots + 1> slots_ DRAGOMAN_GUARDED_BY(lock_);  ///< by number, from 1
    std::array<Interrupter, xhci::kVectors> interrupters_ DRAGOMAN_GUARDED_BY(lock_);
};

}  // namespace dragoman::devices::pci
