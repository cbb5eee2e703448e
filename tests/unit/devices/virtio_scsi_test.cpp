// virtio-scsi and the disks on its bus.
#include "devices/virtio/scsi.h"
#include "unit/devices/memory_image.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

constexpr u64 kRequest = TestDriver::kRam, kResponse = kRequest + 0x1000, kData = kRequest + 0x10000;
constexpr u64 kDiskBytes = 1 << 20;

struct VirtioScsi : ::testing::Test {
    VirtioScsi() {
        auto made = std::make_unique<Scsi>(driver.space, ScsiOptions{});
        scsi = made.get();
        drive.id = "hd0";
        drive.image = image;
        EXPECT_EQ(scsi->add(std::make_unique<scsi::Disk>(
                                drive, scsi::DiskOptions{.serial = "S1", .product = "DISK", .wwn = 0x5000c50015ea71ac}),
                            std::nullopt, 0),
                  "");
        block::Drive cd;
        cd.id = "cd0";
        cd.image = image;
        EXPECT_EQ(
            scsi->add(std::make_unique<scsi::Disk>(cd, scsi::DiskOptions{.cdrom = true, .removable = true}), 3, 0), "");
        EXPECT_EQ(scsi->add(std::make_unique<scsi::Disk>(block::Drive{}, scsi::DiskOptions{.cdrom = true}), 3, 300),
                  "");
        driver.slot.plug(std::move(made));
        driver.start(0);
        for (unsigned i = 0; i < 3; i++) driver.setup(i, 16);
        driver.driver_ok();
    }

    struct Answer {
        u32 sense_length, residual;
        u16 qualifier;
        u8 status, response;
        u8 sense[96];
        /// Key and code of the sense data.
        u32 key_and_code() const {
            return sense_length == 0 ? 0 : u32{sense[2]} << 16 | u32{sense[12]} << 8 | sense[13];
        }
    };
    /// @param out  data for the device; else `in` bytes come at kData
    Answer run(std::vector<u8> cdb, u64 in, std::string_view out = {}, u8 target = 0, u16 lun = 0) {
        cdb.resize(32);
        u8 head[19] = {1, target, static_cast<u8>(0x40 | lun >> 8), static_cast<u8>(lun)};
        driver.put(kRequest, head, sizeof head);
        driver.put(kRequest + sizeof head, cdb.data(), cdb.size());
        driver.put(kResponse, std::string(108, '\xee').data(), 108);
        std::vector<TestBuffer> buffers = {{kRequest, 51, false}};
        if (!out.empty()) {
            driver.put(kData, out.data(), out.size());
            buffers.push_back({kData, static_cast<u32>(out.size()), false});
        }
        buffers.push_back({kResponse, 108, true});
        if (in != 0) buffers.push_back({kData, static_cast<u32>(in), true});
        const u16 before = driver.used_index(2);
        driver.add(2, buffers);
        driver.notify(2);
        EXPECT_TRUE(driver.wait_used(2, static_cast<u16>(before + 1)));
        return driver.get_at<Answer>(kResponse);
    }
    std::string data(u64 bytes) { return driver.text(kData, bytes); }

    TestDriver driver;
    std::shared_ptr<MemoryImage> image = std::make_shared<MemoryImage>(kDiskBytes);
    block::Drive drive;
    Scsi* scsi = nullptr;
};

TEST_F(VirtioScsi, TellsOfItself) {
    EXPECT_EQ(driver.get(8), 8u);
    EXPECT_EQ(driver.config(0, 4), 1u);
    EXPECT_EQ(driver.config(4, 4), 254u);
    EXPECT_EQ(driver.config(20, 4), 96u);
    EXPECT_EQ(driver.config(24, 4), 32u);
    EXPECT_EQ(driver.config(30, 2), 255u);
    EXPECT_EQ(scsi->add(nullptr, 0, 0), "scsi-id=0,lun=0 is taken");
}

