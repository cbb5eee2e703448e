// execve: a guest program (or a script that leads to one) is executed by this translator anew, anything
// else by the host.
#include "linux/process/exec.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/descriptors.h"
#include "base/error.h"
#include "linux/files/path.h"
#include "linux/files/text_busy.h"
#include "linux/filter/inherit.h"
#include "linux/layouts.h"
#include "linux/memory/memory_limits.h"
#include "linux/proc/proc_files.h"
#include "linux/process/exec_privileges.h"
#include "linux/process/process.h"
#include "linux/signals/signals.h"
#include "linux/strace/strace.h"
#include "linux/syscalls_process.h"
#include "linux/trace/tracee.h"

namespace dragoman::linux_abi {

namespace {

constexpr std::size_t kMaxString = 128 << 10;  // MAX_ARG_STRLEN
constexpr std::size_t kMaxTotal = 6 << 20;     // as much as the kernel takes at most
constexpr const char* kSelfLink = "/proc/self/exe";
constexpr const char* kHiddenPrefix = "DRAGOMAN_GUEST_";

/// Tells the next translator the descriptor of its own executable, where it has no name.
constexpr std::string_view kSelfVariable = "DRAGOMAN_SELF_FD=";
/// ... and the guest's limits that the host does not know.
constexpr std::string_view kLimitsVariable = "DRAGOMAN_KEPT_LIMITS=";
/// ... and what has been decided about its mappings.
constexpr std::string_view kPolicyVariable = "DRAGOMAN_KEPT_POLICY=";

/// ... and where the guest's seccomp filters are.
constexpr std::string_view kFiltersVariable = "DRAGOMAN_KEPT_FILTERS=";

/// ... and the program's descriptor, where exec closes what its name leads through.
constexpr std::string_view kProgramVariable = "DRAGOMAN_KEPT_PROGRAM=";

/// ... and that somebody traces the task.
constexpr std::string_view kTracingVariable = "DRAGOMAN_KEPT_TRACING=";
/// ... and the connection to gdb.
constexpr std::string_view kDebuggerVariable = "DRAGOMAN_KEPT_DEBUGGER=";

/// Of the translator's executable, once its name may have lost its meaning (the guest has changed its root); else -1.
std::atomic<int> self_fd{-1};
/// What it is, to know it again.
struct stat self_identity;

/// Whether a variable is one of those by which translators speak to each other. The guest may have such, too.
bool speaks_to_translator(const std::string& variable) {
    return variable.starts_with("DRAGOMAN_KEPT_") || variable.starts_with(kSelfVariable);
}

/// Variables that the dynamic linker and the C library of the translator would obey, or the translator itself.
bool acts_on_translator(const std::string& variable) {
    if (speaks_to_translator(variable)) return true;
    return variable.starts_with("LD_") || variable.starts_with("GLIBC_TUNABLES=") || variable.starts_with("MALLOC_") ||
           variable.starts_with(kHiddenPrefix);
}

i64 read_strings(const Task& task, u64 address, std::vector<std::string>& strings, std::size_t& total) {
    if (address == 0) return 0;
    for (;; address += word_bytes(task)) {
        u64 pointer;
        if (!read_words(task, address, &pointer, 1)) return -EFAULT;
        if (pointer == 0) return 0;
        std::string text;
        if (i64 error = task.read_string(text, pointer, kMaxString)) return error == -ENAMETOOLONG ? -E2BIG : error;
        total += text.size() + 1 + sizeof(u64);
        if (total > kMaxTotal) return -E2BIG;
        strings.push_back(std::move(text));
    }
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (const std::string& s : strings) result.push_back(const_cast<char*>(s.c_str()));
    result.push_back(nullptr);
    return result;
}

// What exec keeps of the signal state: the mask and what is ignored. The host's own differs from the
// guest's in SIGSEGV and SIGBUS, and in all signals of a traced task.
class SignalsForExec {
public:
    explicit SignalsForExec(Task& task) : task_(task) {
        each([](int signal, const GuestSigaction& action) {
            if (action.handler != reinterpret_cast<u64>(SIG_IGN)) return;
            struct sigaction ignore {};
            ignore.sa_handler = SIG_IGN;
            ::sigaction(signal, &ignore, nullptr);
        });
        SignalSet both = task.signals.blocked & kNeverBlocked;
        if (both) raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, reinterpret_cast<u64>(&both), 0, sizeof both);
    }
    ~SignalsForExec() {
        SignalSet both = kNeverBlocked;
        raw_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, reinterpret_cast<u64>(&both), 0, sizeof both);
        each([](int signal, const GuestSigaction& action) { install_host_action(signal, action); });
    }

private:
    template <class F>
    void each(F f) {
        LockGuard lock(task_.handlers->lock);
        for (int signal = 1; signal <= kSignalCount; ++signal) {
            const bool is_ours = (signal_bit(signal) & kNeverBlocked) || task_.trace.traced();
            if (is_ours && !(signal_bit(signal) & kUnblockable)) f(signal, task_.handlers->actions[signal]);
        }
    }
    Task& task_;
};

