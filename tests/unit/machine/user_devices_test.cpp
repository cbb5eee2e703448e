// Devices that come and go without a guest that looks: who has what afterwards.
#include "machine/user_devices.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"
#include "machine/backends.h"
#include "machine/machine.h"
#include "unit/machine/small_machine.h"

namespace dragoman::machine {
namespace {

struct UserDevicesTest : ::testing::Test {
    UserDevicesTest() { std::ofstream(path) << std::string(4096, 'x'); }
    ~UserDevicesTest() override { unlink(path.c_str()); }

    /// A machine with a port "p" and two disks; `test` runs on its I/O thread when it is up, and what follows from it
    /// has happened before the machine ends.
    void run(const std::function<void(Machine& machine)>& test) {
        Config config = small_machine();
        config.devices.emplace_back("-device", "pcie-root-port,id=p", "driver");
        for (const char* id : {"d0", "d1"})
            config.drives.emplace_back("-drive",
                                       "if=none,format=raw,readonly=on,id=" + std::string(id) + ",file=" + path);
        Machine machine(std::move(config));
        machine.add_device_listener([this](const std::string& id) { gone.push_back(id); });
        machine.loop().post([&] {
            test(machine);
            later(machine, 8, [&] { machine.request_shutdown(Cause::HostSignal); });
        });
        machine.run();
    }
    void later(Machine& machine, int turns, std::function<void()> function) {
        machine.loop().post([this, &machine, turns, function = std::move(function)] {
            if (turns == 0) function();
            else later(machine, turns - 1, function);
        });
    }
    static void plug(Machine& machine, const std::string& text) {
        machine.user_devices()->plug(Properties("device_add", text, "driver"));
    }
    static std::string refusal(Machine& machine, const std::string& text) {
        try {
            plug(machine, text);
        } catch (const FatalError& error) {
            return error.what();
        }
        return "";
    }

    std::string path = testing::TempDir() + "/user-devices-" + std::to_string(getpid());
    std::vector<std::string> gone;
};

TEST_F(UserDevicesTest, ADriveGoesWithItsDevice) {
    run([&](Machine& machine) {
        const std::size_t devices = machine.devices().size();
        plug(machine, "virtio-blk-pci,bus=p,drive=d0,id=x,bootindex=5");
        EXPECT_EQ(machine.devices().size(), devices + 1);
        EXPECT_FALSE(machine.boot_order().file(false).empty());
        EXPECT_NE(refusal(machine, "virtio-blk-pci,bus=p,drive=d1"), "") << "the slot is taken";
        EXPECT_THROW(machine.backends().drives().remove("d0"), FatalError);
        machine.user_devices()->request_unplug("x");  // nobody has given the slot power
        EXPECT_EQ(machine.devices().size(), devices);
        EXPECT_TRUE(machine.boot_order().file(false).empty());
        EXPECT_FALSE(machine.user_devices()->knows("x"));
        EXPECT_TRUE(gone.empty());
        later(machine, 4, [&] {
            EXPECT_EQ(machine.backends().drives().find("d0"), nullptr);
            machine.backends().drives().remove("d1");
            EXPECT_EQ(machine.backends().drives().all().size(), 0u);
        });
    });
    EXPECT_EQ(gone, std::vector<std::string>{"x"});
}

TEST_F(UserDevicesTest, WhatIsRefusedHasTakenNothing) {
    run([&](Machine& machine) {
        const std::size_t devices = machine.devices().size();
        for (const char* text :
             {"virtio-blk-pci,bus=p,drive=d0,colour=red", "virtio-blk-pci,bus=p,drive=d0,queue-size=3",
              "virtio-blk-pci,bus=p,drive=d0,bootindex=x", "nvme,bus=p,drive=d0", "virtio-blk-pci,drive=d0",
              "nvme,bus=p,drive=d0,serial=1,max_ioqpairs=0", "virtio-blk-pci,bus=p,drive=d0,romfile=x",
              "virtio-blk-pci,bus=p,drive=d0,vectors=129"}) {
            EXPECT_NE(refusal(machine, text), "") << text;
        }
        EXPECT_EQ(machine.devices().size(), devices);
        EXPECT_FALSE(machine.backends().drives().find("d0")->in_use);
        plug(machine, "nvme,bus=p,drive=d0,serial=1,id=x");
        machine.user_devices()->request_unplug("x");
    });
    EXPECT_EQ(gone, std::vector<std::string>{"x"});
}

TEST_F(UserDevicesTest, ACardCanGoWhileFramesWait) {
    run([&](Machine& machine) {
        for (int turn = 0; turn < 3; turn++) {
            const std::string id = "n" + std::to_string(turn);
            machine.backends().netdevs().add(Properties("netdev_add", "user,id=" + id, "type"));
            plug(machine, (turn == 1 ? "e1000" : "virtio-net-pci") + std::string(",bus=p,id=card,netdev=") + id);
            EXPECT_THROW(machine.backends().netdevs().remove(id), FatalError);
            machine.user_devices()->request_unplug("card");
        }
        later(machine, 4, [&] {
            for (const char* id : {"n0", "n1", "n2"}) machine.backends().netdevs().remove(id);
        });
    });
    EXPECT_EQ(gone.size(), 3u);
}

TEST_F(UserDevicesTest, MachinesEndWithDevicesOnTheirWayOut) {
    run([&](Machine& machine) {
        plug(machine, "virtio-blk-pci,bus=p,drive=d0,id=x");
        machine.user_devices()->request_unplug("x");
        machine.request_shutdown(Cause::HostSignal);
    });
}

}  // namespace
}  // namespace dragoman::machine
