// A PCI bus: up to 32 slots of up to eight functions.
#pragma once

#include <array>
#include <string>

#include "base/properties.h"
#include "devices/pci/function.h"

namespace dragoman::devices::pci {

class Host;

class Bus {
public:
    /// @param bridge  null: the host bridge
    Bus(std::string name, Host& host, Function* bridge);
    ~Bus();
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    const std::string& name() const { return name_; }
    Host& host() { return host_; }
    Function* bridge() { return bridge_; }
    bool is_root() const { return bridge_ == nullptr; }
    Function* at(unsigned devfn) { return functions_[devfn]; }
    /// The number that the guest has given it.
    unsigned number() const;

    struct Place {
        u8 devfn;
        bool multifunction;
    };
    /// Where addr=SLOT[.FUNCTION] (hexadecimal) says, else the first free slot; takes that, and multifunction=, out of
    /// `properties`. @throws FatalError
    Place choose(Properties& properties) const;
    /// While no hart runs. One that comes after the machine's start is to be reset next.
    void plug(Function& function, const Place& place);
    /// The same; nothing where it is not plugged any more.
    void unplug(Function& function);
    bool empty() const;

    /// A function's INTx, pin 0 to 3.
    void set_intx(unsigned slot, unsigned pin, bool level);

private:
    const std::string name_;
    Host& host_;
    Function* const bridge_;
    std::array<Function*, 256> functions_{};
};

}  // namespace dragoman::devices::pci
