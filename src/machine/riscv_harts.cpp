#include "machine/riscv_harts.h"

#include "guest/riscv/extension.h"
#include "guest/riscv/model.h"

namespace dragoman::machine {

namespace {

u32 hart_phandle(unsigned hart) { return 1 + 2 * hart; }

/// Names of the harts' extensions: single letters first, those of the privileged architecture last, as an ISA string
/// wants them.
std::vector<std::string> extensions() {
    std::vector<std::string> letters, user, privileged;
    for (unsigned i = 0; i < riscv::kExtensionCount; i++) {
        auto extension = static_cast<riscv::Extension>(i);
        if (!riscv::extensions().has(extension)) continue;
        std::string name(riscv::extension_name(extension));
        (name.size() == 1 ? letters : name[0] == 's' ? privileged : user).push_back(name);
    }
    letters.insert(letters.end(), user.begin(), user.end());
    letters.insert(letters.end(), privileged.begin(), privileged.end());
    return letters;
}

std::string isa_string(const std::vector<std::string>& extensions) {
    std::string text = "rv64";
    for (const std::string& name : extensions) text += name.size() == 1 ? name : "_" + name;
    return text;
}

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

void describe_harts(DeviceTree& tree, unsigned harts, u32 timer_frequency) {
    tree.node("/cpus").cells("#address-cells", {1}).cells("#size-cells", {0}).cells("timebase-frequency", {timer_frequency});
    std::vector<std::string> names = extensions();
    for (unsigned hart = 0; hart < harts; hart++) {
        std::string path = "/cpus/cpu@" + std::to_string(hart);
        DeviceTree::Node cpu = tree.node(path);
        cpu.phandle(hart_phandle(hart)).text("device_type", "cpu").cells("reg", {hart}).text("status", "okay");
        cpu.text("compatible", "riscv").text("riscv,isa", isa_string(names)).text("riscv,isa-base", "rv64i");
        cpu.texts("riscv,isa-extensions", names).text("mmu-type", "riscv,sv57");
        if (riscv::extensions().has(riscv::Extension::Zicbom)) cpu.cells("riscv,cbom-block-size", {64});
        if (riscv::extensions().has(riscv::Extension::Zicboz)) cpu.cells("riscv,cboz-block-size", {64});
        if (riscv::extensions().has(riscv::Extension::Zicbop)) cpu.cells("riscv,cbop-block-size", {64});
        tree.node(path + "/interrupt-controller")
            .cells("#interrupt-cells", {1})
            .flag("interrupt-controller")
            .text("compatible", "riscv,cpu-intc")
            .phandle(hart_interrupts(hart));
        tree.node("/cpus/cpu-map/cluster0/core" + std::to_string(hart)).cells("cpu", {hart_phandle(hart)});
    }
}

}  // namespace dragoman::machine
