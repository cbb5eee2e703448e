// The engine in system mode, on a toy guest with a page table of the test's, with each back end: translation and its
// faults, devices, changed code, address spaces, several harts.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <thread>

#include "engine/engine.h"
#include "guest/runtime.h"
#include "toy/toy.h"

namespace dragoman::engine {
namespace {

using guest::Access;
using toy::Cpu;
using toy::Insn;

constexpr u64 kRam = 0x80000000, kRamSize = 0x100000, kDevice = 0x10000000;
constexpr u32 kPageFault = 12, kAccessFault = 5;

struct Page {
    u64 physical;
    bool load = true, store = true, fetch = true, global = false;
    u64 bytes = 4096;
};

/// The page tables of all harts, by address space and virtual page.
std::map<u64, std::map<u64, Page>> spaces;
u64 space_of_all = 0;
unsigned walks = 0;

bool translate(ir::Env*, u64 address, Access access, unsigned, bool debug, guest::Translation& out) {
    ++walks;
    out = {};
    for (const auto& [start, page] : spaces[space_of_all]) {
        if (address - start >= page.bytes) continue;
        out.physical = page.physical + (address - start);
        out.page_bytes = page.bytes;
        out.access_bytes = start + page.bytes - address;
        out.load = page.load, out.store = page.store, out.fetch = page.fetch, out.global = page.global;
        if (debug || (access == Access::Load ? page.load : access == Access::Store ? page.store : page.fetch))
            return true;
    }
    out.exception = kPageFault + static_cast<u32>(access);
    out.value = address;
    return false;
}

const guest::Guest& system_toy() {
    static const guest::SystemOps kOps = [] {
        guest::SystemOps ops{};
        ops.translate = translate;
        ops.mmu_index = [](const ir::Env*, bool) { return 0u; };
        ops.access_fault = [](Access access) { return kAccessFault + 100 * static_cast<u32>(access); };
        return ops;
    }();
    static const guest::Guest kGuest = [] {
        guest::Guest g = toy::guest();
        g.cpu.system = &kOps;
        return g;
    }();
    return kGuest;
}

struct Device : memory::MmioHandler {
    u64 value = 0;
    unsigned accesses = 0;
    ir::Env* interrupts = nullptr;  ///< the hart that is to look at once after each access
    bool read(u64 offset, unsigned size, u64& out) override {
        accesses++;
        if (interrupts != nullptr) Engine::request_exit(interrupts);
        out = value + offset * 0x100 + size;
        return offset != 0x18;
    }
    bool write(u64 offset, unsigned, u64 in) override {
        value = in + offset;
        return offset != 0x18;
    }
};

struct Hooks : MachineHooks {
    u64 time_ticks(ir::Env*) override { return 0; }
    u64 cycles() override { return 0; }
    void entropy(std::span<u8>) override {}
    void timer_changed(ir::Env*) override {}
};

class SystemTest : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (!make_backend()) GTEST_SKIP() << "this build has no such back end";
        spaces.clear();
        space_of_all = 0;
        ram_ = &physical_.add_ram("ram", kRam, kRamSize);
        physical_.add_mmio("device", kDevice, 0x1000, device_);
        use_guest(system_toy());
        for (u64 page = 0; page < 8; ++page) map(0x1000 * (page + 1), {kRam + 0x1000 * page});
    }
    void TearDown() override { remove_harts(); }
    static std::unique_ptr<host::Backend> make_backend() {
        return std::string(GetParam()) == "x64" ? host::make_x64() : host::make_interp();
    }
    /// An engine for `guest` with one hart.
    void use_guest(const guest::Guest& guest, const Config& config = {}) {
        remove_harts();
        engine_.reset();
        engine_ = std::make_unique<Engine>(std::make_unique<guest::Model>(guest, true), make_backend(), host::Options{},
                                           physical_, hooks_, config);
        cpu_ = add_hart();
    }
    void remove_harts() {
        for (Cpu* cpu : harts_) {
            engine_->detach(cpu);
            system_toy().cpu.destroy(cpu);
        }
        harts_.clear();
    }
    Cpu* add_hart() {
        auto* cpu = static_cast<Cpu*>(system_toy().cpu.create(engine_->model()));
        engine_->attach(cpu);
        harts_.push_back(cpu);
        return cpu;
    }
    void map(u64 address, Page page) { spaces[space_of_all][address] = page; }
    void write(u64 physical, std::initializer_list<Insn> code) {
        ASSERT_TRUE(physical_.write(physical, code.begin(), code.size() * sizeof(Insn)));
    }
    ir::ExitReason run(u64 pc) {
        cpu_->pc = pc;
        return engine_->run(cpu_);
    }
    void use_space(u64 id) {
        space_of_all = id;
        guest::switch_address_space(cpu_, {.id = id, .asid = id});
    }
    u64 statistic(const char* name) {
        std::string text = engine_->statistics();
        return std::stoull(text.substr(text.find(name) + 34));
    }

