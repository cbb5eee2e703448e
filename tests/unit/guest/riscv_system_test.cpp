// The privileged architecture without an engine: page-table walks over a small physical memory, PMP rules, traps,
// interrupts, CSR fields. tests/system/bare has programs that look at the same from inside.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

#include "guest/riscv/cpu.h"
#include "guest/riscv/csr.h"
#include "guest/riscv/decode.h"
#include "guest/riscv/disassemble.h"
#include "guest/riscv/helper.h"
#include "guest/riscv/status.h"
#include "guest/riscv/system.h"
#include "guest/riscv/translate.h"
#include "unit/guest/models.h"

namespace dragoman::guest {
namespace {

/// What the engine would keep.
struct Machine {
    std::map<u64, u64> memory;  ///< 8-byte words that exist
    unsigned flushes = 0;
    unsigned exits_requested = 0;
    AddressSpace space;
    u64 ticks = 0;
    std::map<u64, u64> race;  ///< words that change when they are about to be exchanged
};
Machine machine;

struct Raised {
    u32 exception;
    u64 value;
};

class TestRuntime final : public SystemRuntime {
public:
    void raise(ir::Env*, u32 exception, u64 value) override { throw Raised{exception, value}; }
    void fence_i(ir::Env*) override {}
    void load(ir::Env*, void*, u64, unsigned) override { std::abort(); }
    void store(ir::Env*, u64, const void*, unsigned) override { std::abort(); }
    bool try_load(ir::Env*, void*, u64, unsigned) override { std::abort(); }
    bool try_store(ir::Env*, u64, const void*, unsigned) override { std::abort(); }
    void* atomic_pointer(ir::Env*, u64, unsigned) override { std::abort(); }
    u64 cycles(ir::Env*) override { return machine.ticks * 100; }
    u64 time(ir::Env*) override { return machine.ticks; }
    void request_exit(ir::Env*) override { ++machine.exits_requested; }
    bool physical_load(ir::Env*, u64 address, unsigned, u64& value) override {
        auto word = machine.memory.find(address);
        if (word == machine.memory.end()) return false;
        value = word->second;
        return true;
    }
    bool physical_compare_exchange(ir::Env*, u64 address, unsigned, u64 expected, u64 desired, bool& swapped) override {
        auto word = machine.memory.find(address);
        if (word == machine.memory.end()) return false;
        if (auto other = machine.race.extract(address)) word->second = other.mapped();
        swapped = word->second == expected;
        if (swapped) word->second = desired;
        return true;
    }
    void flush_tlb(ir::Env*, const TlbFlush&) override { ++machine.flushes; }
    void switch_address_space(ir::Env*, const AddressSpace& space) override { machine.space = space; }
    bool bus_load(ir::Env* env, u64 address, unsigned bytes, u64& value) override {
        return physical_load(env, address, bytes, value);
    }
    bool bus_store(ir::Env*, u64, unsigned, u64) override { std::abort(); }
    void timer_changed(ir::Env*) override {}
};
TestRuntime runtime;

}  // namespace
}  // namespace dragoman::guest

namespace dragoman::riscv {
namespace {

using guest::Access;
using guest::machine;
using guest::Raised;

constexpr u64 kRoot = 0x8000'0000, kTable1 = 0x8000'1000, kTable0 = 0x8000'2000, kPage = 0x8000'5000;
constexpr u64 kV = 1, kR = 2, kW = 4, kX = 8, kU = 16, kA = 64, kD = 128;
constexpr u64 kAddress = 0x4000'3123;  // entries 1, 0, 3

class RiscvSystem : public testing::Test {
protected:
    void SetUp() override {
        machine = {};
        h_ = hart(create(*model_));
        h_->runtime = &guest::runtime;
        reset(h_, 0);
        h_->priv.pmp_config[15] = 0x1f;
        h_->priv.pmp_address[15] = low_mask(54);
        update_pmp(*h_);
    }
    void TearDown() override { destroy(h_); }

    void map_page(u64 flags) {
        machine.memory[kRoot + 8] = (kTable1 >> 2) | kV;
        machine.memory[kTable1] = (kTable0 >> 2) | kV;
        machine.memory[kTable0 + 3 * 8] = (kPage >> 2) | flags;
        h_->priv.satp = u64{kSv39} << kSatpModeShift | kRoot >> 12;
    }
    u64& leaf() { return machine.memory[kTable0 + 3 * 8]; }

