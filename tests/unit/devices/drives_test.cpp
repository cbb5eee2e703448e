// -drive and -blockdev: what they make, and what is refused.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "devices/block/drives.h"

namespace dragoman::devices::block {
namespace {

struct DrivesTest : ::testing::Test {
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "dragoman-drives-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory = name;
        disk = (directory / "disk.img").string();
        std::ofstream(disk) << std::string(64 << 10, 'd');
    }
    void TearDown() override { std::filesystem::remove_all(directory); }

    Drive& drive(const std::string& text, bool snapshot = false) {
        return drives.add_drive(Properties("-drive", text), snapshot);
    }
    void blockdev(const std::string& text) { drives.add_blockdev(Properties("-blockdev", text)); }
    template <class F>
    std::string failure(F f) {
        try {
            f();
        } catch (const FatalError& error) {
            EXPECT_EQ(error.status(), 1);
            return error.what();
        }
        return "";
    }
    std::string drive_failure(const std::string& text) {
        return failure([&] { drive(text); });
    }

    std::filesystem::path directory;
    std::string disk;
    Drives drives;
};

TEST_F(DrivesTest, OpensDisks) {
    Drive& first = drive("file=" + disk + ",format=raw,if=none,id=hd0,readonly=on,cache=none");
    EXPECT_EQ(first.image->size(), 64u << 10);
    EXPECT_TRUE(first.image->read_only());
    EXPECT_EQ(&drives.take("hd0"), &first);
    EXPECT_EQ(failure([&] { drives.take("hd0"); }), "drive 'hd0' is in use by another device");
    EXPECT_EQ(failure([&] { drives.take("hd1"); }), "there is no drive 'hd1' (there is: hd0)");
    Drive& second = drive("file=" + disk + ",format=raw,if=pflash,readonly=on");
    EXPECT_EQ(second.interface, Interface::Pflash);
    EXPECT_EQ(second.index, 0u);
    EXPECT_EQ(second.id, "pflash0");
    EXPECT_EQ(drive("file=" + disk + ",format=raw,if=pflash,unit=1,readonly=on").index, 1u);
    EXPECT_EQ(drives.flush_all(), 0);
}

TEST_F(DrivesTest, SnapshotTakesTheWrites) {
    Drive& overlay = drive("file=" + disk + ",format=raw,id=a", true);
    u8 sector[512] = {};
    EXPECT_EQ(overlay.image->write(0, sector, 512), 0);
    EXPECT_EQ(overlay.image->read(512, sector, 512), 0);
    EXPECT_EQ(sector[0], 'd');
    EXPECT_EQ(std::ifstream(disk).get(), 'd');
}

TEST_F(DrivesTest, BadOptionsAreNamed) {
    EXPECT_EQ(drive_failure("format=raw"), "-drive: no file=");
    EXPECT_EQ(drive_failure("file=/nonexistent/x,format=raw"), "/nonexistent/x: No such file or directory");
    EXPECT_EQ(drive_failure("file=" + directory.string() + ",format=raw,readonly=on"),
              directory.string() + ": neither a file nor a block device");
    EXPECT_EQ(drive_failure("file=" + disk + ",format=vmdk"), "-drive: format=vmdk: there is qcow2, raw");
    EXPECT_EQ(drive_failure("file=" + disk + ",if=ide"), "-drive: if=ide: there is none, pflash, virtio");
    EXPECT_EQ(drive_failure("file=" + disk + ",cache=big"),
              "-drive: cache=big: there is directsync, none, unsafe, writeback, writethrough");
    EXPECT_NE(drive_failure("file=" + disk + ",colour=red").find("unknown property 'colour'"), std::string::npos);
    EXPECT_EQ(drive_failure("file=" + disk + ",format=qcow2"), disk + ": not a qcow2 image");
    drive("file=" + disk + ",format=raw,id=a");
    EXPECT_EQ(drive_failure("file=" + disk + ",format=raw,id=a"), "-drive: there is a drive 'a' already");
    EXPECT_EQ(drive_failure("file=" + disk + ",format=raw,id=b"),
              disk + ": locked by another instance (no \"write\" lock)");
    drive("file=" + disk + ",format=raw,id=c,file.locking=off,if=virtio");
    EXPECT_EQ(drive_failure("file=" + disk + ",format=raw,if=virtio,index=0,file.locking=off,id=x"),
              "-drive: virtio drive 0 is there twice");
}

TEST_F(DrivesTest, BlockdevNodes) {
    blockdev("driver=file,node-name=f0,filename=" + disk + ",read-only=on");
    blockdev("driver=raw,node-name=d0,file=f0");
    blockdev("driver=raw,node-name=d1,file.driver=file,file.filename=" + disk + ",read-only=on,offset=1024,size=2k");
    EXPECT_EQ(drives.take("d0").image->size(), 64u << 10);
    EXPECT_EQ(drives.take("d1").image->size(), 2048u);
    EXPECT_EQ(failure([&] { blockdev("driver=raw,node-name=d2,file=f9"); }),
              "-blockdev: file=f9: there is no such node");
    EXPECT_EQ(failure([&] { blockdev("driver=raw,node-name=d0,file=f0"); }), "-blockdev: there is a node 'd0' already");
    EXPECT_EQ(failure([&] { blockdev("driver=raw,file=f0"); }), "-blockdev: no node-name=");
    EXPECT_EQ(failure([&] { blockdev("driver=nbd,node-name=x"); }),
              "-blockdev: driver=nbd: there is blkreplay, file, host_device, qcow2, raw");
}

}  // namespace
}  // namespace dragoman::devices::block