SyscallResult host_exec(Task& task, int dirfd, const char* path, const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment, int flags) {
    std::vector<char*> argv = pointers(arguments), envp = pointers(environment);
    SignalsForExec signals(task);
    return safe_syscall(task, SYS_execveat, static_cast<u64>(dirfd), reinterpret_cast<u64>(path),
                        reinterpret_cast<u64>(argv.data()), reinterpret_cast<u64>(envp.data()),
                        static_cast<u64>(flags));
}

// Whether `path` (which a chroot may have given another meaning) names this translator.
bool is_self(const std::string& path) {
    struct stat info;
    return self_identity.st_ino != 0 && !path.empty() && path[0] == '/' && ::stat(path.c_str(), &info) == 0 &&
           info.st_ino == self_identity.st_ino && info.st_dev == self_identity.st_dev;
}

/// While it lives, a program is open at a descriptor that exec keeps.
class ProgramForExec {
public:
    /// @param file the program's; -1: the next translator finds it by its name
    explicit ProgramForExec(int file) {
        if (file < 0) return;
        const DescriptorAllowance allowance = DescriptorAllowance::more(1);
        fd_ = ::fcntl(file, F_DUPFD, 0);
        if (fd_ < 0) error_ = -errno;
    }
    ~ProgramForExec() {
        if (fd_ >= 0) ::close(fd_);
    }
    ProgramForExec(const ProgramForExec&) = delete;

    /// 0 or -errno.
    i64 error() const { return error_; }
    std::string place() const { return fd_ < 0 ? "" : std::to_string(fd_); }

private:
    int fd_ = -1;
    i64 error_ = 0;
};

/// Adds what the next translator has to know about the guest.
void add_kept_state(std::vector<std::string>& environment, const Task& task, const FiltersForExec& filters,
                    const ProgramForExec& program) {
    auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) environment.push_back(std::string(name) + value);
    };
    add(kLimitsVariable, kept_limits());
    add(kPolicyVariable, inherited_policy(*task.process));
    add(kFiltersVariable, filters.place());
    add(kProgramVariable, program.place());
    add(kTracingVariable, trace::inherited_tracing(task));
}

/// Has the debugger of this program be that of the next.
class DebuggerForExec {
public:
    DebuggerForExec(Task& task, std::vector<std::string>& environment)
        : debugger_(task.vfork_child ? nullptr : task.process->debugger) {
        if (debugger_ == nullptr) return;
        const std::string kept = debugger_->before_exec();
        if (!kept.empty()) environment.push_back(std::string(kDebuggerVariable) + kept);
    }
    ~DebuggerForExec() {
        if (debugger_ != nullptr) debugger_->exec_failed();
    }

private:
    Debugger* debugger_;
};

/// @param file the program, if `path` means nothing any more by then; else -1
SyscallResult guest_exec(Task& task, const std::string& path, int file, const std::vector<std::string>& arguments,
                         std::vector<std::string> environment) {
    const ProcessOptions& options = task.process->options;
    std::vector<std::string> command{options.self};
    for (std::size_t i = 0; i < options.self_options.size(); ++i) {
        // After chroot the sysroot is the root.
        bool sysroot = options.self_options[i] == "-L" && !has_sysroot();
        if (sysroot) ++i;
        else command.push_back(options.self_options[i]);
    }
    if (options.strace && trace_pids) command.push_back("-strace-pids");
    command.insert(command.end(), {"-0", arguments[0], "--", path});
    command.insert(command.end(), arguments.begin() + 1, arguments.end());
    for (std::string& variable : environment) {
        if (acts_on_translator(variable)) variable.insert(0, kHiddenPrefix);
    }
    const FiltersForExec filters(task);
    if (filters.error()) return filters.error();
    const ProgramForExec program(file);
    if (program.error()) return program.error();
    add_kept_state(environment, task, filters, program);
    const DebuggerForExec debugger(task, environment);
    if (is_self(options.self)) return host_exec(task, AT_FDCWD, options.self.c_str(), command, environment, 0);
    if (is_self(kSelfLink)) return host_exec(task, AT_FDCWD, kSelfLink, command, environment, 0);
    // Not known at all: then the kernel has found us through binfmt_misc, and will again.
    if (self_fd < 0) return host_exec(task, AT_FDCWD, resolve_path(path).c_str(), arguments, environment, 0);
    int copy = ::fcntl(self_fd, F_DUPFD, 0);
    if (copy < 0) return -errno;
    environment.push_back(std::string(kSelfVariable) + std::to_string(copy));
    SyscallResult result = host_exec(task, copy, "", command, environment, AT_EMPTY_PATH);
    ::close(copy);
    return result;
}

