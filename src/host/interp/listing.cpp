// Readable form of a TB's records, for -d out_asm: one line per record, operands as env+OFFSET, frame cells tN
// and constants.
#include "host/interp/listing.h"

#include <cinttypes>
#include <cstring>

#include "base/text.h"
#include "host/interp/record.h"

namespace dragoman::host::interp {

namespace {

void append_operand(std::string& text, const u8* record, Operand o) {
    u32 offset = o >> 2;
    switch (static_cast<Base>(o & 3)) {
        case Base::Env: append(text, "env+%" PRIu32, offset); return;
        case Base::Frame:
            if (offset == 0) {
                text += "env";
            } else if (o == kZeroOperand) {
                text += "-";
            } else {
                append(text, "t%" PRIu32, offset / 8);
            }
            return;
        case Base::Record: {
            u64 value;
            std::memcpy(&value, record + offset, sizeof value);
            append(text, "$0x%" PRIx64, value);
            return;
        }
    }
}

void append_record(std::string& text, const u8* at) {
    Record r;
    std::memcpy(&r, at, sizeof r);
    if (r.handler == kCheckedEntry) {
        append(text, "checked_entry flags=0x%" PRIx64 " pc=0x%" PRIx64 "\n", r.imm[0], r.imm[1]);
        return;
    }
    const ir::OpInfo& info = ir::kOpInfo[r.handler / kTypesPerOp];
    append(text, "%s.%s", info.name, ir::type_name(r.type));
    for (int i = 0; i < info.outputs + info.inputs; ++i) {
        text += i == 0 ? " " : ", ";
        append_operand(text, at, r.args[i]);
    }
    for (int i = 0; i < info.constants; ++i) append(text, " #0x%" PRIx64, r.imm[i]);
    text += '\n';
}

}  // namespace

std::string list_records(const u8* code, const CompiledCode& info, u64 guest_pc) {
    std::string text;
    auto insn = info.insn_map.begin();
    Record first;
    std::memcpy(&first, code, sizeof first);
    std::size_t end = first.args[0] * sizeof(Record);
    for (std::size_t at = 0; at < end; at += sizeof(Record)) {
        for (; insn != info.insn_map.end() && insn->host_offset <= at; ++insn) {
            append(text, "0x%" PRIx64 ":\n", guest_pc + insn->pc_offset);
        }
        append(text, "  %p  ", static_cast<const void*>(code + at));
        append_record(text, code + at);
    }
    return text;
}

}  // namespace dragoman::host::interp
