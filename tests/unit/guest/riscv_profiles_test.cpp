// docs/profiles.md is what this test writes with DRAGOMAN_WRITE_DOCS=1 in the environment: the extensions of the
// profiles, from the table of extensions, and the tests of each.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "guest/riscv/cpu_models.h"

namespace dragoman::riscv {
namespace {

using enum Extension;

/// Where an extension is tested, below tests/. What is not here is a promise about how something behaves that is tested
/// with the instructions of others.
struct Tested {
    Extension extension;
    std::string_view files;
};
constexpr Tested kTested[] = {
    {I, "guest/i_arith.S guest/i_jumps.S guest/i_memory.S"},
    {M, "guest/m.S"},
    {A, "guest/a.S"},
    {F, "guest/f.S guest/fp_random.S guest/rounding.S"},
    {D, "guest/d.S guest/fp_random.S"},
    {C, "guest/c.S"},
    {B, "guest/zba.S guest/zbb.S guest/zbs.S"},
    {V, "programs/vector_arith.c programs/vector_memory.c"},
    {Zicbom, "guest/hints.S guest/illegal.S"},
    {Zicbop, "guest/hints.S"},
    {Zicboz, "guest/hints.S programs/pointer_masking.c"},
    {Ziccamoa, "guest/a.S"},
    {Ziccif, "guest/fence_i.S"},
    {Zicclsm, "guest/i_memory.S"},
    {Ziccrse, "guest/a.S"},
    {Zicfilp, "programs/landing_pads.c system/bare/landing_pads.S"},
    {Zicfiss, "programs/shadow_stack.c system/bare/shadow_stacks.S"},
    {Zicntr, "guest/zicsr.S system/bare/counters.S"},
    {Zicond, "guest/zicond.S"},
    {Zicsr, "guest/zicsr.S"},
    {Zifencei, "guest/fence_i.S"},
    {Zihintntl, "guest/hints.S"},
    {Zihintpause, "guest/hints.S"},
    {Zihpm, "guest/zihpm.S system/bare/counters.S"},
    {Zimop, "guest/hints.S"},
    {Zabha, "guest/zacas.S"},
    {Zacas, "guest/zacas.S"},
    {Zawrs, "guest/hints.S"},
    {Zfa, "guest/zfa.S"},
    {Zfbfmin, "guest/zfbfmin.S"},
    {Zfh, "guest/zfh.S"},
    {Zfhmin, "guest/zfh.S"},
    {Zcb, "guest/zcb.S"},
    {Zcmop, "guest/zcb.S"},
    {Zba, "guest/zba.S"},
    {Zbb, "guest/zbb.S"},
    {Zbc, "guest/zbc.S"},
    {Zbs, "guest/zbs.S"},
    {Zkn, "guest/zkn.S guest/zbkb_zbkx.S"},
    {Zkr, "guest/zkr.S system/bare/seed.S"},
    {Zks, "guest/zks.S guest/zbkb_zbkx.S"},
    {Zvbb, "programs/vector_arith.c"},
    {Zvbc, "programs/vector_arith.c"},
    {Zvfh, "programs/vector_arith.c"},
    {Zvfhmin, "programs/vector_arith.c"},
    {Zvkng, "programs/vector_crypto.c"},
    {Zvksg, "programs/vector_crypto.c"},
    {Sdtrig, "system/bare/triggers.S"},
    {Sscofpmf, "system/bare/counters.S"},
    {Ssccptr, "system/bare/paging.S"},
    {Sscounterenw, "system/bare/counters.S"},
    {Ssnpm, "system/bare/pointer_masking.S"},
    {Sspm, "system/bare/pointer_masking.S"},
    {Sstc, "system/bare/interrupts.S"},
    {Sstvala, "system/bare/modes.S"},
    {Sstvecd, "system/bare/modes.S"},
    {Supm, "programs/pointer_masking.c"},
    {Svade, "system/bare/paging.S"},
    {Svadu, "system/bare/paging.S"},
    {Svinval, "system/bare/paging.S"},
    {Svnapot, "system/bare/paging.S"},
    {Svpbmt, "system/bare/paging.S"},
    {Sv39, "system/bare/paging.S"},
    {Sv48, "system/bare/paging.S"},
    {Sv57, "system/bare/paging.S"},
};

std::string_view tests_of(Extension e) {
    for (const Tested& t : kTested) {
        if (t.extension == e) return t.files;
    }
    return "";
}

const std::filesystem::path kSource = DRAGOMAN_SOURCE_DIR;

TEST(RiscvProfiles, TestsThatAreNamedExist) {
    for (const Tested& t : kTested) {
        std::istringstream files{std::string(t.files)};
        for (std::string file; files >> file;) EXPECT_TRUE(std::filesystem::exists(kSource / "tests" / file)) << file;
    }
}

/// m: mandatory, o: optional.
char place(const Profile& profile, Extension e) {
    return profile.extensions.has(e) ? 'm' : profile.optional.has(e) ? 'o' : ' ';
}

std::string page() {
    std::string text =
        "# The profiles\n\n"
        "What the RVA profiles name, and whether it is executed: `m` mandatory, `o` optional. A model of a profile\n"
        "(`-cpu rva23u64`) has what is mandatory; as long as some of that is missing, it is an error that names it. In "
        "user\n"
        "mode extensions of the privileged architecture (S...) are nothing to a program, and never missing.\n\n"
        "Written by the test `guest.RiscvProfiles` from `src/guest/riscv/extension_table.h` and `cpu_models.cpp`.\n\n| "
        " |";
    for (const Profile& profile : profiles()) text += " " + std::string(profile.name).substr(3) + " |";
    text += " state | tests |\n| --- |";
    for (std::size_t i = 0; i < profiles().size(); ++i) text += " --- |";
    text += " --- | --- |\n";
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        const Extension e = static_cast<Extension>(i);
        const ExtensionInfo& info = extension_info(e);
        std::string row;
        bool named = false;
        for (const Profile& profile : profiles()) {
            const char c = place(profile, e);
            row += std::string(" ") + c + " |";
            named |= c != ' ';
        }
        const bool paging = e == Sv39 || e == Sv48 || e == Sv57;
        if (!named || (info.kind == ExtensionKind::Knob && !paging)) continue;
        text += "| " + std::string(info.name) + " |" + row + (info.executed() ? " executed |" : " **missing** |");
        std::istringstream files{std::string(tests_of(e))};
        for (std::string file; files >> file;) text += " `" + file + "`";
        text += " |\n";
    }
    return text;
}

TEST(RiscvProfiles, AreDocumented) {
    const std::filesystem::path path = kSource / "docs" / "profiles.md";
    if (const char* write = std::getenv("DRAGOMAN_WRITE_DOCS"); write != nullptr && *write == '1') {
        std::ofstream(path) << page();
    }
    std::ostringstream there;
    there << std::ifstream(path).rdbuf();
    EXPECT_EQ(there.str(), page()) << "run this test with DRAGOMAN_WRITE_DOCS=1";
}

TEST(RiscvProfiles, ContainEachOther) {
    for (const Profile& profile : profiles()) {
        const std::string name(profile.name);
        if (!name.ends_with("s64")) continue;
        const Profile* user = find_profile(name.substr(0, 5) + "u64");
        ASSERT_NE(user, nullptr) << name;
        EXPECT_TRUE(profile.extensions.contains(user->extensions)) << name;
    }
}

}  // namespace
}  // namespace dragoman::riscv
