// The board `virt`: the addresses, interrupt numbers and device tree of QEMU's board of that name, so that the same
// firmware and kernels run on it.
#include <elf.h>
#include <sys/random.h>

#include <array>
#include <random>

#include "base/error.h"
#include "base/little_endian.h"
#include "devices/aclint.h"
#include "devices/aplic.h"
#include "devices/cfi_flash.h"
#include "devices/clint.h"
#include "devices/fw_cfg.h"
#include "devices/goldfish_rtc.h"
#include "devices/imsic.h"
#include "devices/pci/host.h"
#include "devices/plic.h"
#include "devices/uart16550.h"
#include "devices/virtio/mmio.h"
#include "machine/backends.h"
#include "machine/board.h"
#include "machine/board_parts.h"
#include "machine/boot_images.h"
#include "machine/machine.h"
#include "machine/riscv/boot.h"
#include "machine/riscv/harts.h"
#include "machine/riscv/interrupt_files.h"
#include "machine/riscv/status_note.h"
#include "machine/smbios.h"
#include "machine/user_devices.h"
#include "machine/virt_acpi.h"
#include "machine/virt_map.h"

namespace dragoman::machine {

namespace {

using namespace virt;
using devices::Irq;

// The controller that devices are wired to, as supervisors see it, and others.
constexpr u32 kWiresPhandle = kFirstFreePhandle, kTestPhandle = kFirstFreePhandle + 1;
constexpr u32 kMachineAplicPhandle = kFirstFreePhandle + 2;
constexpr u32 kMachineImsicPhandle = kFirstFreePhandle + 3, kSupervisorImsicPhandle = kFirstFreePhandle + 4;

std::string at(std::string_view name, u64 address) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*s@%llx", static_cast<int>(name.size()), name.data(),
                  static_cast<unsigned long long>(address));
    return text;
}

/// What the guest's own random numbers start with: the host's, or those that follow from -seed; with counted
/// instructions the same in every run.
std::array<u8, 32> random_seed(const Config& config) {
    std::array<u8, 32> bytes;
    if (!config.seed && !config.icount.on) {
        if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
            throw FatalError(1, "the host has no random numbers");
        }
        return bytes;
    }
    std::mt19937_64 generator(config.seed.value_or(0));
    for (u8& byte : bytes) byte = static_cast<u8>(generator() >> 32);
    return bytes;
}

class Virt final : public Board {
public:
    explicit Virt(Machine& machine);

    void load() override { images_.load(); }
    u64 reset_pc() const override { return kBootRom; }
    std::vector<u8> device_tree() const override { return blob_; }
    std::pair<u64, u64> unused_memory() const override { return images_.largest_gap(kRam, kRam + config_.memory); }

private:
    void add_memory();
    void add_local_interrupts();
    void add_interrupt_controllers();
    void add_aia();
    void add_clock();
    void add_serial();
    void add_virtio();
    void add_pcie();
    void add_flash();
    void add_fw_cfg();
    void describe();
    void describe_local_interrupts();
    void describe_interrupt_controllers();
    void describe_aia();
    Irq wire(u32 line) const { return {wires_, line}; }
    /// Cells of an interrupt of the controller that devices are wired to.
    std::vector<u32> interrupt_cells(u32 line) const {
        return aia_ == Aia::None ? std::vector<u32>{line} : std::vector<u32>{line, kLevelHigh};
    }
    void describe_pcie();
    virt::Window pcie_high() const { return virt::pcie_high(config_.memory, rv32_); }
    void boot();
    void offer_kernel(const Config& config);

    Machine& machine_;
    const Config& config_;
    bool rv32_;
    bool aclint_;
    Aia aia_;
    unsigned guests_ = 0;  ///< interrupt files that each hart has for its guests
    BootImages images_{machine_.memory()};
    devices::IrqSink* wires_ = nullptr;
    std::shared_ptr<void> interrupt_files_;
    devices::FwCfg* fw_cfg_ = nullptr;
    devices::CfiFlash* flash_[2] = {};
    DeviceTree tree_;
    std::vector<u8> blob_;
};

