// The state of a hart of a machine as a stream: whatever its registers hold, another hart that loads it is the same.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "base/state.h"
#include "guest/riscv/cpu.h"
#include "guest/riscv/fcsr.h"
#include "guest/riscv/system.h"
#include "unit/guest/models.h"

namespace dragoman::riscv {
namespace {

/// A machine around a hart that has clocks of its own and nothing else.
class Clocks final : public guest::SystemRuntime {
public:
    void raise(ir::Env*, u32, u64) override { std::abort(); }
    void fence_i(ir::Env*) override {}
    void load(ir::Env*, void*, u64, unsigned) override { std::abort(); }
    void store(ir::Env*, u64, const void*, unsigned) override { std::abort(); }
    bool try_load(ir::Env*, void*, u64, unsigned) override { return false; }
    bool try_store(ir::Env*, u64, const void*, unsigned) override { return false; }
    void* atomic_pointer(ir::Env*, u64, unsigned) override { std::abort(); }
    u64 cycles(ir::Env*) override { return now_cycles; }
    u64 time(ir::Env*) override { return now_ticks; }
    void request_exit(ir::Env*) override {}
    bool physical_load(ir::Env*, u64, unsigned, u64&) override { return false; }
    bool physical_compare_exchange(ir::Env*, u64, unsigned, u64, u64, bool&) override { return false; }
    void flush_tlb(ir::Env*, const guest::TlbFlush&) override { flushes++; }
    void switch_address_space(ir::Env*, const guest::AddressSpace& to) override { space = to; }
    bool bus_load(ir::Env*, u64, unsigned, u64&) override { return false; }
    bool bus_store(ir::Env*, u64, unsigned, u64) override { return false; }
    void timer_changed(ir::Env*) override {}

    u64 now_cycles = 0, now_ticks = 0;
    unsigned flushes = 0;
    guest::AddressSpace space;
};

class RiscvVisit : public testing::Test {
protected:
    void SetUp() override {
        for (Hart*& h : harts_) {
            h = hart(create(*model_));
            h->runtime = &clocks_;
            reset(h, 3);
        }
    }
    void TearDown() override {
        for (Hart* h : harts_) destroy(h);
    }
    std::vector<u8> save(Hart* h) {
        StateWriter writer;
        visit(h, writer);
        return writer.take();
    }
    std::string load(Hart* h, const std::vector<u8>& stream) {
        StateReader check(State::Walk::Check, stream);
        visit(h, check);
        if (std::string wrong = check.finish(); !wrong.empty()) return wrong;
        StateReader reader(State::Walk::Load, stream);
        visit(h, reader);
        return reader.finish();
    }

    Clocks clocks_;
    std::unique_ptr<Model> model_ = make_model("max", true);
    Hart* harts_[2];
};

/// Fields that follow from others, or from the clocks.
void forget_derived(PrivilegedState& p) {
    std::memset(p.mode_flags, 0, sizeof p.mode_flags);
    std::memset(p.hpm_overflow, 0, sizeof p.hpm_overflow);
    std::memset(p.pmp_range, 0, sizeof p.pmp_range);
    p.pmp_splits_blocks = p.in_nmi = false;
    p.return_pc = p.guest_external = 0;
    p.walk_block = p.walk_block_bytes = p.walk_permissions = 0;
}

TEST_F(RiscvVisit, EveryByteComesBack) {
    std::mt19937_64 random(7);
    Hart* from = harts_[0];
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 1; i < 32; i++) from->gpr[i] = random();
        for (u64& f : from->fpr) f = random();
        set_fcsr(from, random() % 5 << 5 | (random() & 31));
        for (u64 i = 0; i < u64{32} * from->vector.vlenb; i++) from->vector.regs[i] = static_cast<u8>(random());
        from->vector.vtype = 0x10;  // e32, m1
        from->vector.vl = random() % 3;
        from->vector.vstart = random() % 4;
        from->vector.vxrm = random() % 4;
        from->pc = random();
        from->reservation_address = random();
        from->reservation_value = random();
        from->reservation_value_high = random();
        // The registers of the privileged architecture, all of them.
        PrivilegedState& p = from->priv;
        for (std::size_t i = 0; i < sizeof p; i++) reinterpret_cast<u8*>(&p)[i] = static_cast<u8>(random());
        p.mode = round % 3 == 0 ? Privilege::User : round % 3 == 1 ? Privilege::Supervisor : Privilege::Machine;
        p.hart_id = 3;
        p.virtualised = round % 2 != 0;
        p.fault.guest_address = round % 4 == 0;
        p.critical_error = round % 5 == 0;
        p.in_nmi = false;
        p.pmp_splits_blocks = false;
        p.mip_external &= interrupt_bit(kSupervisorSoftware);  // all other lines are set by devices
        p.tselect %= kTriggers;
        p.written_counter %= kCounters;
        constexpr u64 kModes[] = {kBare, kSv39, kSv48, kSv57};
        for (u64* atp : {&p.satp, &p.other.satp, &p.hgatp}) {
            *atp = (*atp & low_mask(kSatpModeShift)) | kModes[random() % 4] << kSatpModeShift;
        }
        update_pmp(*from);
        update_flags(*from);

