#include "cli/system/options.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dragoman::cli_system {
namespace {

std::string failure(const std::vector<std::string>& arguments) {
    try {
        parse_options(arguments);
    } catch (const FatalError& error) {
        EXPECT_EQ(error.status(), 1);
        return error.what();
    }
    return "";
}

TEST(SystemOptions, ReadsWhatQemuReads) {
    machine::Config config =
        parse_options({"-M", "virt,aclint=on", "-m", "1G", "-smp", "2", "-kernel", "Image", "-append",
                       "console=ttyS0 ro", "-nographic", "-drive", "file=a,,b.img,if=none,id=hd0", "-device",
                       "virtio-blk-device,drive=hd0", "-S", "-no-reboot"})
            .machine;
    EXPECT_EQ(config.board, "virt");
    EXPECT_TRUE(config.board_properties.take_bool("aclint", false));
    EXPECT_EQ(config.memory, u64{1} << 30);
    EXPECT_EQ(config.harts, 2u);
    EXPECT_EQ(config.kernel, "Image");
    EXPECT_EQ(config.append, "console=ttyS0 ro");
    EXPECT_EQ(config.serials, std::vector<std::string>{"mon:stdio"});
    EXPECT_EQ(config.drives.at(0).take("file"), "a,b.img");
    EXPECT_EQ(config.devices.at(0).take("driver"), "virtio-blk-device");
    EXPECT_TRUE(config.paused);
    EXPECT_FALSE(config.reboot);
}

TEST(SystemOptions, Boot) {
    machine::Boot boot =
        parse_options({"-boot", "order=cd,once=n,menu=on,splash-time=500,reboot-timeout=0,strict=on"}).machine.boot;
    EXPECT_TRUE(boot.menu);
    EXPECT_EQ(boot.menu_wait, 500);
    EXPECT_EQ(boot.fail_wait, 0u);
    boot = parse_options({"-boot", "c"}).machine.boot;
    EXPECT_FALSE(boot.menu || boot.menu_wait || boot.fail_wait);
}

TEST(SystemOptions, Icount) {
    machine::Icount icount = parse_options({"-icount", "3,sleep=off"}).machine.icount;
    EXPECT_TRUE(icount.on && !icount.automatic && !icount.sleep && !icount.align);
    EXPECT_EQ(icount.shift, 3u);
    EXPECT_TRUE(parse_options({"-icount", "shift=auto"}).machine.icount.automatic);
    EXPECT_TRUE(parse_options({"-icount", "shift=0,align=on"}).machine.icount.align);
}

TEST(SystemOptions, Defaults) {
    machine::Config config = parse_options({}).machine;
    EXPECT_EQ(config.memory, u64{128} << 20);
    EXPECT_EQ(config.harts, 1u);
    EXPECT_EQ(config.bios, "default");
    EXPECT_EQ(config.serials, std::vector<std::string>{"mon:stdio"});
    EXPECT_TRUE(parse_options({"-display", "none"}).machine.serials.empty());
    EXPECT_EQ(parse_options({"-display", "none", "-serial", "stdio"}).machine.serials,
              std::vector<std::string>{"stdio"});
    EXPECT_EQ(parse_options({"-monitor", "none"}).machine.serials, std::vector<std::string>{"stdio"});
}

TEST(SystemOptions, SizesAndHarts) {
    EXPECT_EQ(parse_options({"-m", "512"}).machine.memory, u64{512} << 20);
    EXPECT_EQ(parse_options({"-m", "size=2G"}).machine.memory, u64{2} << 30);
    EXPECT_EQ(parse_options({"-smp", "cpus=4,sockets=1,cores=4,threads=1"}).machine.harts, 4u);
    EXPECT_EQ(failure({"-m", "12Q"}), "-m: size=12Q: not a size");
    EXPECT_EQ(failure({"-m", "0"}), "-m: '0' is not between 1M and 1T");
    EXPECT_EQ(failure({"-smp", "0"}), "-smp: cpus=0: not in 1 to 512");
    EXPECT_EQ(failure({"-smp", "2,cores=3"}), "-smp: the topology has 3 harts, not 2");
    EXPECT_EQ(failure({"-smp", "2,colour=3"}).substr(0, 31), "-smp: unknown property 'colour'");
}

TEST(SystemOptions, JsonIsAnotherSpelling) {
    machine::Config config =
        parse_options({"-device", R"({"driver":"virtio-blk-device","drive":"hd0","a":{"b":true,"n":3}})"}).machine;
    Properties& device = config.devices.at(0);
    EXPECT_EQ(device.take("driver"), "virtio-blk-device");
    EXPECT_TRUE(device.take_bool("a.b", false));
    EXPECT_EQ(device.take_number("a.n", 0), 3u);
    EXPECT_EQ(failure({"-device", "{\"driver\":"}), "-device: '{\"driver\":' is not valid JSON");
}

TEST(SystemOptions, NamesWhatIsWrong) {
    EXPECT_EQ(failure({"-frobnicate"}), "unknown option '-frobnicate' (dragoman-system -h prints help)");
    EXPECT_EQ(failure({"Image"}), "unexpected argument 'Image' (dragoman-system -h prints help)");
    EXPECT_EQ(failure({"-kernel"}), "option '-kernel' needs a value: file (dragoman-system -h prints help)");
    EXPECT_EQ(failure({"-display", "gtk"}), "-display: 'gtk': there is none");
    EXPECT_EQ(failure({"-d", "in_asm,colours"}), "-d: unknown item 'colours' (see dragoman-system -d help)");
    EXPECT_EQ(failure({"-accel", "kvm"}), "-accel: accel=kvm: there is tcg");
    EXPECT_EQ(failure({"-M", "virt,aia=aplic"}), "-M: aia=aplic: there is none");
}

}  // namespace
}  // namespace dragoman::cli_system