Virt::Virt(Machine& machine)
    : machine_(machine),
      config_(machine.config()),
      rv32_(machine.guest().elf_class == ELFCLASS32),
      aclint_(machine.board_properties().take_bool("aclint", false)),
      aia_(static_cast<Aia>(machine.board_properties().take_choice("aia", {"none", "aplic", "aplic-imsic"}, 0))) {
    guests_ = static_cast<unsigned>(machine.board_properties().take_number("aia-guests", 0, 0, kMostGuestFiles));
    if (rv32_ && config_.memory > kMostMemory32) {
        throw FatalError(1, "-m: more than 10G: harts of 32 bits do not reach it");
    }
    add_memory();
    add_local_interrupts();
    add_interrupt_controllers();
    add_test_finisher(machine_, "riscv.sifive.test", kTest);
    add_clock();
    add_serial();
    add_virtio();
    add_pcie();
    add_flash();
    add_fw_cfg();
    describe();
    boot();
}

void Virt::add_memory() {
    machine_.memory().add_rom("virt_board.mrom", kBootRom, kBootRomSize);
    machine_.memory().add_ram("riscv_virt_board.ram", kRam, config_.memory);
}

void Virt::add_local_interrupts() {
    memory::PhysicalSpace& memory = machine_.memory();
    if (aclint_) {
        auto& mswi = machine_.add_device(
            "mswi", std::make_unique<devices::AclintMswi>(hart_inputs(machine_, {kMachineSoftware})));
        memory.add_mmio("riscv.aclint.mswi", kClint, mswi.kWindow, mswi, mswi.kLimits);
        auto& mtimer = machine_.add_device("mtimer", std::make_unique<devices::AclintMtimer>(
                                                         hart_inputs(machine_, {kMachineTimer}), machine_.clock()));
        memory.add_mmio("riscv.aclint.mtimer", kClint + mswi.kWindow, mtimer.kWindow, mtimer, mtimer.kLimits);
        machine_.set_timer(mtimer);
        auto& sswi = machine_.add_device(
            "sswi", std::make_unique<devices::AclintSswi>(hart_inputs(machine_, {kSupervisorSoftware})));
        memory.add_mmio("riscv.aclint.sswi", kSswi, sswi.kWindow, sswi, sswi.kLimits);
    } else {
        auto& clint = machine_.add_device(
            "clint", std::make_unique<devices::Clint>(hart_inputs(machine_, {kMachineSoftware}),
                                                      hart_inputs(machine_, {kMachineTimer}), machine_.clock()));
        memory.add_mmio("riscv.clint", kClint, clint.kWindow, clint, clint.kLimits);
        machine_.set_timer(clint.mtimer());
    }
}

void Virt::add_interrupt_controllers() {
    if (aia_ != Aia::None) return add_aia();
    auto& plic = machine_.add_device(
        "plic", std::make_unique<devices::Plic>(kPlicSources, kPlicPriorities,
                                                hart_inputs(machine_, {kMachineExternal, kSupervisorExternal})));
    machine_.memory().add_mmio("riscv.sifive.plic", kPlic, kPlicSize, plic, plic.kLimits);
    wires_ = &plic;
}

