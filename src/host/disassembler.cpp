#include "host/disassembler.h"

#include <Zydis/Zydis.h>
#include <algorithm>
#include <cstdio>

namespace dragoman::host {

namespace {

using Disassemble = decltype(&ZydisDisassembleIntel);

Disassemble load_zydis() {
    const std::string name = "libZydis.so." + std::to_string(ZYDIS_VERSION_MAJOR(ZYDIS_VERSION)) + "." +
                             std::to_string(ZYDIS_VERSION_MINOR(ZYDIS_VERSION));
    void* function = find_in_library ? find_in_library(name.c_str(), "ZydisDisassembleIntel") : nullptr;
    return reinterpret_cast<Disassemble>(function);
}

}  // namespace

void* (*find_in_library)(const char* library, const char* function) = nullptr;

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
