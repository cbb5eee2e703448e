// qemu-xhci as its drivers use it: rings, slots, control and other transfers to a keyboard and a disk.
#include "devices/pci/xhci.h"

#include <linux/input-event-codes.h>

#include <random>

#include "devices/state.h"
#include "devices/usb/keyboard.h"
#include "devices/usb/pointer.h"
#include "devices/usb/storage.h"
#include "unit/devices/memory_image.h"
#include "unit/devices/pci_board.h"

namespace dragoman::devices::pci {
namespace {

using namespace xhci;

constexpr u64 kBase = PciBoard::kMemory + 0x100000, kRam = PciBoard::kRam;
constexpr u64 kContexts = kRam + 0x1000, kCommands = kRam + 0x2000, kTable = kRam + 0x3000, kEvents = kRam + 0x4000;
constexpr u64 kDevice = kRam + 0x5000, kInput = kRam + 0x6000, kControlRing = kRam + 0x7000, kInRing = kRam + 0x8000,
              kOutRing = kRam + 0x9000, kData = kRam + 0x20000;

struct XhciTest : ::testing::Test {
    XhciTest() {
        board.plug(controller, 1);
        board.set_config(1, kBar0, static_cast<u32>(kBase));
        board.set_config(1, kBar0 + 4, 0);
        board.enable(1);
    }
    void start() {
        set(kOperational + 0x30, kContexts);
        set(kOperational + 0x18, kCommands | 1);
        put(kTable, kEvents);
        put(kTable + 8, u32{16});
        set(kRuntime + 0x28, 1, 4);
        set(kRuntime + 0x38, kEvents);
        set(kRuntime + 0x30, kTable);
        set(kRuntime + 0x20, 2, 4);
        set(kOperational, 5, 4);
    }
    u32 get(u64 offset) { return static_cast<u32>(board.load(kBase + offset)); }
    void set(u64 offset, u64 value, unsigned size = 8) { board.store(kBase + offset, value, size); }
    template <class T>
    void put(u64 address, T value) {
        EXPECT_TRUE(board.space.write(address, &value, sizeof value));
    }
    template <class T>
    T at(u64 address) {
        T value{};
        EXPECT_TRUE(board.space.read(address, &value, sizeof value));
        return value;
    }
    /// The next event, which is taken.
    Trb event() {
        const Trb trb = at<Trb>(kEvents + 16 * (taken % 16));
        EXPECT_EQ(trb.control & 1, taken / 16 % 2 == 0 ? 1u : 0u) << "no event";
        taken++;
        set(kRuntime + 0x38, (kEvents + 16 * (taken % 16)) | 8);
        return trb;
    }
    bool has_event() { return (at<u32>(kEvents + 16 * (taken % 16) + 12) & 1) == (taken / 16 % 2 == 0 ? 1u : 0u); }
    /// @returns the completion code; `slot` is what the controller answers
    u32 command(u32 type, u64 parameter = 0, u32 bits = 0) {
        put(kCommands + 16 * commands++, Trb{parameter, 0, type << 10 | bits | 1});
        set(kDoorbells, 0, 4);
        const Trb done = event();
        EXPECT_EQ(done.type(), kCommandCompletion);
        slot = done.control >> 24;
        return done.status >> 24;
    }
    void address() {
        set(kPorts, kPortPower | kPortReset, 4);
        EXPECT_EQ(event().type(), kPortStatusChange);
        EXPECT_EQ(command(kEnableSlot), kSuccess);
        EXPECT_EQ(slot, 1u);
        put(kContexts + 8, kDevice);
        put(kInput + 4, u32{3});
        put(kInput + 0x20 + 4, u32{1 << 16});
        put(kInput + 0x40 + 8, kControlRing | 1);
        EXPECT_EQ(command(kAddressDevice, kInput, 1 << 24), kSuccess);
    }
    void trb(u64 ring, unsigned& next, u64 parameter, u32 status, u32 control) {
        put(ring + 16 * next++, Trb{parameter, status, control | 1});
    }
    /// A control transfer to the host. @returns the codes of its events
    std::vector<u32> control(u64 setup, u32 bytes) {
        trb(kControlRing, controls, setup, 8, kSetupStage << 10 | kImmediate);
        if (bytes != 0) trb(kControlRing, controls, kData, bytes, kDataStage << 10 | kDirectionIn | kShortInterrupt);
        trb(kControlRing, controls, 0, 0, kStatusStage << 10 | kInterruptOnCompletion);
        set(kDoorbells + 4, 1, 4);
        std::vector<u32> codes;
        while (has_event()) codes.push_back(event().status >> 24);
        return codes;
    }
    void configure(std::initializer_list<std::pair<unsigned, u64>> endpoints) {
        u32 flags = 1;
        for (auto [index, ring] : endpoints) {
            flags |= 1u << index;
            put(kInput + 0x20 + 0x20 * index + 8, ring | 1);
        }
        put(kInput + 4, flags);
        EXPECT_EQ(command(kConfigureEndpoint, kInput, 1 << 24), kSuccess);
    }
    std::string text(u64 address, u64 bytes) {
        std::string s(bytes, 0);
        EXPECT_TRUE(board.space.read(address, s.data(), bytes));
        return s;
    }

