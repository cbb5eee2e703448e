// /proc/cpuinfo in riscv's format (Linux, Documentation/arch/riscv/uabi.rst).
#include <unistd.h>

#include "guest/riscv/extension.h"
#include "guest/riscv/model.h"
#include "linux/proc_files.h"

namespace dragoman::linux_abi {

namespace {

/// "rv64imafdc_zicsr_...": single letters, then the rest behind underscores.
std::string isa_string() {
    std::string letters = "rv64", names;
    unsigned index = 0;
    for (const char* name : {
#define X(id, name, needs) name,
             DRAGOMAN_RISCV_EXTENSIONS(X)
#undef X
         }) {
        std::string_view text = name;
        if (!riscv::extensions().has(static_cast<riscv::Extension>(index++))) continue;
        if (text.size() == 1) {
            letters += text;
        } else {
            names.append("_").append(text);
        }
    }
    return letters + names;
}

}  // namespace

std::string make_cpuinfo(u64 highest_address) {
    std::string text, isa = isa_string();
    auto line = [&](std::string_view name, std::string_view value) {
        text.append(name).append(": ").append(value).append("\n");
    };
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    for (long cpu = 0; cpu < cpus; ++cpu) {
        std::string number = std::to_string(cpu);
        line("processor\t", number);
        line("hart\t\t", number);
        line("isa\t\t", isa);
        line("mmu\t\t", highest_address >> 38 ? "sv48" : "sv39");
        line("uarch\t\t", "dragoman");
        for (const char* id : {"mvendorid\t", "marchid\t\t", "mimpid\t\t"}) line(id, "0x0");
        line("hart isa\t", isa);
        text += '\n';
    }
    return text;
}

}  // namespace dragoman::linux_abi
