#include "linux/strace/strace.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <vector>

#include "base/log.h"
#include "linux/arch.h"
#include "linux/strace/flags.h"
#include "linux/strace/format.h"
#include "linux/strace/structures.h"
#include "linux/strace/text.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

std::atomic<bool> trace_pids{false};

namespace {

struct Words {
    std::vector<std::string_view> arguments;
    std::string_view result;
};

Words split(std::string_view format) {
    Words words;
    bool result = false;
    while (!format.empty()) {
        size_t end = format.find(' ');
        std::string_view word = format.substr(0, end);
        format.remove_prefix(end == std::string_view::npos ? format.size() : end + 1);
        if (word == "=") {
            result = true;
        } else if (result) {
            words.result = word;
        } else {
            words.arguments.push_back(word);
        }
    }
    return words;
}

std::string join(const SyscallInfo& info, const std::vector<std::string>& arguments) {
    std::string line = std::string(info.name) + "(";
    bool first = true;
    for (const std::string& argument : arguments) {
        if (argument.empty()) continue;  // optional arguments that this call does not have
        if (!first) line += ", ";
        first = false;
        line += argument;
    }
    return line + ")";
}

/// What is shown before the call: everything but the buffers that it fills.
std::vector<std::string> format_inputs(const TracedCall& call, const Words& words) {
    std::vector<std::string> texts(words.arguments.size());
    for (unsigned i = 0; i < texts.size(); ++i) {
        if (!is_output(words.arguments[i])) texts[i] = format_argument(call, words.arguments[i], i);
    }
    return texts;
}

void format_outputs(const TracedCall& call, const Words& words, std::vector<std::string>& texts) {
    for (unsigned i = 0; i < texts.size(); ++i) {
        if (is_output(words.arguments[i])) texts[i] = format_argument(call, words.arguments[i], i);
    }
}

std::string format_result(const TracedCall& call, std::string_view word) {
    switch (call.result) {
        case kRestartNoInterrupt: return "? ERESTARTNOINTR (To be restarted)";
        case kRestartSys: return "? ERESTARTSYS (To be restarted if SA_RESTART is set)";
        case kRestartNoHand: return "? ERESTARTNOHAND (To be restarted if no handler)";
        case kRestartBlock: return "? ERESTART_RESTARTBLOCK (Interrupted by signal)";
        case kNoResult: return "?";
        default: break;
    }
    if (call.failed()) {
        int error = static_cast<int>(-call.result);
        return "-1 " + std::string(errno_name(error)) + " (" + std::strerror(error) + ")";
    }
    return format_argument(call, word.empty() ? "long" : word, 6);
}

void print_line(const Task& task, const std::string& line) {
    FILE* stream = log::stream();
    flockfile(stream);
    if (trace_pids.load(std::memory_order_relaxed)) std::fprintf(stream, "[pid %5d] ", static_cast<int>(task.tid));
    std::fprintf(stream, "%s\n", line.c_str());
    std::fflush(stream);
    funlockfile(stream);
}

/// strace puts the results in one column.
std::string with_result(std::string line, const std::string& result) {
    constexpr size_t kResultColumn = 39;
    if (line.size() < kResultColumn) line.append(kResultColumn - line.size(), ' ');
    return line + " = " + result;
}

}  // namespace

std::string format_call(Task& task, const SyscallInfo& info, const SyscallArgs& args, SyscallResult result) {
    TracedCall call{task, args, result};
    Words words = split(info.format);
    std::vector<std::string> texts = format_inputs(call, words);
    format_outputs(call, words, texts);
    return with_result(join(info, texts), format_result(call, words.result));
}

SyscallResult trace_syscall(Task& task, const SyscallEntry& entry) {
    const SyscallArgs& args = entry.args;
    const SyscallInfo* info = task.process->arch->syscalls.find(entry.number);
    if (!info) {
        char line[160];
        std::snprintf(line, sizeof line, "syscall_%#x(%#llx, %#llx, %#llx, %#llx, %#llx, %#llx)", entry.number,
                      static_cast<unsigned long long>(args[0]), static_cast<unsigned long long>(args[1]),
                      static_cast<unsigned long long>(args[2]), static_cast<unsigned long long>(args[3]),
                      static_cast<unsigned long long>(args[4]), static_cast<unsigned long long>(args[5]));
        const SyscallResult result = make_syscall(task, entry);
        print_line(task, with_result(line, format_result({task, args, result}, "")));
        return result;
    }
    Words words = split(info->format);
    TracedCall call{task, args};
    std::vector<std::string> texts = format_inputs(call, words);
    if (words.result == "none" && !entry.skip) {
        // The call does not come back.
        print_line(task, with_result(join(*info, texts), "?"));
        return make_syscall(task, entry);
    }
    const bool makes_task = info->name.starts_with("clone") && !entry.skip;
    if (makes_task) trace_pids = true;  // before the child of a vfork runs
    call.result = make_syscall(task, entry);
    if (makes_task && call.result == kNoResult) return call.result;  // the child of a fork: the line is the parent's
    format_outputs(call, words, texts);
    print_line(task, with_result(join(*info, texts), format_result(call, words.result)));
    return call.result;
}

void trace_signal(Task& task, int signal, const siginfo_t& info) {
    print_line(task, "--- " + signal_name(signal) + " " + siginfo_text(info) + " ---");
}

void trace_end(Task& task, int status, int signal, bool dumped) {
    print_line(task, signal ? "+++ killed by " + signal_name(signal) + (dumped ? " (core dumped)" : "") + " +++"
                            : "+++ exited with " + std::to_string(status) + " +++");
}

void trace_start(Task& task) {
    const Process& process = *task.process;
    if (process.options.strace_pids) trace_pids = true;
    std::string arguments;
    for (const std::string& argument : process.arguments) {
        if (!arguments.empty()) arguments += ", ";
        arguments += quote(argument);
    }
    char environment[64];
    std::snprintf(environment, sizeof environment, "%#llx /* %zu vars */",
                  static_cast<unsigned long long>(process.env_start), process.options.environment.size());
    std::string line = "execve(" + quote(process.exe_path, 4096) + ", [" + arguments + "], " + environment + ")";
    print_line(task, with_result(line, "0"));
}

}  // namespace dragoman::linux_abi