        ASSERT_EQ(load(harts_[1], save(from)), "");
        EXPECT_EQ(save(harts_[1]), save(from));
        EXPECT_EQ(harts_[1]->tb_flags, from->tb_flags);
        PrivilegedState a = p, b = harts_[1]->priv;
        forget_derived(a);
        forget_derived(b);
        // Field by field would miss one that is new; padding is compared, too, where both have it from here.
        for (std::size_t i = 0; i < sizeof a; i += 8) {
            u64 x, y;
            std::memcpy(&x, reinterpret_cast<const u8*>(&a) + i, 8);
            std::memcpy(&y, reinterpret_cast<const u8*>(&b) + i, 8);
            if (x == y) continue;
            // Words with padding: only what a field of less than a word holds can differ there.
            const bool padded =
                i == offsetof(PrivilegedState, mode) / 8 * 8 || i == offsetof(PrivilegedState, hpm_filtered) / 8 * 8 ||
                i == offsetof(PrivilegedState, pmp_config[kPmpEntries - 1]) / 8 * 8 ||
                i == offsetof(PrivilegedState, pmp_splits_blocks) / 8 * 8 ||
                i == offsetof(PrivilegedState, walk_permissions) / 8 * 8 ||
                i == offsetof(PrivilegedState, virtualised) / 8 * 8 || i == offsetof(PrivilegedState, in_nmi) / 8 * 8 ||
                i == offsetof(PrivilegedState, fault.guest_address) / 8 * 8 ||
                i == offsetof(PrivilegedState, fault.exception) / 8 * 8;
            EXPECT_TRUE(padded) << "byte " << i << " of the privileged state is not saved";
        }
    }
}

// What is loaded last may be older than what a device says of its line.
TEST_F(RiscvVisit, LinesAreWhatDevicesSay) {
    set_interrupt(harts_[0], kSupervisorSoftware, true);
    set_interrupt(harts_[0], kMachineSoftware, true);
    set_interrupt(harts_[1], kMachineTimer, true);
    ASSERT_EQ(load(harts_[1], save(harts_[0])), "");
    EXPECT_EQ(harts_[1]->priv.mip_external, interrupt_bit(kSupervisorSoftware) | interrupt_bit(kMachineTimer));
}

TEST_F(RiscvVisit, CountersGoOnWithTheOtherClocks) {
    clocks_.now_cycles = 1'000'000;
    clocks_.now_ticks = 5'000;
    Hart* from = harts_[0];
    from->priv.counter[0] = 500 - clocks_.now_cycles;  // mcycle shows 500
    const std::vector<u8> stream = save(from);
    clocks_.now_cycles = 77;
    clocks_.now_ticks = 3;
    const unsigned before = clocks_.flushes;
    ASSERT_EQ(load(harts_[1], stream), "");
    EXPECT_EQ(harts_[1]->priv.counter[0] + clocks_.now_cycles, 500u);
    EXPECT_GT(clocks_.flushes, before);
}

TEST_F(RiscvVisit, WhatNoHartCanHaveIsRefused) {
    const std::vector<u8> good = save(harts_[0]);
    auto refused = [&](auto change) {
        Hart* h = harts_[0];
        reset(h, 3);
        change(*h);
        return load(harts_[1], save(h));
    };
    EXPECT_NE(refused([](Hart& h) { h.priv.mode = static_cast<Privilege>(2); }), "");
    EXPECT_NE(refused([](Hart& h) { h.priv.mode = static_cast<Privilege>(9); }), "");
    EXPECT_NE(refused([](Hart& h) { h.priv.tselect = kTriggers; }), "");
    EXPECT_NE(refused([](Hart& h) { h.priv.satp = u64{kSv32} << kSatpModeShift; }), "");
    EXPECT_NE(refused([](Hart& h) { h.priv.hgatp = u64{5} << kSatpModeShift; }), "");
    EXPECT_NE(refused([](Hart& h) { h.priv.written_counter = kCounters; }), "");
    EXPECT_NE(refused([](Hart& h) { h.priv.hart_id = 1; }), "");
    EXPECT_NE(refused([](Hart& h) { h.vector.vtype = 0x1000; }), "");
    EXPECT_NE(refused([](Hart& h) { h.vector.vl = 1; }), "");  // with vill
    EXPECT_EQ(save(harts_[1]), good);
}

}  // namespace
}  // namespace dragoman::riscv
