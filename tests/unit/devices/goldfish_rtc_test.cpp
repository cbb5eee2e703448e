#include "devices/goldfish_rtc.h"

#include "base/error.h"
#include "unit/devices/fixture.h"

namespace dragoman::devices {
namespace {

constexpr u64 kStart = 1'150'560'081;  // 2006-06-17T16:01:21

Properties rtc(const char* text) { return Properties("-rtc", text); }

struct Rtc : testing::Test {
    IrqRecorder irqs;
    InstructionClock clock{nullptr};
    GoldfishRtc device{Irq{&irqs, 11}, clock, WallClock(clock, rtc("base=2006-06-17T16:01:21,clock=vm"))};
    Registers registers{device};

    u64 time() {
        u64 low = registers.read(0);
        return registers.read(4) << 32 | low;
    }
    void set(u64 reg, u64 value) {
        registers.write(reg + 4, value >> 32);
        registers.write(reg, static_cast<u32>(value));
    }
    void pass(u64 nanoseconds) {
        clock.advance(nanoseconds);
        clock.run_expired();
    }
};

TEST_F(Rtc, TimeSince1970) {
    EXPECT_EQ(time(), kStart * 1'000'000'000);
    pass(1'500'000'000);
    EXPECT_EQ(time(), kStart * 1'000'000'000 + 1'500'000'000);
}

TEST_F(Rtc, HighHalfIsThatOfTheLastLowHalf) {
    set(0, 0x1'FFFF'FFFF);
    EXPECT_EQ(registers.read(0), 0xFFFF'FFFFu);
    pass(1);
    EXPECT_EQ(registers.read(4), 1u);
    EXPECT_EQ(registers.read(0), 0u);
    EXPECT_EQ(registers.read(4), 2u);
}

TEST_F(Rtc, TimeThatIsSetSurvivesReset) {
    set(0, 1000);
    device.reset();
    pass(5);
    EXPECT_EQ(time(), 1005u);
}

TEST_F(Rtc, Alarm) {
    registers.write(0x10, 1);
    u64 alarm = time() + 1000;
    set(8, alarm);
    EXPECT_EQ(registers.read(0x18), 1u);
    EXPECT_EQ(registers.read(0xC) << 32 | registers.read(8), alarm);
    pass(999);
    EXPECT_FALSE(irqs.level(11));
    pass(1);
    EXPECT_TRUE(irqs.level(11));
    EXPECT_EQ(registers.read(0x18), 0u);
    registers.write(0x1C, 1);
    EXPECT_FALSE(irqs.level(11));
}

TEST_F(Rtc, AlarmThatIsNotEnabledOrCleared) {
    set(8, time() + 10);
    pass(10);
    EXPECT_FALSE(irqs.level(11));
    registers.write(0x10, 1);  // it is still pending
    EXPECT_TRUE(irqs.level(11));
    registers.write(0x1C, 1);
    set(8, time() + 10);
    registers.write(0x14, 1);
    pass(100);
    EXPECT_FALSE(irqs.level(11));
    set(8, 1);  // long past
    EXPECT_TRUE(irqs.level(11));
}

TEST_F(Rtc, AlarmInTheFarFuture) {
    set(8, ~u64{0});
    EXPECT_EQ(registers.read(0x18), 1u);
    pass(1'000'000'000'000);
    EXPECT_EQ(registers.read(0x18), 1u);
}

TEST(WallClock, Bases) {
    InstructionClock clock(nullptr);
    EXPECT_EQ(WallClock(clock, rtc("base=2006-06-17,clock=vm")).now(), 1'150'502'400'000'000'000u);
    u64 host = static_cast<u64>(time(nullptr));
    u64 utc = WallClock(clock, rtc("")).now() / 1'000'000'000;
    EXPECT_GE(utc, host);
    EXPECT_LE(utc, static_cast<u64>(time(nullptr)) + 1);  // time() lags behind the precise clock by up to a tick
    EXPECT_GT(WallClock(clock, rtc("base=localtime,clock=rt,driftfix=none")).now(), u64{1'000'000'000'000'000'000});
    EXPECT_THROW(WallClock(clock, rtc("base=yesterday")), FatalError);
    EXPECT_THROW(WallClock(clock, rtc("base=2006-06-17Z")), FatalError);
    EXPECT_THROW(WallClock(clock, rtc("clock=sun")), FatalError);
    EXPECT_THROW(WallClock(clock, rtc("bass=utc")), FatalError);
}

}  // namespace
}  // namespace dragoman::devices
