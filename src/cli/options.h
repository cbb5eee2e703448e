// The command line of the user-mode front door: what qemu-riscv64 accepts, with the same meaning, and
// Dragoman's own options. Every option is one row of the table in options.cpp.
#pragma once

#include <string>
#include <vector>

#include "debug/explain/explain.h"
#include "engine/engine.h"
#include "host/host.h"
#include "linux/task.h"

namespace dragoman::cli {

/// What the command line asks for.
enum class Action {
    Run,
    Help,
    Version,
    LogHelp,
    TraceHelp,
    CpuHelp,
    BinfmtInstall,
    BinfmtRemove,
    BinfmtShow,
    BinfmtPrint,
    CacheList,
    CacheVerify,
    CacheTrim,
    CacheClear
};

struct Options {
    Action action = Action::Run;
    host::Options host;
    std::string backend = "x64";
    engine::Config engine;
    linux_abi::ProcessOptions process;
    std::string cpu;     ///< -cpu; empty: the guest's default model
    u64 guest_base = 0;  ///< -B
    bool guest_base_set = false;
    u64 reserved_va = 0;             ///< -R
    std::string gdb;                 ///< -g: port or socket path; empty: no debugger
    std::string inherited_debugger;  ///< of the program that has executed this one (Debugger::before_exec)
    bool gdb_suspend = true;         ///< wait for the debugger before the first instruction
    std::string tb_cache;            ///< -tb-cache: directory, "off", or empty for the default one
    std::string system_tb_cache;     ///< -tb-cache-system: likewise
    bool perf_map = false;
    bool jit_dump = false;
    bool explain = false;  ///< --explain: write a page about the translation when the program ends
    debug::ExplainSelection explain_selection;
    std::string log_file;     ///< -D
    bool log_append = false;  ///< set by the translator for the programs that its guest starts

    std::string program;                 ///< path of the guest program
    int program_fd = -1;                 ///< it has been opened already; -1: it is to be found by its path
    std::vector<std::string> arguments;  ///< argv of the guest, argv[0] included
};

/// Text of the process environment in the parser's eyes: lets tests bring their own.
using Environment = std::vector<std::string>;

/// Reads environment variables, then the command line (which wins). Log items and filter are switched on
/// in dragoman::log as they are met.
/// @param arguments without the program's name in front
/// @param trusted whether the environment is of somebody with the process's own privileges; else it is only the guest's
/// @throws FatalError
Options parse_options(const std::vector<std::string>& arguments, const Environment& environment, bool trusted = true);

/// Text of -h: one line per row of the table.
std::string help_text();

}  // namespace dragoman::cli
