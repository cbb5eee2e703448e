// virtio-mmio registers and split rings, with a device that echoes.
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

/// Copies the readable part of each chain to its writable part, in upper case.
class Echo final : public VirtioDevice {
public:
    static constexpr u16 kSizes[] = {16};
    explicit Echo(memory::PhysicalSpace& space) : VirtioDevice(space, 42, kSizes) {}
    std::string describe() const override { return "echo"; }
    u64 device_features() const override { return feature(3); }
    void fill_config(std::span<u8> config) override { std::memcpy(config.data(), &word, 4); }
    u32 config_bytes() const override { return 8; }
    void config_written(std::span<const u8> config) override { std::memcpy(&word, config.data(), 4); }
    void device_reset() override { resets++; }
    void queue_notified(unsigned index) override {
        notified++;
        do {
            while (pop(index, chain)) {
                std::string s(chain.readable.bytes, 0);
                chain.readable.copy_to(0, s.data(), s.size());
                for (char& c : s) c = static_cast<char>(std::toupper(c));
                own_queue(index).push(chain, chain.writable.copy_from(0, s.data(), s.size()));
            }
            publish(index);
        } while (request_notifications(index));
    }
    void change(u32 value) {
        std::lock_guard held(lock());
        word = value;
        config_changed();
    }
    bool agreed(u64 bit) const { return has_feature(bit); }

    Chain chain;
    u32 word = 0x11223344;
    unsigned notified = 0, resets = 0;
};

struct VirtioMmio : ::testing::Test {
    VirtioMmio() { plug(driver); }
    Echo& plug(TestDriver& to) {
        auto device = std::make_unique<Echo>(to.space);
        echo = device.get();
        to.slot.plug(std::move(device));
        return *echo;
    }
    /// A driver that has agreed on `features` and set its queue up.
    TestDriver::Queue& ready(u64 features = 0) {
        driver.start(features);
        TestDriver::Queue& queue = driver.setup(0, 16);
        driver.driver_ok();
        return queue;
    }
    static constexpr u64 kData = TestDriver::kRam;

    TestDriver driver;
    Echo* echo = nullptr;
};

TEST_F(VirtioMmio, IdentifiesItself) {
    EXPECT_EQ(driver.get(0), 0x74726976u);
    EXPECT_EQ(driver.get(4), 2u);
    EXPECT_EQ(driver.get(8), 42u);
    EXPECT_EQ(driver.offered(), feature(3) | kFeatureIndirect | kFeatureEventIndex | kFeatureVersion1);
    EXPECT_EQ(driver.get(0x34), 16u);
    driver.set(0x30, 1);
    EXPECT_EQ(driver.get(0x34), 0u);
    EXPECT_EQ(driver.get(0xb0), ~0u);
}

TEST(VirtioMmioSlot, EmptyReadsAsNoDevice) {
    TestDriver driver;
    EXPECT_EQ(driver.get(0), 0x74726976u);
    EXPECT_EQ(driver.get(8), 0u);
    driver.set(0x70, 1);
    driver.slot.reset();
    EXPECT_EQ(driver.get(0x70), 0u);
}

TEST_F(VirtioMmio, ConfigurationSpaceTakesAllSizes) {
    EXPECT_EQ(driver.config(0, 4), 0x11223344u);
    EXPECT_EQ(driver.config(1, 1), 0x33u);
    EXPECT_EQ(driver.config(2, 2), 0x1122u);
    EXPECT_EQ(driver.config(0, 8), 0x11223344u);
    EXPECT_EQ(driver.config(8, 4), 0xffffffffu);  // behind its end
    EXPECT_EQ(driver.config(8, 2), 0xffffu);
    EXPECT_EQ(driver.config(7, 1), 0u);
    driver.space.store(0x10001100, 2, 0xaabb);
    EXPECT_EQ(echo->word, 0x1122aabbu);
    u32 generation = driver.get(0xfc);
    driver.start(0);
    driver.driver_ok();
    echo->change(7);
    EXPECT_NE(driver.get(0xfc), generation);
    EXPECT_TRUE(driver.irq.level());
    EXPECT_EQ(driver.get(0x60), 2u);
    driver.set(0x64, 2);
    EXPECT_FALSE(driver.irq.level());
}

