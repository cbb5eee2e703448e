#include "guest/riscv/cpu_models.h"

namespace dragoman::riscv {

namespace {

using enum Extension;

// --- what the models have in common ---

constexpr ExtensionSet kG = {I, M, A, F, D, Zicsr, Zifencei};
constexpr ExtensionSet kCounters = {Zicntr, Zihpm};
/// What the profiles ask of memory and caches.
constexpr ExtensionSet kOrderlyMemory = {Zic64b, Ziccamoa, Ziccif, Zicclsm, Ziccrse, Za64rs};
/// Choices of the privileged architecture.
constexpr ExtensionSet kOrderlyTraps = {Ssccptr, Sscounterenw, Ssstrict, Sstvala, Sstvecd, Ssu64xl};
constexpr ExtensionSet kOrderly = kOrderlyMemory + kOrderlyTraps;

/// Machines with the privileged architecture 1.10, 1.11 and 1.12.
constexpr ExtensionSet kPriv10 = {S, Pmp, Sdtrig, Sv39};
constexpr ExtensionSet kPriv11 = kPriv10 + ExtensionSet{Sm1p11};
constexpr ExtensionSet kPriv12 = kPriv11 + ExtensionSet{Sm1p12};
constexpr ExtensionSet kUpToSv48 = {Sv39, Sv48}, kUpToSv57 = {Sv39, Sv48, Sv57};

constexpr ExtensionSet kXthead = {Xtheadba,      Xtheadbb,  Xtheadbs,     Xtheadcmo,     Xtheadcondmov,
                                  Xtheadfmemidx, Xtheadmac, Xtheadmemidx, Xtheadmempair, Xtheadsync};

/// Of manufacturers, whose encodings overlap: no model has them unless it is theirs.
constexpr ExtensionSet kManufacturers =
    kXthead + ExtensionSet{Xtheadfmv, Xventanacondops, Xmipscbop, Xmipscmov, Xmipslsp, Xlrbr};

// --- profiles (RVA Profiles, RVA23 Profiles: "Mandatory Extensions", "Optional Extensions") ---

// Za64rs is more than the Za128rs that is asked for.
constexpr ExtensionSet kRva20u64 = {I, M, A, F, D, C, Zicsr, Zicntr, Ziccif, Ziccrse, Ziccamoa, Zicclsm, Za64rs};
constexpr ExtensionSet kRva20s64 =
    kRva20u64 + ExtensionSet{Zifencei, S, Sm1p11, Sv39, Svade, Ssccptr, Sstvecd, Sstvala};

constexpr ExtensionSet kRva22u64 =
    kOrderlyMemory + kCounters +
    ExtensionSet{I, M, A, F, D, C, B, Zicsr, Zihintpause, Zba, Zbb, Zbs, Zicbom, Zicbop, Zicboz, Zfhmin, Zkt};
constexpr ExtensionSet kRva22s64 =
    kRva22u64 + kOrderlyTraps + ExtensionSet{Zifencei, S, Sm1p11, Sm1p12, Sv39, Svade, Svpbmt, Svinval};
constexpr ExtensionSet kRva23u64 =
    kRva22u64 + ExtensionSet{V, Zvfhmin, Zvbb, Zvkt, Zihintntl, Zicond, Zimop, Zcmop, Zcb, Zfa, Zawrs, Supm};
constexpr ExtensionSet kRva23s64 = kRva23u64 + kRva22s64 + ExtensionSet{Svnapot, Sstc, Sscofpmf, Ssnpm, Sha};

constexpr ExtensionSet kPagingOptions = {Sv48, Sv57};

constexpr Profile kProfiles[] = {
    {"rva20u64", kRva20u64, {Zihpm}},
    {"rva20s64", kRva20s64, {Zihpm, Sv48, Ssu64xl}},
    {"rva22u64", kRva22u64, {Zfh, V, Zkn, Zks}},
    {"rva22s64", kRva22s64, kPagingOptions + ExtensionSet{Zfh, V, Zkn, Zks, Svnapot, Ssu64xl, Sstc, Sscofpmf, Zkr, H}},
    {"rva23u64",
     kRva23u64,
     {Zvkng, Zvksg, Zabha, Zacas, Zvbc, Zama16b, Zfh, Zbc, Zicfilp, Zicfiss, Zvfh, Zfbfmin, Zvfbfmin, Zvfbfwma}},
    {"rva23s64", kRva23s64,
     kPagingOptions + ExtensionSet{Zvkng, Zvksg,   Zabha,   Zacas,    Zvbc,    Zama16b,  Zfh,
                                   Zbc,   Zicfilp, Zicfiss, Zvfh,     Zfbfmin, Zvfbfmin, Zvfbfwma,
                                   Zkr,   Svadu,   Sdtrig,  Ssstrict, Svvptc,  Sspm}},
};

// --- models ---

/// Zve32x, and what needs it, directly or not.
constexpr ExtensionSet vector_set() {
    ExtensionSet vectors{Zve32x};
    for (bool changed = true; changed;) {
        const ExtensionSet before = vectors;
#define X(id, name, kind, hwprobe, ...)                                      \
    for (Extension needed : std::initializer_list<Extension>{__VA_ARGS__}) { \
        if (vectors.has(needed)) vectors.add(id);                            \
    }
        DRAGOMAN_RISCV_EXTENSIONS(X)
#undef X
        changed = !(vectors == before);
    }
    vectors.add(Zvkt);
    return vectors;
}
constexpr ExtensionSet kVectors = vector_set();

/// Everything, but accessed and dirty bits that trap: with Svade beside Svadu, firmware has to choose one.
constexpr ExtensionSet max_set() {
    ExtensionSet set;
#define X(id, name, kind, ...) \
    if (ExtensionKind::kind != ExtensionKind::Absent && ExtensionKind::kind != ExtensionKind::SystemAbsent) set.add(id);
    DRAGOMAN_RISCV_EXTENSIONS(X)
#undef X
    set.remove(Svade);
    set.remove({E, Rv32, Zcf, Sv32});
    // Firmware has to know of them, or cannot start.
    set.remove({Smrnmi, Smdbltrp});
    set.remove(kManufacturers);
    set.remove({Zfinx, Zdinx, Zhinx, Zhinxmin});  // not with F
    // Not with Zcd.
    set.remove({Zcmp, Zcmt, Zce});
    // Would cost each AMO a check of its own, for addresses that hardware hardly takes.
    set.remove(Zama16b);
    // Not as fast as scalar code yet: programs that choose code by what there is are better off without.
    set.remove({Zvksed, Zvksh, Zvks, Zvksc, Zvksg});
    return set;
}
constexpr ExtensionSet kMax = max_set();

/// Vectors, manufacturers' instructions, pointer masking and guests are those of RV64;
/// Svnapot and Svpbmt have no place in the entries of Sv32.
constexpr ExtensionSet kOnlyRv64 =
    kVectors + kManufacturers + ExtensionSet{Supm,      Smmpm,     Smnpm,        Ssnpm,       Sspm,    Sv39,
                                             Sv48,      Sv57,      Ssu64xl,      Svrsw60t59b, Svnapot, Svpbmt,
                                             H,         Sha,       Shcounterenw, Shgatpa,     Shtvala, Shvsatpa,
                                             Shvstvala, Shvstvecd, Smctr,        Ssctr};
constexpr ExtensionSet kOnlyRv32 = {Zcf, Sv32};
constexpr ExtensionSet kMax32 = kMax - kOnlyRv64 - ExtensionSet{Rv64} + ExtensionSet{Rv32, Zcf, Sv32};

constexpr ExtensionSet kRv64 = kG + kCounters + kOrderly + kPriv12 + kUpToSv57 +
                               ExtensionSet{C,   Zicbom, Zicbop, Zicboz, Zihintntl, Zihintpause, Zawrs, Zfa,
                                            Zba, Zbb,    Zbc,    Zbs,    Sstc,      Svadu,       Svvptc};

constexpr ExtensionSet kRv32 = kRv64 - kOnlyRv64 + ExtensionSet{Rv32, Sv32};
constexpr ExtensionSet kSifiveE31 = {Rv32, I, M, A, C, Zicsr, Zifencei, Zicntr, Zihpm, Pmp, Sdtrig};

constexpr ExtensionSet kSifiveU54 = kG + kCounters + kPriv10 + ExtensionSet{C};

constexpr ExtensionSet kTheadC908 =
    kG + kCounters + kOrderly + kXthead + kPriv12 + kUpToSv48 +
    ExtensionSet{C,   Zicbom, Zicboz,   Zihintpause, Zba,     Zbb,     Zbc,    Zbkc,     Zbs,
                 Zkt, Smepmp, Sscofpmf, Sstc,        Svinval, Svnapot, Svpbmt, Xtheadfmv};

constexpr ExtensionSet kTtAscalon =
    kG + kCounters + kOrderly + kPriv12 + kUpToSv57 +
    ExtensionSet{C,        V,    H,       Zicbom,   Zicbop,   Zicboz, Zicond, Zihintntl, Zihintpause, Zimop,
                 Zawrs,    Zfa,  Zfbfmin, Zfh,      Zcb,      Zcmop,  Zba,    Zbb,       Zbs,         Zkr,
                 Zkt,      Zvbb, Zvbc,    Zvfbfmin, Zvfbfwma, Zvfh,   Zvkng,  Smaia,     Smstateen,   Ssaia,
                 Sscofpmf, Sstc, Svade,   Svinval,  Svnapot,  Svpbmt, Sha};

constexpr ExtensionSet kVeyronV1 =
    kG + kCounters + kOrderly + kPriv12 + kUpToSv48 +
    ExtensionSet{C,     H,         Zicbom, Zicboz,   Zba,  Zbb,     Zbc,     Zbs,    Smaia,
                 Ssaia, Smstateen, Sha,    Sscofpmf, Sstc, Svinval, Svnapot, Svpbmt, Xventanacondops};

constexpr ExtensionSet kXiangshanNanhu =
    kG + kCounters + kOrderly + kPriv12 +
    ExtensionSet{C, B, Zbc, Zbkb, Zbkc, Zbkx, Zknd, Zkne, Zknh, Zksed, Zksh, Svinval};

constexpr ExtensionSet kXiangshanKunminghu =
    kRva23s64 + kPriv12 + kUpToSv48 + ExtensionSet{Zacas,    Zfh,      Zbc,      Zbkb,  Zbkc,      Zbkx,
                                                   Zkn,      Zks,      Zvfh,     Smaia, Ssaia,     Smmpm,
                                                   Smcsrind, Sscsrind, Ssdbltrp, Sspm,  Smstateen, Smnpm};

constexpr ExtensionSet kMipsP8700 =
    kG + kCounters + kOrderly + kPriv12 + kUpToSv48 + ExtensionSet{C, Zba, Zbb, Xmipscbop, Xmipscmov, Xmipslsp};

constexpr u64 kVendorThead = 0x5b7, kVendorVeyron = 0x61f, kVendorTenstorrent = 0x7a1, kVendorMips = 0x127;

using enum ModelKind;

constexpr CpuModelInfo kModels[] = {
    {"max", "all extensions that are implemented", Open, kMax, {}},
    {"rv64", "RV64GC with what QEMU's rv64 has; H only with h=on", Open, kRv64, {}},
    {"rv64gc",
     "RV64GC only: IMAFDC, Zicsr, Zifencei, Zicntr, Zihpm",
     Open,
     kG + kCounters + kPriv12 + ExtensionSet{C},
     {}},
    {"rv64i", "RV64I only", Open, {I}, {}},
    {"rv64e", "RV64E only", Open, {E}, {}},
    {"rva20u64", "profile RVA20U64, only what is mandatory", Open, kRva20u64, {}},
    {"rva20s64", "profile RVA20S64, only what is mandatory", Open, kRva20s64 + kPriv11, {}},
    {"rva22u64", "profile RVA22U64, only what is mandatory", Open, kRva22u64, {}},
    {"rva22s64", "profile RVA22S64, only what is mandatory", Open, kRva22s64 + kPriv12, {}},
    {"rva23u64", "profile RVA23U64, only what is mandatory", Open, kRva23u64, {}},
    {"rva23s64", "profile RVA23S64, only what is mandatory", Open, kRva23s64 + kPriv12, {}},
    {"sifive-e51",
     "SiFive E51: RV64IMAC without virtual memory",
     Vendor,
     {I, M, A, C, Zicsr, Zifencei, Zicntr, Zihpm, Pmp, Sdtrig},
     {}},
    {"sifive-u54", "SiFive U54: RV64GC", Vendor, kSifiveU54, {}},
    {"shakti-c", "Shakti C: RV64GC", Vendor, kSifiveU54, {}},
    {"thead-c906",
     "T-Head XuanTie C906",
     Vendor,
     kG + kCounters + kXthead + kPriv11 + ExtensionSet{C, Ziccamoa, Ziccif, Zicclsm, Ziccrse, Zfh, Ssccptr},
     {kVendorThead, 0, 0}},
    {"thead-c908", "T-Head XuanTie C908", Vendor, kTheadC908, {kVendorThead, 0x8d14'3000, 0}},
    {"thead-c908v",
     "T-Head XuanTie C908 with vectors",
     Vendor,
     kTheadC908 + ExtensionSet{V},
     {kVendorThead, 0x8d14'3000, 0}},
    {"tt-ascalon", "Tenstorrent Ascalon", Vendor, kTtAscalon, {kVendorTenstorrent, 0, 0}},
    {"veyron-v1", "Ventana Veyron V1", Vendor, kVeyronV1, {kVendorVeyron, 0x8000'0000'0001'0000, 0x111}},
    {"xiangshan-nanhu", "XiangShan Nanhu", Vendor, kXiangshanNanhu, {}},
    {"xiangshan-kunminghu", "XiangShan Kunminghu", Vendor, kXiangshanKunminghu, {}},
    {"mips-p8700", "MIPS P8700", Vendor, kMipsP8700, {kVendorMips, 0x8000'0000'0000'0201, 0}},

    {"max32", "RV32: all extensions that are implemented", Open, kMax32, {}},
    {"rv32", "RV32GC with what QEMU's rv32 has but H", Open, kRv32, {}},
    {"rv32i", "RV32I only", Open, {Rv32, I}, {}},
    {"rv32e", "RV32E only", Open, {Rv32, E}, {}},
    {"lowrisc-ibex",
     "lowRISC Ibex: RV32IMC",
     Vendor,
     {Rv32, I, M, C, Zicsr, Zifencei, Zicntr, Zihpm, Zba, Zbb, Zbc, Zbs, Pmp, Sdtrig, Smepmp, Sm1p11, Sm1p12},
     {}},
    {"sifive-e31", "SiFive E31: RV32IMAC without virtual memory", Vendor, kSifiveE31, {}},
    {"sifive-e34", "SiFive E34: RV32IMAFC without virtual memory", Vendor, kSifiveE31 + ExtensionSet{F}, {}},
    {"sifive-u34", "SiFive U34: RV32GC", Vendor, kSifiveE31 + ExtensionSet{F, D, S, Sv32}, {}},
};

/// qemu-system-riscv64's models of other bases.
constexpr std::string_view kForeignModels[] = {"x-rv128"};

template <class Row>
const Row* find(std::span<const Row> rows, std::string_view name) {
    for (const Row& row : rows) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

}  // namespace

std::span<const CpuModelInfo> cpu_models() { return kModels; }
const ExtensionSet& vector_extensions() { return kVectors; }

const CpuModelInfo* find_cpu_model(std::string_view name, Extension base) {
    // Emulators of RV32 alone call it max.
    const CpuModelInfo* model = find(cpu_models(), base == Rv32 && name == "max" ? "max32" : name);
    return model != nullptr && base_of(model->extensions) == base ? model : nullptr;
}

const ExtensionSet& excluded_extensions(Extension base) { return base == Rv32 ? kOnlyRv64 : kOnlyRv32; }

bool is_foreign_cpu_model(std::string_view name) {
    for (std::string_view foreign : kForeignModels) {
        if (name == foreign) return true;
    }
    return false;
}

std::span<const Profile> profiles() { return kProfiles; }
const Profile* find_profile(std::string_view name) { return find(profiles(), name); }

const ExtensionSet& max_extensions() { return kMax; }

}  // namespace dragoman::riscv
