// The small virtio devices: random numbers, console, balloon.
#include "base/error.h"
#include "base/mutex.h"
#include "devices/chardev.h"
#include "devices/virtio/balloon.h"
#include "devices/virtio/console.h"
#include "devices/virtio/factory.h"
#include "devices/virtio/rng.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

constexpr u64 kData = TestDriver::kRam;

TEST(VirtioRng, FillsBuffers) {
    TestDriver driver;
    driver.slot.plug(std::make_unique<Rng>(driver.space));
    EXPECT_EQ(driver.get(8), 4u);
    driver.start(0);
    driver.setup(0, 8);
    driver.driver_ok();
    driver.add(0, {{kData, 64, true}, {kData + 128, 512, true}});
    driver.notify(0);
    EXPECT_EQ(driver.used_length(0, 0), 576u);
    EXPECT_NE(driver.text(kData, 64), std::string(64, 0));
    EXPECT_NE(driver.text(kData + 128 + 448, 64), std::string(64, 0));
    EXPECT_EQ(driver.text(kData + 64, 64), std::string(64, 0));
    driver.add(0, {{kData, 64, false}});  // nothing to fill
    driver.notify(0);
    EXPECT_EQ(driver.used_length(0, 1), 0u);
}

TEST(VirtioRng, GoesOnWhereItWasSaved) {
    TestDriver first, second;
    for (TestDriver* driver : {&first, &second}) driver->slot.plug(std::make_unique<Rng>(driver->space));
    first.start(0);
    first.setup(0, 8);
    first.driver_ok();
    first.add(0, {{kData, 64, true}});
    first.notify(0);
    first.move_to(second);
    second.add(0, {{kData + 128, 32, true}});
    second.notify(0);
    EXPECT_EQ(second.used_index(0), 2);
    EXPECT_EQ(second.used_length(0, 1), 32u);
    EXPECT_NE(second.text(kData + 128, 32), std::string(32, 0));
}

class TestChardev final : public Chardev {
public:
    void attach(Frontend frontend) override { this->frontend = std::move(frontend); }
    std::size_t write(std::span<const u8> bytes) override {
        std::size_t taken = std::min(bytes.size(), room);
        room -= taken;
        written.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
        return taken;
    }
    void set_on_writable(std::function<void()> callback) override { on_writable = std::move(callback); }
    void accept_input() override { accepted++; }
    std::string describe() const override { return "test"; }
    void input(const std::string& text) { frontend.receive({reinterpret_cast<const u8*>(text.data()), text.size()}); }

    Frontend frontend;
    std::function<void()> on_writable;
    std::string written;
    std::size_t room = ~std::size_t{0};
    unsigned accepted = 0;
};

struct VirtioConsole : ::testing::Test {
    VirtioConsole() {
        auto console = std::make_unique<Console>(driver.space);
        EXPECT_EQ(console->connect_port(chardev), "");
        EXPECT_EQ(console->connect_port(chardev), "all ports of the virtio-serial device are taken");
        driver.slot.plug(std::move(console));
        driver.start(0);
        driver.setup(0, 8);
        driver.setup(1, 8);
        driver.driver_ok();
    }
    TestDriver driver;
    std::shared_ptr<TestChardev> chardev = std::make_shared<TestChardev>();
};

TEST_F(VirtioConsole, Writes) {
    EXPECT_EQ(driver.get(8), 3u);
    driver.put(kData, "hello", 5);
    driver.add(1, {{kData, 2, false}, {kData + 2, 3, false}});
    driver.notify(1);
    EXPECT_EQ(chardev->written, "hello");
    EXPECT_EQ(driver.used_index(1), 1u);
    driver.space.store(0x10001100 + 8, 4, '!');  // emergency write
    EXPECT_EQ(chardev->written, "hello!");
}

TEST_F(VirtioConsole, WaitsForTheHost) {
    chardev->room = 3;
    driver.put(kData, "abcdef", 6);
    driver.add(1, {{kData, 6, false}});
    driver.add(1, {{kData, 2, false}});
    driver.notify(1);
    EXPECT_EQ(driver.used_index(1), 0u);
    chardev->room = 100;
    chardev->on_writable();
    EXPECT_EQ(chardev->written, "abcdefab");
    EXPECT_EQ(driver.used_index(1), 2u);
}

