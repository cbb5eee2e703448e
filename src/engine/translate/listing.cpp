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

Symbols::Line Listing::guest_line() const {
    return symbols_ != nullptr ? symbols_->line(f_.guest_pc) : Symbols::Line();
}

std::string Listing::guest_text() const {
    std::string text;
    char line[64];
    Symbols::Line source;
    for (std::size_t offset = 0; offset < f_.guest_size && offset < code_.size();) {
        unsigned length = model_.guest.min_insn_bytes;
        std::string insn =
            model_.guest.translator.disassemble(model_, f_.guest_pc + offset, code_.subspan(offset), length);
        if (symbols_ != nullptr) {
            const Symbols::Line here = symbols_->line(f_.guest_pc + offset);
            if (!here.file.empty() && here != source)
                text += "# " + here.file + ":" + std::to_string(here.number) + "\n";
            source = here;
        }
        std::snprintf(line, sizeof line, "0x%08" PRIx64 ":  ", f_.guest_pc + offset);
        text += line;
        std::string hex;
        for (unsigned i = length; i-- > 0;) {
            std::snprintf(line, sizeof line, "%02x", offset + i < code_.size() ? code_[offset + i] : 0);
            hex += line;
        }
        hex.resize(12, ' ');
        text += hex + insn + "\n";
        offset += length;
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
