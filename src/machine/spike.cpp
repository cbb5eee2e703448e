// The board `spike`: what Berkeley's simulator of that name has, harts, a CLINT and the host-target interface, as
// QEMU's board of that name.
#include <elf.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "devices/clint.h"
#include "devices/htif.h"
#include "machine/backends.h"
#include "machine/board.h"
#include "machine/board_parts.h"
#include "machine/boot_images.h"
#include "machine/elf_symbols.h"
#include "machine/machine.h"
#include "machine/riscv/boot.h"
#include "machine/riscv/harts.h"
#include "machine/riscv/status_note.h"
#include "machine/user_devices.h"

namespace dragoman::machine {

namespace {

constexpr u64 kRom = 0x1000, kRomSize = 0xf000;
constexpr u64 kHtif = 0x01000000, kHtifSize = 0x1000;  ///< as the device tree says; where a program says no other place
constexpr u64 kClint = 0x02000000, kClintSize = 0x10000;
constexpr u64 kRam = 0x80000000;
constexpr u32 kTimerFrequency = 10'000'000;

/// What an architecture test leaves for comparison, and where.
struct Signature {
    std::string file;  ///< empty: nowhere
    u64 begin = 0, end = 0;
    u64 line_bytes = 16;
};

class Spike final : public Board {
public:
    explicit Spike(Machine& machine) : machine_(machine), config_(machine.config()) {
        signature_.file = machine.board_properties().take("signature", "");
        signature_.line_bytes = machine.board_properties().take_number("signature-granularity", 16, 1, 255);
        memory::PhysicalSpace& memory = machine.memory();
        memory.add_rom("riscv.spike.mrom", kRom, kRomSize);
        memory.add_ram("riscv.spike.ram", kRam, config_.memory);
        auto& clint = machine_.add_device(
            "clint", std::make_unique<devices::Clint>(hart_inputs(machine_, {kMachineSoftware}),
                                                      hart_inputs(machine_, {kMachineTimer}), machine_.clock()));
        memory.add_mmio("riscv.clint", kClint, clint.kWindow, clint, clint.kLimits);
        machine_.set_timer(clint.mtimer());
        add_htif();
        describe();
        boot();
    }

    void load() override { images_.load(); }
    u64 reset_pc() const override { return kRom; }
    std::vector<u8> device_tree() const override { return blob_; }
    std::pair<u64, u64> unused_memory() const override { return images_.largest_gap(kRam, kRam + config_.memory); }

private:
    void add_htif() {
        auto& htif = machine_.add_device(
            "htif", std::make_unique<devices::Htif>(machine_.memory(), machine_.backends().serial(0),
                                                    [this](int status) { finish(status); }));
        std::map<std::string, u64> symbols;
        if (const std::string firmware = riscv_firmware(config_, machine_.guest()); !firmware.empty()) {
            symbols = read_symbols(ImageFile("-bios", firmware));
        }
        if (!config_.kernel.empty()) {
            for (const auto& [name, value] : read_symbols(ImageFile("-kernel", config_.kernel, true)))
                symbols[name] = value;
        }
        signature_.begin = symbols["begin_signature"];
        signature_.end = symbols["end_signature"];
        const u64 tohost = symbols["tohost"], fromhost = symbols["fromhost"];
        in_memory_ = tohost != 0 && fromhost != 0;
        if (!in_memory_) {
            machine_.memory().add_mmio("riscv.htif.uart", kHtif, htif.kWindow, htif, htif.kLimits);
        } else if (!htif.place(tohost, fromhost)) {
            throw FatalError(1, "-kernel, -bios: tohost and fromhost are not in memory, or cross a page");
        }
    }

    /// On the hart's thread.
    void finish(int status) {
        write_signature();
        machine_.request_shutdown(Cause::GuestShutdown, status);
    }