TEST_F(VirtioScsi, DisksAreAskedWhatTheyAre) {
    EXPECT_EQ(run({0x12, 0, 0, 0, 96}, 96).residual, 60u);
    EXPECT_EQ(data(4), std::string("\x00\x00\x05\x12", 4));
    EXPECT_EQ(data(36).substr(8), "QEMU    DISK            2.5+");
    run({0x12, 1, 0x00, 0, 96}, 96);
    EXPECT_EQ(data(10), std::string("\0\0\0\6\x00\x80\x83\xb0\xb1\xb2", 10));
    run({0x12, 1, 0x80, 0, 96}, 96);
    EXPECT_EQ(data(6), std::string("\0\x80\0\2S1", 6));
    run({0x12, 1, 0x83, 0, 96}, 96);
    EXPECT_EQ(data(22).substr(4), std::string("\2\0\0\2S1\1\3\0\x08\x50\0\xc5\0\x15\xea\x71\xac", 18));
    EXPECT_EQ(run({0x12, 1, 0x99, 0, 96}, 96).key_and_code(), 0x052400u);
    run({0x12, 0, 0, 0, 36}, 36, {}, 3);
    EXPECT_EQ(data(2), "\x05\x80");
    EXPECT_EQ(run({0x00}, 0).status, 0);
    EXPECT_EQ(run({0x00}, 0, {}, 3, 300).key_and_code(), 0x023a00u);  // no medium
}

TEST_F(VirtioScsi, TellsSizes) {
    run({0x25}, 8);
    EXPECT_EQ(data(8), std::string("\0\0\x07\xff\0\0\2\0", 8));
    run({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32}, 32);
    EXPECT_EQ(data(12), std::string("\0\0\0\0\0\0\x07\xff\0\0\2\0", 12));
    run({0x25}, 8, {}, 3);
    EXPECT_EQ(data(8), std::string("\0\0\x01\xff\0\0\x08\0", 8));
    run({0x1a, 0, 0x08, 0, 255}, 255);
    EXPECT_EQ(data(15), std::string("\x1f\0\x10\x08\0\0\x08\0\0\0\2\0\x08\x12\4", 15));
    run({0x5a, 8, 0x3f, 0, 0, 0, 0, 1, 0}, 255);
    EXPECT_EQ(data(11), std::string("\0\x1a\0\x10\0\0\0\0\x08\x12\4", 11));
    EXPECT_EQ(run({0x1a, 0, 0x1c, 0, 255}, 255).key_and_code(), 0x052400u);
}

TEST_F(VirtioScsi, ReadsAndWrites) {
    const std::string block(512, 'x'), two(1024, 'y');
    EXPECT_EQ(run({0x2a, 0, 0, 0, 0, 5, 0, 0, 1}, 0, block).status, 0);
    EXPECT_EQ(std::string(image->bytes.begin() + 5 * 512, image->bytes.begin() + 6 * 512), block);
    EXPECT_EQ(run({0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 2}, 0, two).residual, 0u);
    EXPECT_EQ(run({0x28, 0, 0, 0, 0, 5, 0, 0, 4}, 2048).residual, 0u);
    EXPECT_EQ(data(2048), block + std::string(512, 0) + two);
    EXPECT_EQ(driver.used_length(2, 2), 108u + 2048);
    run({0x08, 0, 0, 8, 1}, 512);
    EXPECT_EQ(data(512), two.substr(512));
    run({0xa8, 0, 0, 0, 0, 5, 0, 0, 0, 1}, 512);
    EXPECT_EQ(data(512), block);
    EXPECT_EQ(run({0x35}, 0).status, 0);
    // The disk's end, and buffers that are too small.
    EXPECT_EQ(run({0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 2}, 1024).key_and_code(), 0x052100u);
    EXPECT_EQ(run({0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff}, 1024).key_and_code(), 0x052100u);
    EXPECT_EQ(run({0x28, 0, 0, 0, 0, 0, 0, 0, 2}, 512).key_and_code(), 0x052400u);
    EXPECT_EQ(run({0x2a, 0, 0, 0, 0, 0, 0, 0, 1}, 0, block, 3).key_and_code(), 0x072700u);
    EXPECT_EQ(run({0x28, 0, 0, 0, 0, 1, 0, 0, 1}, 2048, {}, 3).status, 0);
    EXPECT_EQ(data(1024).substr(512), block);
    EXPECT_EQ(run({0xc1}, 0).key_and_code(), 0x052000u);
}

