// The -d log: item names, the output file and the address filter.
#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "base/number.h"

namespace dragoman::log {

u32 enabled_mask = 0;

const ItemName kItemNames[] = {
    {Item::InAsm, "in_asm", "guest instructions of each translation block"},
    {Item::Op, "op", "IR of each block as it was translated"},
    {Item::OpInd, "op_ind", "the same as op: there is no indirect lowering here"},
    {Item::OpOpt, "op_opt", "IR after optimisation"},
    {Item::OutAsm, "out_asm", "host code of each block, with the guest address that each piece came from"},
    {Item::Exec, "exec", "each block as it is entered from the execution loop (see nochain)"},
    {Item::Cpu, "cpu", "registers before each block (see nochain)"},
    {Item::Int, "int", "exceptions, interrupts and signals"},
    {Item::Mmu, "mmu", "what a machine's MMU does: translations of pages, flushes, changes of the address space"},
    {Item::GuestErrors, "guest_errors", "a machine's accesses to memory and devices that nothing answers"},
    {Item::GuestErrors, "unimp", "the same as guest_errors"},
    {Item::Page, "page", "the guest's address space at start, and its changes"},
    {Item::NoChain, "nochain", "do not chain blocks, so that exec and cpu show all of them"},
    {Item::Strace, "strace", "every system call with arguments and result"},
    {Item::Stats, "stats", "statistics of the translator when the program ends"},
};
const unsigned kItemNameCount = std::size(kItemNames);

namespace {

struct Range {
    u64 first, last;  ///< inclusive
};

FILE* output = nullptr;  ///< null: stderr
std::vector<Range> ranges;

std::optional<Range> parse_range(std::string_view text) {
    std::size_t at = text.find("..");
    std::size_t width = 2;
    if (at == text.npos) {
        at = text.find_first_of("+-");
        width = 1;
    }
    if (at == text.npos) return std::nullopt;
    std::optional<u64> a = parse_number(text.substr(0, at));
    std::optional<u64> b = parse_number(text.substr(at + width));
    if (!a || !b) return std::nullopt;
    if (width == 2) return *a <= *b ? std::optional(Range{*a, *b}) : std::nullopt;
    if (*b == 0) return std::nullopt;
    u64 span = *b - 1;
    if (text[at] == '+') return *a + span < *a ? std::nullopt : std::optional(Range{*a, *a + span});
    return span > *a ? std::nullopt : std::optional(Range{*a - span, *a});
}

/// Calls `f` for each part of a comma-separated list until it returns false. @returns that part, or empty.
template <class F>
std::string_view for_each_part(std::string_view list, F f) {
    for (;;) {
        std::size_t comma = list.find(',');
        std::string_view part = list.substr(0, comma);
        if (!f(part)) return part.empty() ? std::string_view("(empty)") : part;
        if (comma == list.npos) return {};
        list.remove_prefix(comma + 1);
    }
}

}  // namespace

std::string enable(std::string_view list) {
    u32 mask = 0;
    std::string_view unknown = for_each_part(list, [&](std::string_view part) {
        for (const ItemName& name : kItemNames) {
            if (name.name == part) {
                mask |= static_cast<u32>(name.item);
                return true;
            }
        }
        return false;
    });
    if (unknown.empty()) enabled_mask |= mask;
    return std::string(unknown);
}

bool open_file(const std::string& path, bool append, int (*place)(int fd)) {
    std::string name = path;
    if (std::size_t at = name.find("%d"); at != name.npos) name.replace(at, 2, std::to_string(getpid()));
    // Always O_APPEND: the translators of programs that the guest starts write to the same file.
    int fd = open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (append ? 0 : O_TRUNC), 0666);
    if (fd < 0) return false;
    if (place) fd = place(fd);
    FILE* file = fdopen(fd, "a");
    if (!file) return false;
    std::setvbuf(file, nullptr, _IOLBF, 0);
    if (output) std::fclose(output);
    output = file;
    return true;
}

std::string set_filter(std::string_view list) {
    std::vector<Range> parsed;
    std::string_view bad = for_each_part(list, [&](std::string_view part) {
        std::optional<Range> range = parse_range(part);
        if (range) parsed.push_back(*range);
        return range.has_value();
    });
    if (bad.empty()) ranges = std::move(parsed);
    return std::string(bad);
}

bool in_filter(u64 pc) {
    if (ranges.empty()) return true;
    for (const Range& range : ranges) {
        if (pc >= range.first && pc <= range.last) return true;
    }
    return false;
}

FILE* stream() { return output ? output : stderr; }

}  // namespace dragoman::log
