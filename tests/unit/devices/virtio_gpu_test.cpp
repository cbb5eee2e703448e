// virtio-gpu: pictures from the guest's memory to a screen, and what is refused.
#include "devices/virtio/gpu.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

using namespace gpu;
constexpr u64 kRequest = TestDriver::kRam, kReply = kRequest + 0x1000, kPixels = kRequest + 0x10000;

struct VirtioGpu : ::testing::Test {
    VirtioGpu() { plug({.outputs = 2, .width = 1024, .height = 600, .max_memory = 8 << 20}); }
    void plug(const GpuOptions& options) {
        auto made = std::make_unique<Gpu>(driver.space, options);
        device = made.get();
        driver.slot.plug(std::move(made));
        features = driver.start(~u64{0});
        driver.setup(0, 16);
        driver.setup(1, 16);
        driver.driver_ok();
    }

    /// @returns the type of the answer; `reply` gets as much of it as it holds
    template <class Request, class Reply = Header>
    u32 command(u32 type, Request request, Reply* reply = nullptr, u32 request_bytes = sizeof(Request)) {
        request.header.type = type;
        driver.put(kRequest, request);
        driver.put(kReply, std::string(sizeof(DisplayInfo), '\xee').data(), sizeof(DisplayInfo));
        const u16 before = driver.used_index(0);
        driver.add(0, {{kRequest, request_bytes, false}, {kReply, 2048, true}});
        driver.notify(0);
        EXPECT_EQ(driver.used_index(0), static_cast<u16>(before + 1));
        if (reply != nullptr) *reply = driver.get_at<Reply>(kReply);
        return driver.get_at<u32>(kReply);
    }
    u32 create(u32 id, u32 width, u32 height, u32 format = kB8G8R8X8) {
        return command(kResourceCreate2d, ResourceCreate2d{{}, id, format, width, height});
    }
    u32 attach(u32 id, std::vector<MemoryEntry> entries) {
        driver.put(kRequest + sizeof(AttachBacking), entries.data(), entries.size() * sizeof(MemoryEntry));
        return command(kResourceAttachBacking, AttachBacking{{}, id, static_cast<u32>(entries.size())},
                       static_cast<Header*>(nullptr),
                       static_cast<u32>(sizeof(AttachBacking) + entries.size() * sizeof(MemoryEntry)));
    }
    u32 show(u32 head, u32 id, Rect rect) { return command(kSetScanout, SetScanout{{}, rect, head, id}); }
    u32 transfer(u32 id, Rect rect, u64 offset = 0) {
        return command(kTransferToHost2d, TransferToHost2d{{}, rect, offset, id, 0});
    }
    u32 flush(u32 id, Rect rect) { return command(kResourceFlush, ResourceFlush{{}, rect, id, 0}); }
    u32 unref(u32 id) { return command(kResourceUnref, ResourceCommand{{}, id, 0}); }
    void cursor(u32 type, u32 resource, u32 hot_x = 0) {
        CursorCommand request{};
        request.header.type = type;
        request.resource = resource, request.hot_x = hot_x;
        driver.put(kRequest, request);
        driver.add(1, {{kRequest, sizeof request, false}});
        driver.notify(1);
    }
    display::Frame frame(u32 head = 0) {
        display::Frame frame;
        device->screen(head).capture(frame);
        return frame;
    }
    /// Pixel n of memory is n.
    void fill(u32 count, u64 at = kPixels, u32 first = 0) {
        for (u32 i = 0; i < count; i++) driver.put(at + 4 * i, first + i);
    }

    TestDriver driver;
    Gpu* device = nullptr;
    u64 features = 0;
};

TEST_F(VirtioGpu, TellsOfItsScreens) {
    EXPECT_EQ(driver.get(8), 16u);
    EXPECT_NE(features & feature(1), 0u);
    EXPECT_EQ(driver.config(8, 4), 2u);
    DisplayInfo info;
    GetEdid nothing{};
    EXPECT_EQ(command(kGetDisplayInfo, nothing, &info, sizeof(Header)), kOkDisplayInfo);
    EXPECT_EQ(info.modes[0].enabled, 1u);
    EXPECT_EQ(info.modes[0].rect.width, 1024u);
    EXPECT_EQ(info.modes[0].rect.height, 600u);
    EXPECT_EQ(info.modes[1].enabled, 0u);
    EXPECT_EQ(driver.used_length(0, 0), sizeof info);
    EdidReply edid;
    EXPECT_EQ(command(kGetEdid, GetEdid{{}, 1, 0}, &edid), kOkEdid);
    EXPECT_EQ(edid.size, 128u);
    EXPECT_EQ(edid.edid[1], 0xff);
    EXPECT_EQ(command(kGetEdid, GetEdid{{}, 2, 0}), kErrorInvalidParameter);
}