TEST_F(VirtioMmio, FeaturesNotOfferedAreNotAgreedOn) {
    driver.set(0x70, 3);
    driver.set(0x24, 1);
    driver.set(0x20, 1);
    driver.set(0x24, 0);
    driver.set(0x20, 1u << 5 | 1u << 3);
    EXPECT_FALSE(echo->agreed(feature(3)));
    driver.set(0x70, 3 | kStatusFeaturesOk);
    EXPECT_EQ(driver.get(0x70), 3u | kStatusFeaturesOk);
    EXPECT_TRUE(echo->agreed(feature(3)));
    EXPECT_TRUE(echo->agreed(kFeatureVersion1));
    EXPECT_FALSE(echo->agreed(feature(5)));
    driver.set(0x20, 0);  // too late
    EXPECT_TRUE(echo->agreed(feature(3)));
}

TEST_F(VirtioMmio, ServesDriversThatDoNotAcceptVersion1) {
    driver.set(0x70, 3);
    driver.set(0x20, 1u << 3);
    driver.set(0x70, 3 | kStatusFeaturesOk);
    EXPECT_EQ(driver.get(0x70), 3u | kStatusFeaturesOk);
    EXPECT_FALSE(echo->agreed(kFeatureVersion1));
    driver.setup(0, 8);
    EXPECT_EQ(driver.get(0x44), 1u);
    driver.driver_ok();
    driver.put(kData, "abc", 3);
    driver.add(0, {{kData, 3, false}, {kData + 64, 3, true}});
    driver.notify(0);
    EXPECT_EQ(driver.text(kData + 64, 3), "ABC");
    EXPECT_EQ(driver.used_length(0, 0), 3u);
    EXPECT_TRUE(driver.irq.level());
}

TEST_F(VirtioMmio, DriverThatNegotiatesNothing) {
    driver.set(0x70, 3);
    driver.setup(0, 8);
    driver.driver_ok();
    driver.put(kData, "abc", 3);
    driver.add(0, {{kData, 3, false}, {kData + 64, 3, true}});
    driver.notify(0);
    EXPECT_EQ(driver.text(kData + 64, 3), "ABC");
}

TEST_F(VirtioMmio, NegotiatesAfterQueuesAreSetUp) {
    driver.set(0x70, 3);
    auto& q = driver.setup(0, 8);
    driver.set(0x20, static_cast<u32>(kFeatureEventIndex));
    driver.set(0x70, 3 | kStatusFeaturesOk);
    driver.driver_ok();
    driver.put<u16>(q.available + 4 + 2 * 8, 1);  // wants to hear of the second
    driver.add(0, {{kData, 4, false}});
    driver.notify(0);
    EXPECT_EQ(driver.irq.raised(), 0u);
    driver.add(0, {{kData, 4, false}});
    driver.notify(0);
    EXPECT_EQ(driver.irq.raised(), 1u);
}

TEST_F(VirtioMmio, LargerQueuesAndOddPlaces) {
    driver.start(0);
    driver.queues.resize(1);
    auto& q = driver.queues[0];
    q = {.size = 1024, .descriptors = kData + 0x100004, .available = kData + 0x110002, .used = kData + 0x120002};
    driver.enable(0);
    driver.driver_ok();
    EXPECT_EQ(driver.get(0x44), 1u);
    driver.put(kData, "abc", 3);
    for (unsigned i = 0; i < 600; i++) driver.add(0, {{kData, 3, false}, {kData + 64, 3, true}});
    driver.notify(0);
    EXPECT_EQ(driver.used_index(0), 600u);
    EXPECT_EQ(driver.used_id(0, 599), 1198u % 1024);
    EXPECT_FALSE(driver.needs_reset());
}

TEST_F(VirtioMmio, WithheldFeaturesAreNotOffered) {
    echo->withhold(kFeatureIndirect | kFeatureEventIndex);
    EXPECT_EQ(driver.offered(), feature(3) | kFeatureVersion1);
    driver.set(0x70, 3);
    driver.set(0x20, ~0u);
    driver.set(0x70, 3 | kStatusFeaturesOk);
    EXPECT_FALSE(echo->agreed(kFeatureEventIndex));
}

