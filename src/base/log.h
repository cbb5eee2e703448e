// The -d log: which items are on, where it goes, and which guest addresses it covers (-dfilter).
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/bits.h"

namespace dragoman::log {

enum class Item : u32 {
    None = 0,
    InAsm = 1u << 0,         ///< guest instructions of each TB as it is translated
    Op = 1u << 1,            ///< IR as translated
    OpOpt = 1u << 2,         ///< IR after optimisation
    OutAsm = 1u << 3,        ///< host code
    Exec = 1u << 4,          ///< each TB as it is entered from the execution loop
    Cpu = 1u << 5,           ///< registers before each TB
    Int = 1u << 6,           ///< exceptions, interrupts and signals
    Page = 1u << 7,          ///< guest address-space changes
    NoChain = 1u << 8,       ///< no chaining, so that Exec and Cpu are complete
    Stats = 1u << 9,         ///< statistics at exit
    Strace = 1u << 10,       ///< system calls (-strace)
    OpInd = 1u << 11,        ///< IR before indirect lowering passes
    Mmu = 1u << 12,          ///< system mode: page-table walks, flushes, address-space switches
    GuestErrors = 1u << 13,  ///< system mode: accesses that no device takes
    CpuReset = 1u << 14,     ///< system mode: registers of a hart that is reset
    Tid = 1u << 15,          ///< a file per thread, named by "%d" in the log's name
};

/// Guest addresses from `first` to `last`, inclusive.
struct Range {
    u64 first, last;
};

/// What is logged: the items that are on, and the guest addresses whose TBs are listed. Read on slow paths only.
struct Selection {
    u32 mask = 0;
    std::vector<Range> ranges;  ///< empty: all addresses

    bool enabled(Item item) const { return (mask & static_cast<u32>(item)) != 0; }
    /// Whether a TB that starts at guest address `pc` is to be listed.
    bool in_filter(u64 pc) const {
        for (const Range& range : ranges) {
            if (pc >= range.first && pc <= range.last) return true;
        }
        return ranges.empty();
    }
};

/// What the command line asked for. Engines may have selections of their own (engine::Config::log).
extern Selection selection;

inline bool enabled(Item item) { return selection.enabled(item); }

struct ItemName {
    Item item;
    std::string_view name;
    std::string_view help;
};
/// All items, in the order `-d help` prints them.
extern const ItemName kItemNames[];
extern const unsigned kItemNameCount;

/// Turns on the comma-separated items of `list`; "all" is all of them, and "trace:PATTERN" trace events.
/// @returns an empty string, or the item that is not known.
std::string enable(std::string_view list);

/// Turns on QEMU's trace events that match a pattern. There are none, which a warning says.
void enable_trace_events(std::string_view pattern);

/// Where the log's descriptors live.
struct Place {
    int (*reserve)(int fd) = nullptr;  ///< moves a descriptor there and returns the new one; null: it stays
    void (*release)(int fd) = nullptr;
};

/// Sends the log to a file; stderr until then. "%d" in its name becomes the process id, with Tid the thread's.
/// @param append keeps what is there
/// @returns empty, or what was wrong
std::string open_file(const std::string& path, bool append = false, Place place = {});

/// Restricts TB listings to guest address ranges: "START..END", "START+LEN", "START-LEN", comma-separated.
/// @returns an empty string, or the range that is malformed.
std::string set_filter(std::string_view ranges);

/// The stream of the log. Lock with `flockfile` when several lines belong together.
FILE* stream();

}  // namespace dragoman::log
