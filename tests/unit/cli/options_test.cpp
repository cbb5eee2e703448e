#include "cli/options.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/log.h"

namespace dragoman::cli {
namespace {

using Arguments = std::vector<std::string>;

std::string error_of(const Arguments& arguments, const Environment& environment = {}) {
    try {
        parse_options(arguments, environment);
    } catch (const FatalError& e) {
        EXPECT_EQ(e.status(), 1);
        return e.what();
    }
    return {};
}

TEST(Options, ProgramAndItsArgumentsAreLeftAlone) {
    Options o = parse_options({"-L", "/root", "prog", "-L", "-x"}, {});
    EXPECT_EQ(o.process.sysroot, "/root");
    EXPECT_EQ(o.program, "prog");
    EXPECT_EQ(o.arguments, (Arguments{"prog", "-L", "-x"}));
    EXPECT_EQ(o.backend, "x64");
    EXPECT_EQ(o.action, Action::Run);
    EXPECT_EQ(parse_options({"--", "-prog"}, {}).program, "-prog");
    EXPECT_EQ(parse_options({"-"}, {}).program, "-");
}

TEST(Options, OneDashOrTwo) {
    EXPECT_TRUE(parse_options({"--strace", "p"}, {}).process.strace);
    EXPECT_TRUE(parse_options({"-strace", "p"}, {}).process.strace);
    EXPECT_EQ(parse_options({"--backend", "interp", "p"}, {}).backend, "interp");
    EXPECT_TRUE(parse_options({"-tb-tiers", "on", "p"}, {}).engine.tiers);
    EXPECT_FALSE(parse_options({"-tb-tiers", "off", "p"}, {}).engine.tiers);
}

TEST(Options, Values) {
    // clang-format off
    Options o = parse_options({"-s",   "16M",  "-r",    "6.1",  "-B",    "0x10000", "-R", "4G", "-tb-size", "32",
                               "-seed", "017", "-0",    "name", "-cpu",  "rv64,zba=off", "-g", "1234,suspend=n",
                               "-one-insn-per-tb", "-perfmap", "-jitdump", "-p", "4096", "p", "a"},
                              {});
    // clang-format on
    EXPECT_EQ(o.process.stack_size, 16u << 20);
    EXPECT_EQ(o.process.uname_release, "6.1");
    EXPECT_EQ(o.guest_base, 0x10000u);
    EXPECT_TRUE(o.guest_base_set);
    EXPECT_EQ(o.reserved_va, u64{4} << 30);
    EXPECT_EQ(o.engine.tb_size, 32u << 20);
    EXPECT_EQ(o.process.seed, 15u);
    EXPECT_TRUE(o.process.seed_set);
    EXPECT_EQ(o.arguments, (Arguments{"name", "a"}));
    EXPECT_EQ(o.program, "p");
    EXPECT_EQ(o.cpu, "rv64,zba=off");
    EXPECT_EQ(o.gdb, "1234");
    EXPECT_FALSE(o.gdb_suspend);
    EXPECT_TRUE(o.engine.one_insn_per_tb);
    EXPECT_TRUE(o.perf_map);
    EXPECT_TRUE(o.jit_dump);
}

TEST(Options, Actions) {
    EXPECT_EQ(parse_options({"-h"}, {}).action, Action::Help);
    EXPECT_EQ(parse_options({"--help"}, {}).action, Action::Help);
    EXPECT_EQ(parse_options({"-version"}, {}).action, Action::Version);
    EXPECT_EQ(parse_options({"-d", "help"}, {}).action, Action::LogHelp);
    EXPECT_EQ(parse_options({"-cpu", "help"}, {}).action, Action::CpuHelp);
    EXPECT_EQ(parse_options({"--binfmt", "print"}, {}).action, Action::BinfmtPrint);
}

TEST(Options, Explain) {
    Options o = parse_options({"--explain", "0x10570", "p"}, {});
    EXPECT_TRUE(o.explain);
    EXPECT_TRUE(o.engine.profile);
    EXPECT_FALSE(o.explain_selection.hot);
    EXPECT_EQ(o.explain_selection.address, 0x10570u);
    EXPECT_TRUE(parse_options({"--explain", "hot", "p"}, {}).explain_selection.hot);
}

TEST(Options, GuestEnvironment) {
    Options o = parse_options({"-E", "A=1,B=2", "-U", "C,D", "-E", "A=3", "p"}, {"C=x", "D=y", "DD=z", "A=0"});
    EXPECT_EQ(o.process.environment, (Environment{"DD=z", "B=2", "A=3"}));
    o = parse_options({"-E", "X=y=z", "p"}, {"QEMU_SET_ENV=X=1,Y=2", "QEMU_UNSET_ENV=GONE", "GONE=1"});
    EXPECT_EQ(o.process.environment.back(), "X=y=z");
    for (const std::string& entry : o.process.environment) EXPECT_NE(entry, "GONE=1");
}

TEST(Options, OwnVariablesWinOverQemusAndOptionsOverBoth) {
    Environment both = {"DRAGOMAN_LD_PREFIX=/own", "QEMU_LD_PREFIX=/qemu", "QEMU_STACK_SIZE=4096", "QEMU_STRACE="};
    Options o = parse_options({"p"}, both);
    EXPECT_EQ(o.process.sysroot, "/own");
    EXPECT_EQ(o.process.stack_size, 4096u);
    EXPECT_TRUE(o.process.strace);
    EXPECT_EQ(parse_options({"-L", "/line", "p"}, both).process.sysroot, "/line");
    EXPECT_EQ(parse_options({"p"}, {"DRAGOMAN_BACKEND=interp"}).backend, "interp");
    EXPECT_EQ(parse_options({"p"}, {"DRAGOMAN_VERSION=1"}).action, Action::Run);
    EXPECT_NE(error_of({"p"}, {"QEMU_STACK_SIZE=lots"}).find("QEMU_STACK_SIZE"), std::string::npos);
}

TEST(Options, AForeignEnvironmentIsTheGuestsOnly) {
    Environment environment = {"QEMU_LD_PREFIX=/elsewhere", "DRAGOMAN_GDB=1234", "QEMU_CPU=x", "A=1"};
    Options options = parse_options({"program"}, environment, false);
    EXPECT_EQ(options.process.sysroot, "");
    EXPECT_EQ(options.gdb, "");
    EXPECT_EQ(options.cpu, "");
    EXPECT_EQ(options.process.environment, environment);
    EXPECT_EQ(parse_options({"-binfmt", "show"}, {}).action, Action::BinfmtShow);
}

TEST(Options, LogItems) {
    log::selection.mask = 0;
    Options o = parse_options({"-d", "nochain,strace", "-D", "file", "p"}, {});
    EXPECT_FALSE(o.engine.chain);
    EXPECT_TRUE(o.process.strace);
    EXPECT_EQ(o.log_file, "file");
    log::selection.mask = 0;
}

TEST(Options, WhatIsPassedOn) {
    Options o = parse_options({"-L", "/r", "-0", "x", "-g", "1", "-E", "a=b", "-strace", "-D", "log", "p"}, {});
    EXPECT_EQ(o.process.self_options, (Arguments{"-L", "/r", "-strace", "-append-log", "log"}));
    Arguments again = o.process.self_options;
    again.push_back("p");
    o = parse_options(again, {});
    EXPECT_EQ(o.log_file, "log");
    EXPECT_TRUE(o.log_append);
}

TEST(Options, Errors) {
    struct {
        Arguments arguments;
        const char* names;
    } const cases[] = {
        {{}, "no program"},
        {{"-L", "x"}, "no program"},
        {{"-bogus", "p"}, "'-bogus'"},
        {{"---L", "p"}, "'---L'"},
        {{"-L"}, "'-L' needs a value"},
        {{"-s", "12q", "p"}, "'12q'"},
        {{"-s", "0", "p"}, "'0'"},
        {{"-s", "99999999999G", "p"}, "'99999999999G'"},
        {{"-B", "", "p"}, "''"},
        {{"-R", "M", "p"}, "'M'"},
        {{"-seed", "-1", "p"}, "'-1'"},
        {{"-tb-size", "100000", "p"}, "'100000'"},
        {{"-d", "in_asm,nonsense", "p"}, "'nonsense'"},
        {{"-dfilter", "1-2-3", "p"}, "'1-2-3'"},
        {{"-p", "65536", "p"}, "4096"},
        {{"-backend", "llvm", "p"}, "'llvm'"},
        {{"-tb-tiers", "maybe", "p"}, "'maybe'"},
        {{"-disable-host-features", "mmx", "p"}, "'mmx'"},
        {{"--binfmt", "now"}, "'now'"},
        {{"--explain", "cold", "p"}, "'cold'"},
        {{"-g", "70000", "p"}, "'70000'"},
        {{"-g", "", "p"}, "-g"},
        {{"-g", "1,suspend=maybe", "p"}, "suspend=maybe"},
        {{"-E", "novalue", "p"}, "'novalue'"},
        {{"-U", "A=B", "p"}, "'A=B'"},
        {{"-trace", "x=y", "p"}, "-trace"},
        {{"-plugin", "x", "p"}, "-plugin"},
        {{"-t", "1 2 3", "p"}, "-t"},
    };
    for (const auto& c : cases) {
        std::string text = error_of(c.arguments);
        EXPECT_NE(text.find(c.names), std::string::npos) << text << " should name " << c.names;
        EXPECT_NE(text.find("dragoman -"), std::string::npos) << text << " should say where help is";
        EXPECT_EQ(text.find('\n'), std::string::npos);
    }
}

TEST(Options, HelpHasEveryOptionOfQemu) {
    std::string help = help_text();
    for (const char* option : {"-h ",       "-g ",       "-L ",        "-s ",       "-cpu ",
                               "-E ",       "-U ",       "-0 ",        "-r ",       "-B ",
                               "-R ",       "-d ",       "-dfilter ",  "-D ",       "-one-insn-per-tb ",
                               "-tb-size ", "-strace ",  "-seed ",     "-version ", "-perfmap ",
                               "-jitdump ", "-backend ", "-tb-tiers ", "-binfmt "}) {
        EXPECT_NE(help.find(std::string("\n") + option), std::string::npos) << option;
    }
}

}  // namespace
}  // namespace dragoman::cli
