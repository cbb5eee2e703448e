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
    icount = parse_options({"-icount", "shift=auto,sleep=off,align=off"}).machine.icount;
    EXPECT_TRUE(icount.on && icount.automatic && !icount.sleep);
    EXPECT_TRUE(parse_options({"-icount", "auto,align=on"}).machine.icount.align);
    EXPECT_FALSE(parse_options({"-icount", "sleep=off"}).machine.icount.on);  // as in QEMU: shift turns it on
    icount = parse_options({"-icount", "1,rr=replay,rrfile=x,rrsnapshot=s"}).machine.icount;
    EXPECT_TRUE(icount.rr == machine::Icount::Rr::Replay && icount.rr_file == "x" && icount.rr_snapshot == "s");
    EXPECT_TRUE(parse_options({"-icount", "1,rr=none"}).machine.icount.rr == machine::Icount::Rr::Off);
    EXPECT_EQ(failure({"-icount", "1,rr=record"}), "-icount: rr= needs rrfile=FILE");
    EXPECT_EQ(failure({"-icount", "auto,rr=record,rrfile=x"}), "-icount: rr= needs shift=0 to 10");
    EXPECT_EQ(failure({"-icount", "1,align=on,rr=record,rrfile=x"}), "-icount: rr= and align=on do not go together");
    EXPECT_EQ(parse_options({"-object", "filter-replay,id=r,netdev=n"}).machine.replayed_netdevs,
              std::vector<std::string>{"n"});
    EXPECT_EQ(failure({"-icount", "11"}), "-icount: shift=11: there is 0 to 10, and auto");
}

TEST(SystemOptions, Defaults) {
    machine::Config config = parse_options({}).machine;
    EXPECT_EQ(config.memory, 0u);  // both are the board's
    EXPECT_EQ(config.harts, 0u);
    EXPECT_EQ(config.bios, "default");
    EXPECT_EQ(config.serials, std::vector<std::string>{"mon:stdio"});
    EXPECT_TRUE(parse_options({"-display", "none"}).machine.serials.empty());
    EXPECT_EQ(parse_options({"-display", "none", "-serial", "stdio"}).machine.serials,
              std::vector<std::string>{"stdio"});
    EXPECT_EQ(parse_options({"-monitor", "none"}).machine.serials, std::vector<std::string>{"stdio"});
}

TEST(SystemOptions, VncServersAndTheirPasswords) {
    machine::Config config = parse_options({"-vnc", "none", "-vnc", ":1,password=on", "-display", "vnc=[::1]:2",
                                            "-object", "secret,id=s,data=word"})
                                 .machine;
    ASSERT_EQ(config.vncs.size(), 2u);
    EXPECT_EQ(config.vncs[0].take("vnc"), ":1");
    EXPECT_TRUE(config.vncs[0].take_bool("password", false));
    EXPECT_EQ(config.vncs[1].take("vnc"), "[::1]:2");
    EXPECT_EQ(config.secrets.at("s"), "word");
}

TEST(SystemOptions, Actions) {
    machine::Config config =
        parse_options({"-action", "panic=pause,shutdown=pause", "-watchdog-action", "none"}).machine;
    EXPECT_EQ(config.actions.panic, machine::PanicAction::Pause);
    EXPECT_EQ(config.actions.watchdog, machine::WatchdogAction::None);
    EXPECT_FALSE(config.shutdown);
    EXPECT_TRUE(config.reboot);
    EXPECT_FALSE(parse_options({"-no-reboot", "-action", "panic=none"}).machine.reboot);
    EXPECT_EQ(failure({"-watchdog-action", "inject-nmi"}),
              "-watchdog-action: watchdog=inject-nmi: there is debug, none, pause, poweroff, reset, shutdown");
}

TEST(SystemOptions, SizesAndHarts) {
    EXPECT_EQ(parse_options({"-m", "512"}).machine.memory, u64{512} << 20);
    EXPECT_EQ(parse_options({"-m", "size=2G"}).machine.memory, u64{2} << 30);
    EXPECT_EQ(parse_options({"-smp", "cpus=4,sockets=1,cores=4,threads=1"}).machine.harts, 4u);
    EXPECT_EQ(failure({"-m", "12Q"}), "-m: size=12Q: not a size");
    EXPECT_EQ(failure({"-m", "0"}), "-m: '0' is not between 1M and 1T");
    EXPECT_EQ(failure({"-smp", "0"}), "-smp: cpus=0: not in 1 to 512");
    EXPECT_EQ(failure({"-smp", "2,cores=3"}), "-smp: sockets (0) * cores (3) * threads (1) is not 2");
    EXPECT_EQ(failure({"-smp", "2,colour=3"}).substr(0, 31), "-smp: unknown property 'colour'");
}