// A name for a file that is known by its descriptor only.
std::string name_of_descriptor(int fd, const std::string& rest) {
    char link[PATH_MAX], target[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = ::readlink(link, target, sizeof target - 1);
    if (length <= 0) return std::string(link) + rest;
    target[length] = 0;
    struct stat by_name, by_fd;
    if (::stat(target, &by_name) == 0 && ::fstat(fd, &by_fd) == 0 && by_name.st_ino == by_fd.st_ino &&
        by_name.st_dev == by_fd.st_dev) {
        return target + rest;
    }
    return std::string(link) + rest;  // it has none (memfd, unlinked)
}

/// The guest's descriptor that a name leads through (/proc/self/fd/4, /dev/fd/4, /proc/self/fd/4/bin/true), or -1.
int descriptor_in_name(const std::string& name) {
    const std::string own = "/proc/" + std::to_string(::getpid()) + "/fd/";
    for (std::string_view directory : {std::string_view("/proc/self/fd/"), std::string_view("/proc/thread-self/fd/"),
                                       std::string_view("/dev/fd/"), std::string_view(own)}) {
        if (!name.starts_with(directory)) continue;
        char* end = nullptr;
        const char* digits = name.c_str() + directory.size();
        const long fd = std::strtol(digits, &end, 10);
        return end != digits && (*end == 0 || *end == '/') && fd >= 0 && fd <= INT_MAX ? static_cast<int>(fd) : -1;
    }
    return -1;
}

/// Whether exec closes what a name leads through.
bool loses_meaning(const std::string& name) {
    const int fd = descriptor_in_name(name);
    const int flags = fd < 0 ? -1 : ::fcntl(fd, F_GETFD);
    return flags >= 0 && (flags & FD_CLOEXEC);
}

// What speaks against executing a file: the program itself, or the script that leads to it.
i64 check_files(const std::string& path, const Program& program) {
    if (i64 error = check_execution(program.file.get())) return error;
    if (program.host_path == path) return 0;
    i64 fd = open_path(nullptr, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    Descriptor script(static_cast<int>(fd));
    return script.valid() ? check_execution(script.get()) : 0;
}

/// Has the kernel execute a guest's program, through binfmt_misc.
SyscallResult kernel_exec(Task& task, const std::string& path, const std::vector<std::string>& arguments,
                          std::vector<std::string> environment) {
    if (std::string limits = kept_limits(); !limits.empty()) {
        environment.push_back(std::string(kLimitsVariable) + limits);
    }
    return host_exec(task, AT_FDCWD, resolve_path(path).c_str(), arguments, environment, 0);
}

/// @param by_descriptor the program was not given by a name of the guest's
SyscallResult execute(Task& task, const std::string& name, u64 argv_address, u64 envp_address,
                      bool by_descriptor = false) {
    const std::string path = proc_exe_file(task, name).value_or(name);
    std::vector<std::string> arguments, environment;
    std::size_t total = 0;
    if (i64 error = read_strings(task, argv_address, arguments, total)) return error;
    if (i64 error = read_strings(task, envp_address, environment, total)) return error;
    if (arguments.empty()) arguments.push_back("");
    if (path.empty()) return -ENOENT;

    Program program;
    DescriptorAllowance allowance = DescriptorAllowance::more(4);
    ProgramError error = open_program(path, arguments, true, program);
    // A file that may be executed but not read is the kernel's to open. (In a sysroot it would not find the libraries.)
    const bool unreadable = error.error == EACCES && !has_sysroot();
    if (error.error != 0 && error.error != ENOEXEC && !unreadable) return -error.error;
    const bool is_lost = loses_meaning(path);
    if (error.error == 0) {
        if (i64 refused = check_files(path, program)) return refused;
        // The interpreter of a script would not find it. (One of the host's says so itself.)
        const bool is_script = program.arguments.size() > arguments.size();
        if (is_script && is_lost && (by_descriptor || is_guest_program(program.header))) return -ENOENT;
    }
    allowance.restore();  // the next program is to have the guest's limit
    if (!task.vfork_child) {
        task.process->engine->save_translations(true);
        if (task.process->debugger) task.process->debugger->process_replaced();
    }
    // What the kernel would execute by itself, no filter of ours would reach, nor a tracer.
    const bool filtered = task.filter.mode() != SECCOMP_MODE_DISABLED || task.trace.traced();
    if (filtered && (error.error != 0 || !is_guest_program(program.header)))
        return error.error == ENOEXEC ? -ENOEXEC : -EACCES;
    if (unreadable) {
        SyscallResult result = kernel_exec(task, path, arguments, environment);
        return result == -ENOEXEC ? -EACCES : result;
    }
    if (error.error == 0 && is_guest_program(program.header)) {
        const int file = program.file.get();
        if (!filtered && !has_sysroot() && (raises_privileges(file) || !mode_permits_reading(file))) {
            SyscallResult result = kernel_exec(task, path, arguments, environment);
            if (result != -ENOEXEC) return result;  // else nobody has registered a translator
        }
        return guest_exec(task, path, is_lost ? file : -1, arguments, std::move(environment));
    }
    // Also for files that nobody can execute: the kernel knows best what is wrong with them.
    return host_exec(task, AT_FDCWD, resolve_path(path).c_str(), arguments, environment, 0);
}

}  // namespace

std::vector<std::string> guest_environment(char** environment, bool trusted, Inheritance& inheritance) {
    std::vector<std::string> result;
    std::size_t prefix = std::strlen(kHiddenPrefix);
    for (; *environment; ++environment) {
        std::string_view variable = *environment;
        if (variable.starts_with(kSelfVariable)) {
            if (trusted) self_fd = std::atoi(*environment + kSelfVariable.size());
            continue;
        }
        if (variable.starts_with(kLimitsVariable)) {
            restore_limits(*environment + kLimitsVariable.size());
            continue;
        }
        if (variable.starts_with(kPolicyVariable)) {
            if (trusted) inheritance.policy = *environment + kPolicyVariable.size();
            continue;
        }
        if (variable.starts_with(kProgramVariable)) {
            if (trusted) inheritance.program = std::atoi(*environment + kProgramVariable.size());
            continue;
        }
        if (variable.starts_with(kTracingVariable)) {
            if (trusted) inheritance.tracing = *environment + kTracingVariable.size();
            continue;
        }
        if (variable.starts_with(kDebuggerVariable)) {
            if (trusted) inheritance.debugger = *environment + kDebuggerVariable.size();
            continue;
        }
        if (variable.starts_with(kFiltersVariable)) {
            if (!trusted) throw FatalError(126, "seccomp filters are not taken over by a program with more privileges");
            inheritance.filters = *environment + kFiltersVariable.size();
            continue;
        }
        if (variable.starts_with(kHiddenPrefix)) variable.remove_prefix(prefix);
        result.emplace_back(variable);
    }
    return result;
}

void remember_self(const std::string& path) {
    int fd = self_fd;
    if (fd >= 0) {  // from the translator that executed us
        ::fstat(fd, &self_identity);
        self_fd = reserve_descriptor(fd, &self_fd);
    } else if (::stat(kSelfLink, &self_identity) != 0) {
        ::stat(path.c_str(), &self_identity);
    }
}

void hold_self(const std::string& path) {
    if (self_fd >= 0) return;
    int fd = ::open(kSelfLink, O_PATH | O_CLOEXEC);
    if (fd < 0 && is_self(path)) fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (fd >= 0) self_fd = reserve_descriptor(fd, &self_fd);
}

SyscallResult sys_execve(Task& task, const SyscallArgs& args) {
    std::string path;
    if (i64 error = task.read_string(path, args[0], PATH_MAX)) return error;
    return execute(task, path, args[1], args[2]);
}

SyscallResult sys_execveat(Task& task, const SyscallArgs& args) {
    int dirfd = static_cast<int>(args[0]), flags = static_cast<int>(args[4]);
    if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return -EINVAL;
    std::string path;
    if (i64 error = task.read_string(path, args[1], PATH_MAX)) return error;
    if (path.empty()) {
        if (!(flags & AT_EMPTY_PATH)) return -ENOENT;
        if (is_reserved_descriptor(dirfd) || ::fcntl(dirfd, F_GETFD) < 0) return -EBADF;
        return execute(task, name_of_descriptor(dirfd, ""), args[2], args[3], true);
    }
    if (flags & AT_SYMLINK_NOFOLLOW) {
        struct stat info;
        if (::fstatat(dirfd, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode)) return -ELOOP;
    }
    if (path[0] != '/' && dirfd != AT_FDCWD) {
        if (is_reserved_descriptor(dirfd) || ::fcntl(dirfd, F_GETFD) < 0) return -EBADF;
        path = name_of_descriptor(dirfd, "/" + path);
    }
    return execute(task, path, args[2], args[3]);
}

}  // namespace dragoman::linux_abi
