#include "host/disassembler.h"

#include <Zydis/Zydis.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>

// Weak, so that the static binary does not get a dynamic loader for the sake of the log.
extern "C" __attribute__((weak)) void* dlopen(const char* file, int mode) noexcept;
extern "C" __attribute__((weak)) void* dlsym(void* __restrict library, const char* __restrict name) noexcept;

namespace dragoman::host {

namespace {

using Disassemble = decltype(&ZydisDisassembleIntel);

Disassemble load_zydis() {
    if (!dlopen || !dlsym) return nullptr;
    static const std::string name = "libZydis.so." + std::to_string(ZYDIS_VERSION_MAJOR(ZYDIS_VERSION)) + "." +
                                    std::to_string(ZYDIS_VERSION_MINOR(ZYDIS_VERSION));
    void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    return library ? reinterpret_cast<Disassemble>(dlsym(library, "ZydisDisassembleIntel")) : nullptr;
}

}  // namespace

std::string disassemble_x64(const u8* code, std::size_t available, u64 address, unsigned& length) {
    static const Disassemble disassemble = load_zydis();
    ZydisDisassembledInstruction instruction;
    if (disassemble && ZYAN_SUCCESS(disassemble(ZYDIS_MACHINE_MODE_LONG_64, address, code, available, &instruction))) {
        length = instruction.info.length;
        return instruction.text;
    }
    length = disassemble ? 1 : static_cast<unsigned>(std::min<std::size_t>(available, 16));
    std::string text = ".byte";
    for (unsigned i = 0; i < length; i++) {
        char byte[8];
        std::snprintf(byte, sizeof byte, "%s0x%02x", i ? ", " : " ", code[i]);
        text += byte;
    }
    return text;
}

}  // namespace dragoman::host