    memory::PhysicalSpace physical_;
    memory::Region* ram_ = nullptr;
    Device device_;
    Hooks hooks_;
    std::unique_ptr<Engine> engine_;
    std::vector<Cpu*> harts_;
    Cpu* cpu_ = nullptr;
};

TEST_P(SystemTest, LoadsAndStoresGoThroughTheTlb) {
    write(kRam, {{toy::Load, 1, 6, 0},
                 {toy::AddI, 1, 0, 1},
                 {toy::Store, 1, 6, 0},
                 {toy::AddI, 2, 0, -1},
                 {toy::BranchNe, 2, 3, -4},
                 {toy::Halt}});
    cpu_->r[6] = 0x4010;
    cpu_->r[2] = 1000;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    u64 value = 0;
    EXPECT_TRUE(physical_.load(kRam + 0x3010, 8, value));
    EXPECT_EQ(value, 1000u);
    EXPECT_EQ(statistic("TLB: slow accesses"), 1u);
}

/// The registers and the pc of a program, at each number of instructions.
using History = std::vector<std::array<u64, 9>>;

TEST_P(SystemTest, ExactCountsEndRunsAtAnyInstruction) {
    // Loops with an access to a device in the middle, and ends in a trap.
    auto prepare = [this] {
        use_guest(system_toy(), {.count_insns = true, .exact_counts = true});
        map(0x9000, {.physical = kDevice});
        cpu_->r[6] = 0x9000;
        cpu_->r[3] = 50;
        cpu_->pc = 0x1000;
        device_.accesses = 0;
        device_.value = 0;
    };
    write(kRam, {{toy::AddI, 0, 0, 1},
                 {toy::AddI, 1, 0, 2},
                 {toy::Load, 2, 6, 8},
                 {toy::AddI, 1, 0, 3},
                 {toy::Store, 0, 6, 0},
                 {toy::AddI, 3, 0, -1},
                 {toy::BranchNe, 3, 4, -6},
                 {toy::AddI, 5, 0, 1},
                 {toy::Load, 2, 7, 0},
                 {toy::AddI, 5, 0, 1}});
    constexpr unsigned kInsns = 50 * 7 + 2;
    auto state = [this] {
        std::array<u64, 9> all;
        std::copy_n(cpu_->r, 8, all.begin());
        all[8] = cpu_->pc;
        return all;
    };
    prepare();
    History history{state()};
    for (unsigned i = 1; i < kInsns; i++) {
        cpu_->insn_budget = 1;
        EXPECT_EQ(engine_->run(cpu_), ir::ExitReason::Budget);
        EXPECT_EQ(cpu_->insn_budget, 0);
        history.push_back(state());
    }
    EXPECT_EQ(device_.accesses, 50u);
    cpu_->insn_budget = 1;
    EXPECT_EQ(engine_->run(cpu_), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->insn_budget, 0);  // the trap counts

    for (i64 budget : {2, 3, 5, 8, 17, 64, 1000}) {
        prepare();
        for (unsigned done = 0; done < kInsns;) {
            cpu_->insn_budget = budget;
            const ir::ExitReason reason = engine_->run(cpu_);
            done += static_cast<unsigned>(budget - cpu_->insn_budget);
            ASSERT_LE(done, kInsns);
            EXPECT_EQ(reason, done < kInsns ? ir::ExitReason::Budget : ir::ExitReason::Exception);
            if (done == kInsns) break;
            EXPECT_EQ(cpu_->insn_budget, 0);
            EXPECT_EQ(state(), history[done]) << done << " of " << budget;
        }
        EXPECT_EQ(device_.accesses, 50u);
    }
}

