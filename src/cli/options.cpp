#include "cli/options.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/trace_option.h"

namespace dragoman::cli {

namespace {

constexpr int kBadUsage = 1;  ///< exit status for a command line that makes no sense

/// Thrown by the apply functions; the parser adds the option's or the variable's name in front.
struct BadValue {
    std::string text;
};

/// State of one parse: the options being filled in, and the guest's environment with -E and -U applied.
struct Parser {
    Options options;
    Environment environment;
};

using Apply = void (*)(Parser&, std::string_view value);

/// Which environment variables stand for an option.
enum class Variables { None, Qemu, Own, Both };

struct Row {
    std::string_view name;
    std::string_view argument;  ///< what -h calls the value; empty: the option takes none
    std::string_view variable;  ///< without its QEMU_ or DRAGOMAN_ prefix
    Variables variables;
    bool inherited;  ///< passed on to the translators of programs that the guest executes
    Apply apply;
    std::string_view help;  ///< empty: not shown (another spelling, or internal)
};

/// As strtoul reads it: a 0 in front means octal.
std::optional<u64> any_base_number(std::string_view text) {
    bool octal = text.size() > 1 && text.front() == '0';
    return parse_number(text, octal ? 8 : 10);
}

u64 number_of(std::string_view text) {
    std::optional<u64> value = any_base_number(text);
    if (!value) throw BadValue{"'" + std::string(text) + "' is not a number"};
    return *value;
}

/// A number with an optional K, M or G behind it.
u64 size_of(std::string_view text) {
    unsigned shift = 0;
    std::string_view digits = text;
    if (!text.empty()) {
        switch (text.back()) {
            case 'k':
            case 'K': shift = 10; break;
            case 'm':
            case 'M': shift = 20; break;
            case 'g':
            case 'G': shift = 30; break;
            default: break;
        }
        if (shift) digits.remove_suffix(1);
    }
    std::optional<u64> value = any_base_number(digits);
    if (!value) throw BadValue{"'" + std::string(text) + "' is not a size"};
    if (*value > (~u64{0} >> shift)) throw BadValue{"'" + std::string(text) + "' is too large"};
    return *value << shift;
}

template <class F>
void for_each_part(std::string_view list, F f) {
    while (!list.empty()) {
        std::string_view part = list.substr(0, list.find(','));
        list.remove_prefix(std::min(part.size() + 1, list.size()));
        f(part);
    }
}

void remove_variable(Environment& environment, std::string_view name) {
    std::erase_if(environment, [&](const std::string& entry) {
        return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
    });
}

void set_variables(Parser& p, std::string_view list) {
    if (list.empty()) throw BadValue{"needs VARIABLE=VALUE"};
    for_each_part(list, [&](std::string_view part) {
        std::size_t equals = part.find('=');
        if (equals == part.npos || equals == 0) throw BadValue{"'" + std::string(part) + "' is not VARIABLE=VALUE"};
        remove_variable(p.environment, part.substr(0, equals));
        p.environment.emplace_back(part);
    });
}

void unset_variables(Parser& p, std::string_view list) {
    if (list.empty()) throw BadValue{"needs the name of a variable"};
    for_each_part(list, [&](std::string_view part) {
        if (part.empty() || part.find('=') != part.npos) {
            throw BadValue{"'" + std::string(part) + "' is not the name of a variable"};
        }
        remove_variable(p.environment, part);
    });
}

/// "PORT|SOCKET[,suspend=y|n]", as qemu-user takes it.
void set_gdb(Parser& p, std::string_view value) {
    bool first = true;
    for_each_part(value, [&](std::string_view part) {
        if (first) p.options.gdb = part;
        else if (part == "suspend=y") p.options.gdb_suspend = true;
        else if (part == "suspend=n") p.options.gdb_suspend = false;
        else throw BadValue{"'" + std::string(part) + "' is not suspend=y or suspend=n"};
        first = false;
    });
    if (p.options.gdb.empty()) throw BadValue{"needs a port or the path of a socket"};
    bool port = std::all_of(p.options.gdb.begin(), p.options.gdb.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (port && (p.options.gdb.size() > 5 || std::stoul(p.options.gdb) > 65535)) {
        throw BadValue{"'" + p.options.gdb + "' is not a port"};
    }
}

void set_log_items(Parser& p, std::string_view value) {
    bool help = false;
    for_each_part(value, [&](std::string_view part) {
        if (part == "help") help = true;
        if (part == "trace:help" || part == "trace:?") p.options.action = Action::TraceHelp;
    });
    if (help) p.options.action = Action::LogHelp;
    if (p.options.action != Action::Run) return;
    if (std::string unknown = log::enable(value); !unknown.empty()) {
        throw BadValue{"unknown item '" + unknown + "' (see dragoman -d help)"};
    }
    if (log::enabled(log::Item::NoChain)) p.options.engine.chain = false;
    if (log::enabled(log::Item::Strace)) p.options.process.strace = true;
}

void set_stack_size(Parser& p, std::string_view value) {
    u64 size = size_of(value);
    if (size == 0) throw BadValue{"'" + std::string(value) + "' is not a stack size"};
    p.options.process.stack_size = size;
}

void set_translation_buffer(Parser& p, std::string_view value) {
    u64 mebibytes = number_of(value);
    if (mebibytes > 1024) throw BadValue{"'" + std::string(value) + "' is more than 1024 MiB"};
    if (mebibytes != 0) p.options.engine.tb_size = mebibytes << 20;  // 0: the default, as in qemu
}

void set_page_size(Parser&, std::string_view value) {
    if (number_of(value) != memory::kPageSize) throw BadValue{"only pages of 4096 bytes are supported"};
}

void set_backend(Parser& p, std::string_view value) {
    if (value != "x64" && value != "interp") throw BadValue{"'" + std::string(value) + "' is not x64 or interp"};
    p.options.backend = value;
}

void disable_features(Parser& p, std::string_view value) {
    std::string unknown = host::disable_features(p.options.host, value);
    if (!unknown.empty()) throw BadValue{"unknown host feature '" + unknown + "'"};
}

void set_explain(Parser& p, std::string_view value) {
    if (!debug::parse_explain(std::string(value), p.options.explain_selection)) {
        throw BadValue{"'" + std::string(value) + "' is not 'hot' or a guest address"};
    }
    p.options.explain = p.options.engine.profile = true;
}

void set_binfmt(Parser& p, std::string_view value) {
    if (value == "install") p.options.action = Action::BinfmtInstall;
    else if (value == "remove") p.options.action = Action::BinfmtRemove;
    else if (value == "show") p.options.action = Action::BinfmtShow;
    else if (value == "print") p.options.action = Action::BinfmtPrint;
    else throw BadValue{"'" + std::string(value) + "' is not install, remove, show or print"};
}

void set_cache(Parser& p, std::string_view value) {
    if (value == "list") p.options.action = Action::CacheList;
    else if (value == "verify") p.options.action = Action::CacheVerify;
    else if (value == "trim") p.options.action = Action::CacheTrim;
    else if (value == "clear") p.options.action = Action::CacheClear;
    else if (value == "warm") {
        // The program is run, and what it starts does the same.
        p.options.engine.keep_all = true;
        p.options.process.self_options.insert(p.options.process.self_options.end(), {"-cache", "warm"});
    } else throw BadValue{"'" + std::string(value) + "' is not list, verify, trim, clear or warm"};
}

template <Action kAction>
void set_action(Parser& p, std::string_view) {
    p.options.action = kAction;
}

void set_trace(Parser& p, std::string_view value) {
    bool help = false;
    if (std::string bad = log::read_trace_option(value, help); !bad.empty()) throw BadValue{bad};
    if (help) p.options.action = Action::TraceHelp;
}

/// "TSIG HSIG N[,...]": the signals of the guest are the host's, so only what leaves them so can be had.
void check_signal_map(Parser&, std::string_view value) {
    constexpr u64 kFirst = 32, kLast = 64;
    for_each_part(value, [](std::string_view part) {
        u64 numbers[3];
        std::string_view rest = part;
        for (u64& number : numbers) {
            rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
            std::string_view digits = rest.substr(0, rest.find(' '));
            rest.remove_prefix(digits.size());
            std::optional<u64> parsed = any_base_number(digits);
            if (!parsed) throw BadValue{"'" + std::string(part) + "' is not TSIG HSIG N"};
            number = *parsed;
        }
        auto [guest, host, count] = numbers;
        if (rest.find_first_not_of(' ') != rest.npos || count == 0) {
            throw BadValue{"'" + std::string(part) + "' is not TSIG HSIG N"};
        }
        for (u64 first : {guest, host}) {
            if (first >= kFirst && first <= kLast && count - 1 <= kLast - first) continue;
            throw BadValue{"'" + std::string(part) + "': real-time signals are 32 to 64"};
        }
        if (guest != host) {
            throw BadValue{"'" + std::string(part) + "' is not supported: all 64 signals are the guest's own numbers"};
        }
    });
}

void refuse(Parser&, std::string_view) { throw BadValue{"is not supported"}; }

using enum Variables;
constexpr bool kInherited = true;

// clang-format off
constexpr Row kRows[] = {
    {"h", "", "", None, false, set_action<Action::Help>, "print this help"},
    {"help", "", "", None, false, set_action<Action::Help>, ""},
    {"g", "port|socket", "GDB", Both, false, set_gdb, "wait for gdb on a TCP port or a Unix socket (,suspend=n: do not wait)"},
    {"L", "path", "LD_PREFIX", Both, kInherited,
     [](Parser& p, std::string_view v) { p.options.process.sysroot = v; }, "look for the guest's files under 'path' first"},
    {"s", "size", "STACK_SIZE", Both, kInherited, set_stack_size, "stack size in bytes, or with K, M, G (RLIMIT_STACK)"},
    {"cpu", "model", "CPU", Both, kInherited,
     [](Parser& p, std::string_view v) {
         if (v == "help") p.options.action = Action::CpuHelp;
         else if (v.empty()) throw BadValue{"needs the name of a model (see dragoman -cpu help)"};
         else p.options.cpu = v;
     }, "CPU model[,ext=on|off...] (-cpu help lists them)"},
    {"E", "var=value[,...]", "SET_ENV", Both, false, set_variables, "set environment variables of the guest"},
    {"U", "var[,...]", "UNSET_ENV", Both, false, unset_variables, "unset environment variables of the guest"},
    {"0", "argv0", "ARGV0", Both, false,
     [](Parser& p, std::string_view v) { p.options.process.argv0 = v; p.options.process.argv0_set = true; },
     "give the guest 'argv0' as its argv[0]"},
    {"r", "release", "UNAME", Both, kInherited,
     [](Parser& p, std::string_view v) { p.options.process.uname_release = v; }, "kernel release that uname reports"},
    {"B", "address", "GUEST_BASE", Both, kInherited,
     [](Parser& p, std::string_view v) { p.options.guest_base = number_of(v); p.options.guest_base_set = true; },
     "host address of guest address 0"},
    {"R", "size", "RESERVED_VA", Both, kInherited,
     [](Parser& p, std::string_view v) {
         p.options.reserved_va = size_of(v);
         if (p.options.reserved_va > u64{1} << 47) throw BadValue{"'" + std::string(v) + "' is more than 2^47 bytes"};
     },
     "limit the guest's address space to 'size' bytes (K, M, G)"},
    {"t", "tsig hsig n[,...]", "RTSIG_MAP", Qemu, false, check_signal_map,
     "map real-time signals: they are the host's already, another mapping is an error"},
    {"d", "item[,...]", "LOG", Both, kInherited, set_log_items, "log what the items name (-d help lists them)"},
    {"dfilter", "range[,...]", "DFILTER", Both, kInherited,
     [](Parser&, std::string_view v) {
         if (std::string bad = log::set_filter(v); !bad.empty()) {
             throw BadValue{"'" + bad + "' is not START..END, START+LENGTH or START-LENGTH"};
         }
     }, "list only blocks that start in START..END, START+LENGTH or START-LENGTH"},
    {"D", "logfile", "LOG_FILENAME", Both, false,
     [](Parser& p, std::string_view v) {
         if (v.empty()) throw BadValue{"needs the name of a file"};
         p.options.log_file = v;
         p.options.log_append = false;
     }, "write the log to 'logfile' instead of stderr (%d: the process id)"},
    {"append-log", "logfile", "", None, false,  // what -D becomes for programs that the guest executes
     [](Parser& p, std::string_view v) { p.options.log_file = v; p.options.log_append = true; }, ""},
    {"p", "pagesize", "PAGESIZE", Qemu, false, set_page_size, ""},
    {"one-insn-per-tb", "", "ONE_INSN_PER_TB", Both, kInherited,
     [](Parser& p, std::string_view) { p.options.engine.one_insn_per_tb = true; }, "one guest instruction per block"},
    {"singlestep", "", "SINGLESTEP", Qemu, kInherited,  // the older spelling of one-insn-per-tb
     [](Parser& p, std::string_view) { p.options.engine.one_insn_per_tb = true; }, ""},
    {"tb-size", "size", "TB_SIZE", Both, kInherited, set_translation_buffer, "size of the code buffer in MiB"},
    {"strace", "", "STRACE", Both, kInherited,
     [](Parser& p, std::string_view) { p.options.process.strace = true; }, "log every system call"},
    {"strace-pids", "", "", None, false,  // -strace in a process that another traced one has executed
     [](Parser& p, std::string_view) { p.options.process.strace_pids = true; }, ""},
    {"seed", "number", "RAND_SEED", Both, kInherited,
     [](Parser& p, std::string_view v) { p.options.process.seed = number_of(v); p.options.process.seed_set = true; },
     "seed for the guest's random numbers"},
    {"trace", "pattern", "TRACE", Qemu, false, set_trace,
     "[[enable=]pattern][,events=file][,file=file]: trace events, of which there are none"},
    {"plugin", "file", "PLUGIN", Qemu, false, refuse, ""},
    {"perfmap", "", "PERFMAP", Both, kInherited,
     [](Parser& p, std::string_view) { p.options.perf_map = true; }, "write /tmp/perf-PID.map for Linux perf"},
    {"jitdump", "", "JITDUMP", Both, kInherited,
     [](Parser& p, std::string_view) { p.options.jit_dump = true; }, "write jit-PID.dump for Linux perf"},
    {"version", "", "VERSION", Qemu, false, set_action<Action::Version>, "print the version"},
    {"backend", "x64|interp", "BACKEND", Own, kInherited, set_backend, "how translated code is run (x64)"},
    {"tb-cache", "dir|off", "TB_CACHE", Own, kInherited,
     [](Parser& p, std::string_view v) {
         if (v.empty()) throw BadValue{"needs a directory, or off"};
         p.options.tb_cache = v;
     }, "where translations are kept from run to run (~/.cache/dragoman)"},
    {"tb-cache-system", "dir|off", "TB_CACHE_SYSTEM", Own, kInherited,
     [](Parser& p, std::string_view v) {
         if (v.empty()) throw BadValue{"needs a directory, or off"};
         p.options.system_tb_cache = v;
     }, "where translations are kept for all users, only to be read (/var/cache/dragoman)"},
    {"tb-cache-size", "size", "TB_CACHE_SIZE", Own, kInherited,
     [](Parser& p, std::string_view v) { p.options.engine.cache_limit = number_of(v) << 20; },
     "most that is kept in all, in MiB (512)"},
    {"tb-tiers", "on|off", "TB_TIERS", Own, kInherited,
     [](Parser& p, std::string_view v) {
         if (v != "on" && v != "off") throw BadValue{"'" + std::string(v) + "' is not on or off"};
         p.options.engine.tiers = v == "on";
     }, "optimise only what has run for a while (on)"},
    {"disable-host-features", "list", "DISABLE_HOST_FEATURES", Own, kInherited, disable_features,
     "do not use these: sse41 avx avx2 bmi fma avx512 return-stack"},
    {"explain", "hot|address", "", None, false, set_explain,
     "write explain-PID.html: guest code, IR and host code of the hottest blocks, or of those at an address"},
    {"cache", "list|verify|trim|clear|warm", "", None, false, set_cache,
     "look after the translations that are kept; warm: run the program, and keep all that it needs"},
    {"binfmt", "install|remove|show|print", "", None, false, set_binfmt, "manage the kernel's binfmt_misc registration"},
};
// clang-format on

const Row* find_row(std::string_view name) {
    for (const Row& row : kRows) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

std::string_view lookup(const Environment& environment, const std::string& name, bool& found) {
    for (const std::string& entry : environment) {
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
            found = true;
            return std::string_view(entry).substr(name.size() + 1);
        }
    }
    found = false;
    return {};
}

void apply(Parser& p, const Row& row, std::string_view shown_name, std::string_view value) {
    try {
        row.apply(p, value);
    } catch (const BadValue& bad) {
        throw FatalError(kBadUsage, std::string(shown_name) + ": " + bad.text + " (dragoman -h prints help)");
    }
    if (!row.inherited) return;
    p.options.process.self_options.push_back("-" + std::string(row.name));
    if (!row.argument.empty()) p.options.process.self_options.emplace_back(value);
}

/// Applies the variables of one prefix.
void apply_environment(Parser& p, const Environment& environment, std::string_view prefix, Variables own) {
    for (const Row& row : kRows) {
        if (row.variables != own && row.variables != Both) continue;
        std::string name = std::string(prefix) + std::string(row.variable);
        bool found;
        std::string_view value = lookup(environment, name, found);
        if (found) apply(p, row, name, value);
    }
}

bool any_with_prefix(const Environment& environment, std::string_view prefix) {
    return std::any_of(environment.begin(), environment.end(),
                       [&](const std::string& entry) { return entry.starts_with(prefix); });
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments, const Environment& environment, bool trusted) {
    Parser p;
    p.environment = environment;
    if (trusted && any_with_prefix(environment, "QEMU_")) apply_environment(p, environment, "QEMU_", Qemu);
    if (trusted && any_with_prefix(environment, "DRAGOMAN_")) apply_environment(p, environment, "DRAGOMAN_", Own);

    std::size_t i = 0;
    for (; i < arguments.size(); i++) {
        std::string_view argument = arguments[i];
        if (!argument.starts_with('-') || argument == "-") break;
        if (argument == "--") {
            i++;
            break;
        }
        std::string_view name = argument.substr(argument.starts_with("--") ? 2 : 1);
        const Row* row = find_row(name);
        if (!row) {
            throw FatalError(kBadUsage, "unknown option '" + std::string(argument) + "' (dragoman -h prints help)");
        }
        std::string_view value;
        if (!row->argument.empty()) {
            if (++i == arguments.size()) {
                throw FatalError(kBadUsage, "option '" + std::string(argument) + "' needs a value: " +
                                                std::string(row->argument) + " (dragoman -h prints help)");
            }
            value = arguments[i];
        }
        apply(p, *row, argument, value);
        if (p.options.action == Action::Help || p.options.action == Action::Version) return std::move(p.options);
    }
    if (!p.options.log_file.empty()) {
        p.options.process.self_options.insert(p.options.process.self_options.end(),
                                              {"-append-log", p.options.log_file});
    }
    if (i < arguments.size()) {
        p.options.program = arguments[i];
        p.options.arguments.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
    } else if (p.options.action == Action::Run) {
        throw FatalError(kBadUsage, "no program given (dragoman -h prints help)");
    }
    if (p.options.process.argv0_set && !p.options.arguments.empty()) {
        p.options.arguments.front() = p.options.process.argv0;
    }
    p.options.process.environment = std::move(p.environment);
    return std::move(p.options);
}

std::string help_text() {
    std::string text =
        "usage: dragoman [options] program [arguments...]\n"
        "Runs a Linux program that was compiled for another processor (riscv32, riscv64).\n\n"
        "Argument                          Environment                     Description\n";
    for (const Row& row : kRows) {
        if (row.help.empty()) continue;
        std::string option = "-" + std::string(row.name);
        if (!row.argument.empty()) option += " " + std::string(row.argument);
        std::string variable;
        if (row.variables == Both || row.variables == Qemu) variable = "QEMU_" + std::string(row.variable);
        if (row.variables == Own) variable = "DRAGOMAN_" + std::string(row.variable);
        option.resize(std::max<std::size_t>(option.size() + 1, 34), ' ');
        variable.resize(std::max<std::size_t>(variable.size() + 1, 32), ' ');
        text += option + variable + std::string(row.help) + "\n";
    }
    text +=
        "\nEvery QEMU_ variable but QEMU_VERSION also exists as DRAGOMAN_, which wins; an option on the command\n"
        "line wins over both. Options may be spelled with one dash or two. -E and -U may be repeated; of several\n"
        "changes to one variable the last one stays.\n";
    return text;
}

}  // namespace dragoman::cli