TEST(SystemOptions, TopologiesAreCompleted) {
    auto harts = [](const std::string& text) { return parse_options({"-smp", text}).machine.harts; };
    EXPECT_EQ(harts("512"), 512u);
    EXPECT_EQ(harts("4,sockets=2"), 4u);
    EXPECT_EQ(harts("cores=3"), 3u);
    EXPECT_EQ(harts("sockets=2,cores=2,threads=2"), 8u);
    EXPECT_EQ(harts("8,cores=2"), 8u);
    EXPECT_EQ(harts("8,sockets=2,cores=2"), 8u);
    EXPECT_EQ(harts("2,maxcpus=4"), 2u);
    EXPECT_EQ(harts("maxcpus=4"), 4u);
    EXPECT_EQ(harts("4,dies=1,clusters=1,modules=1,books=1,drawers=1"), 4u);
    EXPECT_EQ(failure({"-smp", "4,sockets=3"}), "-smp: sockets (3) * cores (1) * threads (1) is not 4");
    EXPECT_EQ(failure({"-smp", "4,maxcpus=2"}), "-smp: cpus=4 is more than maxcpus=2");
    EXPECT_EQ(failure({"-smp", "4,dies=2"}), "-smp: dies=2: there is 1");
    EXPECT_EQ(failure({"-smp", "513"}), "-smp: cpus=513: not in 1 to 512");
    EXPECT_EQ(failure({"-smp", "2,cores=0"}), "-smp: cores=0: not in 1 to 512");
}

TEST(SystemOptions, Semihosting) {
    auto parse = [](const std::string& text) {
        return parse_options({"-semihosting-config", text}).machine.semihosting;
    };
    EXPECT_FALSE(parse_options({}).machine.semihosting.on);
    EXPECT_TRUE(parse_options({"-semihosting"}).machine.semihosting.on);
    machine::SemihostingConfig config = parse("target=native,arg=a,arg=b c,,d,chardev=c0,userspace=on");
    EXPECT_TRUE(config.on && config.userspace);
    EXPECT_EQ(config.chardev, "c0");
    EXPECT_EQ(config.arguments, (std::vector<std::string>{"a", "b c,d"}));
    EXPECT_FALSE(parse("enable=off").on);
    EXPECT_FALSE(parse("off,target=auto").on);
    EXPECT_EQ(failure({"-semihosting-config", "target=moon"}).substr(0, 40),
              "-semihosting-config: target=moon: there ");
    EXPECT_TRUE(parse("target=gdb").on);
    EXPECT_NE(failure({"-semihosting-config", "colour=red"}).find("colour"), std::string::npos);
}

TEST(SystemOptions, LegacyNetwork) {
    machine::Config config =
        parse_options({"-net", "nic,model=virtio,macaddr=52:54:00:12:34:56", "-net", "user,hostfwd=tcp::5555-:22"})
            .machine;
    ASSERT_EQ(config.nics.size(), 1u);
    EXPECT_EQ(config.nics[0].take("type"), "user");
    EXPECT_EQ(config.nics[0].take("mac"), "52:54:00:12:34:56");
    EXPECT_EQ(config.nics[0].take("hostfwd"), "tcp::5555-:22");
    config = parse_options({"-net", "nic,netdev=n0", "-netdev", "user,id=n0"}).machine;
    ASSERT_EQ(config.devices.size(), 1u);
    EXPECT_EQ(config.devices[0].take("netdev"), "n0");
    EXPECT_TRUE(parse_options({"-net", "none"}).machine.nics.empty());
    EXPECT_TRUE(parse_options({"-net", "nic"}).machine.nics.empty());   // with a warning
    EXPECT_TRUE(parse_options({"-net", "user"}).machine.nics.empty());  // so is this
    EXPECT_EQ(failure({"-net", "carrier"}),
              "-net: 'carrier': there is nic, none, bridge, dgram, socket, stream, tap, user");
    EXPECT_EQ(parse_options({"-net", "nic,model=e1000", "-net", "user"}).machine.nics.at(0).take("model"), "e1000");
    EXPECT_NE(failure({"-net", "nic", "-net", "nic", "-net", "user"}).find("one card"), std::string::npos);
}

TEST(SystemOptions, MemoryObjects) {
    std::vector<std::string> object = {"-object", "memory-backend-ram,id=m,size=64M,share=on,prealloc=off"};
    auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), object.begin(), object.end());
        return more;
    };
    EXPECT_EQ(parse_options(with({"-M", "virt,memory-backend=m"})).machine.memory, u64{64} << 20);
    EXPECT_EQ(parse_options(with({"-m", "64M", "-M", "virt,memory-backend=m"})).machine.memory, u64{64} << 20);
    EXPECT_NE(failure(with({"-m", "32M", "-M", "virt,memory-backend=m"})).find("another size"), std::string::npos);
    EXPECT_NE(failure({"-M", "virt,memory-backend=m"}).find("memory-backend=m"), std::string::npos);
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
    EXPECT_EQ(failure({"-display", "gtk"}), "-display: 'gtk': there is none, vnc=HOST:DISPLAY");
    EXPECT_EQ(failure({"-object", "secret,id=s,data=x,file=y"}), "-object: needs either data=TEXT or file=FILE");
    EXPECT_EQ(failure({"-d", "in_asm,colours"}), "-d: unknown item 'colours' (see dragoman-system -d help)");
    EXPECT_EQ(failure({"-accel", "kvm"}), "-accel: accel=kvm: there is tcg");
}

}  // namespace
}  // namespace dragoman::cli_system