TEST_P(SystemTest, ExactCountsLeaveBehindAnAccessToADevice) {
    use_guest(system_toy(), {.count_insns = true, .exact_counts = true});
    map(0x9000, {.physical = kDevice});
    write(kRam, {{toy::AddI, 0, 0, 1}, {toy::Load, 2, 6, 8}, {toy::AddI, 0, 0, 1}, {toy::BranchNe, 0, 4, -3}});
    cpu_->r[6] = 0x9000;
    cpu_->r[4] = 100;
    device_.interrupts = cpu_;
    cpu_->pc = 0x1000;
    i64 left = cpu_->insn_budget = 1000;
    for (unsigned i = 0; i < 20; i++) {
        EXPECT_EQ(engine_->run(cpu_), ir::ExitReason::Request);
        EXPECT_EQ(cpu_->pc, 0x1008u);
        EXPECT_EQ(cpu_->r[0], 2 * i + 1);
        EXPECT_EQ(left - cpu_->insn_budget, i == 0 ? 2 : 4);
        left = cpu_->insn_budget;
    }
    device_.interrupts = nullptr;
}

TEST_P(SystemTest, DataFaultsArePrecise) {
    write(kRam, {{toy::AddI, 0, 0, 1}, {toy::AddI, 1, 0, 2}, {toy::Load, 2, 6, 8}, {toy::AddI, 0, 0, 5}, {toy::Halt}});
    write(kRam + 0x100, {{toy::AddI, 1, 0, 1}, {toy::Store, 1, 6, 0}, {toy::Halt}});
    cpu_->r[2] = 77;
    cpu_->r[6] = 0x20000000;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, kPageFault);
    EXPECT_EQ(cpu_->exception_value, 0x20000008u);
    EXPECT_EQ(cpu_->pc, 0x1008u);
    EXPECT_EQ(cpu_->r[0], 1u);
    EXPECT_EQ(cpu_->r[1], 2u);
    EXPECT_EQ(cpu_->r[2], 77u);
    map(0x9000, {.physical = kRam + 0x5000, .store = false});
    cpu_->r[6] = 0x9000;
    EXPECT_EQ(run(0x1100), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, kPageFault + 1);
    EXPECT_EQ(cpu_->exception_value, 0x9000u);
    EXPECT_EQ(cpu_->pc, 0x1104u);
}

TEST_P(SystemTest, AccessesThatCrossPagesFaultBeforeTheyWrite) {
    write(kRam, {{toy::Store, 1, 6, 0}, {toy::Load, 2, 6, 0}, {toy::Halt}});
    cpu_->r[1] = 0x1122334455667788;
    cpu_->r[6] = 0x3ffd;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[2], 0x1122334455667788u);
    u64 value = 0;
    EXPECT_TRUE(physical_.load(kRam + 0x3000, 1, value));
    EXPECT_EQ(value, 0x55u);
    map(0x9000, {kRam + 0x9000});
    cpu_->r[6] = 0x9ffc;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception_value, 0xa000u);
    EXPECT_TRUE(physical_.load(kRam + 0x9ffc, 4, value));
    EXPECT_EQ(value, 0u);
}

TEST_P(SystemTest, DevicesSeeEachAccess) {
    map(0x9000, {kDevice});
    write(kRam, {{toy::Store, 1, 6, 8},
                 {toy::Load, 2, 6, 16},
                 {toy::AddI, 1, 0, 1},
                 {toy::BranchNe, 1, 3, -3},
                 {toy::Load, 2, 6, 24},
                 {toy::Halt}});
    cpu_->r[1] = 10;
    cpu_->r[3] = 14;
    cpu_->r[6] = 0x9000;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Exception) << "a bus error in the end";
    EXPECT_EQ(cpu_->exception, kAccessFault);
    EXPECT_EQ(cpu_->exception_value, 0x9018u);
    EXPECT_EQ(cpu_->pc, 0x1010u);
    EXPECT_EQ(device_.value, 13u + 8);
    EXPECT_EQ(cpu_->r[2], 13u + 8 + 0x1000 + 8);
    map(0xa000, {0x40000000});
    cpu_->r[6] = 0xa000;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, kAccessFault + 100) << "nothing there: a store's access fault";
}