void Virt::add_aia() {
    memory::PhysicalSpace& memory = machine_.memory();
    const bool messages = aia_ == Aia::AplicImsic;
    if (messages) {
        auto add = [&](const std::string& name, u64 base, unsigned line, unsigned guests) -> devices::Imsic& {
            std::vector<unsigned> lines{line};
            for (unsigned guest = 1; guest <= guests; guest++) lines.push_back(kGuestFileLines + guest);
            auto& imsic = machine_.add_device("imsic-" + name,
                                              std::make_unique<devices::Imsic>(hart_inputs(machine_, lines), guests));
            memory.add_mmio("riscv.imsic." + name, base, imsic.window(), imsic, imsic.kLimits).takes_messages = true;
            return imsic;
        };
        interrupt_files_ = connect_interrupt_files(machine_, add("m", kMachineImsic, kMachineExternal, 0),
                                                   add("s", kSupervisorImsic, kSupervisorExternal, guests_));
    }
    auto add = [&](const std::string& name, u64 base, unsigned line, devices::Aplic* child) -> devices::Aplic& {
        // Where there are messages the harts' lines belong to their interrupt files.
        devices::Aplic::Domain domain{line == kMachineExternal, child, messages ? &memory : nullptr};
        auto& aplic = machine_.add_device(
            "aplic-" + name,
            std::make_unique<devices::Aplic>(kAplicSources, kAplicPriorityBits,
                                             messages ? std::vector<Irq>() : hart_inputs(machine_, {line}), domain));
        memory.add_mmio("riscv.aplic." + name, base, aplic.window(machine_.hart_count()), aplic, aplic.kLimits);
        return aplic;
    };
    devices::Aplic& supervisor = add("s", kSupervisorAplic, kSupervisorExternal, nullptr);
    wires_ = &add("m", kMachineAplic, kMachineExternal, &supervisor);
}

void Virt::add_clock() {
    auto& rtc =
        machine_.add_device("rtc", std::make_unique<devices::GoldfishRtc>(
                                       wire(kRtcIrq), machine_.clock(),
                                       devices::WallClock(machine_.clock(), config_.rtc, machine_.host_clocks())));
    machine_.memory().add_mmio("goldfish_rtc", kRtc, rtc.kWindow, rtc, rtc.kLimits);
}

void Virt::add_flash() {
    for (unsigned bank = 0; bank < 2; bank++) {
        flash_[bank] = &add_flash_bank(machine_, "virt.flash" + std::to_string(bank), kFlash + bank * kFlashSize,
                                       kFlashSize, bank);
    }
}

void Virt::add_fw_cfg() {
    fw_cfg_ = &machine_.add_device("fw-cfg", std::make_unique<devices::FwCfg>(machine_.memory()));
    machine_.set_fw_cfg(*fw_cfg_);
    machine_.memory().add_mmio("fwcfg", kFwCfg, kFwCfgSize, *fw_cfg_, fw_cfg_->kLimits);
    fw_cfg_->add_number(devices::FwCfg::kNumberOfCpus, machine_.hart_count(), 2);
    const Boot& boot = config_.boot;
    fw_cfg_->add_number(devices::FwCfg::kBootMenu, boot.menu, 2);
    auto add_wait = [this](const char* name, u32 value, unsigned size) {
        std::vector<u8> bytes;
        put_le(bytes, value, size);
        fw_cfg_->add_file(name, bytes);
    };
    if (config_.uuid) fw_cfg_->add_item(devices::FwCfg::kUuid, {config_.uuid->begin(), config_.uuid->end()});
    constexpr u16 kRv32Family = 0x200, kRv64Family = 0x201;  // SMBIOS §7.5.2
    offer_smbios({"virt", machine_.hart_count(), rv32_ ? kRv32Family : kRv64Family, kRam, config_.memory, config_.uuid},
                 config_.smbios, *fw_cfg_);
    if (!boot.splash.empty()) {
        BootSplash splash = read_boot_splash(boot.splash);
        fw_cfg_->add_file(std::string(splash.name), std::move(splash.contents));
    }
    if (boot.menu_wait) add_wait("etc/boot-menu-wait", *boot.menu_wait, 2);
    add_wait("etc/boot-fail-wait", boot.fail_wait.value_or(~u32{0}), 4);
}

