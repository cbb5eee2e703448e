// savevm, loadvm, delvm: machines in the snapshots of the disks' images.
#pragma once

#include <string>

#include "machine/machine.h"

namespace dragoman::machine {

// All on the I/O thread. @returns what was wrong; empty: nothing

/// Saves the machine and all its disks as the snapshot `name`, which replaces one of that name; empty: a name is made
/// of the time.
std::string save_snapshot(Machine& machine, std::string name);
/// Puts the machine and its disks into the state of the snapshot with name or number `name`. It goes on when it ran.
std::string load_snapshot(Machine& machine, const std::string& name);
std::string delete_snapshot(Machine& machine, const std::string& name);

// The disks alone, where there are any
/// All disks as they are now are the snapshot `name`.
std::string save_disks(Machine& machine, const std::string& name);
/// All disks become what they were in the snapshot.
std::string load_disks(Machine& machine, const std::string& name);

/// The table of info snapshots.
std::string describe_snapshots(Machine& machine);

}  // namespace dragoman::machine