TEST_P(SystemTest, FetchFaultsNameTheAddress) {
    EXPECT_EQ(run(0x20000), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, kPageFault + 2);
    EXPECT_EQ(cpu_->exception_value, 0x20000u);
    EXPECT_EQ(cpu_->pc, 0x20000u);
    map(0x20000, {kDevice});
    EXPECT_EQ(run(0x20000), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, kAccessFault + 200);
    // Straight code runs up to the page's end first.
    write(kRam + 0x7ff8, {{toy::AddI, 0, 0, 1}, {toy::AddI, 0, 0, 1}});
    EXPECT_EQ(run(0x8ff8), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, kPageFault + 2);
    EXPECT_EQ(cpu_->pc, 0x9000u);
    EXPECT_EQ(cpu_->r[0], 2u);
}

TEST_P(SystemTest, InstructionsThatCrossAPageFollowItsMapping) {
    // An instruction at 0x2ffe of which the second half is on the next page.
    Insn insn = {toy::AddI, 0, 0, 3}, halt = {toy::Halt, 0, 0, 0};
    auto place = [&](u64 second, i8 imm) {
        insn.imm = imm;
        ASSERT_TRUE(physical_.write(kRam + 0x1ffe, &insn, 2));
        ASSERT_TRUE(physical_.write(second, reinterpret_cast<u8*>(&insn) + 2, 2));
        ASSERT_TRUE(physical_.write(second + 2, &halt, 4));
    };
    place(kRam + 0x2000, 3);
    place(kRam + 0x20000, 40);
    write(kRam + 0x1ff6, {{toy::AddI, 1, 0, 1}, {toy::AddI, 1, 0, 1}});
    EXPECT_EQ(run(0x2ff6), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[0], 3u);
    map(0x3000, {kRam + 0x20000});
    guest::flush_tlb(cpu_, {.one_address = true, .address = 0x3000});
    EXPECT_EQ(run(0x2ff6), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[0], 43u);
    spaces[0].erase(0x3000);
    guest::flush_tlb(cpu_, {});
    EXPECT_EQ(run(0x2ff6), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->pc, 0x2ffeu);
    EXPECT_EQ(cpu_->exception_value, 0x3000u);
    EXPECT_EQ(cpu_->r[1], 6u);
}

TEST_P(SystemTest, StoresToCodeAreSeen) {
    write(kRam, {{toy::AddI, 0, 0, 1}, {toy::Halt}});
    write(kRam + 0x1000, {{toy::Store, 5, 6, 0}, {toy::JumpReg, 4}});
    cpu_->r[4] = 0x1000;
    cpu_->r[6] = 0x1000;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[0], 1u);
    for (u64 n = 1; n <= 40; ++n) {
        Insn changed[2] = {{toy::AddI, 0, 0, static_cast<i8>(n)}, {toy::Halt, 0, 0, 0}};
        std::memcpy(&cpu_->r[5], changed, 8);
        cpu_->r[0] = 0;
        EXPECT_EQ(run(0x2000), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], n);
    }
}

TEST_P(SystemTest, StoresToTheNextInstructionTakeEffectAtOnce) {
    static const guest::Guest kPrecise = [] {
        guest::Guest g = system_toy();
        g.precise_self_modification = true;
        return g;
    }();
    use_guest(kPrecise);
    write(kRam, {{toy::AddI, 1, 0, 1}, {toy::Store, 5, 6, 0}, {toy::AddI, 0, 0, 0}, {toy::Halt}});
    for (u64 n = 1; n <= 40; ++n) {
        Insn changed[2] = {{toy::AddI, 0, 0, static_cast<i8>(n)}, {toy::Halt, 0, 0, 0}};
        std::memcpy(&cpu_->r[5], changed, 8);
        cpu_->r[6] = 0x1008;
        cpu_->r[0] = 0;
        EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], n);
        EXPECT_EQ(cpu_->r[1], n);
        EXPECT_EQ(cpu_->pc, 0x1010u);
    }
}

TEST_P(SystemTest, DataBesideCodeDoesNotDropIt) {
    write(kRam, {{toy::AddI, 0, 0, 1}, {toy::Store, 0, 6, 0}, {toy::BranchNe, 0, 1, -2}, {toy::Halt}});
    cpu_->r[1] = 1000;
    cpu_->r[6] = 0x1800;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    EXPECT_EQ(statistic("invalidations"), 0u);
    u64 translated = statistic("TBs translated");
    cpu_->r[0] = 0;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    EXPECT_EQ(statistic("TBs translated"), translated);
}

