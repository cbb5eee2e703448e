#include "debug/explain/block_table.h"

#include <algorithm>
#include <cstdlib>

#include "debug/explain/html.h"

namespace dragoman::debug {

namespace {

using engine::GuestInsn;
using html::escape;

template <class Take>
void for_each_line(std::string_view text, Take take) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        take(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::size_t find_insn(const std::vector<GuestInsn>& guest, u64 pc) {
    for (std::size_t i = 0; i < guest.size(); ++i) {
        if (guest[i].pc == pc) return i;
    }
    return guest.size();
}

u64 number_in(std::string_view text, int base) { return std::strtoull(std::string(text).c_str(), nullptr, base); }

/// Host addresses in [base, end) as offsets from base: "+0x1c".
std::string with_offsets(std::string_view line, u64 base, u64 end) {
    std::string out;
    while (!line.empty()) {
        const std::size_t at = line.find("0x");
        if (at == line.npos) break;
        std::size_t stop = line.find_first_not_of("0123456789abcdefABCDEF", at + 2);
        stop = std::min(stop, line.size());
        const u64 value = number_in(line.substr(at, stop - at), 16);
        out += line.substr(0, at);
        out +=
            value >= base && value < end ? "+" + html::address(value - base) : std::string(line.substr(at, stop - at));
        line.remove_prefix(stop);
    }
    return out + std::string(line);
}

std::string cell(const char* kind, const std::vector<std::string>& lines) {
    std::string text = std::string("<div class=\"") + kind + "\">";
    for (const std::string& line : lines) text += "<p>" + escape(line) + "</p>";
    return text + "</div>";
}

std::string source_cell(const GuestInsn& insn, const GuestInsn* before, SourceLines& sources) {
    const engine::Symbols::Line& at = insn.source;
    if (at.file.empty() || (before != nullptr && before->source == at)) return "<div class=\"src\"></div>";
    const std::string file = at.file.substr(at.file.rfind('/') + 1);
    const std::string& text = sources.line(at.file, at.number);
    std::string html = "<div class=\"src\"><p title=\"" + escape(at.file) + "\"><i>" +
                       (text.empty() ? escape(file) + ":" : "") + std::to_string(at.number) + "</i> " + escape(text);
    return html + "</p></div>";
}

}  // namespace

ListingParts split_ir(std::string_view text, const std::vector<GuestInsn>& guest) {
    ListingParts parts(guest.size() + 1);
    std::size_t part = 0;
    for_each_line(text, [&](std::string_view line) {
        if (constexpr std::string_view kStart = " ---- "; line.starts_with(kStart)) {
            part = find_insn(guest, number_in(line.substr(kStart.size()), 16));
            return;
        }
        if (line.starts_with('L') && part + 1 >= guest.size()) part = guest.size();
        const std::size_t first = line.find_first_not_of(' ');
        if (first != line.npos) parts[part].emplace_back(line.substr(first));
    });
    return parts;
}

ListingParts split_host(std::string_view text, const std::vector<GuestInsn>& guest) {
    ListingParts parts(guest.size() + 1);
    std::size_t part = 0;
    u64 base = 0, last = 0;
    for_each_line(text, [&](std::string_view line) {
        if (!line.starts_with("0x")) return;
        last = number_in(line, 16);
        if (base == 0) base = last;
    });
    for_each_line(text, [&](std::string_view line) {
        if (constexpr std::string_view kGuest = "  -- guest "; line.starts_with(kGuest)) {
            part = find_insn(guest, number_in(line.substr(kGuest.size()), 16));
        } else if (line == "  -- exits") {
            part = guest.size();
        } else if (const std::size_t colon = line.find(":  "); line.starts_with("0x") && colon != line.npos) {
            parts[part].push_back(with_offsets(line.substr(colon + 3), base, last + 1));
        }
    });
    return parts;
}

std::vector<u64> instruction_counts(const Report::Block& block) {
    const std::size_t size = block.shown->guest.size();
    std::vector<u64> counts(size, block.executions);
    // Who left by an exit did not come to what is behind it.
    for (const engine::BlockExit& exit : block.exits) {
        for (std::size_t i = exit.insns; i < size; ++i) counts[i] -= std::min(counts[i], exit.count);
    }
    return counts;
}

std::string block_table(const Report::Block& block, SourceLines& sources) {
    const engine::BlockProfile& shown = *block.shown;
    const ListingParts raw = split_ir(shown.ir, shown.guest);
    const ListingParts optimised = split_ir(shown.ir_optimised, shown.guest);
    const ListingParts host = split_host(shown.host_code, shown.guest);
    const std::vector<u64> counts = instruction_counts(block);
    const bool has_source = std::any_of(shown.guest.begin(), shown.guest.end(),
                                        [](const GuestInsn& insn) { return !insn.source.file.empty(); });
    std::string html = has_source ? "<div class=\"code\">\n" : "<div class=\"code nosrc\">\n";
    html +=
        "<div class=\"r head\"><div class=\"n\">Runs</div><div class=\"src\">Source</div><div "
        "class=\"g\">Guest</div><div class=\"ir\">IR</div><div class=\"h\">Host</div></div>\n";
    for (std::size_t i = 0; i <= shown.guest.size(); ++i) {
        const bool behind = i == shown.guest.size();
        if (behind && optimised[i].empty() && host[i].empty()) break;
        html += behind ? "<div class=\"r exits\">" : "<div class=\"r\">";
        if (behind) {
            html += "<div class=\"n\"></div><div class=\"src\"></div><div class=\"g\"><p>ways out</p></div>";
        } else {
            const GuestInsn& insn = shown.guest[i];
            // The text is a mnemonic, spaces and operands.
            const std::size_t space = std::min(insn.text.find(' '), insn.text.size());
            const std::size_t operands = std::min(insn.text.find_first_not_of(' ', space), insn.text.size());
            html += "<div class=\"n\">" + html::count(counts[i]) + "</div>";
            html += source_cell(insn, i != 0 ? &shown.guest[i - 1] : nullptr, sources);
            html += "<div class=\"g\"><p title=\"" + html::address(insn.pc) + "  " + escape(insn.bytes) + "\"><b>" +
                    escape(insn.text.substr(0, space)) + "</b> " + escape(insn.text.substr(operands)) + "</p></div>";
        }
        html += cell("ir opt", optimised[i]) + cell("ir raw", raw[i]) + cell("h", host[i]) + "</div>\n";
    }
    return html + "</div>\n";
}

}  // namespace dragoman::debug
