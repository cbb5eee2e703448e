// The board `sifive_u`: SiFive's HiFive Unleashed with its FU540 (FU540-C000 Manual, chapter 5), as QEMU's board of
// that name.
#include <elf.h>

#include "base/error.h"
#include "devices/clint.h"
#include "devices/plic.h"
#include "devices/sifive_gpio.h"
#include "devices/sifive_otp.h"
#include "devices/sifive_pdma.h"
#include "devices/sifive_prci.h"
#include "devices/sifive_uart.h"
#include "machine/backends.h"
#include "machine/board.h"
#include "machine/board_parts.h"
#include "machine/boot_images.h"
#include "machine/machine.h"
#include "machine/riscv/boot.h"
#include "machine/riscv/harts.h"
#include "machine/user_devices.h"

namespace dragoman::machine {

namespace {

using devices::Irq;

constexpr u64 kRom = 0x1000, kRomSize = 0xf000;
constexpr u64 kClint = 0x02000000, kClintSize = 0x10000;
constexpr u64 kCacheController = 0x02010000;
constexpr u64 kPdma = 0x03000000;
constexpr u64 kL2Lim = 0x08000000, kL2LimSize = 0x02000000;
constexpr u64 kPlic = 0x0c000000, kPlicSize = 0x4000000;
constexpr u64 kPrci = 0x10000000;
constexpr u64 kUart[] = {0x10010000, 0x10011000};
constexpr u64 kGpio = 0x10060000;
constexpr u64 kOtp = 0x10070000;
constexpr u64 kPage = 0x1000;
constexpr u64 kFlash = 0x20000000, kFlashSize = 0x10000000;
constexpr u64 kRam = 0x80000000;

struct Window {
    const char* name;
    u64 base, size;
};
constexpr Window kUnimplemented[] = {
    {"riscv.sifive.u.l2cc", kCacheController, kPage},
    {"pwm0", 0x10020000, kPage},
    {"pwm1", 0x10021000, kPage},
    {"spi0", 0x10040000, kPage},
    {"spi2", 0x10050000, kPage},
    {"riscv.sifive.u.gem", 0x10090000, 0x2000},
    {"riscv.sifive.u.gem-mgmt", 0x100a0000, kPage},
    {"riscv.sifive.u.dmc", 0x100b0000, 0x10000},
};

constexpr unsigned kPlicSources = 53, kPlicPriorities = 7;
constexpr u32 kUartIrq = 4, kGpioIrq = 7, kPdmaIrq = 23;  // UART n: 4 + n, pin n: 7 + n, channel n: 23 + 2 n, 24 + 2 n
constexpr unsigned kPins = 16, kRestartPin = 10;
constexpr u32 kTimerFrequency = 1'000'000, kCrystalFrequency = 33'333'333;
constexpr u32 kUartClock = 3;  // of PRCI

constexpr u32 kCrystal = kFirstFreePhandle, kTimerClock = kFirstFreePhandle + 1, kClocks = kFirstFreePhandle + 2,
              kWires = kFirstFreePhandle + 3, kPinsPhandle = kFirstFreePhandle + 4;

/// What the pins MSEL can choose: where the first instruction behind the ROM is.
constexpr u32 kSelectsFlash = 1, kSelectsSpiFlash = 6, kSelectsSdCard = 11;

class SifiveU final : public Board {
public:
    explicit SifiveU(Machine& machine) : machine_(machine), config_(machine.config()) {
        select_ = static_cast<u32>(machine.board_properties().take_number("msel", 0, 0, 15));
        const auto serial = static_cast<u32>(machine.board_properties().take_number("serial", 1, 0, ~u32{0}));
        if (machine.board_properties().take_bool("start-in-flash", false)) select_ = kSelectsFlash;
        memory::PhysicalSpace& memory = machine.memory();
        memory.add_rom("riscv.sifive.u.mrom", kRom, kRomSize);
        memory.add_ram("riscv.sifive.u.l2lim", kL2Lim, kL2LimSize);
        memory.add_ram("riscv.sifive.u.flash0", kFlash, kFlashSize);
        memory.add_ram("riscv.sifive.u.ram", kRam, config_.memory);
        add_interrupt_controllers();
        add_devices(serial);
        describe();
        boot();
    }

    void load() override { images_.load(); }
    u64 reset_pc() const override { return kRom + 4; }
    std::vector<u8> device_tree() const override { return blob_; }
    std::pair<u64, u64> unused_memory() const override { return images_.largest_gap(kRam, kRam + config_.memory); }

private:
    void add_interrupt_controllers() {
        memory::PhysicalSpace& memory = machine_.memory();
        auto& clint =
            machine_.add_device("clint", std::make_unique<devices::Clint>(hart_inputs(machine_, {kMachineSoftware}),
                                                                          hart_inputs(machine_, {kMachineTimer}),
                                                                          machine_.clock(), kTimerFrequency));
        memory.add_mmio("riscv.clint", kClint, clint.kWindow, clint, clint.kLimits);
        machine_.set_timer(clint.mtimer());
        // Hart 0 has one context, without supervisor mode.
        std::vector<Irq> contexts = hart_inputs(machine_, {kMachineExternal, kSupervisorExternal});
        contexts.erase(contexts.begin() + 1);
        auto& plic =
            machine_.add_device("plic", std::make_unique<devices::Plic>(kPlicSources, kPlicPriorities, contexts));
        memory.add_mmio("riscv.sifive.plic", kPlic, kPlicSize, plic, plic.kLimits);
        wires_ = &plic;
    }

