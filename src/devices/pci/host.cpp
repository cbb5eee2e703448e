#include "devices/pci/host.h"

#include <algorithm>

#include "base/error.h"
#include "devices/state.h"

namespace dragoman::devices::pci {

namespace {

/// The host bridge as one of the functions behind it: only an identity.
class RootFunction final : public Function {
public:
    RootFunction()
        : Function("gpex-root",
                   {.vendor = kVendorRedHat, .device = 0x0008, .class_code = 0x060000, .interrupt_pin = 0}) {}

private:
    void reset_device() override {}
    void visit_device(State&) override {}
};

constexpr u64 all_ones(unsigned size) { return size == 8 ? ~u64{0} : (u64{1} << (8 * size)) - 1; }

}  // namespace

Host::Host(memory::PhysicalSpace& space, const std::array<Irq, 4>& intx)
    : space_(space), intx_(intx), root_("pcie.0", *this, nullptr), bridge_(std::make_unique<RootFunction>()) {
    root_.plug(*bridge_, {0, false});
}

Host::~Host() = default;

memory::MmioWindow& Host::add_window(bool io, u64 address, u64 bytes) {
    DRAGOMAN_ASSERT(targets_.empty());
    auto window = std::make_unique<memory::MmioWindow>(bytes, memory::MmioWindow::Nothing::Ones);
    windows_.push_back(std::make_unique<Window>(Window{io, address, bytes, std::move(window)}));
    return *windows_.back()->window;
}

Function* Host::find(unsigned number, unsigned devfn) {
    Bus* bus = &root_;
    while (number != bus->number()) {
        Bus* next = nullptr;
        for (unsigned i = 0; i < 256 && next == nullptr; i++) {
            Function* function = bus->at(i);
            if (function == nullptr || function->secondary_bus() == nullptr) continue;
            if (number >= function->secondary_bus()->number() && number <= function->peek(0x1a, 1) &&
                function->secondary_bus()->number() != 0) {
                next = function->secondary_bus();
            }
        }
        if (next == nullptr) return nullptr;
        bus = next;
    }
    return bus->is_root() || bus->bridge()->powered() ? bus->at(devfn) : nullptr;
}

void Host::add_bars(Function& function) {
    for (unsigned i = 0; i < Function::kBars; i++) {
        Function::Bar& bar = function.bar(i);
        if (bar.kind == Function::BarKind::None) continue;
        for (auto& window : windows_) {
            if (window->io != (bar.kind == Function::BarKind::Io)) continue;
            std::string name = function.model() + " BAR " + std::to_string(i);
            unsigned range = window->window->add(std::move(name), bar.size, *bar.handler, bar.limits);
            targets_.push_back({&function, i, window.get(), range});
        }
    }
}

void Host::remove_bars(Function& function) {
    for (const Target& target : targets_) {
        if (target.function == &function) target.window->window->remove(target.range);
    }
    std::erase_if(targets_, [&](const Target& target) { return target.function == &function; });
}

/// Where the BAR answers, when all bridges on the way pass accesses on.
u64 Host::reachable_address(Function& function, unsigned index) {
    const Function::Bar& bar = function.bar(index);
    u64 address = function.bar_address(index);
    for (Function* bridge = function.bus()->bridge(); bridge != nullptr && address != Function::kUnmapped;
         bridge = bridge->bus()->bridge()) {
        if (!bridge->forwards(bar.kind == Function::BarKind::Io, address, bar.size)) return Function::kUnmapped;
    }
    return address;
}

void Host::update_mappings() {
    for (const Target& target : targets_) {
        u64 address = reachable_address(*target.function, target.bar);
        target.function->bar(target.bar).address = address;
        const Window& window = *target.window;
        bool inside =
            address != Function::kUnmapped && address >= window.address && address - window.address < window.bytes;
        if (inside) window.window->move(target.range, address - window.address);
        window.window->turn(target.range, inside);
    }
}

bool Host::Ecam::read(u64 offset, unsigned size, u64& value) {
    LockGuard held(host_.lock_);
    unsigned reg = offset & 0xfff;
    Function* function = host_.find(static_cast<unsigned>(offset >> 20), static_cast<unsigned>(offset >> 12) & 0xff);
    bool there = function != nullptr && reg + size <= function->config_bytes();
    value = there ? function->read_config(reg, size) : all_ones(size);
    return true;
}

bool Host::Ecam::write(u64 offset, unsigned size, u64 value) {
    LockGuard held(host_.lock_);
    unsigned reg = offset & 0xfff;
    Function* function = host_.find(static_cast<unsigned>(offset >> 20), static_cast<unsigned>(offset >> 12) & 0xff);
    if (function == nullptr || reg + size > function->config_bytes()) return true;
    function->write_config(reg, size, static_cast<u32>(value));
    if (reg < 0x40) host_.update_mappings();
    return true;
}

void Host::set_intx(unsigned line, bool level) {
    LockGuard held(intx_lock_);
    unsigned before = asserted_[line];
    asserted_[line] += level ? 1u : ~0u;
    if ((before == 0) != (asserted_[line] == 0)) intx_[line].set(level);
}

void Host::send_message(u64 address, u32 data) { space_.send_message(address, data); }

void Host::reset() { bridge_->reset(); }

void Host::visit(State& state) {
    state.version(1);
    state.section("bridge", [&] { bridge_->visit(state); });
}

}  // namespace dragoman::devices::pci