TEST_F(VirtioConsole, Reads) {
    EXPECT_EQ(chardev->frontend.can_receive(), 0u);
    driver.add(0, {{kData, 16, true}});
    unsigned before = chardev->accepted;
    driver.notify(0);
    EXPECT_GT(chardev->accepted, before);
    EXPECT_EQ(chardev->frontend.can_receive(), 16u);
    chardev->input("typed");
    EXPECT_EQ(driver.used_length(0, 0), 5u);
    EXPECT_EQ(driver.text(kData, 5), "typed");
    EXPECT_TRUE(driver.irq.level());
    driver.add(0, {{kData, 16, true}});
    EXPECT_EQ(chardev->frontend.can_receive(), 16u);
    driver.slot.reset();  // takes the buffer back
    chardev->input("lost");
    EXPECT_EQ(driver.text(kData, 5), "typed");
    EXPECT_EQ(chardev->frontend.can_receive(), 0u);
}

/// A device with several ports: 0 is a console, 1 is called "org.test".
struct VirtioPorts : ::testing::Test {
    static constexpr unsigned kControlReceive = 2, kControlTransmit = 3, kReceive = 4, kTransmit = 5;
    VirtioPorts() {
        auto made = std::make_unique<Console>(driver.space, 4);
        console = made.get();
        EXPECT_EQ(console->connect_port(chardevs[0]), "");
        EXPECT_EQ(console->connect_port(chardevs[1], {false, "org.test", std::nullopt}), "");
        driver.slot.plug(std::move(made));
        EXPECT_NE(driver.start(~u64{0}) & feature(1), 0u);
        for (unsigned i = 0; i < 10; i++) driver.setup(i, 8);
        driver.driver_ok();
    }
    void tell(u32 port, u16 event, u16 value) {
        driver.put(kData, port | u64{event} << 32 | u64{value} << 48);
        driver.add(kControlTransmit, {{kData, 8, false}});
        driver.notify(kControlTransmit);
    }
    void offer_control(unsigned count) {
        for (unsigned i = 0; i < count; i++)
            driver.add(kControlReceive, {{kData + 0x1000 + 64 * (offered++ % 64), 64, true}});
        driver.notify(kControlReceive);
    }
    /// Message `n` as "port event value".
    std::string message(unsigned n) {
        const u64 word = driver.get_at<u64>(kData + 0x1000 + 64 * n);
        return std::to_string(word & 0xffffffff) + " " + std::to_string(word >> 32 & 0xffff) + " " +
               std::to_string(word >> 48);
    }

    TestDriver driver;
    Console* console = nullptr;
    std::shared_ptr<TestChardev> chardevs[2] = {std::make_shared<TestChardev>(), std::make_shared<TestChardev>()};
    unsigned offered = 0;
};

TEST_F(VirtioPorts, AreNumbered) {
    EXPECT_EQ(driver.config(4, 4), 4u);
    EXPECT_EQ(console->connect_port(nullptr, {false, "", 1}), "port 1 of the virtio-serial device is taken");
    EXPECT_EQ(console->connect_port(nullptr, {false, "", 0}), "port 0 is a console's");
    EXPECT_EQ(console->connect_port(nullptr, {false, "", 4}), "port 4: there is 0 to 3");
    EXPECT_EQ(console->connect_port(nullptr, {false, "", 3}), "");
    EXPECT_EQ(console->connect_port(nullptr), "");
    EXPECT_EQ(console->connect_port(nullptr), "all ports of the virtio-serial device are taken");
}

TEST_F(VirtioPorts, AreToldOfWhenTheDriverIsReady) {
    tell(~0u, 0, 1);
    EXPECT_EQ(driver.used_index(kControlReceive), 0u);  // there is no buffer yet
    offer_control(8);
    ASSERT_EQ(driver.used_index(kControlReceive), 2u);
    EXPECT_EQ(message(0), "0 1 1");
    EXPECT_EQ(message(1), "1 1 1");
    chardevs[1]->frontend.connected(true);
    EXPECT_EQ(message(2), "1 6 1");
    tell(0, 3, 1);
    EXPECT_EQ(message(3), "0 4 1");
    tell(1, 3, 1);
    EXPECT_EQ(message(4), "1 7 1");
    EXPECT_EQ(driver.text(kData + 0x1000 + 64 * 4 + 8, 9), std::string("org.test\0", 9));
    EXPECT_EQ(driver.used_length(kControlReceive, 4), 17u);
    EXPECT_EQ(message(5), "1 6 1");
    chardevs[1]->frontend.connected(false);
    EXPECT_EQ(message(6), "1 6 0");
    tell(77, 3, 1);  // no such port
    EXPECT_EQ(driver.used_index(kControlReceive), 7u);
}

