// The human monitor: commands as text, answers as text. QMP's human-monitor-command runs them too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "machine/machine.h"

namespace dragoman::machine {

class HumanMonitor {
public:
    explicit HumanMonitor(Machine& machine) : machine_(machine) {}

    /// Runs one line. @returns what is to be printed, whole lines. On the I/O thread.
    std::string execute(std::string_view line);
    /// Whether the command that was executed last goes on: to the end of the migration.
    bool waits() const { return waits_; }
    /// Names that complete `word`: commands, or the topics of info.
    static std::vector<std::string> complete(std::string_view line);

private:
    using Handler = std::string (HumanMonitor::*)(std::string_view arguments);
    struct Command {
        std::string_view name, alias, arguments, help;
        Handler handler;
    };
    static const Command kCommands[];
    static const Command kTopics[];

    Hart& hart() { return machine_.hart(hart_); }
    std::string help(std::string_view arguments);
    std::string info(std::string_view arguments);
    std::string print(std::string_view arguments);
    std::string dump_virtual(std::string_view arguments) { return dump(arguments, false); }
    std::string dump_physical(std::string_view arguments) { return dump(arguments, true); }
    std::string dump(std::string_view arguments, bool physical);
    std::string select_hart(std::string_view arguments);
    std::string stop(std::string_view);
    std::string cont(std::string_view);
    std::string reset(std::string_view);
    std::string powerdown(std::string_view);
    std::string replay_break_at(std::string_view arguments);
    std::string replay_delete_break(std::string_view);
    std::string replay_seek_to(std::string_view arguments);
    std::string info_replay(std::string_view);
    std::string quit(std::string_view);
    // human_state.cpp
    std::string save_vm(std::string_view arguments);
    std::string load_vm(std::string_view arguments);
    std::string delete_vm(std::string_view arguments);
    std::string migrate(std::string_view arguments);
    std::string migrate_cancel(std::string_view);
    std::string migrate_incoming(std::string_view arguments);
    std::string migrate_set_parameter(std::string_view arguments);
    std::string info_snapshots(std::string_view);
    std::string info_migrate(std::string_view);
    std::string info_migrate_parameters(std::string_view);

    // human_devices.cpp
    std::string device_add(std::string_view arguments);
    std::string device_del(std::string_view arguments);
    std::string netdev_add(std::string_view arguments);
    std::string netdev_del(std::string_view arguments);
    std::string chardev_add(std::string_view arguments);
    std::string chardev_remove(std::string_view arguments);
    std::string drive_add(std::string_view arguments);
    std::string drive_del(std::string_view arguments);
    std::string dump_guest_memory(std::string_view arguments);

    // human_display.cpp
    std::string screendump(std::string_view arguments);
    std::string send_key(std::string_view arguments);
    std::string mouse_move(std::string_view arguments);
    std::string mouse_button(std::string_view arguments);
    std::string info_mice(std::string_view);
    std::string set_password(std::string_view arguments);
    std::string info_vnc(std::string_view);

    std::string info_registers(std::string_view arguments);
    std::string info_mem(std::string_view);
    std::string info_tlb(std::string_view);
    std::string info_mtree(std::string_view);
    std::string info_qtree(std::string_view);
    std::string info_cpus(std::string_view);
    std::string info_status(std::string_view);
    std::string info_version(std::string_view);
    std::string info_name(std::string_view);
    std::string info_chardev(std::string_view);
    std::string info_block(std::string_view);
    std::string info_network(std::string_view);
    std::string info_uuid(std::string_view);
    std::string info_usernet(std::string_view);
    std::string hostfwd_add(std::string_view arguments);
    std::string hostfwd_remove(std::string_view arguments);
    std::string info_pci(std::string_view);

    Machine& machine_;
    unsigned hart_ = 0;   ///< the one that is looked at
    bool waits_ = false;  ///< for a migration that was begun
};

}  // namespace dragoman::machine