TEST_F(VirtioMmio, EchoesChains) {
    ready();
    driver.put(kData, "hello world", 11);
    u16 head =
        driver.add(0, {{kData, 4, false}, {kData + 4, 7, false}, {kData + 100, 3, true}, {kData + 200, 20, true}});
    driver.notify(0);
    EXPECT_EQ(driver.used_index(0), 1u);
    EXPECT_EQ(driver.used_id(0, 0), head);
    EXPECT_EQ(driver.used_length(0, 0), 11u);
    EXPECT_EQ(driver.text(kData + 100, 3), "HEL");
    EXPECT_EQ(driver.text(kData + 200, 8), "LO WORLD");
    EXPECT_TRUE(driver.irq.level());
    EXPECT_EQ(driver.get(0x60), 1u);
    driver.set(0x64, 1);
    EXPECT_FALSE(driver.irq.level());
    for (unsigned i = 0; i < 100; i++) {  // rings wrap
        driver.add(0, {{kData, 5, false}, {kData + 300, 5, true}});
        driver.notify(0);
    }
    EXPECT_EQ(driver.used_index(0), 101u);
    EXPECT_FALSE(driver.needs_reset());
}

TEST_F(VirtioMmio, ConsumesNothingBeforeDriverOk) {
    driver.start(0);
    driver.setup(0, 16);
    driver.add(0, {{kData, 4, false}});
    driver.notify(0);
    EXPECT_EQ(driver.used_index(0), 0u);
    driver.driver_ok();  // what was left lying there is found now
    EXPECT_EQ(driver.used_index(0), 1u);
}

TEST_F(VirtioMmio, TakesIndirectTables) {
    ready(kFeatureIndirect);
    driver.put(kData, "abc", 3);
    u64 table = kData + 0x1000;
    struct {
        u64 address;
        u32 length;
        u16 flags, next;
    } entries[3] = {{kData, 3, 1, 2}, {0, 0, 0, 0}, {kData + 64, 3, 2, 0}};
    driver.put(table, entries, sizeof entries);
    driver.descriptor(0, 5, table, sizeof entries, 4, 0);
    driver.make_available(0, 5);
    driver.notify(0);
    EXPECT_EQ(driver.used_id(0, 0), 5u);
    EXPECT_EQ(driver.text(kData + 64, 3), "ABC");
}

TEST_F(VirtioMmio, EventIndexHoldsInterruptsBack) {
    auto& q = ready(kFeatureEventIndex);
    driver.put<u16>(q.available + 4 + 2 * 16, 2);  // wants to hear of the third
    for (unsigned i = 0; i < 2; i++) {
        driver.add(0, {{kData, 4, false}});
        driver.notify(0);
        EXPECT_EQ(driver.irq.raised(), 0u);
    }
    EXPECT_EQ(driver.get_at<u16>(q.used + 4 + 8 * 16), 2u);  // avail_event: ring for the next
    driver.add(0, {{kData, 4, false}});
    driver.notify(0);
    EXPECT_EQ(driver.irq.raised(), 1u);
}

TEST_F(VirtioMmio, NoInterruptFlag) {
    auto& q = ready();
    driver.put<u16>(q.available, 1);
    driver.add(0, {{kData, 4, false}});
    driver.notify(0);
    EXPECT_EQ(driver.used_index(0), 1u);
    EXPECT_FALSE(driver.irq.level());
}

TEST_F(VirtioMmio, ResetForgetsEverything) {
    ready();
    driver.add(0, {{kData, 4, false}});
    driver.notify(0);
    driver.set(0x70, 0);
    EXPECT_EQ(driver.get(0x70), 0u);
    EXPECT_EQ(driver.get(0x60), 0u);
    EXPECT_EQ(driver.get(0x44), 0u);
    EXPECT_FALSE(driver.irq.level());
    EXPECT_EQ(echo->resets, 2u);  // start() begins with one
    driver.start(0);
    driver.setup(0, 8);
    driver.driver_ok();
    driver.add(0, {{kData, 4, false}});
    driver.notify(0);
    EXPECT_EQ(driver.used_index(0), 1u);
}

