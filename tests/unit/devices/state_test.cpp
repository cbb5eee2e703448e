// Saving and loading: every device in the middle of work, loaded into a fresh one, answers as the first does; streams
// that are damaged, or of another machine, change nothing.
#include "devices/state.h"

#include <zlib.h>

#include "devices/cfi_flash.h"
#include "devices/clint.h"
#include "devices/fw_cfg.h"
#include "devices/goldfish_rtc.h"
#include "devices/htif.h"
#include "devices/plic.h"
#include "devices/sifive_aon.h"
#include "devices/sifive_gpio.h"
#include "devices/sifive_otp.h"
#include "devices/sifive_pdma.h"
#include "devices/sifive_prci.h"
#include "devices/sifive_uart.h"
#include "devices/test_finisher.h"
#include "devices/uart16550.h"
#include "devices/virtio/balloon.h"
#include "devices/virtio/console.h"
#include "unit/devices/fixture.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices {
namespace {

std::vector<u8> save(Device& device) { return save_state(std::array{NamedState{"device", device}}); }
std::string load(const std::vector<u8>& stream, Device& device) {
    return load_state(stream, std::array{NamedState{"device", device}});
}

std::vector<Irq> lines(IrqRecorder& sink, unsigned first) { return {{&sink, first}, {&sink, first + 1}}; }

/// A clock that is at another time for each device.
struct Time {
    explicit Time(u64 start) { clock.advance(start); }
    InstructionClock clock{nullptr};
};

struct ClintAt : Time {
    using Time::Time;
    IrqRecorder irqs;
    Clint device{lines(irqs, 0), lines(irqs, 10), clock};
    Registers registers{device};
};

TEST(State, ClintGoesOnFromItsTime) {
    ClintAt a(5'000), b(70'000);
    a.device.reset();
    a.registers.write(4, 1);
    a.registers.write(0x4008, 100, 8);  // due in 10 us
    ASSERT_EQ(load(save(a.device), b.device), "");
    EXPECT_EQ(b.registers.read(4), 1u);
    EXPECT_TRUE(b.irqs.levels[1]);
    EXPECT_EQ(b.registers.read(0x4008, 8), 100u);
    EXPECT_EQ(b.registers.read(0xbff8, 8), a.registers.read(0xbff8, 8));
    EXPECT_FALSE(b.irqs.levels[11]);
    b.clock.advance(10'000);
    b.clock.run_expired();
    EXPECT_TRUE(b.irqs.levels[11]);
}

TEST(State, PlicKeepsWhatIsClaimedAndPending) {
    IrqRecorder x, y;
    Plic a(40, 7, lines(x, 0)), b(40, 7, lines(y, 0));
    Registers ra{a}, rb{b};
    for (u64 source : {3, 35}) ra.write(4 * source, source == 3 ? 2 : 5);
    ra.write(Plic::kEnable, 1 << 3);
    ra.write(Plic::kEnable + 4, 1 << 3);
    ra.write(Plic::kContext, 1);
    a.set_irq(3, true);
    a.set_event(35, true);
    EXPECT_EQ(ra.read(Plic::kContext + 4), 35u);
    ASSERT_EQ(load(save(a), b), "");
    EXPECT_TRUE(y.levels[0]);
    EXPECT_FALSE(y.levels[1]);
    EXPECT_EQ(rb.read(Plic::kContext), 1u);
    EXPECT_EQ(rb.read(Plic::kPending), u64{1} << 3);
    EXPECT_EQ(rb.read(Plic::kContext + 4), 3u);
    EXPECT_EQ(rb.read(Plic::kContext + 4), 0u);
    EXPECT_EQ(save(b), (ra.read(Plic::kContext + 4), save(a)));
    Plic other(41, 7, lines(y, 0));
    EXPECT_NE(load(save(a), other), "");
}

struct UartAt : Time {
    using Time::Time;
    IrqRecorder irqs;
    std::shared_ptr<MemoryChardev> chardev = std::make_shared<MemoryChardev>();
    Uart16550 device{Irq{&irqs, 10}, clock, chardev};
    Registers registers{device};
};

TEST(State, UartKeepsItsFifosAndTimeout) {
    UartAt a(1'000), b(900'000);
    a.registers.write(2, 0xC1, 1);
    a.registers.write(1, 1, 1);
    a.registers.write(7, 0x5A, 1);
    EXPECT_EQ(a.chardev->type("abc"), 3u);
    a.chardev->space = 1;
    for (char c : {'x', 'y', 'z'}) a.registers.write(0, static_cast<u8>(c), 1);
    ASSERT_EQ(load(save(a.device), b.device), "");
    EXPECT_EQ(b.chardev->output, "yz");
    EXPECT_EQ(b.registers.read(7, 1), 0x5Au);
    EXPECT_FALSE(b.irqs.levels[10]);
    b.clock.advance(10'000'000);
    b.clock.run_expired();
    EXPECT_TRUE(b.irqs.levels[10]);
    EXPECT_EQ(b.registers.read(2, 1), 0xCCu);
    for (char c : {'a', 'b', 'c'}) EXPECT_EQ(b.registers.read(0, 1), static_cast<u64>(c));
}

TEST(State, RtcKeepsItsAlarm) {
    struct RtcAt : Time {
        using Time::Time;
        IrqRecorder irqs;
        GoldfishRtc device{Irq{&irqs, 11}, clock, WallClock(clock, Properties("-rtc", "base=2006-06-17,clock=vm"))};
        Registers registers{device};
    } a(0), b(0);
    a.registers.write(0x10, 1);
    u64 time = a.registers.read(0);
    time |= a.registers.read(4) << 32;
    a.registers.write(0xC, (time + 5000) >> 32);
    a.registers.write(8, (time + 5000) & 0xFFFFFFFF);
    ASSERT_EQ(load(save(a.device), b.device), "");
    EXPECT_EQ(b.registers.read(0x18), 1u);
    EXPECT_FALSE(b.irqs.levels[11]);
    b.clock.advance(6000);
    b.clock.run_expired();
    EXPECT_TRUE(b.irqs.levels[11]);
}

TEST(State, FwCfgGoesOnInItsItem) {
    memory::PhysicalSpace space;
    FwCfg a(space), b(space);
    Registers ra{a}, rb{b};
    ra.write(8, 0, 2);
    EXPECT_EQ(ra.read(0, 1), static_cast<u64>('Q'));
    ASSERT_EQ(load(save(a), b), "");
    EXPECT_EQ(rb.read(0, 1), static_cast<u64>('E'));
}

TEST(State, FlashGoesOnInItsCommand) {
    memory::PhysicalSpace space;
    CfiFlash a(nullptr), b(nullptr);
    a.attach(space, space.add_flash("a", 0, 1 << 20, a, CfiFlash::kLimits));
    b.attach(space, space.add_flash("b", 1 << 20, 1 << 20, b, CfiFlash::kLimits));
    Registers ra{a}, rb{b};
    ra.write(0, 0x90);
    ASSERT_EQ(load(save(a), b), "");
    EXPECT_EQ(rb.read(0), 0x890089u);
    ra.write(0, 0xE8);
    ra.write(0, 1);
    ra.write(0x1000, 0);
    ASSERT_EQ(load(save(a), b), "");
    b.write(0x1004, 4, 0);
    rb.write(0, 0xD0);
    EXPECT_EQ(rb.read(0), 0x800080u);
}

TEST(State, SifiveUartKeepsItsFifos) {
    IrqRecorder x, y;
    auto first = std::make_shared<MemoryChardev>(), second = std::make_shared<MemoryChardev>();
    SifiveUart a({&x, 0}, first), b({&y, 0}, second);
    Registers ra{a}, rb{b};
    first->type("in");
    first->space = 0;
    ra.write(0, '!');
    ra.write(0x10, 2);
    ASSERT_EQ(load(save(a), b), "");
    EXPECT_TRUE(y.level(0));
    EXPECT_EQ(second->output, "!");
    EXPECT_EQ(rb.read(4), u64{'i'});
}

TEST(State, SifivePinsStay) {
    IrqRecorder x, y;
    SifiveGpio a(lines(x, 0)), b(lines(y, 0)), other({{&y, 9}});
    Registers ra{a}, rb{b};
    ra.write(4, 3);
    ra.write(0x18, 2);
    ra.write(0x10, 2);
    ASSERT_TRUE(x.level(1));
    ASSERT_EQ(load(save(a), b), "");
    EXPECT_TRUE(y.level(1));
    EXPECT_EQ(rb.read(0), 2u);
    EXPECT_NE(load(save(a), other), "");
    SifivePrci clocks(SifivePrci::kFe310), same(SifivePrci::kFe310), more(SifivePrci::kFu540);
    Registers(clocks).write(0xC, 7);
    ASSERT_EQ(load(save(clocks), same), "");
    EXPECT_EQ(Registers(same).read(0xC), 7u);
    EXPECT_NE(load(save(clocks), more), "");
}

TEST(State, FusesAndChannelsStay) {
    memory::PhysicalSpace space;
    IrqRecorder x, y;
    auto irqs = [](IrqRecorder& recorder) {
        std::vector<Irq> all;
        for (unsigned i = 0; i < 8; ++i) all.push_back({&recorder, i});
        return all;
    };
    SifiveOtp fuses(1), others(2);
    Registers a{fuses}, b{others};
    for (u64 offset : {0x0C, 0x1C, 0x34}) a.write(offset, 1);
    a.write(0, 0xFC);
    ASSERT_EQ(load(save(fuses), others), "");
    EXPECT_EQ(b.read(0x18), 1u);
    SifivePdma first(space, irqs(x)), second(space, irqs(y));
    Registers c{first}, d{second};
    c.write(0, 1);
    c.write(8, 77);
    c.write(0x1000, 1);
    c.write(0x1000, 3 | 1 << 14);
    ASSERT_TRUE(x.level(2));
    ASSERT_EQ(load(save(first), second), "");
    EXPECT_TRUE(y.level(2));
    EXPECT_EQ(d.read(8), 77u);
}

TEST(State, WatchdogGoesOnFromItsCount) {
    Time x(5'000'000'000), y(0);
    IrqRecorder irqs;
    SifiveAon a({&irqs, 0}, x.clock, [] {}), b({&irqs, 1}, y.clock, [] {});
    Registers ra{a}, rb{b};
    auto write = [&](u64 offset, u64 value) {
        ra.write(0x1C, 0x51F15E);
        ra.write(offset, value);
    };
    a.reset();
    write(0x20, 40'000);
    write(0, 1 << 12);
    x.clock.advance(1'000'000'000);
    ASSERT_EQ(load(save(a), b), "");
    EXPECT_EQ(rb.read(8), 32'768u);
    y.clock.advance(1'000'000'000);
    y.clock.run_expired();
    EXPECT_TRUE(irqs.level(1));
}

TEST(State, HtifKeepsWhatIsAskedFor) {
    memory::PhysicalSpace space;
    space.add_ram("ram", 0, 4096);
    auto first = std::make_shared<MemoryChardev>(), second = std::make_shared<MemoryChardev>();
    Htif a(space, first, [](int) {}), b(space, second, [](int) {}), placed(space, nullptr, [](int) {});
    Registers ra{a}, rb{b};
    ra.write(8, 0);
    ra.write(12, 1 << 24);
    ASSERT_EQ(load(save(a), b), "");
    EXPECT_EQ(second->type("xy"), 1u);
    EXPECT_EQ(rb.read(0), 0x100u | 'x');
    ASSERT_TRUE(placed.place(8, 16));
    EXPECT_NE(load(save(a), placed), "");
}

TEST(State, StatelessDevicesTakeTheirOwn) {
    IrqRecorder irqs;
    TestFinisher finisher([](TestFinisher::Action, int) {});
    EXPECT_EQ(load(save(finisher), finisher), "");
    AclintSswi a(lines(irqs, 0)), b({});
    EXPECT_EQ(load(save(a), a), "");
    EXPECT_NE(load(save(a), b), "");
}

TEST(State, VirtioQueueGoesOnWhereItWas) {
    using namespace virtio;
    TestDriver a, b;
    auto plug = [](TestDriver& driver) {
        auto console = std::make_unique<Console>(driver.space);
        auto chardev = std::make_shared<MemoryChardev>();
        console->connect_port(chardev);
        driver.slot.plug(std::move(console));
        return chardev;
    };
    auto first = plug(a), second = plug(b);
    a.start(~u64{0});
    a.setup(0, 8);
    a.setup(1, 8);
    a.driver_ok();
    a.put(TestDriver::kRam, "hello", 5);
    first->space = 2;  // the host takes no more for now
    a.add(1, {{TestDriver::kRam, 5, false}});
    a.notify(1);
    a.add(0, {{TestDriver::kRam + 64, 16, true}});
    EXPECT_EQ(first->frontend.can_receive(), 16u);  // a chain is held for input
    std::vector<u8> ram(TestDriver::kRamBytes);
    ASSERT_TRUE(a.space.read(TestDriver::kRam, ram.data(), ram.size()));
    ASSERT_TRUE(b.space.write(TestDriver::kRam, ram.data(), ram.size()));
    ASSERT_EQ(load(save(a.slot), b.slot), "");
    EXPECT_EQ(first->output + second->output, "hello");
    b.queues = a.queues;
    EXPECT_EQ(b.used_index(1), 1);
    EXPECT_EQ(b.get(TestDriver::kStatus), a.get(TestDriver::kStatus));
    EXPECT_EQ(second->type("hi"), 2u);
    EXPECT_EQ(b.used_index(0), 1);
    EXPECT_EQ(b.text(TestDriver::kRam + 64, 2), "hi");
    // The first one is none the worse for it.
    first->space = 10;
    first->on_writable();
    EXPECT_EQ(first->output, "hello");
    TestDriver other;
    other.slot.plug(std::make_unique<Balloon>(other.space, BalloonOptions{}));
    EXPECT_NE(load(save(a.slot), other.slot), "");
}

TEST(State, BalloonKeepsItsTarget) {
    using namespace virtio;
    TestDriver a, b;
    auto plug = [](TestDriver& driver) {
        auto balloon = std::make_unique<Balloon>(driver.space, BalloonOptions{});
        Balloon& plugged = *balloon;
        driver.slot.plug(std::move(balloon));
        return &plugged;
    };
    plug(a)->set_target(5 * 4096);
    plug(b);
    ASSERT_EQ(load(save(a.slot), b.slot), "");
    EXPECT_EQ(b.config(0, 4), 5u);
    EXPECT_EQ(b.get(0xfc), a.get(0xfc));  // the generation of the configuration
}

TEST(State, DamagedQueuesBreakNothing) {
    using namespace virtio;
    TestDriver driver;
    driver.slot.plug(std::make_unique<Console>(driver.space));
    driver.start(~u64{0});
    driver.setup(0, 8);
    driver.setup(1, 8);
    driver.driver_ok();
    const std::vector<u8> good = save(driver.slot);
    for (std::size_t at = 12; at < good.size(); ++at) {
        for (u8 flip : {u8{1}, u8{0x80}}) {
            std::vector<u8> bad = good;
            bad[at] ^= flip;
            u32 sum = static_cast<u32>(::crc32_z(0, bad.data() + 12, bad.size() - 12));
            std::memcpy(bad.data() + 8, &sum, 4);
            if (!load(bad, driver.slot).empty()) {
                EXPECT_EQ(save(driver.slot), good) << at;
                continue;
            }
            driver.notify(0);
            driver.notify(1);
            ASSERT_EQ(load(good, driver.slot), "");
        }
    }
    EXPECT_EQ(save(driver.slot), good);
}

// With a right checksum, too, nothing that a stream says breaks a device.
TEST(State, DamageIsRefusedWhole) {
    IrqRecorder irqs;
    UartAt uart(0);
    Plic plic(40, 7, lines(irqs, 0));
    const std::array both{NamedState{"uart", uart.device}, NamedState{"plic", plic}};
    std::vector<u8> good = save_state(both);
    EXPECT_EQ(load_state({}, both), "is no saved state of a machine");
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::vector<u8> bad = good;
        bad[at] ^= 0x41;
        EXPECT_NE(load_state(bad, both), "") << at;
        EXPECT_NE(load_state(std::span(good).first(at), both), "") << at;
        if (at < 12) continue;
        u32 sum = static_cast<u32>(::crc32_z(0, bad.data() + 12, bad.size() - 12));
        std::memcpy(bad.data() + 8, &sum, 4);
        std::string wrong = load_state(bad, both);
        EXPECT_TRUE(wrong.empty() || save_state(both) == good) << at << ": " << wrong;
        ASSERT_EQ(load_state(good, both), "");
    }
    EXPECT_NE(load_state(good, std::span(both).first(1)), "");
    EXPECT_EQ(save_state(both), good);
}

}  // namespace
}  // namespace dragoman::devices
