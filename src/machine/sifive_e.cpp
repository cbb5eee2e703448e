// The board `sifive_e`: SiFive's FE310 microcontroller, whose programs lie in flash and are executed there (FE310-G002
// Manual, chapter 4), as QEMU's board of that name.
#include <elf.h>

#include "base/error.h"
#include "devices/clint.h"
#include "devices/plic.h"
#include "devices/sifive_aon.h"
#include "devices/sifive_gpio.h"
#include "devices/sifive_prci.h"
#include "devices/sifive_uart.h"
#include "machine/backends.h"
#include "machine/board.h"
#include "machine/board_parts.h"
#include "machine/boot_images.h"
#include "machine/machine.h"
#include "machine/riscv/harts.h"
#include "machine/riscv/status_note.h"
#include "machine/user_devices.h"

namespace dragoman::machine {

namespace {

using devices::Irq;

constexpr u64 kRom = 0x1000, kRomSize = 0x2000;
constexpr u64 kClint = 0x02000000;
constexpr u64 kPlic = 0x0c000000, kPlicSize = 0x4000000;
constexpr u64 kAon = 0x10000000;
constexpr u64 kPrci = 0x10008000;
constexpr u64 kGpio = 0x10012000;
constexpr u64 kUart[] = {0x10013000, 0x10023000};
constexpr u64 kFlash = 0x20000000, kFlashSize = 0x20000000;
constexpr u64 kRam = 0x80000000, kRamSize = 0x4000;
/// Where the first instruction in flash is: behind the boot loader, which the HiFive1 of revision B has moved.
constexpr u64 kProgram = 0x20400000, kProgramRevB = 0x20010000;

struct Window {
    const char* name;
    u64 base;
};
constexpr Window kUnimplemented[] = {
    {"qspi0", 0x10014000}, {"pwm0", 0x10015000},  {"qspi1", 0x10024000},
    {"pwm1", 0x10025000},  {"qspi2", 0x10034000}, {"pwm2", 0x10035000},
};

constexpr unsigned kPlicSources = 52, kPlicPriorities = 7;
constexpr u32 kWatchdogIrq = 1, kUartIrq = 3, kGpioIrq = 8;  // UART n: 3 + n, pin n: 8 + n
constexpr unsigned kPins = 32;
constexpr u64 kTimerFrequency = 32'768;

class SifiveE final : public Board {
public:
    explicit SifiveE(Machine& machine) : machine_(machine) {
        const Config& config = machine.config();
        refuse_images(config, "sifive_e starts programs in flash: -kernel FILE",
                      {"-bios", "-initrd", "-append", "-dtb"});
        if (config.memory != kRamSize) throw FatalError(1, "-m: sifive_e has 16K of memory");
        const bool revb = machine.board_properties().take_bool("revb", false);
        memory::PhysicalSpace& memory = machine.memory();
        memory.add_rom("riscv.sifive.e.mrom", kRom, kRomSize);
        memory.add_rom("riscv.sifive.e.xip", kFlash, kFlashSize);
        memory.add_ram("riscv.sifive.e.ram", kRam, kRamSize);
        add_devices();
        images_.add_bytes("the mask ROM", kRom, mask_rom(revb ? kProgramRevB : kProgram));
        if (!config.kernel.empty()) {
            ImageFile file("-kernel", config.kernel, true);
            if (!images_.add_elf(file, machine.guest())) images_.add_raw(std::move(file), kRam);
        }
        add_user_devices(machine, images_);
        images_.check_overlaps();
    }

    void load() override { images_.load(); }
    u64 reset_pc() const override { return kRom + 4; }
    std::pair<u64, u64> unused_memory() const override { return images_.largest_gap(kRam, kRam + kRamSize); }

private:
    static std::vector<u8> mask_rom(u64 program) {
        const u32 words[] = {
            0,
            static_cast<u32>(program) | 0x2b7,  // lui t0, program
            0x00028067,                         // jr  t0
        };
        std::vector<u8> bytes;
        for (u32 word : words) {
            for (unsigned i = 0; i < 4; i++) bytes.push_back(static_cast<u8>(word >> (8 * i)));
        }
        return bytes;
    }

    void add_devices() {
        memory::PhysicalSpace& memory = machine_.memory();
        devices::Clock& clock = machine_.clock();
        auto& clint = machine_.add_device(
            "clint", std::make_unique<devices::Clint>(hart_inputs(machine_, {kMachineSoftware}),
                                                      hart_inputs(machine_, {kMachineTimer}), clock, kTimerFrequency));
        memory.add_mmio("riscv.clint", kClint, clint.kWindow, clint, clint.kLimits);
        machine_.set_timer(clint.mtimer());
        auto& plic = machine_.add_device(
            "plic",
            std::make_unique<devices::Plic>(kPlicSources, kPlicPriorities, hart_inputs(machine_, {kMachineExternal})));
        memory.add_mmio("riscv.sifive.plic", kPlic, kPlicSize, plic, plic.kLimits);
        auto& aon =
            machine_.add_device("aon", std::make_unique<devices::SifiveAon>(Irq{&plic, kWatchdogIrq}, clock,
                                                                            [this] { machine_.watchdog_expired(); }));
        memory.add_mmio("riscv.sifive.e.aon", kAon, aon.kWindow, aon, aon.kLimits);
        auto& prci = machine_.add_device("prci", std::make_unique<devices::SifivePrci>(devices::SifivePrci::kFe310));
        memory.add_mmio("riscv.sifive.e.prci", kPrci, prci.kWindow, prci, prci.kLimits);
        std::vector<Irq> pins;
        for (u32 pin = 0; pin < kPins; pin++) pins.push_back({&plic, kGpioIrq + pin});
        auto& gpio = machine_.add_device("gpio", std::make_unique<devices::SifiveGpio>(std::move(pins)));
        memory.add_mmio("sifive_soc.gpio", kGpio, gpio.kWindow, gpio, gpio.kLimits);
        for (u32 i = 0; i < std::size(kUart); i++) {
            const std::string name = "serial" + std::to_string(i);
            auto& uart = machine_.add_device(
                name, std::make_unique<devices::SifiveUart>(Irq{&plic, kUartIrq + i}, machine_.backends().serial(i)));
            memory.add_mmio("riscv.sifive.uart", kUart[i], uart.kWindow, uart, uart.kLimits);
        }
        for (const Window& window : kUnimplemented) add_unimplemented(machine_, window.name, window.base, 0x1000);
    }

    Machine& machine_;
    BootImages images_{machine_.memory()};
};

}  // namespace

const Board::Kind kSifiveE = {
    .name = "sifive_e",
    .help = "SiFive FE310 microcontroller: programs in flash",
    .properties = "  revb=on|off  HiFive1 of revision B: programs start at 0x20010000 (off: 0x20400000)\n",
    .max_harts = 1,
    .elf_machine = EM_RISCV,
    .elf_class = ELFCLASS64,
    .default_cpu_type = "sifive-e51-riscv-cpu",
    .other_elf_class = ELFCLASS32,
    .make = [](Machine& machine) -> std::unique_ptr<Board> { return std::make_unique<SifiveE>(machine); },
    .default_cpu = "sifive-e51",
    .other_default_cpu = "sifive-e31",
    .default_memory = kRamSize,
    .status_note = riscv_status_note,
};

}  // namespace dragoman::machine