TEST_F(VirtioGpu, ShowsWhatIsTransferred) {
    EXPECT_EQ(frame().width, display::Screen::kBlankWidth);
    const u64 before = device->screen(0).generation();
    EXPECT_EQ(create(1, 32, 16), kOkNoData);
    // In three pieces, one of which is cut inside of a pixel's row.
    fill(32 * 16);
    EXPECT_EQ(attach(1, {{kPixels, 100, 0}, {kPixels + 100, 28, 0}, {kPixels + 128, 32 * 16 * 4 - 128, 0}}), kOkNoData);
    EXPECT_EQ(show(0, 1, {0, 0, 32, 16}), kOkNoData);
    EXPECT_EQ(transfer(1, {0, 0, 32, 16}), kOkNoData);
    EXPECT_EQ(flush(1, {0, 0, 32, 16}), kOkNoData);
    EXPECT_NE(device->screen(0).generation(), before);
    display::Frame shown = frame();
    ASSERT_EQ(shown.width, 32u);
    ASSERT_EQ(shown.height, 16u);
    for (u32 i = 0; i < 32 * 16; i++) ASSERT_EQ(shown.pixels[i], i);
    // A part of new contents.
    fill(32 * 16, kPixels, 1000);
    EXPECT_EQ(transfer(1, {4, 2, 8, 3}, (2 * 32 + 4) * 4), kOkNoData);
    shown = frame();
    for (u32 y = 0; y < 16; y++) {
        for (u32 x = 0; x < 32; x++) {
            const bool inside = x >= 4 && x < 12 && y >= 2 && y < 5;
            ASSERT_EQ(shown.pixels[y * 32 + x], y * 32 + x + (inside ? 1000 : 0)) << x << " " << y;
        }
    }
    // A part of the picture on the other screen.
    EXPECT_EQ(show(1, 1, {16, 0, 16, 16}), kOkNoData);
    EXPECT_EQ(frame(1).width, 16u);
    EXPECT_EQ(frame(1).pixels[0], 16u);
    EXPECT_EQ(unref(1), kOkNoData);
    EXPECT_EQ(frame(0).pixels[5], 0u);
    EXPECT_EQ(frame(1).width, display::Screen::kBlankWidth);
}

TEST_F(VirtioGpu, KnowsTheOrderOfColours) {
    const std::pair<u32, u32> formats[] = {{kB8G8R8A8, 0x332211}, {kB8G8R8X8, 0x332211}, {kA8R8G8B8, 0x223344},
                                           {kX8R8G8B8, 0x223344}, {kR8G8B8A8, 0x112233}, {kX8B8G8R8, 0x443322},
                                           {kA8B8G8R8, 0x443322}, {kR8G8B8X8, 0x112233}};
    for (u32 i = 0; i < 256; i++) driver.put(kPixels + 4 * i, u32{0x44332211});
    for (auto [format, colour] : formats) {
        ASSERT_EQ(create(1, 16, 16, format), kOkNoData);
        attach(1, {{kPixels, 1024, 0}});
        show(0, 1, {0, 0, 16, 16});
        transfer(1, {0, 0, 16, 16});
        EXPECT_EQ(frame().pixels[0], colour) << format;
        unref(1);
    }
}

TEST_F(VirtioGpu, FencesComeBack) {
    Header reply;
    GetEdid nothing{};
    nothing.header.flags = kFence;
    nothing.header.fence = 0x123456789a;
    command(kGetDisplayInfo, nothing, &reply);
    EXPECT_EQ(reply.flags, static_cast<u32>(kFence));
    EXPECT_EQ(reply.fence, 0x123456789aull);
    nothing.header.flags = 0;
    command(kGetDisplayInfo, nothing, &reply);
    EXPECT_EQ(reply.fence, 0u);
}