    /// Lines of so many bytes in hexadecimal, the last byte first.
    void write_signature() {
        if (signature_.file.empty() || signature_.begin == 0 || signature_.end <= signature_.begin) return;
        std::vector<u8> bytes(signature_.end - signature_.begin);
        if (machine_.memory().ram(signature_.begin, bytes.size()) == nullptr) return;
        machine_.memory().read(signature_.begin, bytes.data(), bytes.size());
        bytes.resize((bytes.size() + signature_.line_bytes - 1) / signature_.line_bytes * signature_.line_bytes);
        std::FILE* file = std::fopen(signature_.file.c_str(), "we");
        if (file == nullptr) {
            std::fprintf(stderr, "dragoman-system: -machine: signature=%s: %s\n", signature_.file.c_str(),
                         std::strerror(errno));
            return;
        }
        for (u64 line = 0; line < bytes.size(); line += signature_.line_bytes) {
            for (u64 i = signature_.line_bytes; i-- > 0;) std::fprintf(file, "%02x", bytes[line + i]);
            std::fputc('\n', file);
        }
        std::fclose(file);
    }

    void describe() {
        tree_.node("/")
            .cells("#address-cells", {2})
            .cells("#size-cells", {2})
            .text("compatible", "ucbbar,spike-bare-dev")
            .text("model", "ucbbar,spike-bare,qemu");
        DeviceTree::Node htif = tree_.node("/htif");
        htif.text("compatible", "ucb,htif0");
        if (!in_memory_) htif.reg("reg", {kHtif, kHtifSize});
        tree_.node("/soc")
            .cells("#address-cells", {2})
            .cells("#size-cells", {2})
            .text("compatible", "simple-bus")
            .flag("ranges");
        tree_.node("/memory@80000000").text("device_type", "memory").reg("reg", {kRam, config_.memory});
        describe_harts(tree_, machine_.model(), machine_.hart_count(), kTimerFrequency);
        tree_.node("/soc/clint@2000000")
            .texts("compatible", {"sifive,clint0", "riscv,clint0"})
            .reg("reg", {kClint, kClintSize})
            .cells("interrupts-extended", hart_lines(machine_.hart_count(), {kMachineSoftware, kMachineTimer}));
        tree_.node("/chosen").text("stdout-path", "/htif");
    }

    void boot() {
        if (!config_.dtb.empty()) tree_ = DeviceTree("-dtb: " + config_.dtb, ImageFile("-dtb", config_.dtb).all());
        const RiscvBoot boot = place_riscv_images(config_, images_, machine_.guest(), kRam);
        describe_boot(tree_, config_, boot);
        blob_ = tree_.pack();
        const u64 address = device_tree_address(kRam, config_.memory, blob_.size());
        images_.add_bytes("the device tree", address, blob_);
        add_user_devices(machine_, images_);
        images_.add_bytes("the boot ROM", kRom, riscv_reset_vector(machine_.guest(), boot, address));
        images_.check_overlaps();
    }

    Machine& machine_;
    const Config& config_;
    BootImages images_{machine_.memory()};
    Signature signature_;
    bool in_memory_ = false;
    DeviceTree tree_;
    std::vector<u8> blob_;
};

}  // namespace

const Board::Kind kSpike = {
    .name = "spike",
    .help = "Berkeley's simulator Spike: host-target interface, CLINT",
    .properties =
        "  signature=FILE  where an architecture test's signature goes when the program ends through tohost\n"
        "  signature-granularity=BYTES  of a line of it (16)\n",
    .max_harts = 8,
    .elf_machine = EM_RISCV,
    .elf_class = ELFCLASS64,
    .default_cpu_type = "max-riscv-cpu",
    .other_elf_class = ELFCLASS32,
    .make = [](Machine& machine) -> std::unique_ptr<Board> { return std::make_unique<Spike>(machine); },
    .default_cpu = "max",
    .other_default_cpu = "max32",
    .status_note = riscv_status_note,
};

}  // namespace dragoman::machine