struct VirtioMmioLegacy : ::testing::Test {
    VirtioMmioLegacy() {
        auto device = std::make_unique<Echo>(driver.space);
        echo = device.get();
        driver.slot.plug(std::move(device));
        driver.put(kData, "xyz", 3);
    }
    /// Rings of eight entries from a page on, without telling the device.
    void place(u64 page, u16 size = 8, u64 align = 4096) {
        driver.queues.resize(1);
        auto& q = driver.queues[0];
        q = {.size = size, .descriptors = page, .available = page + 16 * size, .used = 0};
        q.used = align_up(q.available + 6 + 2 * size, align);
    }
    void expect_echo(u16 count = 1) {
        driver.put(kData + 64, u32{0});
        driver.add(0, {{kData, 3, false}, {kData + 64, 3, true}});
        driver.notify(0);
        EXPECT_EQ(driver.text(kData + 64, 3), "XYZ");
        EXPECT_EQ(driver.used_index(0), count);
        EXPECT_FALSE(driver.needs_reset());
    }
    static constexpr u64 kData = TestDriver::kRam, kPage = TestDriver::kRam + 0x10000;

    TestDriver driver{Dialect::Legacy};
    Echo* echo;
};

TEST_F(VirtioMmioLegacy, EchoesChains) {
    EXPECT_EQ(driver.get(4), 1u);
    EXPECT_EQ(driver.offered(),
              feature(3) | kFeatureIndirect | kFeatureEventIndex | kFeatureAnyLayout | kFeatureNotifyOnEmpty);
    EXPECT_EQ(driver.get(0xfc), 0u);
    driver.start(kFeatureIndirect);
    driver.setup(0, 16);
    EXPECT_EQ(driver.get(0x40), driver.queues[0].descriptors / 4096);
    EXPECT_EQ(driver.get(0x44), 0u);
    driver.driver_ok();
    expect_echo();
    driver.set(0x40, 0);
    driver.notify(0);
    EXPECT_FALSE(driver.needs_reset());
}

TEST_F(VirtioMmioLegacy, HasNoFeaturesAboveBit31) {
    driver.set(0x14, 1);
    EXPECT_EQ(driver.get(0x10), 0u);
    driver.set(0x24, 1);
    driver.set(0x20, 1);
    EXPECT_FALSE(echo->agreed(kFeatureVersion1));
}

// Kernels of the time before version 2: FEATURES_OK, which version 1 does not have, DRIVER_OK before the queues, no
// alignment, and the size after the page.
TEST_F(VirtioMmioLegacy, AnyOrder) {
    for (u32 status : {0u, 1u, 3u}) driver.set(0x70, status);
    driver.set(0x20, driver.get(0x10) & ~u32{kFeatureIndirect | kFeatureEventIndex | kFeatureAnyLayout});
    driver.set(0x70, 3 | kStatusFeaturesOk);
    EXPECT_EQ(driver.get(0x70), 3u | kStatusFeaturesOk);
    driver.driver_ok();
    driver.set(0x28, 4096);
    driver.set(0x30, 0);
    place(kPage);
    driver.set(0x40, static_cast<u32>(kPage / 4096));
    driver.set(0x38, 8);
    expect_echo();
    EXPECT_TRUE(driver.irq.level());
}

TEST_F(VirtioMmioLegacy, NoStatusNoFeaturesNoPageSize) {
    place(kPage, 16);
    driver.set(0x40, static_cast<u32>(kPage));  // pages of one byte until it is told their size
    expect_echo();
    EXPECT_EQ(driver.get(0x40), kPage);
}

TEST_F(VirtioMmioLegacy, PageSizesAndAlignments) {
    driver.set(0x28, 1 << 16);
    driver.set(0x70, 0);  // it stays
    place(kPage, 16, 64);
    driver.set(0x3c, 64);
    driver.set(0x38, 16);
    driver.set(0x40, static_cast<u32>(kPage >> 16));
    expect_echo();
    place(kPage + 0x10000, 8, 4);  // moves, with indexes from zero
    driver.set(0x40, 0);
    driver.set(0x3c, 4);
    driver.set(0x38, 8);
    driver.set(0x40, static_cast<u32>((kPage + 0x10000) >> 16));
    expect_echo();
}

TEST_F(VirtioMmioLegacy, InterruptsWhenEmpty) {
    driver.start(kFeatureNotifyOnEmpty);
    auto& q = driver.setup(0, 16);
    driver.driver_ok();
    driver.put<u16>(q.available, 1);  // no interrupts
    expect_echo();
    EXPECT_TRUE(driver.irq.level());
}

