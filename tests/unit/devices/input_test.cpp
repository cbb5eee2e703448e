// Keys, and the way of events to the devices that take them.
#include <linux/input-event-codes.h>

#include <set>

#include "devices/event_loop.h"
#include "devices/input/key_sequence.h"
#include "devices/input/keys.h"
#include "unit/devices/fixture.h"

namespace dragoman::devices::input {
namespace {

TEST(Keys, NamesAreOnce) {
    std::set<std::string_view> names;
    for (const Key& key : keys()) {
        EXPECT_TRUE(names.insert(key.name).second) << key.name;
        EXPECT_NE(key.code, 0) << key.name;
        EXPECT_LE(key.code, KEY_MAX);
    }
    EXPECT_GE(names.size(), 140u);
}

TEST(Keys, AreFoundByEachOfTheirNames) {
    EXPECT_EQ(find_key("ret")->code, KEY_ENTER);
    EXPECT_EQ(find_key("spc")->code, KEY_SPACE);
    EXPECT_EQ(find_key("grave_accent")->code, KEY_GRAVE);
    EXPECT_EQ(find_key("none"), nullptr);
    EXPECT_EQ(find_key_by_number(0x1c)->code, KEY_ENTER);
    EXPECT_EQ(find_key_by_number(0xd3)->code, KEY_DELETE);
    EXPECT_EQ(find_key_by_number(0), nullptr);
    EXPECT_EQ(find_key_by_number(0x11c), nullptr);
    EXPECT_EQ(find_key_by_keysym('a')->code, KEY_A);
    EXPECT_EQ(find_key_by_keysym('A')->code, KEY_A);
    EXPECT_EQ(find_key_by_keysym('!')->code, KEY_1);
    EXPECT_EQ(find_key_by_keysym(0xff0d)->code, KEY_ENTER);
    EXPECT_EQ(find_key_by_keysym(0), nullptr);
    // Every printable character of ASCII can be typed.
    for (u32 c = ' '; c <= '~'; c++) EXPECT_NE(find_key_by_keysym(c), nullptr) << static_cast<char>(c);
}

struct Recorder final : Handler {
    Recorder(std::string name, std::set<Event::Kind> kinds) : name(std::move(name)), kinds(std::move(kinds)) {}
    bool takes(Event::Kind kind) const override { return kinds.contains(kind); }
    bool active() override { return is_active; }
    void receive(std::span<const Event> events) override {
        for (const Event& event : events) {
            if (takes(event.kind)) text += std::to_string(event.code) + "=" + std::to_string(event.value) + " ";
        }
        text += "; ";
    }
    std::string input_name() const override { return name; }

    std::string name, text;
    std::set<Event::Kind> kinds;
    bool is_active = true;
};

using Kind = Event::Kind;

struct InputTest : ::testing::Test {
    InputTest() {
        for (Recorder* one : {&keyboard, &mouse, &tablet}) input.add(*one);
    }
    void send(std::initializer_list<Event> events) { input.send({events.begin(), events.size()}); }

    Recorder keyboard{"keyboard", {Kind::Key}}, mouse{"mouse", {Kind::Relative, Kind::Button}},
        tablet{"tablet", {Kind::Absolute, Kind::Button}};
    Input input;
};

TEST_F(InputTest, EventsGoToWhoTakesThem) {
    send({{Kind::Key, 30, 1}, {Kind::Relative, 0, 5}, {Kind::Relative, 1, -5}});
    EXPECT_EQ(keyboard.text, "30=1 ; ");
    EXPECT_EQ(mouse.text, "0=5 1=-5 ; ");
    EXPECT_EQ(tablet.text, "");
    send({{Kind::Absolute, 0, 100}, {Kind::Button, 0, 1}});
    EXPECT_EQ(tablet.text, "0=100 0=1 ; ");
    EXPECT_TRUE(input.absolute());
}

TEST_F(InputTest, WhoHasNoDriverGetsNothing) {
    tablet.is_active = false;
    EXPECT_FALSE(input.absolute());
    send({{Kind::Button, 0, 1}});
    EXPECT_EQ(mouse.text, "0=1 ; ");
    EXPECT_FALSE(input.takes(Kind::Absolute));
    EXPECT_TRUE(input.takes(Kind::Key));
    send({{Kind::Absolute, 0, 1}});
    EXPECT_EQ(tablet.text, "");
}

TEST_F(InputTest, OfTwoTheLastIsUsed) {
    Recorder second("second", {Kind::Key});
    input.add(second);
    send({{Kind::Key, 1, 1}});
    EXPECT_EQ(second.text, "1=1 ; ");
    EXPECT_EQ(keyboard.text, "");
    second.is_active = false;
    send({{Kind::Key, 1, 0}});
    EXPECT_EQ(keyboard.text, "1=0 ; ");
}

TEST_F(InputTest, ButtonsAreToldWhenTheyChange) {
    input.set_buttons(1);
    input.set_buttons(1);
    input.set_buttons(4);
    input.set_buttons(0);
    EXPECT_EQ(tablet.text, "0=1 ; 0=0 2=1 ; 2=0 ; ");
}

TEST_F(InputTest, KnowsItsMice) {
    const auto mice = input.mice();
    ASSERT_EQ(mice.size(), 2u);
    EXPECT_EQ(mice[0].name, "mouse");
    EXPECT_FALSE(mice[0].current);
    EXPECT_TRUE(mice[1].current);
    EXPECT_TRUE(mice[1].absolute);
}

TEST_F(InputTest, KeysAreHeldOneCombinationAfterTheOther) {
    EventLoop loop;
    InstructionClock clock{nullptr};
    KeySequence sequence(loop, clock, input);
    auto pass = [&](u64 ms) {
        clock.advance(ms * 1'000'000);
        clock.run_expired();
        loop.post([&loop] { loop.quit(); });
        loop.run();
    };
    sequence.press({29, 46}, 50);
    sequence.press({30}, 10);
    EXPECT_EQ(keyboard.text, "29=1 ; 46=1 ; ");
    pass(40);
    EXPECT_EQ(keyboard.text, "29=1 ; 46=1 ; ");
    pass(20);
    EXPECT_EQ(keyboard.text, "29=1 ; 46=1 ; 46=0 ; 29=0 ; 30=1 ; ");
    pass(20);
    EXPECT_EQ(keyboard.text, "29=1 ; 46=1 ; 46=0 ; 29=0 ; 30=1 ; 30=0 ; ");
}

}  // namespace
}  // namespace dragoman::devices::input