    /// The exception of the access; 0 when it is permitted.
    u32 access(Access kind, unsigned index = kMmuSupervisor, bool debug = false) {
        return translate(h_, kAddress, kind, index, debug, t_) ? 0 : t_.exception;
    }
    u64 read(unsigned csr) { return find_csr(*model_, csr)->read(*h_, csr); }
    void write(unsigned csr, u64 value) { find_csr(*model_, csr)->write(*h_, value, csr); }

    std::unique_ptr<Model> model_ = make_model("max,svade=on", true);
    Hart* h_;
    guest::Translation t_;
};

// --- address translation ---

TEST_F(RiscvSystem, WalkFindsThePageAndWhatMayBeCached) {
    map_page(kV | kR | kW | kA);
    ASSERT_EQ(access(Access::Load), 0u);
    EXPECT_EQ(t_.physical, kPage + 0x123);
    EXPECT_EQ(t_.page_bytes, 4096u);
    EXPECT_TRUE(t_.load);
    EXPECT_FALSE(t_.store);  // not dirty
    EXPECT_FALSE(t_.fetch);
    leaf() |= kD;
    ASSERT_EQ(access(Access::Store), 0u);
    EXPECT_TRUE(t_.store);
}

TEST_F(RiscvSystem, AccessedAndDirtyBits) {
    map_page(kV | kR | kW | kX);
    h_->priv.menvcfg = 0;
    EXPECT_EQ(access(Access::Load), 13u);
    EXPECT_EQ(access(Access::Store), 15u);
    EXPECT_EQ(access(Access::Fetch), 12u);
    h_->priv.menvcfg = kEnvcfgAdue;
    EXPECT_EQ(access(Access::Load), 0u);
    EXPECT_EQ(leaf() & 0xff, kV | kR | kW | kX | kA);
    EXPECT_EQ(access(Access::Store), 0u);
    EXPECT_EQ(leaf() & 0xff, kV | kR | kW | kX | kA | kD);
}

TEST_F(RiscvSystem, DebuggersChangeNothingAndMayReadEverything) {
    map_page(kV | kX | kU);
    h_->priv.menvcfg = kEnvcfgAdue;
    EXPECT_EQ(access(Access::Store, kMmuSupervisor, true), 0u);
    EXPECT_EQ(t_.physical, kPage + 0x123);
    EXPECT_EQ(leaf() & 0xff, kV | kX | kU);
}

TEST_F(RiscvSystem, AnEntryThatChangesUnderTheWalkIsWalkedAgain) {
    h_->priv.menvcfg = kEnvcfgAdue;
    map_page(kV | kR | kW);
    machine.race[kTable0 + 3 * 8] = 0;
    EXPECT_EQ(access(Access::Load), 13u);
    map_page(kV | kR | kW);
    u64 moved = ((kPage + 0x1000) >> 2) | kV | kR | kW;
    machine.race[kTable0 + 3 * 8] = moved;
    EXPECT_EQ(access(Access::Load), 0u);
    EXPECT_EQ(t_.physical, kPage + 0x1123);
    EXPECT_EQ(leaf(), moved | kA);
}

TEST_F(RiscvSystem, PageTablesOutsideMemoryAreAccessFaults) {
    map_page(kV | kR);
    machine.memory.erase(kTable1);
    EXPECT_EQ(access(Access::Load), 5u);
    EXPECT_EQ(access(Access::Store), 7u);
    EXPECT_EQ(access(Access::Fetch), 1u);
}

TEST_F(RiscvSystem, SuperpagesAreOneBlock) {
    map_page(0);
    machine.memory[kTable1] = (0x8020'0000 >> 2) | kV | kR | kW | kA | kD;
    ASSERT_EQ(access(Access::Store), 0u);
    EXPECT_EQ(t_.physical, 0x8020'3123u);
    EXPECT_EQ(t_.page_bytes, 2u << 20);
    machine.memory[kTable1] = (0x8020'1000 >> 2) | kV | kR | kW | kA | kD;
    EXPECT_EQ(access(Access::Store), 15u);
}

// --- physical memory protection ---

TEST_F(RiscvSystem, BlocksEndWhereRulesDo) {
    h_->priv.pmp_config[0] = 0x11;  // NA4, readable
    h_->priv.pmp_address[0] = 0x8000'1008 >> 2;
    update_pmp(*h_);
    auto permissions = [&](u64 address, u64& block) {
        block = u64{1} << 30;
        return pmp_permissions(*h_, address, Privilege::Supervisor, block);
    };
    u64 block;
    EXPECT_EQ(permissions(0x8000'1008, block), kPmpRead);
    EXPECT_EQ(block, 4u);
    EXPECT_EQ(permissions(0x8000'100c, block), 7);
    EXPECT_EQ(block, 4u);
    EXPECT_EQ(permissions(0x8000'1000, block), 7);
    EXPECT_EQ(block, 8u);
    EXPECT_EQ(permissions(0x8000'0000, block), 7);
    EXPECT_EQ(block, 4096u);
    EXPECT_EQ(permissions(0xc000'0000, block), 7);
    EXPECT_EQ(block, u64{1} << 30);
}

TEST_F(RiscvSystem, SmepmpTruthTable) {
    struct Row {
        u8 config;  // L, R, W, X as in pmpcfg
        u8 machine, lower;
    };
    constexpr u8 kL = 0x80, r = 1, w = 2, x = 4;
    // clang-format off
    constexpr Row kRows[] = {
        {0, 0, 0},           {x, 0, x},          {w, r | w, r},         {w | x, r | w, r | w},
        {r, 0, r},           {r | x, 0, r | x},  {r | w, 0, r | w},     {r | w | x, 0, r | w | x},
        {kL, 0, 0},          {kL | x, x, 0},     {kL | w, x, x},        {kL | w | x, r | x, x},
        {kL | r, r, 0},      {kL | r | x, r | x, 0}, {kL | r | w, r | w, 0}, {kL | r | w | x, r, r},
    };
    // clang-format on
    h_->priv.mseccfg = kSeccfgMml;
    h_->priv.pmp_address[0] = 0x8000'1000 >> 2;
    for (const Row& row : kRows) {
        h_->priv.pmp_config[0] = static_cast<u8>(row.config | 0x10);
        update_pmp(*h_);
        u64 block = 4;
        EXPECT_EQ(pmp_permissions(*h_, 0x8000'1000, Privilege::Machine, block), row.machine) << int(row.config);
        EXPECT_EQ(pmp_permissions(*h_, 0x8000'1000, Privilege::User, block), row.lower) << int(row.config);
    }
}

TEST_F(RiscvSystem, MemoryTypesOfPmpRules) {
    write(0x3a0, 0x20 | 0x1f);
    EXPECT_EQ(read(0x3a0), 0x3fu);
    write(0x3a0, 0x60 | 0x1f);
    EXPECT_EQ(read(0x3a0), 0x3fu) << "a type that is reserved";
    write(0x3a0, 0x40 | 0x1f);
    EXPECT_EQ(read(0x3a0), 0x5fu);
    const std::unique_ptr<Model> without = make_model("rv64", true);
    Hart* h = hart(create(*without));
    h->runtime = &guest::runtime;
    reset(h, 0);
    const CsrInfo& pmpcfg0 = *find_csr(*without, 0x3a0);
    pmpcfg0.write(*h, 0x20 | 0x1f, 0x3a0);
    EXPECT_EQ(pmpcfg0.read(*h, 0x3a0), 0x1fu);
    destroy(h);
}

TEST_F(RiscvSystem, PmpConfigurationIsLegal) {
    write(0x3a0, 0x1a);  // writable, not readable: reserved
    EXPECT_EQ(read(0x3a0), 0x18u);
    write(0x3a0, 0x60 | 0x1f);
    EXPECT_EQ(read(0x3a0), 0x1fu);
    write(0x3b0, ~u64{0});
    EXPECT_EQ(read(0x3b0), low_mask(54));
    unsigned flushes = machine.flushes;
    write(0x3a0, 0x99);
    EXPECT_GT(machine.flushes, flushes);
    write(0x3a0, 0);  // locked
    EXPECT_EQ(read(0x3a0), 0x99u);
}

// --- traps and interrupts ---

TEST_F(RiscvSystem, ExceptionsGoWhereTheyAreDelegated) {
    h_->priv.mtvec = 0x1000;
    h_->priv.stvec = 0x2001;  // vectored: for interrupts only
    h_->priv.medeleg = 1 << 13;
    h_->priv.mode = Privilege::User;
    h_->priv.mstatus |= kStatusSie;
    update_flags(*h_);
    h_->pc = 0x4444;
    h_->exception = 13;
    h_->exception_value = 0x5555;
    take_exception(h_);
    EXPECT_EQ(h_->pc, 0x2000u);
    EXPECT_EQ(h_->priv.mode, Privilege::Supervisor);
    EXPECT_EQ(h_->priv.scause, 13u);
    EXPECT_EQ(h_->priv.sepc, 0x4444u);
    EXPECT_EQ(h_->priv.stval, 0x5555u);
    EXPECT_EQ(h_->priv.mstatus & (kStatusSie | kStatusSpie | kStatusSpp), kStatusSpie);
    EXPECT_EQ(flags_mode(h_->tb_flags), Privilege::Supervisor);
    EXPECT_EQ(tb_flags(h_), h_->tb_flags);

    h_->exception = ir::kExceptionMisalignedStore;
    take_exception(h_);
    EXPECT_EQ(h_->pc, 0x1000u);
    EXPECT_EQ(h_->priv.mode, Privilege::Machine);
    EXPECT_EQ(h_->priv.mcause, 6u);
    EXPECT_EQ(h_->priv.mstatus & kStatusMpp, u64{1} << kStatusMppShift);

    EXPECT_EQ(return_from_machine(*h_), h_->priv.mepc);
    EXPECT_EQ(h_->priv.mode, Privilege::Supervisor);
    EXPECT_EQ(return_from_supervisor(*h_), 0x4444u);
    EXPECT_EQ(h_->priv.mode, Privilege::User);
    EXPECT_NE(h_->priv.mstatus & kStatusSie, 0u);
}

TEST_F(RiscvSystem, InterruptsByPriority) {
    h_->priv.mie = ~u64{0};
    h_->priv.mip_software = interrupt_bit(kSupervisorSoftware) | interrupt_bit(kSupervisorTimer) |
                            interrupt_bit(kSupervisorExternal) | interrupt_bit(kCounterOverflow);
    for (unsigned line : {3u, 7u, 11u}) set_interrupt(h_, line, true);
    h_->priv.mstatus |= kStatusMie;
    for (unsigned expected : {11u, 3u, 7u, 9u, 1u, 5u, 13u}) {
        EXPECT_EQ(next_interrupt(*h_), expected);
        h_->priv.mie &= ~(u64{1} << expected);
    }
    EXPECT_EQ(next_interrupt(*h_), 0u);
}

TEST_F(RiscvSystem, DelegatedInterruptsWaitForSupervisorMode) {
    h_->priv.mie = h_->priv.mideleg = interrupt_bit(kSupervisorExternal);
    h_->priv.mstatus |= kStatusMie | kStatusSie;
    set_interrupt(h_, kSupervisorExternal, true);
    EXPECT_TRUE(has_work(h_));
    EXPECT_FALSE(take_interrupt(h_));
    h_->priv.mode = Privilege::Supervisor;
    h_->priv.mstatus &= ~kStatusSie;
    EXPECT_FALSE(take_interrupt(h_));
    h_->priv.mode = Privilege::User;
    h_->priv.stvec = 0x2001;
    ASSERT_TRUE(take_interrupt(h_));
    EXPECT_EQ(h_->pc, 0x2000u + 4 * kSupervisorExternal);
    EXPECT_EQ(h_->priv.scause, kCauseInterrupt | kSupervisorExternal);
}

TEST_F(RiscvSystem, SoftwareDoesNotLatchTheExternalLine) {
    set_interrupt(h_, kSupervisorExternal, true);
    EXPECT_EQ(read(0x344), interrupt_bit(kSupervisorExternal));
    // csrrs of another bit
    helper_csr(h_, 0x344u << 20 | 5u << 15 | 2u << 12 | 0x73, interrupt_bit(kSupervisorSoftware),
               csr_index(*find_csr(*model_, 0x344)));
    set_interrupt(h_, kSupervisorExternal, false);
    EXPECT_EQ(read(0x344), interrupt_bit(kSupervisorSoftware));
}

// --- hypervisor extension ---

TEST_F(RiscvSystem, HypervisorRegistersHoldWhatIsLegal) {
    constexpr u64 kSv39x4 = u64{kSv39} << kSatpModeShift;
    write(0x680, kSv39x4 | u64{5} << kSatpAsidShift | 0x80007);
    EXPECT_EQ(read(0x680), kSv39x4 | u64{5} << kSatpAsidShift | 0x80004) << "a root table of 16 KiB";
    write(0x680, u64{1} << kSatpModeShift | 0x80008);
    EXPECT_EQ(read(0x680), kSv39x4 | 0x80008) << "no such mode: the other fields are written";
    write(0x280, kSv39x4 | 7);
    write(0x280, u64{1} << kSatpModeShift | 9);
    EXPECT_EQ(read(0x280), kSv39x4 | 7) << "no such mode: nothing is written";
    write(0x241, 0x1235);
    EXPECT_EQ(read(0x241), 0x1234u);
    write(0x600, ~u64{0});
    EXPECT_EQ(read(0x600), kHstatusVsxl64 | kHstatusGva | kHstatusSpv | kHstatusSpvp | kHstatusHu | kHstatusVtvm |
                               kHstatusVtw | kHstatusVtsr | kHstatusHupmm);
    write(0x645, ~u64{0});
    EXPECT_EQ(read(0x645), kVirtualInterrupts);
    write(0x30a, 0);
    write(0x60a, ~u64{0});
    EXPECT_EQ(read(0x60a) & (kEnvcfgStce | kEnvcfgAdue | kEnvcfgPbmte), 0u) << "what machine mode has not switched on";
}

TEST_F(RiscvSystem, MachineModeReturnsToGuests) {
    PrivilegedState& p = h_->priv;
    write(0x240, 0x5151);
    write(0x140, 0x5050);
    write(0x680, u64{kSv39} << kSatpModeShift | u64{3} << kSatpAsidShift | 0x80004);
    p.mstatus = (p.mstatus & ~kStatusMpp) | kStatusMpv | u64{1} << kStatusMppShift;
    return_from_machine(*h_);
    EXPECT_TRUE(p.virtualised);
    EXPECT_EQ(p.mode, Privilege::Supervisor);
    EXPECT_EQ(p.mstatus & kStatusMpv, 0u);
    EXPECT_EQ(p.sscratch, 0x5151u);
    EXPECT_EQ(read(0x240), 0x5151u);
    EXPECT_NE(h_->tb_flags & kFlagVirtualised, 0u);
    EXPECT_EQ(machine.space.machine, 4u);
    h_->exception = static_cast<u32>(Cause::EcallVs);
    take_exception(h_);
    EXPECT_FALSE(p.virtualised);
    EXPECT_EQ(p.mode, Privilege::Machine);
    EXPECT_NE(p.mstatus & kStatusMpv, 0u);
    EXPECT_EQ(p.sscratch, 0x5050u);
    EXPECT_EQ(machine.space.machine, 0u);
}

TEST_F(RiscvSystem, ABreakpointOfAGuestHasItsAddress) {
    PrivilegedState& p = h_->priv;
    p.medeleg = u64{1} << static_cast<u32>(Cause::Breakpoint);
    set_mode(*h_, Privilege::User, true);
    h_->exception = static_cast<u32>(Cause::Breakpoint);
    h_->exception_value = 0x1234;
    take_exception(h_);
    EXPECT_EQ(p.mode, Privilege::Supervisor);
    EXPECT_FALSE(p.virtualised);
    EXPECT_EQ(p.hstatus & (kHstatusGva | kHstatusSpv | kHstatusSpvp), kHstatusGva | kHstatusSpv);
}

TEST_F(RiscvSystem, ReadingInstructionsOfAGuestIsALoad) {
    map_page(kV | kR | kA);  // of the guest, whose memory is where it seems to be
    h_->priv.other.satp = std::exchange(h_->priv.satp, 0);
    const GuestAccess hlv{Access::Load, kMmuSupervisor, false}, hlvx{Access::Load, kMmuSupervisor, true};
    EXPECT_TRUE(translate_guest(*h_, kAddress, hlv, t_));
    EXPECT_EQ(t_.physical, kPage + 0x123);
    EXPECT_FALSE(translate_guest(*h_, kAddress, hlvx, t_));
    EXPECT_EQ(t_.exception, static_cast<u32>(Cause::LoadPageFault));
    leaf() = (kPage >> 2) | kV | kX | kA;
    EXPECT_TRUE(translate_guest(*h_, kAddress, hlvx, t_));
    EXPECT_FALSE(translate_guest(*h_, kAddress, hlv, t_));
}

TEST_F(RiscvSystem, AnUpdateOfAGuestsTableCanFault) {
    constexpr u64 kGuestRoot = 0x8000'8000, kGuestTable = 0x8000'c000;
    map_page(kV | kR | kW);
    h_->priv.other.satp = std::exchange(h_->priv.satp, 0);
    h_->priv.menvcfg = h_->priv.henvcfg = kEnvcfgAdue;
    h_->priv.hgatp = u64{kSv39} << kSatpModeShift | kGuestRoot >> 12;
    machine.memory[kGuestRoot + 16] = (kGuestTable >> 2) | kV;
    const u64 user = kV | kR | kW | kU | kA | kD;
    machine.memory[kGuestTable] = (u64{0x8000'0000} >> 2) | user;  // 2 MiB as they are
    const GuestAccess load{Access::Load, kMmuSupervisor, false};
    EXPECT_TRUE(translate_guest(*h_, kAddress, load, t_));
    EXPECT_EQ(leaf() & 0xff, kV | kR | kW | kA);
    map_page(kV | kR | kW);
    h_->priv.other.satp = std::exchange(h_->priv.satp, 0);
    machine.memory[kGuestTable] &= ~kW;
    EXPECT_FALSE(translate_guest(*h_, kAddress, load, t_));
    EXPECT_EQ(t_.exception, static_cast<u32>(Cause::LoadGuestPageFault));
    EXPECT_EQ(h_->priv.fault.guest_physical, kTable0 + 3 * 8);
    EXPECT_EQ(h_->priv.fault.insn, 0x3020u) << "a write of a table";
}

TEST_F(RiscvSystem, PageTablesThatPointToThemselvesEnd) {
    for (u64 i = 0; i < 2048; ++i) machine.memory[kRoot + 8 * i] = (kRoot >> 2) | kV;
    h_->priv.other.satp = h_->priv.hgatp = u64{kSv39} << kSatpModeShift | kRoot >> 12;
    const GuestAccess load{Access::Load, kMmuSupervisor, false};
    EXPECT_FALSE(translate_guest(*h_, kAddress, load, t_));
    EXPECT_EQ(t_.exception, static_cast<u32>(Cause::LoadGuestPageFault));
}

TEST_F(RiscvSystem, AGuestsUserModeWaitsByTimeoutWait) {
    set_mode(*h_, Privilege::User, true);
    auto cause = [&] {
        try {
            helper_wfi(h_, 0x10500073);
        } catch (const Raised& raised) {
            return raised.exception;
        }
        return 0u;
    };
    EXPECT_EQ(cause(), static_cast<u32>(Cause::VirtualInstruction));
    h_->priv.mstatus |= kStatusTw;
    EXPECT_EQ(cause(), static_cast<u32>(Cause::IllegalInstruction));
}

TEST_F(RiscvSystem, TimerComparesWithTime) {
    write(0x30a, kEnvcfgStce);
    machine.ticks = 100;
    write(0x14d, 200);
    EXPECT_EQ(next_timer(h_), 200u);
    EXPECT_EQ(read(0x344), 0u);
    machine.ticks = 200;
    timer_expired(h_);
    EXPECT_EQ(read(0x344), interrupt_bit(kSupervisorTimer));
    EXPECT_EQ(next_timer(h_), ~u64{0});
    write(0x14d, 300);
    EXPECT_EQ(read(0x344), 0u);
}

// --- CSRs ---

TEST_F(RiscvSystem, AccessIsDenied) {
    auto denied = [&](unsigned number) {
        try {
            helper_csr(h_, number << 20 | 2u << 12 | 5u << 7 | 0x73, 0, csr_index(*find_csr(*model_, number)));
        } catch (const Raised& raised) {
            return raised.exception == 2 && raised.value == (number << 20 | 2u << 12 | 5u << 7 | 0x73);
        }
        return false;
    };
    h_->priv.mode = Privilege::Supervisor;
    EXPECT_FALSE(denied(0x180));
    h_->priv.mstatus |= kStatusTvm;
    EXPECT_TRUE(denied(0x180));
    EXPECT_TRUE(denied(0xc01));
    h_->priv.mcounteren = 2;
    EXPECT_FALSE(denied(0xc01));
    EXPECT_TRUE(denied(0x14d));
    h_->priv.menvcfg |= kEnvcfgStce;
    EXPECT_FALSE(denied(0x14d));
    EXPECT_TRUE(denied(0x10a));
}

TEST_F(RiscvSystem, SatpTakesOnlyModesThatThereAre) {
    write(0x180, u64{kSv48} << 60 | 5);
    EXPECT_EQ(read(0x180), u64{kSv48} << 60 | 5);
    EXPECT_EQ(machine.space.id, u64{kSv48} << 60 | 5);
    write(0x180, u64{11} << 60 | 7);
    EXPECT_EQ(read(0x180), u64{kSv48} << 60 | 5);
    std::unique_ptr<Model> smaller = make_model("max,sv48=off", true);
    h_->model = smaller.get();
    write(0x180, u64{kSv57} << 60 | 7);
    EXPECT_EQ(read(0x180), u64{kSv48} << 60 | 5);
}

TEST_F(RiscvSystem, StatusIsSeenInTheTbFlags) {
    write(0x300, kStatusMprv | u64{1} << kStatusMppShift | kStatusSum | kStatusFs);
    EXPECT_EQ(flags_data_mmu(h_->tb_flags), unsigned{kMmuSupervisorSum});
    EXPECT_EQ(h_->tb_flags & (kFlagFsOff | kFlagFsClean), 0u);
    EXPECT_NE(read(0x300) & kStatusSd, 0u);
    write(0x300, u64{2} << kStatusMppShift);  // no such mode
    EXPECT_EQ(read(0x300) & kStatusMpp, u64{1} << kStatusMppShift);
    EXPECT_EQ(flags_data_mmu(h_->tb_flags), unsigned{kMmuMachine});
    EXPECT_NE(h_->tb_flags & kFlagFsOff, 0u);
    unsigned flushes = machine.flushes;
    write(0x100, kStatusSum);
    EXPECT_EQ(machine.flushes, flushes);
    write(0x100, kStatusMxr);
    EXPECT_GT(machine.flushes, flushes);
}

/// What is kept of the flags of each mode is what follows from the registers, whatever was written in which order.
TEST_F(RiscvSystem, TbFlagsFollowFromAllRegisters) {
    std::mt19937_64 random(1);
    constexpr u64 kBits[] = {kEnvcfgCbze, u64{2} << kPmmShift, u64{3} << kPmmShift, kStatusMpv};
    auto some = [&] {
        u64 value = 0;
        for (u64 bit : kBits) value |= random() % 2 != 0 ? bit : 0;
        return value | (random() & (kStatusFs | kStatusVs | kStatusSum | kStatusMprv | kStatusMpp | kStatusMxr));
    };
    for (unsigned i = 0; i < 2000; ++i) {
        switch (random() % 12) {
            case 0: write(0x300, some()); break;              // mstatus
            case 1: write(0x100, some()); break;              // sstatus
            case 2: write(0x200, some()); break;              // vsstatus
            case 3: write(0x10a, some()); break;              // senvcfg
            case 4: write(0x30a, some()); break;              // menvcfg
            case 5: write(0x60a, some()); break;              // henvcfg
            case 6: write(0x747, some()); break;              // mseccfg
            case 7: write(0x180, random() % 2 << 63); break;  // satp: Sv39 or Bare
            case 8: write(0x280, random() % 2 << 63); break;
            case 9:  // tdata1: mcontrol6, load, in some modes
                write(0x7a1, u64{6} << 60 | 1 | (random() & 0x58));
                break;
            case 10:
                h_->exception = static_cast<u32>(Cause::IllegalInstruction);
                take_exception(h_);
                break;
            default: return_from_machine(*h_); break;
        }
        ASSERT_EQ(h_->tb_flags, system_flags(*h_)) << i;
    }
}

/// Ssdbltrp for guests: SDT of vsstatus, which henvcfg switches on; machine mode gets what is unexpected.
TEST_F(RiscvSystem, DoubleTrapsOfGuests) {
    PrivilegedState& p = h_->priv;
    write(0x302, ~u64{0});  // medeleg
    write(0x602, ~u64{0});  // hedeleg
    write(0x60a, kEnvcfgDte);
    EXPECT_EQ(read(0x60a) & kEnvcfgDte, 0u) << "menvcfg has it not";
    write(0x30a, kEnvcfgDte);
    write(0x60a, kEnvcfgDte);
    p.mstatus = (p.mstatus & ~kStatusMpp) | kStatusMpv | u64{1} << kStatusMppShift;
    return_from_machine(*h_);
    auto trap = [&] {
        h_->exception = static_cast<u32>(Cause::IllegalInstruction);
        h_->exception_value = 0x1234;
        take_exception(h_);
    };
    trap();
    EXPECT_TRUE(p.virtualised);
    EXPECT_NE(read(0x200) & kStatusSdt, 0u);
    EXPECT_EQ(p.other.status & kStatusSdt, 0u);
    trap();
    EXPECT_EQ(p.mode, Privilege::Machine);
    EXPECT_EQ(read(0x342), 16u);
    EXPECT_EQ(read(0x34b), static_cast<u64>(Cause::IllegalInstruction));
    EXPECT_EQ(read(0x343), 0x1234u);
    EXPECT_NE(read(0x200) & kStatusSdt, 0u);
    write(0x30a, 0);
    EXPECT_EQ(read(0x200) & kStatusSdt, 0u);
}

TEST_F(RiscvSystem, QualityOfServiceIsNotForGuests) {
    write(0x181, ~u64{0});
    EXPECT_EQ(read(0x181), 0x0fff'0fffu);
    const CsrInfo& srmcfg = *find_csr(*model_, 0x181);
    h_->priv.mode = Privilege::Supervisor;
    EXPECT_EQ(srmcfg.access(*h_, 0x181), Permission::Illegal) << "mstateen0 denies it";
    write(0x30c, kStateenSrmcfg);
    EXPECT_EQ(srmcfg.access(*h_, 0x181), Permission::Granted);
    h_->priv.virtualised = true;
    EXPECT_EQ(srmcfg.access(*h_, 0x181), Permission::Virtual);
    h_->priv.virtualised = false;
}

// --- the model ---

TEST_F(RiscvSystem, PrivilegedInstructionsAreInTheTables) {
    const Decoder& decoder = model_->decoder();
    auto mnemonic = [&](u32 bits) {
        const InsnRow* row = decoder.find(bits);
        return row != nullptr ? format_insn(*row, row->operands(bits), 0) : std::string();
    };
    EXPECT_EQ(mnemonic(0x30200073), "mret");
    EXPECT_EQ(mnemonic(0x10200073), "sret");
    EXPECT_EQ(mnemonic(0x10500073), "wfi");
    EXPECT_EQ(mnemonic(0x12b50073), "sfence.vma a0,a1");
    EXPECT_EQ(mnemonic(0x16b50073), "sinval.vma a0,a1");
    EXPECT_EQ(mnemonic(0x18000073), "sfence.w.inval");
    EXPECT_EQ(mnemonic(0x18100073), "sfence.inval.ir");
}

TEST_F(RiscvSystem, TheLargestPagingModeThatIsNamed) {
    auto mmu = [](const char* cpu) { return make_model(cpu, true)->describe_hart().mmu_type; };
    EXPECT_EQ(mmu("max"), "riscv,sv57");
    EXPECT_EQ(mmu("max,sv48=on"), "riscv,sv48");
    EXPECT_EQ(mmu("max,sv39=on"), "riscv,sv39");
    EXPECT_EQ(mmu("max,sv39=on,sv57=on"), "riscv,sv57");
    EXPECT_EQ(mmu("max,sv48=off"), "riscv,sv39");
    EXPECT_EQ(mmu("max,mmu=off"), "riscv,none");
}

TEST(RiscvSystem32, SatpAndStatusHaveTheFormOfRv32) {
    machine = {};
    const std::unique_ptr<Model> model = make_model<Extension::Rv32>("rv32", true);
    EXPECT_EQ(model->describe_hart().mmu_type, "riscv,sv32");
    Hart* h = hart(create(*model));
    h->runtime = &guest::runtime;
    reset(h, 0);
    auto row = [&](unsigned number) -> const CsrInfo& { return *find_csr(*model, number); };
    write_csr(*h, row(0x180), 0xffff'ffff'8040'0003);
    EXPECT_EQ(read_csr(*h, row(0x180)), 0xffff'ffff'8040'0003);
    EXPECT_EQ(machine.space.asid, 1u);
    write_csr(*h, row(0x300), kStatusFs);
    EXPECT_EQ(read_csr(*h, row(0x300)), 0xffff'ffff'8000'6000);
    // A page of the second level, and its entry, which is a word.
    machine.memory[0x3000 + 4 * 0x100] = 0x4000 >> 2 | kV;
    machine.memory[0x4000 + 4 * 3] = 0x3'8000'5000 >> 2 | kV | kR | kA;
    guest::Translation t;
    h->priv.pmp_config[15] = 0x1f;
    h->priv.pmp_address[15] = low_mask(54);
    update_pmp(*h);
    ASSERT_TRUE(translate(h, kAddress, Access::Load, kMmuSupervisor, false, t));
    EXPECT_EQ(t.physical, 0x3'8000'5123u);
    EXPECT_FALSE(translate(h, kAddress, Access::Store, kMmuSupervisor, false, t));
    EXPECT_EQ(t.exception, static_cast<u32>(Cause::StorePageFault));
    h->pc = 0x8000'1000;
    h->exception = static_cast<u32>(Cause::StorePageFault);
    h->exception_value = 0xffff'fff0;
    take_exception(h);
    EXPECT_EQ(read_csr(*h, row(0x341)), 0xffff'ffff'8000'1000);
    EXPECT_EQ(read_csr(*h, row(0x343)), 0xffff'ffff'ffff'fff0);
    destroy(h);
}

TEST_F(RiscvSystem, DescribesTheHart) {
    HartDescription d = make_model("max,sv57=off,sv48=off", true)->describe_hart();
    EXPECT_EQ(d.mmu_type, "riscv,sv39");
    EXPECT_TRUE(d.isa.starts_with("rv64imafdcbh_zic64b_")) << d.isa;
    EXPECT_NE(d.isa.find("_sstc"), d.isa.npos);
    EXPECT_LT(d.isa.find("_zic64b"), d.isa.find("_smepmp"));
    EXPECT_TRUE(d.isa.ends_with("_svvptc"));
    EXPECT_EQ(d.isa.find("_pmp"), d.isa.npos);
    EXPECT_EQ(d.extensions.front(), "i");
}

}  // namespace
}  // namespace dragoman::riscv
