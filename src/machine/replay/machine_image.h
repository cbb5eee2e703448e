// A machine at one moment, in this process's memory: what a replay goes back to.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/bits.h"

namespace dragoman::machine {

class Machine;

class MachineImage {
public:
    /// The machine, which stands, with its disks. Pages that are as in `last` (null: there is none) are shared with it.
    /// @returns what was wrong; empty: nothing
    std::string take(Machine& machine, const MachineImage* last);
    /// Makes the machine what it was.
    std::string put_back(Machine& machine) const;
    /// Gives up the disks' part.
    void drop(Machine& machine) const;

    u64 insns() const { return insns_; }  ///< executed before it

private:
    static constexpr u64 kPage = 4096;
    using Page = std::array<u8, kPage>;
    /// The pages of a region of memory; null: zeros.
    using Pages = std::vector<std::shared_ptr<const Page>>;

    u64 insns_ = 0;
    std::vector<Pages> memory_;  ///< of the regions, in the order of PhysicalSpace::regions
    std::vector<u8> state_;      ///< time, devices and harts
    std::string disks_;          ///< name of the disks' snapshot; empty: there is none
};

}  // namespace dragoman::machine
