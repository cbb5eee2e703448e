#include "machine/riscv/harts.h"

#include "machine/machine.h"

#include "guest/riscv/model.h"

namespace dragoman::machine {

namespace {

u32 hart_phandle(unsigned hart) { return 1 + 2 * hart; }

}  // namespace

u32 hart_interrupts(unsigned hart) { return hart_phandle(hart) + 1; }

std::vector<u32> hart_lines(unsigned harts, std::initializer_list<u32> lines) {
    std::vector<u32> cells;
    for (unsigned hart = 0; hart < harts; hart++) {
        for (u32 line : lines) {
            cells.push_back(hart_interrupts(hart));
            cells.push_back(line);
        }
    }
    return cells;
}

void describe_harts(DeviceTree& tree, const guest::Model& model, unsigned harts, u32 timer_frequency,
                    const guest::Model* monitor) {
    tree.node("/cpus")
        .cells("#address-cells", {1})
        .cells("#size-cells", {0})
        .cells("timebase-frequency", {timer_frequency});
    for (unsigned hart = 0; hart < harts; hart++) {
        const bool monitors = hart == 0 && monitor != nullptr;
        const riscv::HartDescription description = riscv::riscv_model(monitors ? *monitor : model).describe_hart();
        std::string path = "/cpus/cpu@" + std::to_string(hart);
        DeviceTree::Node cpu = tree.node(path);
        cpu.phandle(hart_phandle(hart)).text("device_type", "cpu").cells("reg", {hart}).text("status", "okay");
        cpu.text("compatible", "riscv").text("riscv,isa", description.isa).text("riscv,isa-base", description.isa_base);
        cpu.texts("riscv,isa-extensions", description.extensions);
        if (!monitors) cpu.text("mmu-type", description.mmu_type);  // without it, firmware lets no kernel run there
        if (u32 bytes = description.cache_block_bytes) {
            for (const char* kind : {"cbom", "cbop", "cboz"}) {
                cpu.cells("riscv," + std::string(kind) + "-block-size", {bytes});
            }
        }
        tree.node(path + "/interrupt-controller")
            .cells("#interrupt-cells", {1})
            .flag("interrupt-controller")
            .text("compatible", "riscv,cpu-intc")
            .phandle(hart_interrupts(hart));
        tree.node("/cpus/cpu-map/cluster0/core" + std::to_string(hart)).cells("cpu", {hart_phandle(hart)});
    }
}

std::vector<devices::Irq> hart_inputs(Machine& machine, const std::vector<unsigned>& lines) {
    std::vector<devices::Irq> irqs;
    for (unsigned i = 0; i < machine.hart_count(); i++) {
        for (unsigned line : lines) irqs.push_back({&machine.hart(i), line});
    }
    return irqs;
}

}  // namespace dragoman::machine
