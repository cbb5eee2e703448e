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

std::string make_cpuinfo() {
    std::string text, isa = isa_string();
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    for (long cpu = 0; cpu < cpus; ++cpu) {
        std::string number = std::to_string(cpu);
        text +=
            "processor\t: " + number + "\nhart\t\t: " + number + "\nisa\t\t: " + isa +
            "\nmmu\t\t: sv39\nuarch\t\t: dragoman\nmvendorid\t: 0x0\nmarchid\t\t: 0x0\nmimpid\t\t: 0x0\nhart isa\t: " +
            isa + "\n\n";
    }
    return text;
}

}  // namespace dragoman::linux_abi