void Virt::add_serial() {
    auto& uart =
        machine_.add_device("serial0", std::make_unique<devices::Uart16550>(wire(kUartIrq), machine_.clock(),
                                                                            machine_.backends().serial(0), kUartClock));
    machine_.memory().add_mmio("serial", kUart, uart.kWindow, uart, uart.kLimits);
}

void Virt::add_virtio() {
    Properties globals = config_.globals.of("virtio-mmio");
    bool legacy = globals.take_bool("force-legacy", true);
    for (unsigned i = 0; i < kVirtioSlots; i++) {
        auto& slot =
            machine_.add_device("virtio-mmio-bus." + std::to_string(i),
                                std::make_unique<devices::virtio::MmioTransport>(wire(kVirtioIrq + i), legacy));
        machine_.memory().add_mmio("virtio-mmio", kVirtio + i * kVirtioStep, slot.kBytes, slot, slot.kLimits);
        machine_.add_virtio_slot(slot);
    }
}

void Virt::add_pcie() {
    std::array<Irq, 4> lines;
    for (u32 i = 0; i < 4; i++) lines[i] = wire(kPcieIrq + i);
    memory::PhysicalSpace& memory = machine_.memory();
    auto& host = machine_.add_device("pcie.0", std::make_unique<devices::pci::Host>(memory, lines));
    memory.add_mmio("pcie-ecam", kPcieEcam, host.kEcamBytes, host.ecam(), host.kEcamLimits);
    auto add_window = [&](const char* name, u64 address, u64 size, memory::MmioWindow& window) {
        memory.add_mmio(name, address, size, window, window.kLimits);
    };
    add_window("gpex_ioport_window", kPcieIo, kPcieIoSize, host.add_io_window(0, kPcieIoSize));
    add_window("pcie-mmio", kPcieMemory, kPcieMemorySize, host.add_memory_window(kPcieMemory, kPcieMemorySize));
    const Window high = pcie_high();
    add_window("pcie-mmio-high", high.base, high.size, host.add_memory_window(high.base, high.size));
    machine_.set_pci(host);
}

void Virt::describe_pcie() {
    constexpr u32 kIo = 0x1000000, kMemory32 = 0x2000000, kMemory64 = 0x3000000;  // kinds of addresses
    auto high = [](u64 value) { return static_cast<u32>(value >> 32); };
    auto low = [](u64 value) { return static_cast<u32>(value); };
    std::vector<u32> map;
    for (u32 slot = 0; slot < 4; slot++) {
        for (u32 pin = 0; pin < 4; pin++) {
            map.insert(map.end(), {slot << 11, 0u, 0u, pin + 1, kWiresPhandle});
            for (u32 cell : interrupt_cells(kPcieIrq + (slot + pin) % 4)) map.push_back(cell);
        }
    }
    const Window above = pcie_high();
    DeviceTree::Node node = tree_.node("/soc/" + at("pci", kPcieEcam));
    if (aia_ == Aia::AplicImsic) node.cells("msi-parent", {kSupervisorImsicPhandle});
    node.cells("#address-cells", {3})
        .cells("#interrupt-cells", {1})
        .cells("#size-cells", {2})
        .text("compatible", "pci-host-ecam-generic")
        .text("device_type", "pci")
        .cells("linux,pci-domain", {0})
        .cells("bus-range", {0, 255})
        .flag("dma-coherent")
        .reg("reg", {kPcieEcam, devices::pci::Host::kEcamBytes})
        .cells("ranges", {kIo,
                          0,
                          0,
                          0,
                          kPcieIo,
                          0,
                          kPcieIoSize,
                          kMemory32,
                          0,
                          kPcieMemory,
                          0,
                          kPcieMemory,
                          0,
                          kPcieMemorySize,
                          kMemory64,
                          high(above.base),
                          low(above.base),
                          high(above.base),
                          low(above.base),
                          high(above.size),
                          low(above.size)})
        .cells("interrupt-map", map)
        .cells("interrupt-map-mask", {3 << 11, 0, 0, 7});
}