TEST_P(SystemTest, StoresAreFastAgainAfterTheCodeIsGone) {
    write(kRam, {{toy::Halt}});
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    write(kRam + 0x1000, {{toy::Store, 0, 6, 0}, {toy::AddI, 0, 0, 1}, {toy::BranchNe, 0, 1, -2}, {toy::Halt}});
    cpu_->r[1] = 1000;
    cpu_->r[6] = 0x1000;
    EXPECT_EQ(run(0x2000), ir::ExitReason::Syscall);
    EXPECT_LE(statistic("TLB: slow accesses"), 2u);
}

TEST_P(SystemTest, DmaToCodeIsSeen) {
    write(kRam, {{toy::AddI, 0, 0, 1}, {toy::Halt}});
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    write(kRam, {{toy::AddI, 0, 0, 50}, {toy::Halt}});
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[0], 51u);
    Insn debugger[] = {{toy::AddI, 0, 0, 7}, {toy::Halt, 0, 0, 0}};
    EXPECT_EQ(engine_->debug_write(cpu_, 0x1000, debugger, 8), 0u);
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    EXPECT_EQ(cpu_->r[0], 58u);
    u8 back[0x1000];
    EXPECT_EQ(engine_->debug_read(cpu_, 0x1000, back, 8), 0u);
    EXPECT_EQ(std::memcmp(back, debugger, 8), 0);
    EXPECT_EQ(engine_->debug_read(cpu_, 0x8800, back, sizeof back), 0x800u);
}

TEST_P(SystemTest, AddressSpacesHaveTheirOwnCodeAndKeepIt) {
    // A call chain over two pages; the second page differs between the spaces.
    auto call_to_next_page = [](i8 distance) { return Insn{toy::Call, 0, 0, distance}; };
    write(kRam + 0xff0, {call_to_next_page(4), {toy::Halt}});
    write(kRam + 0x1000, {{toy::AddI, 0, 0, 1}, {toy::Return}});
    write(kRam + 0x10000, {{toy::AddI, 0, 0, 100}, {toy::Return}});
    spaces[1] = spaces[0];
    spaces[1][0x2000] = {kRam + 0x10000};
    u64 translated = 0;
    for (u64 n = 1; n <= 10; ++n) {
        use_space(0);
        EXPECT_EQ(run(0x1ff0), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], 101 * n - 100);
        use_space(1);
        EXPECT_EQ(run(0x1ff0), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], 101 * n);
        if (n == 1) translated = statistic("TBs translated"), walks = 0;
    }
    EXPECT_EQ(statistic("TBs translated"), translated);
    EXPECT_EQ(walks, 0u) << "the TLB keeps both spaces";
}

TEST_P(SystemTest, FlushesOfOtherSpacesAreSeenWhenTheHartComesBack) {
    write(kRam, {{toy::JumpReg, 4}});
    write(kRam + 0x1000, {{toy::AddI, 0, 0, 1}, {toy::Halt}});
    write(kRam + 0x10000, {{toy::AddI, 0, 0, 100}, {toy::Halt}});
    cpu_->r[4] = 0x2000;
    spaces[1] = spaces[0];
    auto run_in = [&](u64 space) {
        use_space(space);
        cpu_->r[0] = 0;
        EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
        return cpu_->r[0];
    };
    const guest::TlbFlush kinds[] = {{.one_space = true, .asid = 1},
                                     {.one_address = true, .one_space = true, .address = 0x2000, .asid = 1},
                                     {.one_address = true, .address = 0x2000},
                                     {}};
    bool other = false;
    for (const guest::TlbFlush& flush : kinds) {
        for (int n = 0; n < 3; ++n) {
            EXPECT_EQ(run_in(0), 1u);
            EXPECT_EQ(run_in(1), other ? 100u : 1u);
        }
        EXPECT_EQ(run_in(0), 1u);
        other = !other;
        spaces[1][0x2000] = {other ? kRam + 0x10000 : kRam + 0x1000};
        guest::flush_tlb(cpu_, flush);
        EXPECT_EQ(run_in(1), other ? 100u : 1u);
    }
}

