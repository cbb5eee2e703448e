// The accumulator machine of tests/guests on each back end: all that a guest can ask for through its interfaces.
#include "accumulator/accumulator.h"

#include <gtest/gtest.h>

#include <vector>

#include "sandbox.h"

namespace dragoman::accumulator {
namespace {

using engine::Sandbox;
using enum Op;

/// The machine's 64 KiB, but for the last page, so that there is something to fault at.
constexpr u64 kGuestBase = engine::kFarBase, kMapped = 0xf000;

class AccumulatorTest : public testing::TestWithParam<const char*> {
protected:
    static std::unique_ptr<guest::Model> model(std::string_view cpu) {
        std::string error;
        auto model = accumulator::guest().configure(cpu, false, error);
        EXPECT_EQ(error, "");
        return model;
    }
    void start(std::string_view cpu, u64 bytes = kMapped) {
        sandbox_.reset();
        sandbox_ = std::make_unique<Sandbox>(model(cpu), GetParam(), kGuestBase, 0, bytes);
    }
    void SetUp() override { start("acc16"); }

    State& state() { return static_cast<State&>(*sandbox_->env()); }
    void write(u64 address, std::initializer_list<u16> words) {
        sandbox_->write<u16>(address, std::vector<u16>(words));
    }
    ir::ExitReason run(u64 pc = 0) { return sandbox_->run(pc); }
    u16 word(u64 address) {
        u16 value;
        std::memcpy(&value, sandbox_->engine().space().host(address), 2);
        return value;
    }

