#include "host/x64/disassemble.h"

#include <cinttypes>
#include <cstdio>

#include <Zydis/Zydis.h>

namespace dragoman::host::x64 {

std::string disassemble(const Shared&, const u8* code, const CompiledCode& info, u64 guest_pc) {
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);

    std::string text;
    char line[256];
    std::size_t next = 0;
    for (u32 offset = 0; offset < info.size;) {
        for (; next < info.insn_map.size() && info.insn_map[next].host_offset <= offset; ++next) {
            std::snprintf(line, sizeof line, "  -- guest 0x%" PRIx64 "\n", guest_pc + static_cast<i32>(info.insn_map[next].pc_offset));
            text += line;
        }
        ZydisDecodedInstruction instruction;
        ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
        auto address = reinterpret_cast<u64>(code + offset);
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + offset, info.size - offset, &instruction, operands))) {
            std::snprintf(line, sizeof line, "0x%" PRIx64 ":  .byte 0x%02x\n", address, code[offset]);
            text += line;
            ++offset;
            continue;
        }
        char body[200];
        ZydisFormatterFormatInstruction(&formatter, &instruction, operands, instruction.operand_count_visible, body,
                                        sizeof body, address, nullptr);
        std::snprintf(line, sizeof line, "0x%" PRIx64 ":  %s\n", address, body);
        text += line;
        offset += instruction.length;
    }
    return text;
}

}  // namespace dragoman::host::x64