/// Everything that a ring can have wrong stops the device, and a reset makes it usable again.
struct BadRing : VirtioMmio {
    BadRing() { ready(kFeatureIndirect); }
    /// Makes an indirect table available.
    void add_table(u64 address, u32 bytes) {
        driver.descriptor(0, 0, address, bytes, 4, 0);
        driver.make_available(0, 0);
    }
    /// The table's first entry; the address and length of its buffer are good.
    void put_entry(u16 flags) {
        driver.put(kData, u64{kData});
        driver.put(kData + 8, u32{16});
        driver.put(kData + 12, flags);
        driver.put(kData + 14, u16{0});
    }
    void expect_broken() {
        driver.notify(0);
        EXPECT_TRUE(driver.needs_reset());
        EXPECT_EQ(driver.get(0x60) & 2, 2u);
        unsigned notified = echo->notified;
        driver.notify(0);
        EXPECT_EQ(echo->notified, notified);
        driver.set(0x70, 0);
        ready();
        driver.add(0, {{kData, 4, false}});
        driver.notify(0);
        EXPECT_EQ(driver.used_index(0), 1u);
    }
};

TEST_F(BadRing, BufferOutsideRam) {
    driver.add(0, {{TestDriver::kRam + TestDriver::kRamBytes - 2, 4, false}});
    expect_broken();
}
TEST_F(BadRing, BufferInDevice) {
    driver.add(0, {{0x10001000, 4, true}});
    expect_broken();
}
TEST_F(BadRing, BufferThatWraps) {
    driver.add(0, {{~u64{0} - 8, 0xffffffff, true}});
    expect_broken();
}
TEST_F(BadRing, EmptyBuffer) {
    driver.add(0, {{kData, 0, true}});
    expect_broken();
}
TEST_F(BadRing, Loop) {
    driver.descriptor(0, 0, kData, 4, 1, 1);
    driver.descriptor(0, 1, kData, 4, 1, 0);
    driver.make_available(0, 0);
    expect_broken();
}
TEST_F(BadRing, HeadOutOfRange) {
    driver.make_available(0, 16);
    expect_broken();
}
TEST_F(BadRing, NextOutOfRange) {
    driver.descriptor(0, 0, kData, 4, 1, 99);
    driver.make_available(0, 0);
    expect_broken();
}
TEST_F(BadRing, IndexRunsAhead) {
    driver.put<u16>(driver.queues[0].available + 2, 17);
    expect_broken();
}
TEST_F(BadRing, ReadableAfterWritable) {
    driver.add(0, {{kData, 4, true}, {kData, 4, false}});
    expect_broken();
}
TEST_F(BadRing, IndirectTableOfOddSize) {
    add_table(kData, 24);
    expect_broken();
}
TEST_F(BadRing, IndirectTableOutsideRam) {
    add_table(0x1000, 32);
    expect_broken();
}
TEST_F(BadRing, NestedIndirect) {
    put_entry(4);
    add_table(kData, 16);
    expect_broken();
}
TEST_F(BadRing, LoopInIndirectTable) {
    put_entry(1);
    add_table(kData, 16);
    expect_broken();
}
TEST_F(BadRing, RingsOutsideRam) {
    driver.set(0x44, 0);
    driver.queues[0].used = TestDriver::kRam + TestDriver::kRamBytes - 16;
    driver.enable(0);
    expect_broken();
}
TEST_F(BadRing, ImpossibleSizes) {
    for (u32 size : {0u, 3u, 2048u, 0x10000u, 0xffffffffu}) {
        driver.start(0);
        driver.driver_ok();
        driver.set(0x30, 0);
        driver.set(0x38, size);
        driver.set(0x84, 0);
        driver.set(0x80, TestDriver::kRam);
        driver.set(0x90, TestDriver::kRam + 4096);
        driver.set(0xa0, TestDriver::kRam + 8192);
        driver.set(0x44, 1);
        EXPECT_TRUE(driver.needs_reset()) << size;
        EXPECT_EQ(driver.get(0x44), 0u);
    }
}

}  // namespace
}  // namespace dragoman::devices::virtio