void Virt::describe_local_interrupts() {
    unsigned harts = machine_.hart_count();
    if (aclint_) {
        u64 mtimer = kClint + devices::AclintMswi::kWindow;
        tree_.node("/soc/" + at("mswi", kClint))
            .text("compatible", "riscv,aclint-mswi")
            .reg("reg", {kClint, devices::AclintMswi::kWindow})
            .cells("interrupts-extended", hart_lines(harts, {kMachineSoftware}))
            .flag("interrupt-controller")
            .cells("#interrupt-cells", {0});
        tree_
            .node("/soc/" + at("mtimer", mtimer + 0x7ff8))  // mtime is in front of what the node's address says
            .text("compatible", "riscv,aclint-mtimer")
            .reg("reg", {mtimer + 0x7ff8, 0x4008, mtimer, 0x7ff8})
            .cells("interrupts-extended", hart_lines(harts, {kMachineTimer}));
        tree_.node("/soc/" + at("sswi", kSswi))
            .text("compatible", "riscv,aclint-sswi")
            .reg("reg", {kSswi, devices::AclintSswi::kWindow})
            .cells("interrupts-extended", hart_lines(harts, {kSupervisorSoftware}))
            .flag("interrupt-controller")
            .cells("#interrupt-cells", {0});
    } else {
        tree_.node("/soc/" + at("clint", kClint))
            .texts("compatible", {"sifive,clint0", "riscv,clint0"})
            .reg("reg", {kClint, kClintSize})
            .cells("interrupts-extended", hart_lines(harts, {kMachineSoftware, kMachineTimer}));
    }
}

void Virt::describe_interrupt_controllers() {
    if (aia_ != Aia::None) return describe_aia();
    tree_.node("/soc/" + at("interrupt-controller", kPlic))
        .phandle(kWiresPhandle)
        .texts("compatible", {"sifive,plic-1.0.0", "riscv,plic0"})
        .reg("reg", {kPlic, kPlicSize})
        .cells("riscv,ndev", {kPlicSources})
        .cells("interrupts-extended", hart_lines(machine_.hart_count(), {kMachineExternal, kSupervisorExternal}))
        .flag("interrupt-controller")
        .cells("#address-cells", {0})
        .cells("#interrupt-cells", {1});
}

void Virt::describe_aia() {
    const unsigned harts = machine_.hart_count();
    auto imsic = [&](u64 base, u32 phandle, u32 line, unsigned guests) {
        DeviceTree::Node node = tree_.node("/soc/" + at("interrupt-controller", base));
        node.texts("compatible", {"qemu,imsics", "riscv,imsics"})
            .phandle(phandle)
            .cells("#interrupt-cells", {0})
            .flag("interrupt-controller")
            .flag("msi-controller")
            .cells("interrupts-extended", hart_lines(harts, {line}))
            .reg("reg", {base, devices::Imsic::window(harts, guests)})
            .cells("riscv,num-ids", {devices::Imsic::kIdentities});
        if (guests != 0) node.cells("riscv,guest-index-bits", {devices::Imsic::guest_bits(guests)});
    };
    if (aia_ == Aia::AplicImsic) {
        imsic(kMachineImsic, kMachineImsicPhandle, kMachineExternal, 0);
        imsic(kSupervisorImsic, kSupervisorImsicPhandle, kSupervisorExternal, guests_);
    }
    auto aplic = [&](u64 base, u32 phandle, u32 line, u32 messages) {
        DeviceTree::Node node = tree_.node("/soc/" + at("interrupt-controller", base));
        node.texts("compatible", {"qemu,aplic", "riscv,aplic"})
            .phandle(phandle)
            .cells("#address-cells", {0})
            .cells("#interrupt-cells", {2})
            .flag("interrupt-controller")
            .reg("reg", {base, devices::Aplic::window(harts)})
            .cells("riscv,num-sources", {kAplicSources});
        if (aia_ == Aia::AplicImsic) {
            node.cells("msi-parent", {messages});
        } else {
            node.cells("interrupts-extended", hart_lines(harts, {line}));
        }
        return node;
    };
    aplic(kMachineAplic, kMachineAplicPhandle, kMachineExternal, kMachineImsicPhandle)
        .cells("riscv,children", {kWiresPhandle})
        .cells("riscv,delegation", {kWiresPhandle, 1, kAplicSources});
    aplic(kSupervisorAplic, kWiresPhandle, kSupervisorExternal, kSupervisorImsicPhandle);
}

