// What the command line asks for, in the form that the machine is made from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/properties.h"
#include "engine/engine.h"
#include "host/host.h"
#include "machine/globals.h"
#include "machine/smbios.h"

namespace dragoman::machine {

/// -icount: virtual time passes by 2^shift ns per executed instruction.
struct Icount {
    bool on = false;
    bool automatic = false;  ///< shift=auto: changes so that virtual time stays near the host's
    unsigned shift = 0;
    bool sleep = true;   ///< an idle machine waits until the virtual time has passed on the host
    bool align = false;  ///< a machine that is ahead of the host's time waits
    enum class Rr : u8 { Off, Record, Replay } rr = Rr::Off;
    std::string rr_file;      ///< the log
    std::string rr_snapshot;  ///< where the run begins; empty: at power-on
};

/// -semihosting
struct SemihostingConfig {
    bool on = false;
    bool userspace = false;              ///< user mode may make calls, too
    bool debugger = false;               ///< target=gdb: files and output are the debugger's
    std::string chardev;                 ///< of the console; empty: stderr and stdin
    std::vector<std::string> arguments;  ///< empty: the kernel's name and the words of -append
};

/// -boot: what fw_cfg tells firmware.
struct Boot {
    bool menu = false;
    bool strict = false;           ///< firmware is to start nothing but what has a bootindex
    std::string splash;            ///< file of a picture
    std::optional<u16> menu_wait;  ///< ms
    std::optional<u32> fail_wait;  ///< ms until a boot that fails is tried again
};

/// -action: what follows from what a guest or its watchdog says.
enum class PanicAction : u8 { Shutdown, Pause, ExitFailure, None };
inline constexpr std::string_view kPanicActions[] = {"shutdown", "pause", "exit-failure", "none"};
enum class WatchdogAction : u8 { Reset, Shutdown, Poweroff, Pause, Debug, None };
inline constexpr std::string_view kWatchdogActions[] = {"reset", "shutdown", "poweroff", "pause", "debug", "none"};
struct Actions {
    PanicAction panic = PanicAction::Shutdown;
    WatchdogAction watchdog = WatchdogAction::Reset;
};

struct Config {
    // The board
    std::string board = "virt";
    Properties board_properties;  ///< rest of -machine
    std::string cpu;              ///< -cpu; empty: the board's
    u8 elf_class = 0;             ///< of the programs of the harts; 0: as the model of -cpu is, or the board's first
    u64 memory = 0;               ///< -m, bytes; 0: as much as the board usually has
    unsigned harts = 0;           ///< -smp; 0: as many as the board usually has
    std::string name;             ///< -name

    // What it boots
    std::string bios = "default";  ///< "default", "none" or a file
    std::string kernel, initrd, append, dtb;
    Boot boot;                                 ///< -boot
    bool acpi = true;                          ///< firmware is offered ACPI tables
    std::vector<Properties> smbios;            ///< -smbios, checked
    std::optional<Uuid> uuid;                  ///< -uuid
    std::vector<std::vector<u8>> acpi_tables;  ///< -acpitable: further ones
    std::string dump_dtb;                      ///< write the device tree to this file instead of running

    // How it is run
    bool paused = false;        ///< -S
    std::string load_snapshot;  ///< -loadvm
    std::string incoming;       ///< -incoming: an address, or "defer"
    bool reboot = true;         ///< a reset of the guest's restarts it; else it ends the machine
    bool shutdown = true;       ///< a power-off of the guest's ends the process; else it stops the machine
    Actions actions;            ///< -action
    std::optional<u64> seed;    ///< -seed: of the guest's random numbers
    Icount icount;
    SemihostingConfig semihosting;
    engine::Config engine;
    host::Options host;
    std::string backend = "x64";

    // Devices and their back ends
    std::vector<std::string> serials;            ///< -serial, in the order of the board's UARTs; may be fewer
    std::vector<std::string> monitors;           ///< -monitor
    std::vector<std::string> qmps;               ///< -qmp
    std::vector<Properties> vncs;                ///< -vnc; "vnc" is where
    std::map<std::string, std::string> secrets;  ///< -object secret: contents by id
    std::vector<Properties> mons, chardevs, drives, blockdevs, netdevs, nics, fsdevs, devices;
    std::vector<Properties> dumps;              ///< -object filter-dump
    std::vector<std::string> replayed_netdevs;  ///< netdev= of -object filter-replay
    std::vector<std::string> random_sources;    ///< ids of -object rng-...
    Globals globals;
    std::string gdb;  ///< -gdb
    bool snapshot = false;
    Properties rtc;  ///< -rtc
};

}  // namespace dragoman::machine