TEST_P(SystemTest, FlushesDropWhatTheyName) {
    write(kRam, {{toy::Load, 1, 6, 0}, {toy::Halt}});
    EXPECT_TRUE(physical_.store(kRam + 0x3000, 8, 33));
    EXPECT_TRUE(physical_.store(kRam + 0x4000, 8, 44));
    cpu_->r[6] = 0x4000;
    auto load = [&] {
        EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
        return cpu_->r[1];
    };
    EXPECT_EQ(load(), 33u);
    map(0x4000, {kRam + 0x4000});
    EXPECT_EQ(load(), 33u) << "cached until it is flushed";
    guest::flush_tlb(cpu_, {.one_address = true, .address = 0x5000});
    EXPECT_EQ(load(), 33u);
    guest::flush_tlb(cpu_, {.one_address = true, .one_space = true, .address = 0x4000, .asid = 9});
    EXPECT_EQ(load(), 33u);
    guest::flush_tlb(cpu_, {.one_address = true, .address = 0x4ff0});
    EXPECT_EQ(load(), 44u);
    map(0x4000, {.physical = kRam + 0x3000, .global = true});
    guest::flush_tlb(cpu_, {.one_space = true, .asid = 0});
    EXPECT_EQ(load(), 33u);
    map(0x4000, {kRam + 0x4000});
    guest::flush_tlb(cpu_, {.one_space = true, .asid = 0});
    EXPECT_EQ(load(), 33u) << "global";
    guest::flush_tlb(cpu_, {});
    EXPECT_EQ(load(), 44u);
}

TEST_P(SystemTest, FlushesOfAVirtualMachineAreForItsSpaces) {
    write(kRam, {{toy::Load, 1, 6, 0}, {toy::Halt}});
    EXPECT_TRUE(physical_.store(kRam + 0x3000, 8, 33));
    EXPECT_TRUE(physical_.store(kRam + 0x4000, 8, 44));
    cpu_->r[6] = 0x4000;
    constexpr guest::AddressSpace kHost{},
        kGuests[] = {{.id = 0, .world = 1, .asid = 0, .machine = 1}, {.id = 0, .world = 2, .asid = 0, .machine = 2}};
    auto load = [&](const guest::AddressSpace& space) {
        guest::switch_address_space(cpu_, space);
        EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
        return cpu_->r[1];
    };
    auto load_all = [&] { return std::array{load(kHost), load(kGuests[0]), load(kGuests[1])}; };
    using Loaded = std::array<u64, 3>;
    EXPECT_EQ(load_all(), (Loaded{33, 33, 33}));
    map(0x4000, {kRam + 0x4000});
    EXPECT_EQ(load_all(), (Loaded{33, 33, 33}));
    guest::flush_tlb(cpu_, {.one_machine = true, .machine = 2});
    EXPECT_EQ(load_all(), (Loaded{33, 33, 44}));
    guest::flush_tlb(cpu_, {.one_address = true, .address = 0x4000, .one_machine = true, .machine = 0});
    EXPECT_EQ(load_all(), (Loaded{44, 33, 44}));
    map(0x4000, {kRam + 0x3000});
    guest::flush_tlb(cpu_, {.one_machine = true, .any_guest = true});
    EXPECT_EQ(load_all(), (Loaded{44, 33, 33}));
    guest::flush_tlb(cpu_, {.one_machine = true, .machine = 0});
    EXPECT_EQ(load_all(), (Loaded{33, 33, 33}));
}

TEST_P(SystemTest, OneWalkServesALargePage) {
    map(0x200000, {.physical = kRam, .bytes = 0x100000});
    write(kRam, {{toy::Load, 1, 6, 0}, {toy::Halt}});
    cpu_->r[6] = 0x200000;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    walks = 0;
    for (u64 page = 1; page < 0x100; ++page) {
        cpu_->r[6] = 0x200000 + page * 0x1000;
        EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    }
    EXPECT_EQ(walks, 0u);
    // A page that is smaller than 4 KiB is not cached.
    map(0x9000, {.physical = kRam + 0x3000, .bytes = 16});
    cpu_->r[6] = 0x9008;
    for (int n = 0; n < 3; ++n) EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    EXPECT_EQ(walks, 3u);
    cpu_->r[6] = 0x900c;
    EXPECT_EQ(run(0x1000), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, kAccessFault + 100 * static_cast<u32>(Access::Load));
    EXPECT_EQ(cpu_->exception_value, 0x900cu);
}