TEST_F(VirtioPorts, InputWaitsUntilThePortIsOpen) {
    driver.add(kReceive, {{kData + 0x4000, 16, true}});
    driver.notify(kReceive);
    EXPECT_EQ(chardevs[1]->frontend.can_receive(), 0u);
    const unsigned before = chardevs[1]->accepted;
    tell(1, 6, 1);
    EXPECT_GT(chardevs[1]->accepted, before);
    EXPECT_EQ(chardevs[1]->frontend.can_receive(), 16u);
    chardevs[1]->input("typed");
    EXPECT_EQ(driver.text(kData + 0x4000, 5), "typed");
    driver.put(kData + 0x5000, "sent", 4);
    driver.add(kTransmit, {{kData + 0x5000, 4, false}});
    driver.notify(kTransmit);
    EXPECT_EQ(chardevs[1]->written, "sent");
    EXPECT_EQ(chardevs[0]->written, "");
}

TEST_F(VirtioPorts, MessagesHaveALimit) {
    for (unsigned i = 0; i < 1000; i++) tell(~0u, 0, 1);
    for (unsigned i = 0; i < 60; i++) offer_control(4);
    EXPECT_EQ(driver.used_index(kControlReceive), 128u);
}

TEST_F(VirtioPorts, GoOnWhereTheyWereSaved) {
    tell(1, 6, 1);
    tell(1, 3, 1);  // the name waits for a buffer
    TestDriver second;
    auto made = std::make_unique<Console>(second.space, 4);
    made->connect_port(nullptr);
    made->connect_port(chardevs[1], {false, "org.test", std::nullopt});
    second.slot.plug(std::move(made));
    driver.move_to(second);
    second.add(kControlReceive, {{kData + 0x1000, 64, true}});
    second.notify(kControlReceive);
    EXPECT_EQ(second.text(kData + 0x1008, 9), std::string("org.test\0", 9));
    second.add(kReceive, {{kData + 0x4000, 16, true}});
    second.notify(kReceive);
    EXPECT_EQ(chardevs[1]->frontend.can_receive(), 16u);
}

TEST(VirtioBalloon, TakesPagesAndGivesThemBack) {
    TestDriver driver;
    auto made = std::make_unique<Balloon>(driver.space, BalloonOptions{.free_page_reporting = true});
    Balloon& balloon = *made;
    driver.slot.plug(std::move(made));
    EXPECT_EQ(driver.get(8), 5u);
    driver.start(~u64{0});
    for (unsigned i = 0; i < 3; i++) driver.setup(i, 8);
    driver.driver_ok();
    balloon.set_target(2 << 20);
    EXPECT_EQ(driver.config(0, 4), 512u);
    EXPECT_EQ(driver.get(0x60), 2u);
    driver.put(kData + 0x3000, u64{0x1122334455667788});
    driver.put(kData + 0x5000, u64{0x1122334455667788});
    u32 pages[3] = {static_cast<u32>((kData + 0x3000) / 4096), 0, 0xffffffff};
    driver.put(kData, pages, sizeof pages);
    driver.add(0, {{kData, sizeof pages, false}});
    driver.notify(0);
    EXPECT_EQ(driver.used_index(0), 1u);
    EXPECT_EQ(driver.get_at<u64>(kData + 0x3000), 0u);
    EXPECT_NE(driver.get_at<u64>(kData + 0x5000), 0u);
    driver.space.store(0x10001104, 4, 1);
    EXPECT_EQ(balloon.given_up(), 4096u);
    driver.add(2, {{kData + 0x4800, 0x2000, true}});  // whole pages of it only
    driver.put(kData + 0x6000, u64{1});
    driver.notify(2);
    EXPECT_EQ(driver.get_at<u64>(kData + 0x5000), 0u);
    EXPECT_EQ(driver.get_at<u64>(kData + 0x6000), 1u);
    EXPECT_FALSE(driver.needs_reset());
}

