// pvpanic-pci: how a guest tells that it has crashed (QEMU docs/specs/pvpanic).
#pragma once

#include <functional>

#include "base/properties.h"
#include "devices/pci/function.h"

namespace dragoman::devices::pci {

class Pvpanic final : public Function, private memory::MmioHandler {
public:
    enum Event : u8 {
        kPanicked = 1,
        kCrashLoaded = 2,  ///< a crash kernel deals with it
        kShutdown = 4,     ///< the guest wants to be powered off
    };

    /// @param events     those that the guest is offered
    /// @param on_event   is told of one event; any hart's thread
    Pvpanic(u8 events, std::function<void(Event)> on_event);
    /// `-device pvpanic-pci`. @throws FatalError
    static std::unique_ptr<Pvpanic> make(std::function<void(Event)> on_event, Properties& properties);

private:
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    void reset_device() override {}
    void visit_device(State& state) override;

    const u8 events_;
    const std::function<void(Event)> on_event_;
};

}  // namespace dragoman::devices::pci