    std::unique_ptr<Sandbox> sandbox_;
};

TEST_P(AccumulatorTest, CountsDownInALoop) {
    // X = 0x100; word[X] counts down from 3000, word[X + 2] counts up.
    write(0, {insn(Lda, 0), insn(Add, 4), insn(Sta, 0), insn(Lda, 2), insn(Sub, 4), insn(Sta, 2), insn(Lda, 0),
              insn(Bnz, -7), insn(Hlt, 7)});
    write(0x100, {3000, 0, 0xffff});
    state().x = 0x100;
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    EXPECT_EQ(state().call, 7u);
    EXPECT_EQ(state().pc, 18u);
    EXPECT_EQ(word(0x102), 3000);
}

TEST_P(AccumulatorTest, CallsAndIndirectJumps) {
    write(0, {insn(Jsr, 0x80), insn(Jsr, 0x7f), insn(Jpx)});
    write(0x100, {insn(Inx, 0x20), insn(Ret)});
    write(0x40, {insn(Hlt)});
    EXPECT_EQ(run(), ir::ExitReason::Syscall);
    EXPECT_EQ(state().pc, 0x42u);
    EXPECT_EQ(state().l, 4u);
}

TEST_P(AccumulatorTest, ModesAreStateFlags) {
    // The same code in both modes: 0x7000 + 0x7000, and -0x7000 - 0x7000.
    write(0, {insn(Lda, 0), insn(Add, 0), insn(Sta, 4), insn(Lda, 2), insn(Add, 2), insn(Hlt)});
    write(0x20, {insn(Mod, 1), insn(Jmp, -0x11)});
    write(0x100, {0x7000, 0x9000});
    state().x = 0x100;
    for (int n = 0; n < 2; ++n) {
        state().tb_flags = 0;
        EXPECT_EQ(run(), ir::ExitReason::Syscall);
        EXPECT_EQ(word(0x104), 0xe000);
        EXPECT_EQ(state().a, 0x2000u);
        EXPECT_EQ(run(0x20), ir::ExitReason::Syscall);
        EXPECT_EQ(word(0x104), 0x7fff);
        EXPECT_EQ(state().a, 0x8000u);
    }
}

TEST_P(AccumulatorTest, FaultsArePrecise) {
    write(0, {insn(Ldi, 5), insn(Inx, 2), insn(Sta, 0x10), insn(Ldi, 6), insn(Hlt)});
    state().x = 0xf000;
    EXPECT_EQ(run(), ir::ExitReason::Exception);
    EXPECT_EQ(state().exception, ir::kExceptionHostFault);
    EXPECT_EQ(state().exception_value, 0xf012u);
    EXPECT_EQ(state().pc, 4u);
    EXPECT_EQ(state().a, 5u);
    EXPECT_EQ(state().x, 0xf002u);
}

TEST_P(AccumulatorTest, TrapsIllegalInstructionsAndFetchFaults) {
    write(0, {insn(Ldi, 1), insn(Trp, 9), insn(Ldi, 2), insn(Hlt)});
    EXPECT_EQ(run(), ir::ExitReason::Exception);
    EXPECT_EQ(state().exception, kTrap + 9);
    EXPECT_EQ(state().exception_value, 9u);
    EXPECT_EQ(state().pc, 2u);
    EXPECT_EQ(state().a, 1u);

    EXPECT_EQ(run(0xf008), ir::ExitReason::Exception);
    EXPECT_EQ(state().exception, kFetchFault);
    EXPECT_EQ(state().exception_value, 0xf008u);

    start("acc16,saturation=off");
    write(0, {insn(Ldi, 1), insn(Mod, 1)});
    EXPECT_EQ(run(), ir::ExitReason::Exception);
    EXPECT_EQ(state().exception, kIllegal);
    EXPECT_EQ(state().pc, 2u);
}

TEST_P(AccumulatorTest, StoresToCodeAreSeen) {
    write(0, {insn(Ldi, 0), insn(Hlt)});
    write(0x1000, {insn(Sta, 0), insn(Jpx)});
    for (int n = 1; n < 40; ++n) {
        state().a = insn(Ldi, n);
        state().x = 0;
        EXPECT_EQ(run(0x1000), ir::ExitReason::Syscall);
        EXPECT_EQ(state().a, static_cast<u64>(n));
    }
}

TEST_P(AccumulatorTest, AddressesWrap) {
    start("acc16", 0x10000);
    write(0xfffc, {insn(Inx, 1), insn(Inx, 2)});
    write(0, {insn(Inx, 4), insn(Hlt)});
    EXPECT_EQ(run(0xfffc), ir::ExitReason::Syscall);
    EXPECT_EQ(state().x, 7u);
    EXPECT_EQ(state().pc, 4u);
    write(0x200, {insn(Lda, -2), insn(Hlt)});
    write(0xfffe, {0x1234});
    state().x = 0;
    EXPECT_EQ(run(0x200), ir::ExitReason::Syscall);
    EXPECT_EQ(state().a, 0x1234u);
}

TEST_P(AccumulatorTest, DebuggersSeeRegistersAndCode) {
    const guest::Guest& g = accumulator::guest();
    state().x = 0xabcd;
    EXPECT_EQ(g.cpu.registers(sandbox_->engine().model()).size(), 4u);
    u8 bytes[2] = {};
    ASSERT_TRUE(g.cpu.read_register(&state(), 1, bytes));
    EXPECT_EQ(bytes[0] | bytes[1] << 8, 0xabcd);
    ASSERT_TRUE(g.cpu.write_register(&state(), 0, bytes));
    EXPECT_EQ(state().a, 0xabcdu);
    EXPECT_FALSE(g.cpu.read_register(&state(), 4, bytes));
    EXPECT_NE(g.cpu.dump_registers(&state()).find("x abcd"), std::string::npos);
    auto text = [&](u16 bits) {
        const std::vector<u8> code = {static_cast<u8>(bits), static_cast<u8>(bits >> 8)};
        unsigned length;
        return g.translator.disassemble(sandbox_->engine().model(), 0x10, code, length);
    };
    EXPECT_EQ(text(insn(Add, -2)), "add -2");
    EXPECT_EQ(text(insn(Bnz, -4)), "bnz 0x8");
    EXPECT_EQ(text(insn(Ret)), "ret");
    sandbox_->engine().set_breakpoint(2, true);
    write(0, {insn(Ldi, 1), insn(Ldi, 2), insn(Hlt)});
    EXPECT_EQ(run(), ir::ExitReason::Exception);
    EXPECT_EQ(state().exception, ir::kExceptionDebug);
    EXPECT_EQ(state().a, 1u);
}

struct Hooks : engine::MachineHooks {
    u64 time_ticks(ir::Env*) override { return 0; }
    u64 cycles() override { return 0; }
    void entropy(std::span<u8>) override {}
    void timer_changed(ir::Env*) override {}
};

TEST_P(AccumulatorTest, MachinesTakeTrapsAndHalt) {
    memory::PhysicalSpace physical;
    physical.add_ram("ram", kRamBase, 0x10000);
    Hooks hooks;
    std::string error;
    engine::Engine machine(accumulator::guest().configure("", true, error),
                           std::string_view(GetParam()) == "x64" ? host::make_x64() : host::make_interp(),
                           host::Options{}, physical, hooks, engine::Config{.tb_size = 16 << 20});
    auto& s = static_cast<State&>(*machine.guest().cpu.create(machine.model()));
    machine.attach(&s);
    kSystem.reset(&s, 0);
    const u16 start[] = {insn(Trp, 1), insn(Sta, 0), insn(Lda, 0), insn(Hlt)};  // the handler is at kVector
    ASSERT_TRUE(physical.write(kRamBase, start, sizeof start));
    s.x = 0x8000;
    s.pc = 0;
    EXPECT_EQ(machine.run(&s), ir::ExitReason::Exception);
    kSystem.take_exception(&s);
    EXPECT_EQ(machine.run(&s), ir::ExitReason::Halt);
    u16 stored = 0;
    ASSERT_TRUE(physical.read(kRamBase + 0x8000, &stored, sizeof stored));
    EXPECT_EQ(stored, kTrap + 1);
    EXPECT_EQ(s.a, kTrap + 1);
    EXPECT_EQ(s.l, 0u);
    EXPECT_EQ(s.pc, 8u);
    machine.detach(&s);
    machine.guest().cpu.destroy(&s);
}

INSTANTIATE_TEST_SUITE_P(Backends, AccumulatorTest, testing::Values("interp", "x64"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace dragoman::accumulator
