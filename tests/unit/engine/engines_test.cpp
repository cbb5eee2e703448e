// Engines side by side in one process: other CPU models, another guest, each on a thread and in an address range of its
// own, with faults and code that changes in each of them.
#include <gtest/gtest.h>

#include <thread>

#include "accumulator/accumulator.h"
#include "guest/riscv/riscv.h"
#include "guest/riscv/state.h"
#include "sandbox.h"

namespace dragoman::engine {
namespace {

constexpr int kRounds = 200;

std::unique_ptr<guest::Model> model(const guest::Guest& guest, std::string_view cpu) {
    std::string error;
    auto model = guest.configure(cpu, false, error);
    EXPECT_EQ(error, "");
    return model;
}

/// A RISC-V program that changes itself, faults, and multiplies, which only CPUs with M can.
void run_riscv(const char* backend, const char* cpu, u64 code, bool has_multiplication) {
    Sandbox sandbox(model(riscv::kRiscv64, cpu), backend, 0, code, 0x3000);
    riscv::Hart& hart = *riscv::hart(sandbox.env());
    constexpr u32 kAddi = 0x00050513;  // addi a0,a0,0
    const u32 counter[] = {kAddi, 0x00000073 /* ecall */};
    const u32 writer[] = {0x00b62023 /* sw a1,0(a2) */, 0x00060067 /* jr a2 */};
    const u32 fault[] = {0x00168693 /* addi a3,a3,1 */, 0x0006b703 /* ld a4,0(a3) */};
    const u32 multiply[] = {0x02b50533 /* mul a0,a0,a1 */, 0x00000073};
    sandbox.write<u32>(code, counter);
    sandbox.write<u32>(code + 0x1000, writer);
    sandbox.write<u32>(code + 0x1100, fault);
    sandbox.write<u32>(code + 0x1200, multiply);
    for (int n = 1; n <= kRounds; ++n) {
        hart.gpr[10] = 1000;
        hart.gpr[11] = kAddi | static_cast<u32>(n) << 20;
        hart.gpr[12] = code;
        ASSERT_EQ(sandbox.run(code + 0x1000), ir::ExitReason::Syscall);
        ASSERT_EQ(hart.gpr[10], 1000u + static_cast<u64>(n));
        ASSERT_EQ(hart.pc, code + 8);

        hart.gpr[13] = code + 0x3fff;
        ASSERT_EQ(sandbox.run(code + 0x1100), ir::ExitReason::Exception);
        ASSERT_EQ(hart.exception, ir::kExceptionHostFault);
        ASSERT_EQ(hart.exception_value, code + 0x4000);
        ASSERT_EQ(hart.pc, code + 0x1104);
        ASSERT_EQ(hart.gpr[13], code + 0x4000);

        hart.gpr[10] = 6;
        hart.gpr[11] = static_cast<u64>(n);
        const ir::ExitReason reason = sandbox.run(code + 0x1200);
        if (has_multiplication) {
            ASSERT_EQ(reason, ir::ExitReason::Syscall);
            ASSERT_EQ(hart.gpr[10], 6u * static_cast<u64>(n));
        } else {
            ASSERT_EQ(reason, ir::ExitReason::Exception);
            ASSERT_EQ(hart.exception, static_cast<u32>(riscv::Cause::IllegalInstruction));
            ASSERT_EQ(hart.gpr[10], 6u);
        }
    }
}

void run_accumulator(const char* backend, u64 guest_base) {
    using accumulator::insn;
    using enum accumulator::Op;
    Sandbox sandbox(model(accumulator::guest(), "acc16"), backend, guest_base, 0, 0xf000);
    auto& state = static_cast<accumulator::State&>(*sandbox.env());
    const u16 counter[] = {insn(Ldi, 0), insn(Hlt)}, writer[] = {insn(Sta, 0), insn(Jpx)};
    const u16 fault[] = {insn(Inx, 1), insn(Lda, 0)}, trap[] = {insn(Inx, 1), insn(Trp, 3)};
    sandbox.write<u16>(0, counter);
    sandbox.write<u16>(0x1000, writer);
    sandbox.write<u16>(0x1100, fault);
    sandbox.write<u16>(0x1200, trap);
    for (int n = 1; n <= kRounds; ++n) {
        state.a = insn(Ldi, n);
        state.x = 0;
        ASSERT_EQ(sandbox.run(0x1000), ir::ExitReason::Syscall);
        ASSERT_EQ(state.a, static_cast<u64>(n));

        state.x = 0xf00f;
        ASSERT_EQ(sandbox.run(0x1100), ir::ExitReason::Exception);
        ASSERT_EQ(state.exception, ir::kExceptionHostFault);
        ASSERT_EQ(state.exception_value, 0xf010u);
        ASSERT_EQ(state.pc, 0x1102u);
        ASSERT_EQ(state.x, 0xf010u);

        ASSERT_EQ(sandbox.run(0x1200), ir::ExitReason::Exception);
        ASSERT_EQ(state.exception, accumulator::kTrap + 3);
        ASSERT_EQ(state.x, 0xf011u);
    }
}

TEST(Engines, RunBesideEachOther) {
    std::thread threads[] = {
        std::thread(run_riscv, "x64", "rv64i", 0x1'1000'0000, false),
        std::thread(run_riscv, "x64", "max", 0x1'2000'0000, true),
        std::thread(run_riscv, "interp", "max", 0x1'3000'0000, true),
        std::thread(run_accumulator, "x64", kFarBase),
        std::thread(run_accumulator, "interp", kOtherFarBase),
    };
    for (std::thread& thread : threads) thread.join();
}

TEST(Engines, LogWhatTheirOwnSelectionSays) {
    const u16 code[] = {accumulator::insn(accumulator::Op::Ldi, 3), accumulator::insn(accumulator::Op::Hlt)};
    const log::Selection listed{.mask = static_cast<u32>(log::Item::InAsm), .ranges = {{0x100, 0x1ff}}};
    Sandbox silent(model(accumulator::guest(), ""), "interp", kFarBase, 0, 0x1000);
    Sandbox talking(model(accumulator::guest(), ""), "interp", kOtherFarBase, 0, 0x1000, listed);
    testing::internal::CaptureStderr();
    for (Sandbox* sandbox : {&silent, &talking}) {
        for (u64 at : {0x80, 0x100}) {
            sandbox->write<u16>(at, code);
            EXPECT_EQ(sandbox->run(at), ir::ExitReason::Syscall);
        }
    }
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("0x00000100:"), text.npos) << text;
    EXPECT_NE(text.find("ldi 3"), text.npos) << text;
    EXPECT_EQ(text.find("0x00000080:"), text.npos) << text;
    EXPECT_EQ(text.find("ldi 3"), text.rfind("ldi 3")) << text;
}

}  // namespace
}  // namespace dragoman::engine