void Virt::describe() {
    tree_.node("/").text("model", "riscv-virtio,qemu").text("compatible", "riscv-virtio");
    tree_.node("/").cells("#address-cells", {2}).cells("#size-cells", {2});
    tree_.node("/" + at("memory", kRam)).text("device_type", "memory").reg("reg", {kRam, config_.memory});
    describe_harts(tree_, machine_.model(), machine_.hart_count(), kTimerFrequency);
    DeviceTree::Node soc = tree_.node("/soc");
    soc.text("compatible", "simple-bus").flag("ranges").cells("#address-cells", {2}).cells("#size-cells", {2});
    describe_local_interrupts();
    describe_interrupt_controllers();
    auto device = [&](std::string_view name, u64 base, u64 size, std::string_view compatible, u32 irq) {
        return tree_.node("/soc/" + at(name, base))
            .text("compatible", compatible)
            .reg("reg", {base, size})
            .cells("interrupt-parent", {kWiresPhandle})
            .cells("interrupts", interrupt_cells(irq));
    };
    device("rtc", kRtc, kRtcSize, "google,goldfish-rtc", kRtcIrq);
    device("serial", kUart, kUartSize, "ns16550a", kUartIrq).cells("clock-frequency", {kUartClock});
    for (u32 i = 0; i < kVirtioSlots; i++) {
        device("virtio_mmio", kVirtio + i * kVirtioStep, kVirtioStep, "virtio,mmio", kVirtioIrq + i);
    }
    describe_pcie();
    tree_.node("/soc/" + at("test", kTest))
        .phandle(kTestPhandle)
        .texts("compatible", {"sifive,test1", "sifive,test0", "syscon"})
        .reg("reg", {kTest, kTestSize});
    auto syscon = [&](const std::string& name, u32 value) {
        tree_.node("/" + name)
            .text("compatible", "syscon-" + name)
            .cells("regmap", {kTestPhandle})
            .cells("offset", {0})
            .cells("value", {value});
    };
    syscon("poweroff", 0x5555);
    syscon("reboot", 0x7777);
    tree_.node("/" + at("platform-bus", kPlatformBus))
        .texts("compatible", {"qemu,platform", "simple-bus"})
        .cells("ranges", {0, 0, static_cast<u32>(kPlatformBus), static_cast<u32>(kPlatformBusSize)})
        .cells("#address-cells", {1})
        .cells("#size-cells", {1})
        .cells("interrupt-parent", {kWiresPhandle});
    // Cycles (event 1) and instructions (2) can be counted by their own counters and by hpmcounter3 to 18.
    tree_.node("/pmu")
        .text("compatible", "riscv,pmu")
        .cells("riscv,event-to-mhpmcounters", {1, 1, 0x7fff9, 2, 2, 0x7fffc});
    tree_.node("/" + at("fw-cfg", kFwCfg))
        .text("compatible", "qemu,fw-cfg-mmio")
        .reg("reg", {kFwCfg, kFwCfgSize})
        .flag("dma-coherent");
    tree_.node("/" + at("flash", kFlash))
        .text("compatible", "cfi-flash")
        .reg("reg", {kFlash, kFlashSize, kFlash + kFlashSize, kFlashSize})
        .cells("bank-width", {4});
    std::string serial = "/soc/" + at("serial", kUart);
    tree_.node("/aliases").text("serial0", serial);
    std::array<u8, 32> seed = random_seed(config_);
    tree_.node("/chosen").text("stdout-path", serial).bytes("rng-seed", seed.data(), seed.size());
}