    IrqRecorder irqs;
    PciBoard board{irqs};
    InstructionClock clock{nullptr};
    Xhci controller{clock};
    unsigned taken = 0, commands = 0, controls = 0, ins = 0, outs = 0;
    u32 slot = 0;
};

TEST_F(XhciTest, TellsOfItself) {
    EXPECT_EQ(board.config(1, 0), 0x000d1b36u);
    EXPECT_EQ(board.bar_size(1, 0), 0x4000u);
    EXPECT_EQ(get(0), 0x01000040u);
    EXPECT_EQ(get(4), 8u << 24 | 16u << 8 | 64);
    EXPECT_EQ(get(0x20) & 0xff, 2u);
    EXPECT_EQ(get(kOperational + 4) & 1, 1u);
    start();
    EXPECT_EQ(get(kOperational + 4) & 1, 0u);
    EXPECT_EQ(command(kNoOpCommand), kSuccess);
    EXPECT_TRUE(irqs.level(33) || irqs.level(32) || irqs.level(34) || irqs.level(35));
    EXPECT_EQ(command(kDisableSlot, 0, 5 << 24), kSlotNotEnabled);
    EXPECT_EQ(command(60), kSlotNotEnabled);
    set(kOperational, 2, 4);
    EXPECT_EQ(get(kOperational + 4) & 1, 1u);
}

TEST_F(XhciTest, AKeyboardTypes) {
    auto made = std::make_unique<usb::Keyboard>();
    usb::Keyboard& keyboard = *made;
    ASSERT_TRUE(controller.plug(std::move(made)));
    controller.reset();
    board.set_config(1, kBar0, static_cast<u32>(kBase));
    board.enable(1);
    EXPECT_EQ(get(kPorts) & (kConnected | kConnectChange), u32{kConnected | kConnectChange});
    start();
    EXPECT_EQ(event().type(), kPortStatusChange);
    address();
    EXPECT_EQ(control(0x0012000001000680, 18), (std::vector<u32>{kSuccess}));
    EXPECT_EQ(text(kData, 4), std::string("\x12\1\0\2", 4));
    EXPECT_EQ(control(0x00ff000002000680, 255), (std::vector<u32>{kShortPacket, kSuccess}));
    EXPECT_EQ(text(kData, 4), std::string("\x09\2\x22\0", 4));
    EXPECT_EQ(control(0x0000000000010900, 0), (std::vector<u32>{kSuccess}));
    configure({{3, kInRing}});
    const input::Event press[] = {{input::Event::Kind::Key, KEY_A, 1}},
                       release[] = {{input::Event::Kind::Key, KEY_A, 0}};
    EXPECT_FALSE(keyboard.active());
    for (unsigned i = 0; i < 2; i++) trb(kInRing, ins, kData + 16 * i, 8, kNormal << 10 | kInterruptOnCompletion);
    set(kDoorbells + 4, 3, 4);
    EXPECT_FALSE(has_event());
    EXPECT_TRUE(keyboard.active());
    keyboard.receive(press);
    Trb done = event();
    EXPECT_EQ(done.status, u32{kSuccess} << 24);
    EXPECT_EQ(done.parameter, kInRing);
    EXPECT_EQ(text(kData, 8), std::string("\0\0\4\0\0\0\0\0", 8));
    keyboard.receive(release);
    event();
    EXPECT_EQ(text(kData + 16, 8), std::string(8, 0));
    // A request that there is not: endpoint 0 halts, and comes back.
    EXPECT_EQ(control(0x0000000000006600, 0), (std::vector<u32>{kStallError}));
    EXPECT_EQ(at<u32>(kDevice + 0x20) & 7, u32{kEndpointHalted});
    EXPECT_EQ(command(kResetEndpoint, 0, 1 << 24 | 1 << 16), kSuccess);
    EXPECT_EQ(command(kSetDequeue, (kControlRing + 16 * controls) | 1, 1 << 24 | 1 << 16), kSuccess);
    EXPECT_EQ(control(0x0012000001000680, 18), (std::vector<u32>{kSuccess}));
    EXPECT_EQ(command(kStopEndpoint, 0, 1 << 24 | 3 << 16), kSuccess);
    EXPECT_EQ(command(kStopEndpoint, 0, 1 << 24 | 3 << 16), kContextStateError);
    // State goes into a controller of the same kind.
    const std::vector<u8> stream = save_state(std::array{NamedState{"xhci", controller}});
    EXPECT_EQ(load_state(stream, std::array{NamedState{"xhci", controller}}), "");
    EXPECT_EQ(control(0x0012000001000680, 18), (std::vector<u32>{kSuccess}));
}

TEST_F(XhciTest, ADiskReads) {
    block::Drive drive;
    auto image = std::make_shared<MemoryImage>(1 << 20);
    std::fill_n(image->bytes.begin() + 512, 512, 'x');
    drive.image = image;
    controller.plug(std::make_unique<usb::Storage>(std::make_unique<scsi::Disk>(drive, scsi::DiskOptions{}), "S"));
    controller.reset();
    board.set_config(1, kBar0, static_cast<u32>(kBase));
    board.enable(1);
    start();
    event();
    address();
    configure({{3, kInRing}, {4, kOutRing}});
    auto wrapper = [&](u32 bytes, bool in, std::vector<u8> cdb) {
        std::vector<u8> cbw = {'U',
                               'S',
                               'B',
                               'C',
                               7,
                               0,
                               0,
                               0,
                               static_cast<u8>(bytes),
                               static_cast<u8>(bytes >> 8),
                               0,
                               0,
                               static_cast<u8>(in ? 0x80 : 0),
                               0,
                               static_cast<u8>(cdb.size())};
        cbw.insert(cbw.end(), cdb.begin(), cdb.end());
        cbw.resize(31);
        EXPECT_TRUE(board.space.write(kData, cbw.data(), cbw.size()));
        trb(kOutRing, outs, kData, 31, kNormal << 10 | kInterruptOnCompletion);
        set(kDoorbells + 4, 4, 4);
        EXPECT_EQ(event().status, u32{kSuccess} << 24);
    };
    wrapper(1024, true, {0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0});
    trb(kInRing, ins, kData + 0x1000, 700, kNormal << 10 | kChain);
    trb(kInRing, ins, kData + 0x3000, 324, kNormal << 10 | kInterruptOnCompletion);
    trb(kInRing, ins, kData + 0x100, 13, kNormal << 10 | kInterruptOnCompletion);
    set(kDoorbells + 4, 3, 4);
    EXPECT_EQ(event().parameter, kInRing + 16);
    EXPECT_EQ(event().parameter, kInRing + 32);
    EXPECT_EQ(text(kData + 0x1000, 700), std::string(512, 0) + std::string(188, 'x'));
    EXPECT_EQ(text(kData + 0x3000, 324), std::string(324, 'x'));
    EXPECT_EQ(text(kData + 0x100, 13), std::string("USBS\7\0\0\0\0\0\0\0\0", 13));
    wrapper(512, false, {0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0});
    trb(kOutRing, outs, kData + 0x3000, 324, kNormal << 10 | kChain);
    trb(kOutRing, outs, kData + 0x1000 + 512, 188, kNormal << 10 | kInterruptOnCompletion);
    set(kDoorbells + 4, 4, 4);
    event();
    EXPECT_EQ(std::string(image->bytes.begin() + 9 * 512, image->bytes.begin() + 10 * 512), std::string(512, 'x'));
}

TEST_F(XhciTest, DevicesComeAndGo) {
    constexpr u64 kPort2 = kPorts + kPortBytes;
    constexpr u32 kConnectedBit = 1, kEnabledBit = 2, kResetBit = 0x10, kConnectChangeBit = 1u << 17;
    EXPECT_EQ(controller.plug(std::make_unique<usb::Keyboard>(), 2), 2u);
    EXPECT_EQ(controller.plug(std::make_unique<usb::Keyboard>(), 2), 0u) << "it is taken";
    EXPECT_EQ(controller.plug(std::make_unique<usb::Keyboard>(), 5), 0u) << "there is none";
    EXPECT_EQ(get(kPort2) & (kConnectedBit | kEnabledBit | kConnectChangeBit), kConnectedBit | kConnectChangeBit);
    set(kPort2, kResetBit | kConnectChangeBit | 0x200, 4);
    EXPECT_EQ(get(kPort2) & (kConnectedBit | kEnabledBit | kConnectChangeBit), kConnectedBit | kEnabledBit);
    EXPECT_NE(controller.unplug(2), nullptr);
    EXPECT_EQ(controller.unplug(2), nullptr);
    EXPECT_EQ(controller.unplug(0), nullptr);
    EXPECT_EQ(get(kPort2) & (kConnectedBit | kEnabledBit | kConnectChangeBit), kConnectChangeBit);
    set(kPort2, kResetBit | 0x200, 4);
    EXPECT_EQ(get(kPort2) & kEnabledBit, 0u) << "nothing is there";
    EXPECT_EQ(controller.plug(std::make_unique<usb::Keyboard>()), 1u) << "the first that is free";
}

TEST_F(XhciTest, GarbageDoesNoHarm) {
    controller.plug(std::make_unique<usb::Keyboard>());
    controller.plug(std::make_unique<usb::Pointer>(true));
    block::Drive drive;
    drive.image = std::make_shared<MemoryImage>(1 << 16);
    controller.plug(std::make_unique<usb::Storage>(std::make_unique<scsi::Disk>(drive, scsi::DiskOptions{}), "S"));
    std::mt19937_64 random(3);
    for (unsigned i = 0; i < 200'000; i++) {
        if (i % 2000 == 0) {
            controller.reset();
            board.set_config(1, kBar0, static_cast<u32>(kBase));
            board.enable(1);
            start();
            for (unsigned port = 0; port < 3; port++) set(kPorts + 16 * port, kPortPower | kPortReset, 4);
        }
        const u64 address = kRam + random() % 0x4000 / 16 * 16;
        const u32 type = static_cast<u32>(random() % 24);
        put(address, Trb{random() % 3 == 0 ? random() : kRam + random() % 0x4000, static_cast<u32>(random() % 64),
                         type << 10 | static_cast<u32>(random() & 0x03ff0073) | static_cast<u32>(random() % 4) << 24});
        const u64 offset = std::array<u64, 5>{0x40, 0x440, 0x1020, 0x2000, 0x2004}[random() % 5] + random() % 16 * 4;
        if (random() % 4 == 0)
            set(offset, random() % 4 == 0 ? random() : kRam + random() % 0x4000 / 64 * 64 + random() % 2, 4);
        if (random() % 4 == 0) set(kDoorbells + random() % 4 * 4, random() % 6, 4);
        if (random() % 50 == 0) set(kOperational, 5, 4);
        get(random() % 0x3000 / 4 * 4);
    }
}

}  // namespace
}  // namespace dragoman::devices::pci
