// /proc/cpuinfo in riscv's format (Linux, Documentation/arch/riscv/uabi.rst).
#include <unistd.h>

#include <cstdio>

#include "guest/riscv/model.h"
#include "linux/riscv/arch.h"

namespace dragoman::linux_abi::riscv {

std::string cpuinfo(const guest::Model& guest_model, u64 highest_address) {
    const dragoman::riscv::Model& model = dragoman::riscv::riscv_model(guest_model);
    std::string text, isa = model.isa_string();
    auto line = [&](std::string_view name, std::string_view value) {
        text.append(name).append(": ").append(value).append("\n");
    };
    auto hex = [](u64 value) {
        char digits[20];
        std::snprintf(digits, sizeof digits, "0x%llx", static_cast<unsigned long long>(value));
        return std::string(digits);
    };
    const dragoman::riscv::HartIds& ids = model.ids();
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    for (long cpu = 0; cpu < cpus; ++cpu) {
        std::string number = std::to_string(cpu);
        line("processor\t", number);
        line("hart\t\t", number);
        line("isa\t\t", isa);
        line("mmu\t\t", model.xlen() == 32 ? "sv32" : highest_address >> 38 ? "sv48" : "sv39");
        line("uarch\t\t", "dragoman");
        line("mvendorid\t", hex(ids.vendor));
        line("marchid\t\t", hex(ids.architecture));
        line("mimpid\t\t", hex(ids.implementation));
        line("hart isa\t", isa);
        text += '\n';
    }
    return text;
}

}  // namespace dragoman::linux_abi::riscv