void Virt::boot() {
    if (!config_.dtb.empty()) tree_ = DeviceTree("-dtb: " + config_.dtb, ImageFile("-dtb", config_.dtb).all());
    Config config = config_;
    bool flash = flash_[0]->image() != nullptr;
    if (flash) {  // what is in flash loads the kernel itself: the loader that OpenSBI goes to, or all firmware
        offer_kernel(config);
        config.kernel.clear();
        config.initrd.clear();
    }
    RiscvBoot boot = place_riscv_images(config, images_, machine_.guest(), kRam);
    if (config_.acpi && !rv32_)
        offer_virt_acpi({machine_.model(), machine_.hart_count(), aia_, guests_, config_.memory, config_.acpi_tables},
                        *fw_cfg_);
    if (flash) (config.bios == "none" ? boot.firmware_entry : boot.kernel_entry) = kFlash;
    describe_boot(tree_, config, boot);
    blob_ = tree_.pack();
    u64 address = device_tree_address(kRam, config_.memory, blob_.size());
    images_.add_bytes("the device tree", address, blob_);
    add_user_devices(machine_, images_);
    images_.add_bytes("the boot ROM", kBootRom, riscv_reset_vector(machine_.guest(), boot, address));
    images_.check_overlaps();
}

/// Kernel, initrd and command line for a loader that asks fw_cfg for them.
void Virt::offer_kernel(const Config& config) {
    using devices::FwCfg;
    auto offer = [&](const std::string& option, const std::string& path, u16 size_key, u16 data_key) {
        if (path.empty()) return;
        std::vector<u8> bytes = ImageFile(option, path).all();
        fw_cfg_->add_number(size_key, bytes.size(), 4);
        fw_cfg_->add_item(data_key, std::move(bytes));
    };
    offer("-kernel", config.kernel, FwCfg::kKernelSize, FwCfg::kKernelData);
    offer("-initrd", config.initrd, FwCfg::kInitrdSize, FwCfg::kInitrdData);
    if (config.append.empty()) return;
    fw_cfg_->add_number(FwCfg::kCommandLineSize, config.append.size() + 1, 4);
    fw_cfg_->add_string(FwCfg::kCommandLineData, config.append);
}

}  // namespace

const Board::Kind kVirt = {
    .name = "virt",
    .help = "RISC-V VirtIO board (default)",
    .properties =
        "  aclint=on|off  ACLINT devices instead of a CLINT (off)\n"
        "  aia=none|aplic|aplic-imsic  interrupt controllers of the Advanced Interrupt Architecture instead of a PLIC "
        "(none)\n"
        "  aia-guests=N  interrupt files that each hart has for its guests, 0 to 7 (0)\n"
        "  acpi=on|off|auto  ACPI tables for firmware (auto: on; none for harts of 32 bits)\n"
        "  pflash0=NODE, pflash1=NODE  contents of the flash banks\n",
    .max_harts = 512,
    .elf_machine = EM_RISCV,
    .elf_class = ELFCLASS64,
    .default_cpu_type = "rv64-riscv-cpu",
    .other_elf_class = ELFCLASS32,
    .make = [](Machine& machine) -> std::unique_ptr<Board> { return std::make_unique<Virt>(machine); },
    .acpi = true,
    .cpu_properties =
        [](const Properties& properties) {
            Properties copy = properties;
            return copy.take("aia").value_or("") == "aplic-imsic" ? std::string(",smaia=on,ssaia=on") : std::string();
        },
    .status_note = riscv_status_note,
};

}  // namespace dragoman::machine