TEST(VirtioFactory, NamesWhatIsWrong) {
    TestDriver driver;
    EventLoop loop;
    block::Drives drives;
    ChardevSet chardevs(loop, {});
    net::Netdevs netdevs(loop, chardevs);
    P9Exports exports;
    display::Screens screens;
    input::Input input;
    Factory factory({driver.space, loop, drives, netdevs, exports, screens, input,
                     [](const std::string&) -> std::shared_ptr<Chardev> { return std::make_shared<TestChardev>(); }});
    auto message = [&](std::string_view model, const char* text) -> std::string {
        Properties properties("-device", text);
        try {
            factory.make(model, properties);
        } catch (const FatalError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(message("virtio-blk-device", ""), "-device: no drive=");
    EXPECT_EQ(message("virtio-blk-device", "drive=x"), "there is no drive 'x'");
    EXPECT_EQ(message("virtio-blk-device", "drive=x,queue-size=100"), "-device: queue-size= is no power of two");
    EXPECT_EQ(message("virtio-blk-device", "drive=x,werror=stop"),
              "-device: werror=stop: there is auto, ignore, report");
    EXPECT_EQ(message("virtio-blk-device", "drive=x,min_io_size=100"),
              "-device: min_io_size and opt_io_size are multiples of a block");
    EXPECT_EQ(message("virtio-net-device", "netdev=x"), "there is no netdev 'x'");
    EXPECT_EQ(message("virtio-net-device", "mac=1:2"), "-device: mac=1:2: not of the form 52:54:00:12:34:56");
    EXPECT_EQ(message("virtconsole", "chardev=x"), "-device: a virtio-serial-device must come before it");
    EXPECT_EQ(message("virtio-9p-device", "fsdev=x,mount_tag=t"), "-device: fsdev=x: there is no such -fsdev");
    EXPECT_EQ(message("virtio-gpu-device", "max_outputs=17"), "-device: max_outputs=17: not in 1 to 16");
    EXPECT_EQ(message("virtio-gpu-device", "blob=on"), "-device: blob=on: there is only off");
    EXPECT_EQ(message("virtio-keyboard-device", ("serial=" + std::string(129, 'x')).c_str()),
              "-device: serial= is longer than 128 bytes");
    EXPECT_EQ(message("virtio-sound-device", ""), "-device: unknown device 'virtio-sound-device'");
    EXPECT_EQ(message("virtio-rng-device", ""), "");
    EXPECT_TRUE(Factory::knows("virtio-balloon-device"));
    EXPECT_FALSE(Factory::knows("virtio-sound-device"));
}

/// A transport with an interrupt per queue.
struct VectorTransport final : Transport {
    std::vector<unsigned> queues;
    void queue_interrupt(unsigned queue) override { queues.push_back(queue); }
    void config_interrupt() override {}
};

TEST(VirtioDevice, AnInterruptSaysOfWhichQueue) {
    TestDriver driver;  // for its memory
    VectorTransport transport;
    Console console(driver.space);
    console.connect(transport, false);
    UniqueLock held(console.lock());
    console.set_driver_features(kFeatureVersion1);
    console.set_status(kStatusAcknowledge | kStatusDriver | kStatusFeaturesOk, held);
    for (unsigned i = 0; i < 2; i++) {
        u64 rings = kData + 0x10000 * (i + 1);
        ASSERT_TRUE(console.enable_queue(i, {8, rings, rings + 0x1000, rings + 0x2000}));
    }
    console.set_status(kStatusAcknowledge | kStatusDriver | kStatusFeaturesOk | kStatusDriverOk, held);
    driver.put(kData + 0x20000, kData);  // one buffer to send
    driver.put<u32>(kData + 0x20008, 4);
    driver.put<u16>(kData + 0x21002, 1);
    console.notify_queue(1);
    EXPECT_EQ(transport.queues, std::vector<unsigned>{1});
}

}  // namespace
}  // namespace dragoman::devices::virtio