TEST_P(SystemTest, CodeAtOtherAddressesIsCopied) {
    // Loops, calls into the next page and returns, as position-independent code has them.
    write(kRam + 0x10000, {{toy::Call, 0, 0, 126},
                           {toy::AddI, 1, 0, -1},
                           {toy::BranchNe, 1, 2, -2},
                           {toy::Jump, 0, 0, 2},
                           {toy::Halt},
                           {toy::Halt}});
    write(kRam + 0x101f8, {{toy::Jump, 0, 0, 50}, {toy::Halt}});
    write(kRam + 0x102c0, {{toy::AddI, 3, 0, 5}, {toy::Jump, 0, 0, 100}});
    write(kRam + 0x10454, {{toy::Jump, 0, 0, 127}});
    write(kRam + 0x10650, {{toy::JumpReg, 4}});
    write(kRam + 0x10ff0, {{toy::AddI, 3, 0, 1}, {toy::Jump, 0, 0, 20}});
    write(kRam + 0x11044, {{toy::AddI, 3, 0, 1}, {toy::Return}});
    const u64 places[] = {0x3f12341000, 0x2a00006000, 0x2a00009000, 0x3f77770000};
    u64 translated = 0;
    for (u64 place : places) {
        map(place, {kRam + 0x10000});
        map(place + 0x1000, {kRam + 0x11000});
        guest::flush_tlb(cpu_, {});
        for (int n = 0; n < 2; ++n) {
            cpu_->r[1] = 100;
            cpu_->r[3] = 0;
            cpu_->r[4] = place + 0xff0;
            EXPECT_EQ(run(place), ir::ExitReason::Syscall);
            EXPECT_EQ(cpu_->r[3], 700u);
            EXPECT_EQ(cpu_->pc, place + 0x18);
        }
        if (place == places[0]) translated = statistic("TBs translated");
    }
    if (std::string(GetParam()) == "x64") {
        EXPECT_EQ(statistic("TBs translated"), translated);
        EXPECT_GT(statistic("TBs copied"), 0u);
    }
    // A store to the code drops all copies.
    write(kRam + 0x102c0, {{toy::AddI, 3, 0, 6}});
    for (u64 place : places) {
        cpu_->r[1] = 1;
        cpu_->r[3] = 0;
        cpu_->r[4] = place + 0xff0;
        EXPECT_EQ(run(place), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[3], 8u);
    }
}

TEST_P(SystemTest, BreakpointsAndSteps) {
    write(kRam, {{toy::AddI, 0, 0, 1}, {toy::AddI, 0, 0, 1}, {toy::AddI, 0, 0, 1}, {toy::Halt}});
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
    engine_->set_breakpoint(0x1008, true);
    EXPECT_EQ(run(0x1000), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->exception, ir::kExceptionDebug);
    EXPECT_EQ(cpu_->pc, 0x1008u);
    engine_->set_single_step(cpu_, true);
    EXPECT_EQ(engine_->run(cpu_), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->pc, 0x100cu);
    cpu_->pc = 0x30000;
    EXPECT_EQ(engine_->run(cpu_), ir::ExitReason::Exception);
    EXPECT_EQ(cpu_->pc, 0x30000u);
    engine_->set_single_step(cpu_, false);
    engine_->set_breakpoint(0x1008, false);
    EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
}

TEST_P(SystemTest, AnotherHartsStoresToCodeAreSeen) {
    // The other hart counts in a page; this hart's code is put into the same page, and the other one changes it.
    Cpu* other = add_hart();
    write(kRam + 0x1000, {{toy::Store, 0, 6, 0}, {toy::Halt}});
    auto store = [&](Insn first, Insn second) {
        std::memcpy(&other->r[0], &first, 4);
        std::memcpy(reinterpret_cast<u8*>(&other->r[0]) + 4, &second, 4);
        other->r[6] = 0x1000;
        other->pc = 0x2000;
        std::thread([&] { EXPECT_EQ(engine_->run(other), ir::ExitReason::Syscall); }).join();
    };
    for (i8 n = 1; n <= 20; ++n) {
        store({toy::AddI, 0, 0, n}, {toy::Halt, 0, 0, 0});
        cpu_->r[0] = 0;
        EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
        EXPECT_EQ(cpu_->r[0], static_cast<u64>(n));
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, SystemTest, testing::Values("x64", "interp"));

}  // namespace
}  // namespace dragoman::engine
