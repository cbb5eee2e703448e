// Random accesses to every device's registers: whatever a guest does, the host process is not harmed. Runs under
// sanitizers too. DRAGOMAN_FUZZ_SEED and DRAGOMAN_FUZZ_COUNT make it go elsewhere and longer.
#include <cstdlib>
#include <random>

#include "devices/aclint.h"
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
#include "devices/unimplemented.h"
#include "unit/devices/fixture.h"
#include "unit/devices/memory_image.h"

namespace dragoman::devices {
namespace {

u64 from_environment(const char* name, u64 otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

constexpr u64 kBase = 0x1000'0000, kRam = 0x8000'0000, kRamSize = 0x10000;

struct Fuzz : testing::Test {
    memory::PhysicalSpace space;
    IrqRecorder irqs;
    InstructionClock clock{nullptr};
    std::mt19937_64 random{from_environment("DRAGOMAN_FUZZ_SEED", 4)};

    void SetUp() override {
        space.add_ram("ram", kRam, kRamSize);
        for (u64 i = 0; i < kRamSize; i += 8) space.store(kRam + i, 8, random());
    }
    bool one_in(unsigned n) { return random() % n == 0; }
    std::vector<Irq> lines(unsigned count) {
        std::vector<Irq> all;
        for (unsigned i = 0; i < count; ++i) all.push_back({&irqs, i});
        return all;
    }
    /// Mostly registers, near the start of the window or of one of `interesting`.
    u64 offset(u64 window, const std::vector<u64>& interesting) {
        u64 start = interesting.empty() || one_in(2) ? 0 : interesting[random() % interesting.size()];
        u64 reach = one_in(8) ? window : 0x20;
        return (start + random() % reach) % window;
    }
    u64 value() {
        switch (random() % 5) {
            case 0: return 0;
            case 1: return ~u64{0};
            case 2: return random() & 0xFF;
            case 3: return __builtin_bswap64(kRam + (random() & 0xFFFF));
            default: return random();
        }
    }
    void run_mapped(Device& device, u64 window, std::vector<u64> interesting = {},
                    std::function<void()> between = nullptr) {
        u64 count = from_environment("DRAGOMAN_FUZZ_COUNT", 50'000);
        for (u64 i = 0; i < count; ++i) {
            u64 address = kBase + offset(window, interesting), ignored;
            unsigned size = 1u << (random() % 4);
            if (!one_in(8)) address &= ~u64{size - 1};
            if (one_in(2)) space.load(address, size, ignored);
            else space.store(address, size, value());
            if (one_in(50)) {
                clock.advance(random() % 1'000'000);
                clock.run_expired();
            }
            if (between && one_in(10)) between();
            if (one_in(1000)) device.reset();
        }
    }
    template <class D>
    void run(D& device, std::vector<u64> interesting = {}, std::function<void()> between = nullptr) {
        space.add_mmio("device", kBase, D::kWindow, device, D::kLimits);
        run_mapped(device, D::kWindow, std::move(interesting), std::move(between));
    }
};

TEST_F(Fuzz, Uart) {
    auto chardev = std::make_shared<MemoryChardev>();
    Uart16550 device(Irq{&irqs, 0}, clock, chardev);
    run(device, {}, [&] {
        if (one_in(3)) chardev->space = random() % 4;
        if (one_in(5)) chardev->frontend.line_break();
        chardev->on_writable();
        chardev->type("input");
        chardev->output.clear();
    });
}

TEST_F(Fuzz, UartWithoutChardev) {
    Uart16550 device(Irq{&irqs, 0}, clock, nullptr);
    run(device);
}

TEST_F(Fuzz, TestFinisher) {
    TestFinisher device([](TestFinisher::Action, int status) { EXPECT_LE(status, 0xFFFF); });
    run(device);
}

TEST_F(Fuzz, Clint) {
    Clint device(lines(3), lines(3), clock);
    run(device, {0x4000, 0xBFF8, 0xBFF0});
}

TEST_F(Fuzz, AclintMswi) {
    AclintMswi device(lines(3));
    run(device);
}

TEST_F(Fuzz, AclintSswi) {
    AclintSswi device(lines(3));
    run(device);
}

TEST_F(Fuzz, AclintMtimer) {
    AclintMtimer device(lines(3), clock);
    run(device, {0x7FF0});
}

TEST_F(Fuzz, Plic) {
    Plic device(95, 7, lines(4));
    space.add_mmio("plic", kBase, 0x600000, device, device.kLimits);
    run_mapped(device, 0x600000, {0x170, 0x1000, 0x2000, 0x2080, 0x200000, 0x201000, 0x203000, 0x204000},
               [&] { device.set_irq(static_cast<unsigned>(random() % 128), one_in(2)); });
}

TEST_F(Fuzz, SifiveUart) {
    auto chardev = std::make_shared<MemoryChardev>();
    SifiveUart device(Irq{&irqs, 0}, chardev);
    run(device, {}, [&] {
        chardev->type("some text");
        chardev->space = random() % 4;
        chardev->on_writable();
    });
}

TEST_F(Fuzz, SifiveGpio) {
    SifiveGpio device(lines(16));
    run(device);
}

TEST_F(Fuzz, SifivePrci) {
    SifivePrci device(SifivePrci::kFu540);
    run(device);
}

TEST_F(Fuzz, SifiveOtp) {
    SifiveOtp device(1);
    run(device);
}

TEST_F(Fuzz, SifivePdma) {
    space.on_code_write = nullptr;
    SifivePdma device(space, lines(8));
    run(device, {0x1000, 0x2100, 0x3000}, [&] {
        space.store(kBase, 4, 1);
        space.store(kBase + 8, 8, random() % 0x4000);
        space.store(kBase + 0x10, 8, kRam + random() % kRamSize);
        space.store(kBase + 0x18, 8, kRam + random() % kRamSize);
        space.store(kBase, 4, 3);
    });
}

TEST_F(Fuzz, SifiveAon) {
    SifiveAon device(Irq{&irqs, 0}, clock, [] {});
    run(device, {}, [&] {
        if (one_in(2)) space.store(kBase + 0x1C, 4, 0x51F15E);
    });
}

TEST_F(Fuzz, Unimplemented) {
    Unimplemented device;
    space.add_mmio("device", kBase, 0x1000, device, device.kLimits);
    run_mapped(device, 0x1000);
}

TEST_F(Fuzz, Htif) {
    auto chardev = std::make_shared<MemoryChardev>();
    Htif device(space, chardev, [](int) {});
    run(device, {8}, [&] { chardev->type("x"); });
}

/// Requests lie anywhere, and the addresses in them lead anywhere.
TEST_F(Fuzz, HtifInMemory) {
    auto chardev = std::make_shared<MemoryChardev>();
    Htif device(space, chardev, [](int) {});
    space.on_code_write = nullptr;
    ASSERT_TRUE(device.place(kRam + 0x40, kRam + 0x48));
    for (unsigned i = 0; i < 50'000; ++i) {
        const u64 heads[] = {0, u64{1} << 56, u64{0x101} << 48, random() << 48};
        const u64 request = heads[random() % 4] | (one_in(2) ? kRam + random() % (2 * kRamSize) : random() >> 16);
        space.store(kRam + 0x40, 1u << (random() % 4), request);
        if (one_in(4)) space.store(kRam + (random() % kRamSize & ~u64{7}), 8, one_in(4) ? 64 : random() % 4);
        if (one_in(4)) chardev->type("x");
        if (chardev->output.size() > 1'000'000) chardev->output.clear();
    }
}

TEST_F(Fuzz, GoldfishRtc) {
    GoldfishRtc device(Irq{&irqs, 0}, clock, WallClock(clock, Properties("-rtc", "clock=vm")));
    run(device);
}

TEST_F(Fuzz, FwCfg) {
    FwCfg device(space);
    for (unsigned i = 0; i < 40; ++i) device.add_file("opt/" + std::to_string(i), std::vector<u8>(i * 100));
    run(device, {8, 16}, [&] {
        // A command that is not all noise, with what is left of the last one around it
        u64 command = kRam + (random() & 0xFFF8);
        u64 control = (random() & 0x1F) | ((random() & 0x3F) << 16), length = one_in(4) ? random() : random() & 0xFFF;
        space.store(command, 4, __builtin_bswap32(static_cast<u32>(control)));
        space.store(command + 4, 4, __builtin_bswap32(static_cast<u32>(length)));
        space.store(command + 8, 8, __builtin_bswap64(kRam + (random() & 0x1FFFF)));
        space.store(kBase + 16, 8, __builtin_bswap64(command));
    });
}

TEST_F(Fuzz, CfiFlash) {
    constexpr u64 kSize = 1 << 20;
    auto image = std::make_shared<MemoryImage>(kSize);
    CfiFlash device(image);
    memory::Region& region = space.add_flash("flash", kBase, kSize, device, device.kLimits);
    device.attach(space, region);
    static constexpr u8 kCommands[] = {0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x90,
                                       0x98, 0xD0, 0xE8, 0xFF, 0x00, 0x02, 0x05};
    run_mapped(device, kSize, {kSize - 0x20, CfiFlash::kSectorSize - 0x10}, [&] {
        image->write_error = one_in(10) ? ENOSPC : 0;
        u64 address = kBase + (random() % kSize & ~u64{3});
        for (unsigned n = 1 + random() % 4; n != 0; --n)
            space.store(address, 4, kCommands[random() % sizeof kCommands]);
    });
}

}  // namespace
}  // namespace dragoman::devices