TEST_F(VirtioScsi, ClearsBlocks) {
    std::fill(image->bytes.begin(), image->bytes.end(), 'z');
    EXPECT_EQ(run({0x93, 8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3}, 0, std::string(512, 0)).status, 0);
    EXPECT_EQ(image->bytes[2 * 512 - 1], 'z');
    EXPECT_EQ(image->bytes[2 * 512], 0);
    EXPECT_EQ(image->bytes[5 * 512 - 1], 0);
    EXPECT_EQ(image->bytes[5 * 512], 'z');
    EXPECT_EQ(run({0x41, 0, 0, 0, 0, 8, 0, 0, 2}, 0, std::string(512, 'q')).status, 0);
    EXPECT_EQ(image->bytes[10 * 512 - 1], 'q');
    EXPECT_EQ(image->bytes[10 * 512], 'z');
    std::string list(24, 0);
    list[3] = 16;
    list[15] = 20;
    list[19] = 2;
    EXPECT_EQ(run({0x42, 0, 0, 0, 0, 0, 0, 0, 24}, 0, list).status, 0);
    list[12] = 1;
    EXPECT_EQ(run({0x42, 0, 0, 0, 0, 0, 0, 0, 24}, 0, list).key_and_code(), 0x052100u);
    EXPECT_EQ(run({0x42, 0, 0, 0, 0, 0, 0, 0, 4}, 0, list).key_and_code(), 0x051a00u);
}

TEST_F(VirtioScsi, CdromsTellOfTheirDisc) {
    run({0x43, 0, 0, 0, 0, 0, 0, 0, 100}, 100, {}, 3);
    EXPECT_EQ(data(20), std::string("\0\x12\1\1\0\x14\1\0\0\0\0\0\0\x14\xaa\0\0\0\2\0", 20));
    run({0x46, 0, 0, 0, 0, 0, 0, 0, 100}, 100, {}, 3);
    EXPECT_EQ(data(16), std::string("\0\0\0\x0c\0\0\0\x08\0\0\3\4\0\x08\1\0", 16));
    run({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8}, 8, {}, 3);
    EXPECT_EQ(data(6), std::string("\0\6\4\x10\0\2", 6));
    EXPECT_EQ(run({0x43, 0, 0, 0, 0, 0, 0, 0, 100}, 100).key_and_code(), 0x052000u);  // a disk's
}

TEST_F(VirtioScsi, UnitsAreListed) {
    run({0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0}, 256, {}, 3);
    EXPECT_EQ(data(24),
              std::string("\0\0\0\x10\0\0\0\0", 8) + std::string(8, 0) + std::string("\x41\x2c\0\0\0\0\0\0", 8));
    run({0x12, 0, 0, 0, 36}, 36, {}, 0, 9);
    EXPECT_EQ(data(1), "\x7f");
    EXPECT_EQ(run({0x00}, 0, {}, 0, 9).key_and_code(), 0x052500u);
    EXPECT_EQ(run({0x00}, 0, {}, 9).response, 3);  // no such target
}

TEST_F(VirtioScsi, HasTaskManagement) {
    u8 request[24] = {};
    request[8] = 1;
    driver.put(kRequest, request, sizeof request);
    for (u8 target : {0, 9}) {
        driver.put(kRequest + 9, target);
        const u16 before = driver.used_index(0);
        driver.add(0, {{kRequest, 24, false}, {kResponse, 1, true}});
        driver.notify(0);
        ASSERT_TRUE(driver.wait_used(0, static_cast<u16>(before + 1)));
        EXPECT_EQ(driver.get_at<u8>(kResponse), target == 0 ? 0 : 3);
    }
}

TEST_F(VirtioScsi, WhatIsNoRequestStopsTheDevice) {
    driver.add(2, {{kRequest, 10, false}, {kResponse, 108, true}});
    driver.notify(2);
    ASSERT_TRUE(driver.wait_used(2, 1));
    for (unsigned i = 0; i < 10000 && !driver.needs_reset(); i++) std::this_thread::yield();
    EXPECT_TRUE(driver.needs_reset());
}

TEST_F(VirtioScsi, GoesOnWhereItWasSaved) {
    run({0x2a, 0, 0, 0, 0, 5, 0, 0, 1}, 0, std::string(512, 'x'));
    TestDriver second;
    auto made = std::make_unique<Scsi>(second.space, ScsiOptions{});
    made->add(std::make_unique<scsi::Disk>(drive, scsi::DiskOptions{}), 0, 0);
    second.slot.plug(std::move(made));
    driver.move_to(second);
    u8 request[51] = {1, 0, 0x40, 0};
    request[19] = 0x28;
    request[19 + 5] = 5;
    request[19 + 8] = 1;
    second.put(kRequest, request, sizeof request);
    second.add(2, {{kRequest, 51, false}, {kResponse, 108, true}, {kData, 512, true}});
    second.notify(2);
    ASSERT_TRUE(second.wait_used(2, 2));
    EXPECT_EQ(second.text(kData, 512), std::string(512, 'x'));
}

}  // namespace
}  // namespace dragoman::devices::virtio