    void add_devices(u32 serial) {
        memory::PhysicalSpace& memory = machine_.memory();
        std::vector<Irq> channels, pins;
        for (u32 i = 0; i < 2 * devices::SifivePdma::kChannels; i++) channels.push_back({wires_, kPdmaIrq + i});
        for (u32 pin = 0; pin < kPins; pin++) pins.push_back({wires_, kGpioIrq + pin});
        auto& pdma = machine_.add_device("pdma", std::make_unique<devices::SifivePdma>(memory, std::move(channels)));
        memory.add_mmio("sifive.pdma", kPdma, pdma.kWindow, pdma, pdma.kLimits);
        auto& prci = machine_.add_device("prci", std::make_unique<devices::SifivePrci>(devices::SifivePrci::kFu540));
        memory.add_mmio("riscv.sifive.u.prci", kPrci, prci.kWindow, prci, prci.kLimits);
        for (u32 i = 0; i < std::size(kUart); i++) {
            const std::string name = "serial" + std::to_string(i);
            auto& uart = machine_.add_device(
                name, std::make_unique<devices::SifiveUart>(Irq{wires_, kUartIrq + i}, machine_.backends().serial(i)));
            memory.add_mmio("riscv.sifive.uart", kUart[i], uart.kWindow, uart, uart.kLimits);
        }
        auto on_output = [this](u32 enabled, u32 levels) {
            if ((enabled & ~levels & u32{1} << kRestartPin) != 0) machine_.request_reset(Cause::GuestReset);
        };
        auto& gpio = machine_.add_device("gpio", std::make_unique<devices::SifiveGpio>(std::move(pins), on_output));
        memory.add_mmio("sifive_soc.gpio", kGpio, gpio.kWindow, gpio, gpio.kLimits);
        auto& otp = machine_.add_device("otp", std::make_unique<devices::SifiveOtp>(serial));
        memory.add_mmio("riscv.sifive.u.otp", kOtp, otp.kWindow, otp, otp.kLimits);
        for (const Window& window : kUnimplemented) add_unimplemented(machine_, window.name, window.base, window.size);
    }

    void describe() {
        auto addresses = [](DeviceTree::Node node) {
            return node.cells("#address-cells", {2}).cells("#size-cells", {2});
        };
        addresses(tree_.node("/"))
            .text("compatible", "sifive,hifive-unleashed-a00")
            .text("model", "SiFive HiFive Unleashed A00");
        auto clock = [&](const std::string& name, u32 frequency, u32 phandle) {
            tree_.node("/" + name)
                .text("compatible", "fixed-clock")
                .text("clock-output-names", name)
                .cells("#clock-cells", {0})
                .cells("clock-frequency", {frequency})
                .phandle(phandle);
        };
        clock("hfclk", kCrystalFrequency, kCrystal);
        clock("rtcclk", kTimerFrequency, kTimerClock);
        tree_.node("/memory@80000000").text("device_type", "memory").reg("reg", {kRam, config_.memory});
        describe_harts(tree_, machine_.model(), machine_.hart_count(), kTimerFrequency, &machine_.model_of(0));
        addresses(tree_.node("/soc")).text("compatible", "simple-bus").flag("ranges");
        describe_interrupt_controllers();
        describe_devices();
        tree_.node("/gpio-restart").text("compatible", "gpio-restart").cells("gpios", {kPinsPhandle, kRestartPin, 1});
        tree_.node("/aliases").text("serial0", "/soc/serial@10010000").text("serial1", "/soc/serial@10011000");
        tree_.node("/chosen").text("stdout-path", "/soc/serial@10010000");
    }

    void describe_interrupt_controllers() {
        const unsigned harts = machine_.hart_count();
        tree_.node("/soc/clint@2000000")
            .texts("compatible", {"sifive,clint0", "riscv,clint0"})
            .reg("reg", {kClint, kClintSize})
            .cells("interrupts-extended", hart_lines(harts, {kMachineSoftware, kMachineTimer}));
        std::vector<u32> contexts = hart_lines(harts, {kMachineExternal, kSupervisorExternal});
        contexts.erase(contexts.begin() + 2, contexts.begin() + 4);  // as wired
        tree_.node("/soc/interrupt-controller@c000000")
            .texts("compatible", {"sifive,plic-1.0.0", "riscv,plic0"})
            .reg("reg", {kPlic, kPlicSize})
            .cells("riscv,ndev", {kPlicSources})
            .cells("interrupts-extended", contexts)
            .flag("interrupt-controller")
            .cells("#address-cells", {0})
            .cells("#interrupt-cells", {1})
            .phandle(kWires);
    }

