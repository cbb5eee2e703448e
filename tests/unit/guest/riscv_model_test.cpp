// -cpu: models, properties, what extensions bring along, and what is said of the result.
#include "guest/riscv/model.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

#include "guest/riscv/cpu_properties.h"
#include "guest/riscv/decode.h"
#include "unit/guest/models.h"

namespace dragoman::riscv {
namespace {

using enum Extension;

/// The configuration of a user program's or a machine's model; empty when there is none.
ExtensionSet parsed(std::string_view cpu, bool system = false) {
    CpuConfiguration configuration;
    EXPECT_EQ(parse_cpu(cpu, system, configuration), "") << cpu;
    return configuration.extensions;
}

std::string wrong(std::string_view cpu, bool system = false) {
    CpuConfiguration configuration;
    return parse_cpu(cpu, system, configuration);
}

bool mentions(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

// --- the table ---

/// Place of a name in ISA strings: single letters, Z by category and then by name, S, X.
std::tuple<unsigned, std::size_t, std::string> place(const std::string& name) {
    constexpr std::string_view kLetters = "iemafdqlcbkjtpvh";
    if (name.size() == 1) return {0, kLetters.find(name[0]), ""};
    if (name[0] == 'z') return {1, kLetters.find(name[1]), name};
    return {name[0] == 's' ? 2 : 3, 0, name};
}

TEST(RiscvExtensions, AreInTheOrderOfIsaStrings) {
    std::string last = "i";
    for (unsigned i = 1; i < kExtensionCount; ++i) {
        const ExtensionInfo& e = extension_info(static_cast<Extension>(i));
        if (e.kind == ExtensionKind::Knob || e.is_base()) continue;
        std::string name(e.name == "x-svukte" ? "svukte" : e.name);
        EXPECT_LT(place(last), place(name)) << last << ", " << name;
        last = name;
    }
}

TEST(RiscvExtensions, HaveHwprobeBitsOfTheirOwn) {
    std::set<u8> seen;
    for (unsigned i = 0; i < kExtensionCount; ++i) {
        u8 bit = extension_info(static_cast<Extension>(i)).hwprobe;
        EXPECT_TRUE(bit == ExtensionInfo::kNoProbe || seen.insert(bit).second) << unsigned{bit};
    }
}

TEST(RiscvExtensions, ThatAreExecutedNeedOnlyWhatIsExecuted) {
    for_each(executed_extensions(), [](Extension e) {
        EXPECT_TRUE(executed_extensions().contains(extension_info(e).needs)) << extension_info(e).name;
    });
}

// --- models ---

TEST(RiscvModels, NeedNothingThatTheTableDoesNotBring) {
    for (const CpuModelInfo& model : cpu_models()) {
        CpuConfiguration configuration;
        std::string error = parse_cpu(model.name, true, configuration, base_of(model.extensions));
        if (!unsupported(model.extensions).empty()) {
            EXPECT_TRUE(mentions(error, model.name) && mentions(error, list_names(unsupported(model.extensions))))
                << error;
            continue;
        }
        EXPECT_EQ(error, "");
        // Machines of this model have vectors only where they are asked for.
        const ExtensionSet absent = model.name == "max" ? vector_extensions() : ExtensionSet{};
        EXPECT_TRUE(configuration.extensions.contains(model.extensions - absent)) << model.name;
        for_each(configuration.extensions, [&](Extension e) {
            EXPECT_TRUE(configuration.extensions.contains(extension_info(e).needs)) << model.name;
        });
    }
}

TEST(RiscvModels, OfUserProgramsHaveNoPrivilegedArchitecture) {
    for (const char* cpu : {"max", "rv64", "rva22s64", "sifive-u54", "max,sstc=on,sv48=on"}) {
        EXPECT_TRUE(user_extensions().contains(parsed(cpu))) << cpu;
    }
    EXPECT_TRUE(parsed("max", true).has(Sstc));
}

TEST(RiscvModels, AreComplete) {
    const std::string isa = make_model("max")->isa_string();
    EXPECT_TRUE(isa.starts_with("rv64imafdcbv_zic64b_zicbom_")) << isa;
    for (const char* name :
         {"ziccamoa", "ziccif", "zicclsm", "ziccrse", "za64rs", "zmmul", "zaamo", "zalrsc", "zca", "zcd", "zkt"}) {
        EXPECT_TRUE(mentions(isa, std::string("_") + name)) << name;
    }
    EXPECT_EQ(make_model("sifive-u54")->isa_string(),
              "rv64imafdc_zicntr_zicsr_zifencei_zihpm_zmmul_zaamo_zalrsc_zca_zcd");
    EXPECT_EQ(make_model("rv64i")->isa_string(), "rv64i");
}

/// The ISA string of a model of RV32, or what is wrong with it.
std::string isa32(std::string_view cpu) {
    CpuConfiguration configuration;
    std::string error = parse_cpu(cpu, false, configuration, Rv32);
    return error.empty() ? Model(configuration, false).isa_string() : error;
}

TEST(RiscvModels, OfRv32HaveItsExtensions) {
    EXPECT_EQ(isa32("rv32i"), "rv32i");
    EXPECT_EQ(isa32("rv32e"), "rv32e");
    EXPECT_EQ(isa32("sifive-u34"), "rv32imafdc_zicntr_zicsr_zifencei_zihpm_zmmul_zaamo_zalrsc_zca_zcd_zcf");
    EXPECT_EQ(isa32("sifive-e34"), "rv32imafc_zicntr_zicsr_zifencei_zihpm_zmmul_zaamo_zalrsc_zca_zcf");
    EXPECT_EQ(isa32("max"), isa32("max32"));
    EXPECT_TRUE(mentions(isa32("max"), "_zknd_") && mentions(isa32("max"), "_zcf_")) << isa32("max");
    EXPECT_TRUE(mentions(isa32("rv32,zbb=off"), "rv32imafdc_")) << isa32("rv32,zbb=off");
    for (const char* cpu : {"rv64", "sifive-u54", "rva22u64", "x-rv128"})
        EXPECT_TRUE(mentions(isa32(cpu), "not of RV32"));
    for (const char* cpu : {"rv32,v=on", "max,zvbb=on", "rv32,supm=on", "max,xtheadba=on", "rv32,rva23u64=on"}) {
        EXPECT_TRUE(mentions(isa32(cpu), "not supported with RV32")) << isa32(cpu);
    }
    EXPECT_TRUE(mentions(isa32("rv32,rv64=on"), "unknown CPU property 'rv64'"));
    EXPECT_TRUE(mentions(wrong("rv64,zcf=on"), "not supported with RV64"));
    EXPECT_TRUE(mentions(wrong("rv32"), "not of RV64"));
    EXPECT_FALSE(mentions(make_model("max")->isa_string(), "zcf"));
}

/// Rows of one width only, by the bits of an instruction of theirs.
TEST(RiscvModels, DecodeTheInstructionsOfTheirWidth) {
    CpuConfiguration configuration;
    ASSERT_EQ(parse_cpu("max", false, configuration, Rv32), "");
    const Decoder narrow(configuration.extensions);
    const std::unique_ptr<Model> wide = make_model("max");
    auto name = [](const Decoder& decoder, u32 bits) {
        const InsnRow* row = decoder.find(bits);
        return std::string(row != nullptr ? row->mnemonic : "none");
    };
    constexpr struct {
        u32 bits;
        const char *rv32, *rv64;
    } kInsns[] = {
        {0x2001, "c.jal", "none"},  // c.addiw x0 on RV64: reserved
        {0x2085, "c.jal", "c.addiw"},        {0x6108, "c.flw", "c.ld"},        {0xe108, "c.fsw", "c.sd"},
        {0x0000b503, "none", "ld"},          {0x0005051b, "none", "addiw"},    {0x02051513, "none", "slli"},
        {0x01f51513, "slli", "slli"},        {0x69855513, "rev8", "none"},     {0x6b855513, "none", "rev8"},
        {0x08054533, "zext.h", "pack"},      {0x0805453b, "none", "zext.h"},   {0x08f51513, "zip", "none"},
        {0xe2050553, "none", "fmv.x.d"},     {0xc2250553, "none", "fcvt.l.d"}, {0x1005352f, "none", "lr.d"},
        {0x50b50533, "sha512sum0r", "none"}, {0x22b50533, "aes32esi", "none"},
    };
    for (const auto& insn : kInsns) {
        EXPECT_EQ(name(narrow, insn.bits), insn.rv32) << std::hex << insn.bits;
        EXPECT_EQ(name(wide->decoder(), insn.bits), insn.rv64) << std::hex << insn.bits;
    }
}

TEST(RiscvModels, ThatCannotBeSaySo) {
    EXPECT_EQ(wrong("rva23u64"), "");
    EXPECT_EQ(wrong("xiangshan-kunminghu", true), "");
    EXPECT_TRUE(mentions(wrong("max,svukte=on", true), "svukte"));
    EXPECT_TRUE(mentions(wrong("rv32", true), "'rv32'"));
    EXPECT_TRUE(mentions(wrong("pentium"), "'pentium'"));
}

TEST(RiscvModels, OfManufacturersTakeNothingMore) {
    EXPECT_TRUE(mentions(wrong("sifive-u54,zba=on"), "zba"));
    EXPECT_EQ(wrong("sifive-u54,zba=off,d=on,zca=on"), "");
    EXPECT_TRUE(mentions(wrong("sifive-u54,mvendorid=3"), "mvendorid"));
    EXPECT_FALSE(parsed("sifive-u54,d=off").has(Zcd));
}

TEST(RiscvModels, OfManufacturersHaveTheirEncodings) {
    constexpr u32 kThMveqz = 0x40c5'950b, kMipsCcmov = 0x06b6'350b, kVtMaskc = 0x00b5'657b;
    auto has = [](std::string_view cpu, u32 insn) { return make_model(cpu)->decoder().find(insn) != nullptr; };
    for (const char* cpu : {"max", "rv64", "thead-c906", "thead-c908", "veyron-v1", "mips-p8700"}) {
        EXPECT_EQ(has(cpu, kThMveqz), std::string_view(cpu).starts_with("thead")) << cpu;
        EXPECT_EQ(has(cpu, kVtMaskc), std::string_view(cpu) == "veyron-v1") << cpu;
    }
    EXPECT_STREQ(make_model("mips-p8700")->decoder().find(kMipsCcmov)->mnemonic, "mips.ccmov");
    EXPECT_STREQ(make_model("thead-c906")->decoder().find(kMipsCcmov)->mnemonic, "th.extu");
    EXPECT_TRUE(has("rv64,xtheadcondmov=on", kThMveqz));
    EXPECT_TRUE(mentions(wrong("max,xtheadbb=on,xmipscmov=on"), "'xtheadbb' and 'xmipscmov' exclude each other"));
    EXPECT_TRUE(mentions(wrong("mips-p8700,xtheadba=on"), "xtheadba"));
}

// --- properties ---

TEST(RiscvProperties, AreQemus) {
    EXPECT_FALSE(parsed("max,zba=off,v=false,ztso=off,h=false,short-isa-string=off,u=on").has(Zba));
    EXPECT_FALSE(parsed("max,f=off").has(D));
    EXPECT_FALSE(parsed("max,f=off").has(Zfh));
    EXPECT_EQ(wrong("max,vlen=256,elen=64,vext_spec=v1.0,cbom_blocksize=64,mvendorid=0x5b7,marchid=1"), "");
    EXPECT_NE(wrong("max,f=off,d=on"), "");
    EXPECT_TRUE(mentions(wrong("max,zvfbfa=on"), "'zvfbfa'"));
    EXPECT_TRUE(parsed("max").contains({Zicfilp, Zicfiss}) && parsed("rv64,zicfiss=on").has(Zicfiss));
    EXPECT_FALSE(parsed("max,zimop=off").has(Zicfiss));
    EXPECT_TRUE(parsed("max", true).contains({Smctr, Ssctr}) && parsed("rv64,smctr=on", true).has(Sscsrind));
    EXPECT_FALSE(parsed("max", true).has(Smrnmi) || parsed("max", true).has(Smdbltrp));
    EXPECT_EQ(wrong("rv64,smrnmi=on,smdbltrp=on,rnmi-interrupt-vector=0x80000000", true), "");
    EXPECT_TRUE(mentions(wrong("rv64,rnmi-exception-vector=here", true), "'here'"));
    EXPECT_TRUE(parsed("max,v=on,zvkng=on").contains({Zvkned, Zvknhb, Zvkb, Zvkg, Zvkn}));
    EXPECT_TRUE(parsed("max").contains({Zvbc, Zvkned, Zvkg, Zvknha, Zvknhb}));
    EXPECT_FALSE(parsed("max").has(Zvksed) || parsed("max", true).has(Zvkned));
    EXPECT_TRUE(mentions(wrong("max,zcmp=on"), "'zcmp' and 'zcd' exclude each other"));
    EXPECT_TRUE(parsed("max,c=off,zca=on,zcb=on,zcmp=on,zcmt=on").has(Zce));
    EXPECT_TRUE(parsed("max").contains({V, Zve64d, Zvbb, Zvfh}));
    EXPECT_FALSE(parsed("max", true).has(V) || parsed("max", true).has(Zve32x) || parsed("max", true).has(Zvbb));
    EXPECT_TRUE(parsed("max,v=on", true).has(Zve64d));
    EXPECT_FALSE(parsed("max,v=off").has(V));
    EXPECT_FALSE(parsed("max,zve32x=off").has(Zvbb));
    EXPECT_TRUE(parsed("rv64,supm=on").has(Supm));
    EXPECT_EQ(wrong("max,rva23s64=on", true), "");
    EXPECT_TRUE(mentions(wrong("rv64,h=on,s=off", true), "'h'"));
    EXPECT_TRUE(mentions(wrong("max,nonsense=on"), "'nonsense'"));
    EXPECT_TRUE(mentions(wrong("max,zba=maybe"), "'maybe'"));
    EXPECT_TRUE(mentions(wrong("max,vlen=100"), "'100'"));
    EXPECT_TRUE(mentions(wrong("max,marchid=0x8000000000000000"), "marchid"));
    EXPECT_TRUE(mentions(wrong("max,i=off"), "'i'"));
}

TEST(RiscvProperties, OfProfilesBringAllThatIsMandatory) {
    EXPECT_EQ(parsed("rv64i,rva22u64=on"), parsed("rva22u64"));
    EXPECT_FALSE(parsed("rva22u64,zbs=off").has(B));
    EXPECT_FALSE(parsed("max,rva22s64=on", true).has(Zvbb));
    EXPECT_TRUE(parsed("max,rva22s64=on", true).has(Sv57));
}

TEST(RiscvProperties, OfSums) {
    EXPECT_TRUE(parsed("rv64i,b=on").contains({B, Zba, Zbb, Zbs}));
    EXPECT_TRUE(parsed("rv64i,zba=on,zbb=on,zbs=on").has(B));
    EXPECT_FALSE(parsed("max,b=off").has(B));
    EXPECT_TRUE(parsed("max,b=off").has(Zba));
    EXPECT_FALSE(parsed("max,zaamo=off").has(A));
    EXPECT_TRUE(parsed("max,zaamo=off").has(Zalrsc));
    EXPECT_FALSE(parsed("max,a=off").has(Zacas));
    EXPECT_TRUE(parsed("max,a=off,zalrsc=on").has(Zalrsc));
    EXPECT_FALSE(parsed("max,zcd=off").has(C));
    EXPECT_TRUE(parsed("max,zcd=off").has(Zca));
    EXPECT_TRUE(parsed("max,d=off").has(C));
    EXPECT_TRUE(parsed("rv64i,zmmul=on").has(Zmmul));
    EXPECT_FALSE(parsed("rv64i,zmmul=on").has(M));
}

TEST(RiscvProperties, OfThePrivilegedSpecification) {
    ExtensionSet old = parsed("max,priv_spec=v1.10.0", true);
    EXPECT_FALSE(old.has(Sm1p11) || old.has(Sm1p12) || old.has(Sstc));
    EXPECT_TRUE(old.has(Svinval));
    EXPECT_TRUE(parsed("max,priv_spec=v1.11.0", true).has(Sm1p11));
    EXPECT_EQ(parsed("max,priv_spec=v1.12.0", true), parsed("max", true));
}

TEST(RiscvProperties, Identify) {
    EXPECT_EQ(make_model("max,mvendorid=0x31e,marchid=7,mimpid=9")->ids(), (HartIds{0x31e, 7, 9}));
    EXPECT_EQ(make_model("")->ids(), HartIds{});
}

TEST(RiscvModels, StandBesideEachOther) {
    std::unique_ptr<Model> small = make_model("rv64i"), large = make_model("max"), machine = make_model("max", true);
    constexpr u32 kMul = 0x02c5'8533, kSret = 0x1020'0073;
    EXPECT_EQ(small->decoder().find(kMul), nullptr);
    EXPECT_NE(large->decoder().find(kMul), nullptr);
    EXPECT_EQ(large->decoder().find(kSret), nullptr);
    EXPECT_NE(machine->decoder().find(kSret), nullptr);
    EXPECT_NE(small->configuration(), large->configuration());
    EXPECT_NE(large->configuration(), machine->configuration());
    EXPECT_LT(large->registers().size(), machine->registers().size());
}

}  // namespace
}  // namespace dragoman::riscv
