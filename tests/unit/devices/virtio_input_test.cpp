// virtio-input: what the devices tell of themselves, and events.
#include <linux/input-event-codes.h>

#include "devices/virtio/input.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

using input::Event;
constexpr u64 kData = TestDriver::kRam;

struct GuestEvent {
    u16 type, code;
    u32 value;
    bool operator==(const GuestEvent&) const = default;
};

struct VirtioInput : ::testing::Test {
    InputDevice& plug(InputKind kind) {
        auto made = std::make_unique<InputDevice>(driver.space, kind, "serial-1");
        InputDevice& device = *made;
        driver.slot.plug(std::move(made));
        driver.start(0);
        driver.setup(0, 8);
        driver.setup(1, 8);
        driver.driver_ok();
        return device;
    }
    std::string query(u8 select, u8 subselect) {
        driver.space.store(0x10001100, 1, select);
        driver.space.store(0x10001101, 1, subselect);
        std::string data;
        for (u64 i = 0; i < driver.config(2, 1); i++) data += static_cast<char>(driver.config(8 + i, 1));
        return data;
    }
    bool bit(u8 type, unsigned number) {
        const std::string bits = query(0x11, type);
        return number / 8 < bits.size() && (bits[number / 8] >> number % 8 & 1) != 0;
    }
    void offer(unsigned count) {
        for (unsigned i = 0; i < count; i++) driver.add(0, {{kData + 8 * offered++, 8, true}});
        driver.notify(0);
    }
    GuestEvent event(unsigned n) { return driver.get_at<GuestEvent>(kData + 8 * n); }

    TestDriver driver;
    unsigned offered = 0;
};

TEST_F(VirtioInput, KeyboardTellsWhatItIs) {
    plug(InputKind::Keyboard);
    EXPECT_EQ(driver.get(8), 18u);
    EXPECT_EQ(query(1, 0), "QEMU Virtio Keyboard");
    EXPECT_EQ(query(2, 0), "serial-1");
    EXPECT_EQ(query(3, 0), std::string("\x06\0\x27\x06\x01\0\x01\0", 8));
    EXPECT_EQ(query(1, 1), "");
    EXPECT_EQ(query(0x55, 0), "");
    EXPECT_TRUE(bit(EV_KEY, KEY_A));
    EXPECT_TRUE(bit(EV_KEY, KEY_RIGHTMETA));
    EXPECT_FALSE(bit(EV_KEY, BTN_LEFT));
    EXPECT_TRUE(bit(EV_LED, LED_CAPSL));
    EXPECT_EQ(query(0x11, EV_REP).size(), 1u);
    EXPECT_EQ(query(0x11, EV_REL), "");
}

TEST_F(VirtioInput, TabletHasPlaces) {
    plug(InputKind::Tablet);
    EXPECT_TRUE(bit(EV_ABS, ABS_X));
    EXPECT_TRUE(bit(EV_ABS, ABS_Y));
    EXPECT_FALSE(bit(EV_REL, REL_X));
    EXPECT_TRUE(bit(EV_REL, REL_WHEEL));
    EXPECT_EQ(query(0x12, ABS_Y), std::string("\0\0\0\0\xff\x7f\0\0", 8) + std::string(12, 0));
    EXPECT_EQ(query(0x12, ABS_Z), "");
}

TEST_F(VirtioInput, GivesKeysWithAReport) {
    InputDevice& device = plug(InputKind::Keyboard);
    EXPECT_TRUE(device.active());
    offer(4);
    const Event keys[] = {{Event::Kind::Key, KEY_B, 1}};
    device.receive(keys);
    EXPECT_EQ(driver.used_index(0), 2u);
    EXPECT_EQ(driver.used_length(0, 0), 8u);
    EXPECT_EQ(event(0), (GuestEvent{EV_KEY, KEY_B, 1}));
    EXPECT_EQ(event(1), (GuestEvent{EV_SYN, SYN_REPORT, 0}));
    EXPECT_TRUE(driver.irq.level());
}

TEST_F(VirtioInput, AGroupIsGivenWholeOrNotAtAll) {
    InputDevice& device = plug(InputKind::Mouse);
    offer(2);
    const Event moves[] = {{Event::Kind::Relative, 0, -3}, {Event::Kind::Relative, 1, 4}};
    device.receive(moves);
    EXPECT_EQ(driver.used_index(0), 0u);
    offer(1);
    EXPECT_EQ(driver.used_index(0), 3u);
    device.receive(moves);
    EXPECT_EQ(driver.used_index(0), 3u);
    EXPECT_EQ(event(0), (GuestEvent{EV_REL, REL_X, static_cast<u32>(-3)}));
    EXPECT_EQ(event(1), (GuestEvent{EV_REL, REL_Y, 4}));
}

TEST_F(VirtioInput, EventsWaitForBuffers) {
    InputDevice& device = plug(InputKind::Keyboard);
    const Event keys[] = {{Event::Kind::Key, KEY_B, 1}};
    for (unsigned i = 0; i < 10'000; i++) device.receive(keys);
    EXPECT_EQ(driver.used_index(0), 0u);
    for (unsigned i = 0; i < 300; i++) {
        offer(4);
        offered = 0;
    }
    EXPECT_EQ(driver.used_index(0), 1024u);
    driver.slot.reset();
}

TEST_F(VirtioInput, TheWheelIsAnAxis) {
    InputDevice& device = plug(InputKind::Mouse);
    offer(8);
    const Event down[] = {{Event::Kind::Button, static_cast<u16>(input::Button::WheelDown), 1}};
    device.receive(down);
    EXPECT_EQ(event(0), (GuestEvent{EV_REL, REL_WHEEL, ~u32{0}}));
    EXPECT_EQ(event(1), (GuestEvent{EV_SYN, SYN_REPORT, 0}));
    const Event released[] = {{Event::Kind::Button, static_cast<u16>(input::Button::WheelDown), 0}};
    device.receive(released);
    const Event key[] = {{Event::Kind::Key, KEY_A, 1}};
    device.receive(key);  // not a mouse's
    EXPECT_EQ(driver.used_index(0), 2u);
}

TEST_F(VirtioInput, NothingComesWithoutADriver) {
    InputDevice& device = plug(InputKind::Keyboard);
    offer(4);
    driver.slot.reset();
    EXPECT_FALSE(device.active());
    const Event keys[] = {{Event::Kind::Key, KEY_B, 1}};
    device.receive(keys);
    EXPECT_EQ(event(0), (GuestEvent{0, 0, 0}));
}

TEST_F(VirtioInput, TakesLeds) {
    plug(InputKind::Keyboard);
    driver.put(kData, GuestEvent{EV_LED, LED_CAPSL, 1});
    driver.add(1, {{kData, 8, false}});
    driver.notify(1);
    EXPECT_EQ(driver.used_index(1), 1u);
}

TEST_F(VirtioInput, GoesOnWhereItWasSaved) {
    plug(InputKind::Keyboard);
    offer(2);
    driver.space.store(0x10001100, 1, 2);
    TestDriver second;
    auto made = std::make_unique<InputDevice>(second.space, InputKind::Keyboard, "serial-1");
    InputDevice& other = *made;
    second.slot.plug(std::move(made));
    driver.move_to(second);
    EXPECT_EQ(second.config(2, 1), 8u);
    const Event keys[] = {{Event::Kind::Key, KEY_C, 1}};
    other.receive(keys);
    EXPECT_EQ(second.get_at<GuestEvent>(kData), (GuestEvent{EV_KEY, KEY_C, 1}));
}

}  // namespace
}  // namespace dragoman::devices::virtio