    void describe_devices() {
        auto device = [&](const std::string& name, const char* compatible, u64 base, u64 size) {
            return tree_.node("/soc/" + name).text("compatible", compatible).reg("reg", {base, size});
        };
        auto interrupts = [](DeviceTree::Node node, u32 first, u32 count) {
            std::vector<u32> lines;
            for (u32 i = 0; i < count; i++) lines.push_back(first + i);
            return node.cells("interrupt-parent", {kWires}).cells("interrupts", lines);
        };
        device("clock-controller@10000000", "sifive,fu540-c000-prci", kPrci, kPage)
            .cells("clocks", {kCrystal, kTimerClock})
            .cells("#clock-cells", {1})
            .phandle(kClocks);
        device("otp@10070000", "sifive,fu540-c000-otp", kOtp, kPage).cells("fuse-count", {devices::SifiveOtp::kFuses});
        interrupts(device("gpio@10060000", "sifive,gpio0", kGpio, kPage), kGpioIrq, kPins)
            .flag("gpio-controller")
            .cells("#gpio-cells", {2})
            .flag("interrupt-controller")
            .cells("#interrupt-cells", {2})
            .cells("clocks", {kClocks, kUartClock})
            .phandle(kPinsPhandle);
        interrupts(device("dma@3000000", "sifive,fu540-c000-pdma", kPdma, devices::SifivePdma::kWindow), kPdmaIrq,
                   2 * devices::SifivePdma::kChannels)
            .cells("#dma-cells", {1});
        interrupts(device("cache-controller@2010000", "sifive,fu540-c000-ccache", kCacheController, kPage), 1, 3)
            .cells("cache-block-size", {64})
            .cells("cache-level", {2})
            .cells("cache-sets", {1024})
            .cells("cache-size", {2 << 20})
            .flag("cache-unified");
        interrupts(device("serial@10010000", "sifive,uart0", kUart[0], kPage), kUartIrq, 1)
            .cells("clocks", {kClocks, kUartClock});
        interrupts(device("serial@10011000", "sifive,uart0", kUart[1], kPage), kUartIrq + 1, 1)
            .cells("clocks", {kClocks, kUartClock});
    }

    void boot() {
        if (!config_.dtb.empty()) tree_ = DeviceTree("-dtb: " + config_.dtb, ImageFile("-dtb", config_.dtb).all());
        const bool in_cache = select_ == kSelectsSpiFlash || select_ == kSelectsSdCard;
        const u64 start = select_ == kSelectsFlash ? kFlash : in_cache ? kL2Lim : kRam;
        const RiscvBoot boot = place_riscv_images(config_, images_, machine_.guest(), start);
        describe_boot(tree_, config_, boot);
        blob_ = tree_.pack();
        const u64 address = device_tree_address(kRam, config_.memory, blob_.size());
        images_.add_bytes("the device tree", address, blob_);
        add_user_devices(machine_, images_);
        // The first word is what MSEL says, and harts start behind it.
        std::vector<u8> rom = {static_cast<u8>(select_), 0, 0, 0, 0x13, 0, 0, 0};
        const std::vector<u8> vector = riscv_reset_vector(machine_.guest(), boot, address);
        rom.insert(rom.end(), vector.begin(), vector.end());
        images_.add_bytes("the mask ROM", kRom, std::move(rom));
        images_.check_overlaps();
    }

    Machine& machine_;
    const Config& config_;
    BootImages images_{machine_.memory()};
    u32 select_ = 0;
    devices::IrqSink* wires_ = nullptr;
    DeviceTree tree_;
    std::vector<u8> blob_;
};

}  // namespace

const Board::Kind kSifiveU = {
    .name = "sifive_u",
    .help = "SiFive HiFive Unleashed (FU540)",
    .properties =
        "  msel=0...15  what the board starts: 1 flash, 6 and 11 firmware in the L2 memory, else in RAM\n"
        "  start-in-flash=on|off  the same as msel=1\n"
        "  serial=NUMBER  of the board, in its fuses (1)\n",
    .max_harts = 5,
    .elf_machine = EM_RISCV,
    .elf_class = ELFCLASS64,
    .default_cpu_type = "sifive-u54-riscv-cpu",
    .other_elf_class = 0,
    .make = [](Machine& machine) -> std::unique_ptr<Board> { return std::make_unique<SifiveU>(machine); },
    .default_cpu = "sifive-u54",
    .min_harts = 2,
    .default_harts = 2,
    .monitor_cpu = "sifive-e51",
};

}  // namespace dragoman::machine
