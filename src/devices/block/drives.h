// The disks of a machine, as -drive and -blockdev describe them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/properties.h"
#include "devices/block/host_file.h"
#include "devices/task_queue.h"

namespace dragoman::devices::block {

enum class Interface { None, Virtio, Pflash };

/// One disk for one device.
struct Drive {
    std::string id;
    Interface interface = Interface::None;
    unsigned index = 0;               ///< among those of its interface: pflash0, pflash1
    std::shared_ptr<Image> image;     ///< null for an empty drive
    bool writeback = true;            ///< writes may be acknowledged before they are on the disk
    bool report_write_errors = true;  ///< werror=, rerror=: the guest is told of errors of the host's
    bool report_read_errors = true;
    bool in_use = false;         ///< a device has taken it
    bool node = false;           ///< of -blockdev
    TaskQueue* tasks = nullptr;  ///< who does the work of the disk; null: a thread of the device's
};

class Drives {
public:
    /// `-drive file=…,format=…`, already split. @param snapshot  -snapshot was given. @throws FatalError
    Drive& add_drive(Properties properties, bool snapshot);
    /// `-blockdev driver=…,node-name=…`. @throws FatalError
    void add_blockdev(Properties properties);

    /// From now on the work of disks is done by `tasks`.
    void set_tasks(TaskQueue& tasks) { tasks_ = &tasks; }
    TaskQueue* tasks() const { return tasks_; }
    /// From now on what devices write is gone at the end.
    void discard_writes() { discards_ = true; }

    /// The drive or node `id`; null when there is none.
    Drive* find(std::string_view id);
    /// As find, for the device that is to use it. @throws FatalError when there is none or it is taken
    Drive& take(std::string_view id);
    /// The device that had taken it has gone, or was not made.
    void release(std::string_view id);
    /// As release; a disk of -drive goes with its device, as nothing can name its image again.
    void release_and_forget(std::string_view id);
    /// Takes a drive or node out. @throws FatalError when there is none, or it is in use
    void remove(std::string_view id);
    const std::vector<std::unique_ptr<Drive>>& all() const { return drives_; }

    /// Everything written reaches the disks. @returns the first errno
    int flush_all();

private:
    std::shared_ptr<HostFile> host_file(Properties& properties, const std::string& prefix);
    std::shared_ptr<Image> format_node(Properties& properties, const std::string& driver);
    std::shared_ptr<Image> take_node(const Properties& properties, const std::string& name);
    std::string unused_id() const;

    TaskQueue* tasks_ = nullptr;
    bool discards_ = false;
    std::vector<std::unique_ptr<Drive>> drives_;
    std::map<std::string, std::shared_ptr<HostFile>, std::less<>> files_;  ///< nodes of the "file" driver
};

}  // namespace dragoman::devices::block
