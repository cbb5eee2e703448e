// The -d log: item names, the output file and the address filter.
#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/number.h"

namespace dragoman::log {

constinit Selection selection;

const ItemName kItemNames[] = {
    {Item::InAsm, "in_asm", "guest instructions of each translation block"},
    {Item::Op, "op", "IR of each block as it was translated"},
    {Item::OpInd, "op_ind", "the same as op: there is no indirect lowering here"},
    {Item::OpOpt, "op_opt", "IR after optimisation"},
    {Item::OutAsm, "out_asm", "host code of each block, with the guest address that each piece came from"},
    {Item::Exec, "exec", "each block as it is entered from the execution loop (see nochain)"},
    {Item::Cpu, "cpu", "registers before each block (see nochain)"},
    {Item::None, "fpu", "registers of the floating-point unit: cpu shows them"},
    {Item::None, "vpu", "registers of the vector unit: cpu shows them where there are any"},
    {Item::Int, "int", "exceptions, interrupts and signals"},
    {Item::Mmu, "mmu", "what a machine's MMU does: translations of pages, flushes, changes of the address space"},
    {Item::GuestErrors, "guest_errors", "a machine's accesses to memory and devices that nothing answers"},
    {Item::GuestErrors, "unimp", "the same as guest_errors"},
    {Item::GuestErrors, "invalid_mem", "the same as guest_errors"},
    {Item::CpuReset, "cpu_reset", "registers of a machine's harts that are reset"},
    {Item::None, "pcall", "protected mode of x86: nothing on this guest"},
    {Item::Page, "page", "the guest's address space at start, and its changes"},
    {Item::NoChain, "nochain", "do not chain blocks, so that exec and cpu show all of them"},
    {Item::Strace, "strace", "every system call with arguments and result"},
    {Item::Tid, "tid", "a log per thread: its name (-D) must contain '%d', which becomes the thread's number"},
    {Item::Stats, "stats", "statistics of the translator when the program ends"},
};
const unsigned kItemNameCount = std::size(kItemNames);

namespace {

constexpr std::string_view kTracePrefix = "trace:";

FILE* output = nullptr;  ///< null: stderr
bool all_items = false;  ///< "all" was asked for

/// Of the file that is open, for the files of other threads.
std::string file_name;
Place file_place;

// A stream over a descriptor that is not the C library's to close.
ssize_t write_descriptor(void* cookie, const char* bytes, std::size_t size) {
    return ::write(static_cast<int>(reinterpret_cast<std::intptr_t>(cookie)), bytes, size);
}
int close_descriptor(void* cookie) {
    int fd = static_cast<int>(reinterpret_cast<std::intptr_t>(cookie));
    if (file_place.release) file_place.release(fd);
    else ::close(fd);
    return 0;
}

/// Opens the file with `number` for "%d". @returns null with errno set
FILE* open_numbered(bool append, pid_t number) {
    std::string name = file_name;
    if (std::size_t at = name.find("%d"); at != name.npos) name.replace(at, 2, std::to_string(number));
    // Always O_APPEND: the translators of programs that the guest starts write to the same file.
    int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (append ? 0 : O_TRUNC), 0666);
    if (fd < 0) return nullptr;
    if (file_place.reserve) fd = file_place.reserve(fd);
    cookie_io_functions_t functions{nullptr, write_descriptor, nullptr, close_descriptor};
    FILE* file = ::fopencookie(reinterpret_cast<void*>(std::intptr_t{fd}), "a", functions);
    if (file) std::setvbuf(file, nullptr, _IOLBF, 0);
    return file;
}

/// The calling thread's file. A forked child has none of its own yet, whatever it has inherited.
struct ThreadFile {
    pid_t tid = 0;
    FILE* file = nullptr;
    ~ThreadFile() {
        if (file && file != output) std::fclose(file);
    }
};
thread_local ThreadFile thread_file;

FILE* thread_stream() {
    pid_t tid = ::gettid();
    if (thread_file.tid != tid) {
        FILE* file = open_numbered(true, tid);
        thread_file.tid = tid;
        thread_file.file = file ? file : output;
    }
    return thread_file.file;
}

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
        if (part.starts_with(kTracePrefix)) {
            enable_trace_events(part.substr(kTracePrefix.size()));
            return true;
        }
        if (part == "all") {
            all_items = true;
            for (const ItemName& name : kItemNames) mask |= static_cast<u32>(name.item);
            mask &= ~static_cast<u32>(Item::Tid);
            return true;
        }
        for (const ItemName& name : kItemNames) {
            if (name.name == part) {
                mask |= static_cast<u32>(name.item);
                return true;
            }
        }
        return false;
    });
    if (unknown.empty()) selection.mask |= mask;
    return std::string(unknown);
}

void enable_trace_events(std::string_view pattern) {
    warn("trace event '%.*s' does not exist", static_cast<int>(pattern.size()), pattern.data());
}

std::string open_file(const std::string& path, bool append, Place place) {
    bool numbered = path.find("%d") != path.npos;
    if (enabled(Item::Tid) && !numbered) return "-d tid: the log's name (-D) has to contain '%d'";
    if (all_items && numbered) selection.mask |= static_cast<u32>(Item::Tid);
    if (path.empty()) return {};
    file_name = path;
    file_place = place;
    FILE* file = open_numbered(append, ::getpid());
    if (!file) return "-D: " + path + ": " + std::strerror(errno);
    if (output) std::fclose(output);
    output = file;
    thread_file.tid = ::gettid();
    thread_file.file = output;
    return {};
}

std::string set_filter(std::string_view list) {
    std::vector<Range> parsed;
    std::string_view bad = for_each_part(list, [&](std::string_view part) {
        std::optional<Range> range = parse_range(part);
        if (range) parsed.push_back(*range);
        return range.has_value();
    });
    if (bad.empty()) selection.ranges = std::move(parsed);
    return std::string(bad);
}

FILE* stream() {
    if (output && enabled(Item::Tid)) [[unlikely]]
        return thread_stream();
    return output ? output : stderr;
}

}  // namespace dragoman::log
