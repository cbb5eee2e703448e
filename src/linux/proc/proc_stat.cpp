#include "linux/proc/proc_stat.h"

#include <string_view>

#include "base/text.h"
#include "linux/proc/host_maps.h"

namespace dragoman::linux_abi {

namespace {

/// Sizes of the guest's address space in bytes, as the kernel counts them.
struct Sizes {
    u64 all = 0, data = 0, stack = 0, code = 0, libraries = 0;
};

Sizes sizes_of(const Process& process) {
    using memory::PageFlags;
    Sizes sizes;
    for (const memory::Mapping& m : process.space->mappings()) {
        const u64 bytes = m.end - m.start;
        const bool writable = has(m.flags, PageFlags::Write);
        sizes.all += bytes;
        if (m.name == "[stack]") sizes.stack += bytes;
        else if (writable && !has(m.flags, PageFlags::Shared)) sizes.data += bytes;
        else if (has(m.flags, PageFlags::Exec) && !writable) sizes.libraries += bytes;
    }
    sizes.code = align_up(process.end_code, memory::kPageSize) - align_down(process.start_code, memory::kPageSize);
    sizes.libraries -= std::min(sizes.libraries, sizes.code);
    return sizes;
}

/// The value of field `number` of stat (proc(5) counts from 1); false: the host's is right.
bool stat_field(const Process& process, const Sizes& sizes, unsigned number, u64& value) {
    switch (number) {
        case 23: value = sizes.all; return true;
        case 26: value = process.start_code; return true;
        case 27: value = process.end_code; return true;
        case 28: value = process.start_stack; return true;
        case 29:
        case 30: value = 0; return true;  // kstkesp, kstkeip
        case 45: value = process.start_data; return true;
        case 46: value = process.end_data; return true;
        case 47: value = process.space->brk_start(); return true;
        case 48: value = process.arg_start; return true;
        case 49: value = process.arg_end; return true;
        case 50: value = process.env_start; return true;
        case 51: value = process.env_end; return true;
        default: return false;
    }
}

/// Calls f(position, text) for the fields between blanks in `text`, from 1 on.
template <class F>
void for_each_field(std::string_view text, F f) {
    unsigned number = 0;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t start = text.find_first_not_of(" \n", at);
        if (start == text.npos) return;
        at = std::min(text.find_first_of(" \n", start), text.size());
        f(++number, text.substr(start, at - start));
    }
}

}  // namespace

std::string stat_text(const Task& task, const std::string& path) {
    const std::string host = read_host_file(path);
    const std::size_t close_paren = host.rfind(')');
    if (close_paren == std::string::npos) return host;
    const Process& process = *task.process;
    const Sizes sizes = sizes_of(process);
    constexpr unsigned kBefore = 2;  // process id and name
    std::string text = host.substr(0, close_paren + 1);
    for_each_field(std::string_view(host).substr(close_paren + 1), [&](unsigned number, std::string_view field) {
        u64 value = 0;
        text += ' ';
        text += stat_field(process, sizes, number + kBefore, value) ? std::to_string(value) : std::string(field);
    });
    return text + '\n';
}

std::string statm_text(const Task& task, const std::string& path) {
    const Sizes sizes = sizes_of(*task.process);
    std::string text;
    for_each_field(read_host_file(path), [&](unsigned number, std::string_view field) {
        if (!text.empty()) text += ' ';
        switch (number) {
            case 1: text += std::to_string(sizes.all / memory::kPageSize); break;
            case 4: text += std::to_string(sizes.code / memory::kPageSize); break;
            case 6: text += std::to_string((sizes.data + sizes.stack) / memory::kPageSize); break;
            default: text += field;
        }
    });
    return text + '\n';
}

std::string status_text(const Task& task, const std::string& path) {
    const std::string host = read_host_file(path);
    const Sizes sizes = sizes_of(*task.process);
    u64 ignored = 0, caught = 0;
    {
        LockGuard guard(task.handlers->lock);
        for (int signal = 1; signal <= kSignalCount; ++signal) {
            u64 handler = task.handlers->actions[signal].handler;
            (handler == 1 ? ignored : caught) |= handler ? signal_bit(signal) : 0;
        }
    }
    enum class Kind : u8 { Signals, Size, Number };
    struct Line {
        const char* name;
        Kind kind;
        u64 value;
    };
    const Line replaced[] = {{"SigBlk", Kind::Signals, task.signals.blocked},
                             {"SigIgn", Kind::Signals, ignored},
                             {"SigCgt", Kind::Signals, caught},
                             {"VmPeak", Kind::Size, sizes.all},
                             {"VmSize", Kind::Size, sizes.all},
                             {"VmData", Kind::Size, sizes.data},
                             {"VmStk", Kind::Size, sizes.stack},
                             {"VmExe", Kind::Size, sizes.code},
                             {"VmLib", Kind::Size, sizes.libraries},
                             {"Seccomp", Kind::Number, task.filter.mode()},
                             {"Seccomp_filters", Kind::Number, count_filters(task.filter.newest())}};
    constexpr const char* kFormats[] = {"%s:\t%016llx\n", "%s:\t%8llu kB\n", "%s:\t%llu\n"};
    auto shown = [](const Line& line) {
        return static_cast<unsigned long long>(line.kind == Kind::Size ? line.value >> 10 : line.value);
    };
    std::string text;
    for (std::size_t at = 0; at < host.size();) {
        const std::size_t end = std::min(host.find('\n', at), host.size());
        const std::string_view line(host.data() + at, end - at);
        at = end + 1;
        if (line.starts_with("x86_")) continue;
        const std::string_view name = line.substr(0, std::min(line.find(':'), line.size()));
        const Line* mine = nullptr;
        for (const Line& candidate : replaced) {
            if (name == candidate.name) mine = &candidate;
        }
        if (!mine) text.append(line).append("\n");
        else append(text, kFormats[static_cast<unsigned>(mine->kind)], mine->name, shown(*mine));
    }
    return text;
}

}  // namespace dragoman::linux_abi
