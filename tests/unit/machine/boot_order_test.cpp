// bootindex=: what firmware is told of it. The paths are those that QEMU 11.1 has for the same devices.
#include "machine/boot_order.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "machine/machine.h"
#include "unit/machine/firmware_files.h"
#include "unit/machine/small_machine.h"

namespace dragoman::machine {
namespace {

struct BootOrderTest : ::testing::Test {
    ~BootOrderTest() override { unlink(path.c_str()); }

    /// The lines that firmware gets on a machine with these devices; "%" stands for a disk of its own.
    std::vector<std::string> order(const std::vector<std::string>& devices, bool strict = false) {
        std::ofstream(path) << std::string(4096, 'x');
        Config config = small_machine();
        config.boot.strict = strict;
        for (std::string device : devices) {
            if (const std::size_t at = device.find('%'); at != device.npos) {
                const std::string id = "disk" + std::to_string(config.drives.size());
                config.drives.emplace_back("-drive", "if=none,format=raw,readonly=on,id=" + id + ",file=" + path);
                device.replace(at, 1, "drive=" + id);
            }
            config.devices.emplace_back("-device", device, "driver");
        }
        Machine machine(std::move(config));
        machine.request_shutdown(Cause::HostSignal);
        machine.run();
        const std::vector<u8> file = read_firmware_files(*machine.fw_cfg()).at("bootorder");
        std::vector<std::string> lines;
        if (file.empty()) return lines;
        EXPECT_EQ(file.back(), 0);
        lines.emplace_back();
        for (std::size_t i = 0; i + 1 < file.size(); i++) {
            if (file[i] == '\n') lines.emplace_back();
            else lines.back() += static_cast<char>(file[i]);
        }
        return lines;
    }
    std::string message(const std::vector<std::string>& devices) {
        try {
            order(devices);
        } catch (const FatalError& error) {
            return error.what();
        }
        return "";
    }

    std::string path = testing::TempDir() + "/boot-order-" + std::to_string(getpid());
};

using Lines = std::vector<std::string>;

TEST_F(BootOrderTest, NamesDevicesAsFirmwareKnowsThem) {
    EXPECT_EQ(order({"virtio-blk-pci,%,bootindex=3", "virtio-blk-device,%,bootindex=2", "nvme,serial=a,%,bootindex=1",
                     "virtio-net-pci,bootindex=7", "e1000,bootindex=8", "virtio-net-device,bootindex=9",
                     "pcie-root-port,id=rp", "virtio-blk-pci,%,bus=rp,bootindex=10"}),
              (Lines{"/pci@ffffffffffffffff/pci1b36,0010@2/namespace@1,0", "/virtio-mmio@0000000010008000/disk@0,0",
                     "/pci@ffffffffffffffff/scsi@1/disk@0,0", "/pci@ffffffffffffffff/ethernet@3/ethernet-phy@0",
                     "/pci@ffffffffffffffff/ethernet@4/ethernet-phy@0", "/virtio-mmio@0000000010007000/ethernet-phy@0",
                     "/pci@ffffffffffffffff/pci-bridge@5/scsi@0/disk@0,0"}));
}

TEST_F(BootOrderTest, NamesDisksOnBusesOfDevices) {
    EXPECT_EQ(
        order({"virtio-scsi-pci,id=vs", "scsi-hd,%,bus=vs.0,bootindex=11,scsi-id=3,lun=2",
               "scsi-cd,bus=vs.0,bootindex=12", "virtio-scsi-device,id=vt", "scsi-hd,%,bus=vt.0,bootindex=13",
               "qemu-xhci,id=x,addr=7.1", "usb-storage,bus=x.0,%,bootindex=14", "nvme,id=n,serial=b,addr=8",
               "nvme-ns,bus=n,%,nsid=17,bootindex=15"}),
        (Lines{"/pci@ffffffffffffffff/scsi@1/channel@0/disk@3,2", "/pci@ffffffffffffffff/scsi@1/channel@0/disk@0,0",
               "/virtio-mmio@0000000010008000/channel@0/disk@0,0",
               "/pci@ffffffffffffffff/usb@7,1/storage@1/channel@0/disk@0,0",
               "/pci@ffffffffffffffff/pci1b36,0010@8/namespace@11,0"}));
}

TEST_F(BootOrderTest, LeavesOutWhatHasNoPlace) {
    EXPECT_EQ(order({"virtio-net-pci", "virtio-net-pci,bootindex=-1"}), Lines{});
    EXPECT_EQ(order({"virtio-net-pci"}, true), Lines{});
    EXPECT_EQ(order({"virtio-net-pci,bootindex=0"}, true),
              (Lines{"/pci@ffffffffffffffff/ethernet@1/ethernet-phy@0", "HALT"}));
}

TEST_F(BootOrderTest, RefusesPlacesThatAreTakenOrNone) {
    EXPECT_EQ(message({"virtio-net-pci,bootindex=4", "e1000,bootindex=4"}),
              "-device e1000: bootindex=4 has been used for /pci@ffffffffffffffff/ethernet@1/ethernet-phy@0");
    for (const char* text : {"first", "-", "-x", "0x80000000", ""}) {
        EXPECT_NE(message({std::string("e1000,bootindex=") + text}).find("bootindex="), std::string::npos) << text;
    }
}

TEST_F(BootOrderTest, SplashIsAPictureThatFirmwareCanRead) {
    auto name = [&](const std::string& contents) -> std::string {
        std::ofstream(path, std::ios::binary) << contents;
        try {
            return std::string(read_boot_splash(path).name);
        } catch (const FatalError& error) {
            return error.what();
        }
    };
    EXPECT_EQ(name("\xff\xd8 and more"), "bootsplash.jpg");
    EXPECT_EQ(name("BM" + std::string(26, 0) + std::string("\x18\0", 2)), "bootsplash.bmp");
    const std::string wrong = "-boot splash=" + path + ": neither a JPEG picture nor a BMP one of 24 bits";
    EXPECT_EQ(name("BM" + std::string(26, 0) + std::string("\x20\0", 2)), wrong);
    EXPECT_EQ(name("BM"), wrong);
    EXPECT_EQ(name("x"), wrong);
}

}  // namespace
}  // namespace dragoman::machine