TEST_F(VirtioGpu, RefusesWhatCannotBe) {
    EXPECT_EQ(create(0, 16, 16), kErrorInvalidResource);
    EXPECT_EQ(create(1, 0, 16), kErrorInvalidParameter);
    EXPECT_EQ(create(1, 16, 16, 5), kErrorInvalidParameter);
    EXPECT_EQ(create(1, ~0u, ~0u), kErrorInvalidParameter);
    EXPECT_EQ(create(1, 16384, 16384), kErrorOutOfMemory);
    EXPECT_EQ(create(1, 1024, 1024), kOkNoData);
    EXPECT_EQ(create(1, 16, 16), kErrorInvalidResource);
    EXPECT_EQ(create(2, 1024, 1024), kOkNoData);
    EXPECT_EQ(create(3, 16, 16), kErrorOutOfMemory);
    EXPECT_EQ(unref(2), kOkNoData);
    EXPECT_EQ(unref(2), kErrorInvalidResource);
    EXPECT_EQ(create(3, 16, 16), kOkNoData);
    EXPECT_EQ(transfer(3, {0, 0, 16, 16}), kErrorInvalidResource);  // has no backing
    EXPECT_EQ(attach(3, {{0x1000, 4096, 0}}), kErrorUnspecified);   // not RAM
    EXPECT_EQ(attach(3, {{kPixels, 64, 0}}), kOkNoData);
    EXPECT_EQ(attach(3, {{kPixels, 64, 0}}), kErrorUnspecified);
    EXPECT_EQ(transfer(3, {0, 0, 17, 16}), kErrorInvalidParameter);
    EXPECT_EQ(transfer(3, {~0u, 0, 2, 2}), kErrorInvalidParameter);
    EXPECT_EQ(transfer(3, {0, 0, 16, 16}, ~u64{0} - 3), kOkNoData);  // there is nothing to copy
    EXPECT_EQ(transfer(3, {1, 0, 15, 16}, ~u64{0} - 3), kOkNoData);
    EXPECT_EQ(flush(3, {0, 1, 16, 16}), kErrorInvalidParameter);
    EXPECT_EQ(flush(9, {0, 0, 1, 1}), kErrorInvalidResource);
    EXPECT_EQ(show(0, 3, {0, 0, 17, 16}), kErrorInvalidParameter);
    EXPECT_EQ(show(0, 3, {0, 0, 8, 8}), kErrorInvalidParameter);
    EXPECT_EQ(show(2, 3, {0, 0, 16, 16}), kErrorInvalidScanout);
    EXPECT_EQ(show(0, 7, {0, 0, 16, 16}), kErrorInvalidResource);
    EXPECT_EQ(command(kResourceDetachBacking, ResourceCommand{{}, 3, 0}), kOkNoData);
    EXPECT_EQ(command(kResourceDetachBacking, ResourceCommand{{}, 3, 0}), kErrorInvalidResource);
    EXPECT_EQ(command(kGetCapset, ResourceCommand{{}, 3, 0}), kErrorUnspecified);
    EXPECT_EQ(command(0x999, ResourceCommand{}), kErrorUnspecified);
    EXPECT_EQ(command(kResourceUnref, ResourceCommand{{}, 3, 0}, static_cast<Header*>(nullptr), 24), kErrorUnspecified);
    AttachBacking many{{}, 3, 1'000'000};
    EXPECT_EQ(command(kResourceAttachBacking, many), kErrorUnspecified);
    many.entries = 10'000;  // more than the buffer has
    EXPECT_EQ(command(kResourceAttachBacking, many), kErrorUnspecified);
    EXPECT_FALSE(driver.needs_reset());
}

TEST_F(VirtioGpu, HasAPointer) {
    EXPECT_TRUE(device->screen(0).cursor().pixels.empty());
    const u64 before = device->screen(0).cursor_generation();
    create(1, 64, 64, kB8G8R8A8);
    fill(64 * 64, kPixels, 0x80000000);
    attach(1, {{kPixels, 64 * 64 * 4, 0}});
    transfer(1, {0, 0, 64, 64});
    cursor(kUpdateCursor, 1, 5);
    EXPECT_EQ(driver.used_index(1), 1u);
    display::Cursor shape = device->screen(0).cursor();
    EXPECT_EQ(shape.width, 64u);
    EXPECT_EQ(shape.hot_x, 5u);
    EXPECT_EQ(shape.pixels[100], 0x80000064);
    EXPECT_NE(device->screen(0).cursor_generation(), before);
    cursor(kMoveCursor, 0);
    EXPECT_FALSE(device->screen(0).cursor().pixels.empty());
    cursor(kUpdateCursor, 0);
    EXPECT_TRUE(device->screen(0).cursor().pixels.empty());
}

TEST_F(VirtioGpu, GoesOnWhereItWasSaved) {
    create(7, 64, 64);
    fill(64 * 64, kPixels, 3);
    attach(7, {{kPixels, 64 * 64 * 4, 0}});
    transfer(7, {0, 0, 64, 64});
    show(0, 7, {8, 0, 32, 32});
    cursor(kUpdateCursor, 7);
    const display::Frame before = frame();
    const auto shape = device->screen(0).cursor().pixels;
    TestDriver second;
    auto made = std::make_unique<Gpu>(second.space, GpuOptions{.outputs = 2, .max_memory = 8 << 20});
    Gpu& other = *made;
    second.slot.plug(std::move(made));
    driver.move_to(second);
    display::Frame after;
    other.screen(0).capture(after);
    EXPECT_EQ(after, before);
    EXPECT_EQ(other.screen(0).cursor().pixels, shape);
    // The backing is there, too.
    second.put(kRequest, TransferToHost2d{{kTransferToHost2d, 0, 0, 0, 0, {}}, {0, 0, 64, 64}, 0, 7, 0});
    second.put(kPixels + 8 * 4, u32{0xabcdef});
    second.add(0, {{kRequest, sizeof(TransferToHost2d), false}, {kReply, 64, true}});
    second.notify(0);
    other.screen(0).capture(after);
    EXPECT_EQ(after.pixels[0], 0xabcdefu);
}

TEST_F(VirtioGpu, AReceiverWithLessMemoryRefuses) {
    create(7, 64, 64);
    TestDriver second;
    second.slot.plug(std::make_unique<Gpu>(second.space, GpuOptions{.outputs = 2, .max_memory = 1000}));
    const std::vector<u8> stream = save_state(std::array{NamedState{"device", driver.slot}});
    EXPECT_NE(load_state(stream, std::array{NamedState{"device", second.slot}}), "");
}

}  // namespace
}  // namespace dragoman::devices::virtio
