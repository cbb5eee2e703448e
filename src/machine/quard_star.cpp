// The teaching board `quard-star`: it starts at address 0, in a mask ROM that leads to what is in flash.
#include <elf.h>

#include "devices/clint.h"
#include "devices/goldfish_rtc.h"
#include "devices/plic.h"
#include "devices/uart16550.h"
#include "machine/backends.h"
#include "machine/board.h"
#include "machine/board_parts.h"
#include "machine/boot_images.h"
#include "machine/machine.h"
#include "machine/riscv/boot.h"
#include "machine/riscv/harts.h"
#include "machine/riscv/status_note.h"
#include "machine/user_devices.h"

namespace dragoman::machine {

namespace {

constexpr u64 kRom = 0, kRomSize = 0x8000;
constexpr u64 kSram = 0x8000, kSramSize = 0x8000;
constexpr u64 kTest = 0x100000;
constexpr u64 kClint = 0x02000000;
constexpr u64 kPlic = 0x0c000000;
constexpr u64 kUart = 0x10000000, kUartSize = 0x1000;
constexpr unsigned kUarts = 3;
constexpr u64 kRtc = 0x10003000;
constexpr u64 kFlash = 0x20000000, kFlashSize = 0x2000000;
constexpr u64 kRam = 0x80000000;

constexpr unsigned kPlicSources = 127, kPlicPriorities = 7;
constexpr u32 kUartIrq = 10, kRtcIrq = 13;  // UART n: 10 + n
constexpr u32 kUartClock = 3'686'400;

class QuardStar final : public Board {
public:
    explicit QuardStar(Machine& machine) : machine_(machine) {
        refuse_images(machine.config(), "quard-star boots from flash: -drive if=pflash,file=FILE",
                      {"-bios", "-kernel", "-initrd", "-append", "-dtb"});
        memory::PhysicalSpace& memory = machine.memory();
        memory.add_rom("quard_star.mrom", kRom, kRomSize);
        memory.add_ram("quard_star.sram", kSram, kSramSize);
        memory.add_ram("quard_star.dram", kRam, machine.config().memory);
        add_flash_bank(machine, "quard_star.flash", kFlash, kFlashSize, 0);
        add_test_finisher(machine, "riscv.sifive.test", kTest);
        add_devices();
        add_user_devices(machine, images_);
        RiscvBoot boot;
        boot.firmware_entry = kFlash;
        images_.add_bytes("the mask ROM", kRom, riscv_reset_vector(machine_.guest(), boot, 0));
        images_.check_overlaps();
    }

    void load() override { images_.load(); }
    u64 reset_pc() const override { return kRom; }
    std::pair<u64, u64> unused_memory() const override {
        return images_.largest_gap(kRam, kRam + machine_.config().memory);
    }

private:
    void add_devices() {
        using devices::Irq;
        memory::PhysicalSpace& memory = machine_.memory();
        devices::Clock& clock = machine_.clock();
        auto& clint = machine_.add_device(
            "clint", std::make_unique<devices::Clint>(hart_inputs(machine_, {kMachineSoftware}),
                                                      hart_inputs(machine_, {kMachineTimer}), clock));
        memory.add_mmio("riscv.clint", kClint, clint.kWindow, clint, clint.kLimits);
        machine_.set_timer(clint.mtimer());
        auto& plic = machine_.add_device(
            "plic", std::make_unique<devices::Plic>(kPlicSources, kPlicPriorities,
                                                    hart_inputs(machine_, {kMachineExternal, kSupervisorExternal})));
        memory.add_mmio("riscv.sifive.plic", kPlic, plic.window(), plic, plic.kLimits);
        for (unsigned i = 0; i < kUarts; i++) {
            std::string name = "serial" + std::to_string(i);
            auto& uart = machine_.add_device(
                name, std::make_unique<devices::Uart16550>(Irq{&plic, kUartIrq + i}, clock,
                                                           machine_.backends().serial(i), kUartClock));
            memory.add_mmio(name, kUart + i * kUartSize, uart.kWindow, uart, uart.kLimits);
        }
        auto& rtc = machine_.add_device(
            "rtc",
            std::make_unique<devices::GoldfishRtc>(
                Irq{&plic, kRtcIrq}, clock, devices::WallClock(clock, machine_.config().rtc, machine_.host_clocks())));
        memory.add_mmio("goldfish_rtc", kRtc, rtc.kWindow, rtc, rtc.kLimits);
    }

    Machine& machine_;
    BootImages images_{machine_.memory()};
};

}  // namespace

const Board::Kind kQuardStar = {
    .name = "quard-star",
    .help = "teaching board: starts at address 0, boots from flash",
    .properties = "  pflash0=NODE  contents of the flash\n",
    .max_harts = 8,
    .elf_machine = EM_RISCV,
    .elf_class = ELFCLASS64,
    .default_cpu_type = "rv64-riscv-cpu",
    .other_elf_class = 0,
    .make = [](Machine& machine) -> std::unique_ptr<Board> { return std::make_unique<QuardStar>(machine); },
    .status_note = riscv_status_note,
};

}  // namespace dragoman::machine
