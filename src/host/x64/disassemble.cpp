#include "host/x64/disassemble.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "host/disassembler.h"

namespace dragoman::host::x64 {

std::string disassemble(const u8* code, const CompiledCode& info, u64 guest_pc) {
    std::string text;
    char prefix[64];
    std::size_t next = 0;
    auto is_stub_call = [&](u32 offset) {
        constexpr u32 kMaxSampling = 24;  // a count before the call
        for (const Slot& s : info.slots) {
            const u32 room = s.loop_edge == LoopEdge::Undecided ? kMaxSampling : 0;
            if (s.used && offset >= s.stub_offset && offset <= s.stub_offset + room) {
                return code[offset] == 0xff && (code[offset + 1] & 0x38) == 0x10;  // call [rbp + displacement]
            }
        }
        return false;
    };
    u32 exits = info.size;
    for (const Slot& s : info.slots) {
        if (s.used) exits = std::min(exits, s.stub_offset);
    }
    for (u32 offset = 0; offset < info.size;) {
        if (offset >= exits) {
            text += "  -- exits\n";
            exits = info.size;
        }
        for (; next < info.insn_map.size() && info.insn_map[next].host_offset <= offset; ++next) {
            u64 pc = guest_pc + static_cast<u64>(static_cast<i32>(info.insn_map[next].pc_offset));
            std::snprintf(prefix, sizeof prefix, "  -- guest 0x%" PRIx64 "\n", pc);
            text += prefix;
        }
        auto address = reinterpret_cast<u64>(code + offset);
        unsigned length;
        std::string line = disassemble_x64(code + offset, info.size - offset, address, length);
        std::snprintf(prefix, sizeof prefix, "0x%" PRIx64 ":  ", address);
        text.append(prefix).append(line).append("\n");
        bool number_follows = is_stub_call(offset);
        offset += length;
        if (number_follows) {
            std::snprintf(prefix, sizeof prefix, "  -- slot %u\n", code[offset++]);
            text += prefix;
        }
    }
    return text;
}

}  // namespace dragoman::host::x64
