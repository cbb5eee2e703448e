#include "engine/translate/listing.h"

#include <cinttypes>
#include <string>

#include "ir/printer.h"

namespace dragoman::engine {

namespace {

/// Writes a whole section at once, so that the listings of several threads do not mix.
void write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), log::stream());
    std::fflush(log::stream());
}

}  // namespace

void Listing::guest_code() const {
    if (!wanted(log::Item::InAsm)) return;
    const std::string name = guest_name();
    write("----------------\nIN:" + (name.empty() ? name : " " + name) + "\n" + guest_text() + "\n");
}

std::string Listing::guest_name() const { return symbols_ != nullptr ? symbols_->name(f_.guest_pc) : std::string(); }

std::string Listing::guest_module() const {
    return symbols_ != nullptr ? symbols_->module(f_.guest_pc) : std::string();
}

std::vector<GuestInsn> Listing::guest_insns() const {
    std::vector<GuestInsn> insns;
    for (std::size_t offset = 0; offset < f_.guest_size && offset < code_.size();) {
        unsigned length = model_.guest.min_insn_bytes;
        GuestInsn insn{.pc = f_.guest_pc + offset};
        insn.text = model_.guest.translator.disassemble(model_, insn.pc, code_.subspan(offset), length);
        if (symbols_ != nullptr) insn.source = symbols_->line(insn.pc);
        for (unsigned i = length; i-- > 0;) {
            char digits[4];
            std::snprintf(digits, sizeof digits, "%02x", offset + i < code_.size() ? code_[offset + i] : 0);
            insn.bytes += digits;
        }
        insns.push_back(std::move(insn));
        offset += length;
    }
    return insns;
}

/// One line per guest instruction: address, bytes, assembly. A comment says where a source line begins.
std::string Listing::guest_text() const {
    std::string text;
    Symbols::Line source;
    for (GuestInsn& insn : guest_insns()) {
        if (!insn.source.file.empty() && insn.source != source)
            text += "# " + insn.source.file + ":" + std::to_string(insn.source.number) + "\n";
        source = std::move(insn.source);
        char address[32];
        std::snprintf(address, sizeof address, "0x%08" PRIx64 ":  ", insn.pc);
        insn.bytes.resize(12, ' ');
        text += address + insn.bytes + insn.text + "\n";
    }
    return text;
}

void Listing::ir(log::Item item) const {
    if (!wanted(item)) return;
    const char* title = item != log::Item::OpOpt ? "OP:\n" : "OP after optimization and liveness analysis:\n";
    write(title + ir::print(f_) + "\n");
}

void Listing::host_code(const u8* code, const host::CompiledCode& compiled) const {
    if (!wanted(log::Item::OutAsm)) return;
    write("OUT: [size=" + std::to_string(compiled.size) + "]\n" + backend_.disassemble(code, compiled, f_.guest_pc) +
          "\n");
}

}  // namespace dragoman::engine
