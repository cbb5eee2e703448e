#include "machine/replay/machine_image.h"

#include <cstring>

#include "machine/machine.h"
#include "machine/snapshot/disk_snapshots.h"
#include "machine/snapshot/machine_state.h"

namespace dragoman::machine {

std::string MachineImage::take(Machine& machine, const MachineImage* last) {
    static constexpr u8 kZeros[kPage] = {};
    insns_ = machine.position().insns;
    disks_ = "replay " + std::to_string(insns_);
    if (std::string wrong = save_disks(machine, disks_); !wrong.empty()) return wrong;
    memory_.clear();
    for (const memory::Region* region : machine.memory().regions()) {
        if (region->host == nullptr) continue;
        const Pages* before = last != nullptr ? &last->memory_[memory_.size()] : nullptr;
        Pages& pages = memory_.emplace_back(region->size / kPage);
        for (u64 i = 0; i < pages.size(); i++) {
            const u8* page = region->host + i * kPage;
            if (before != nullptr && (*before)[i] != nullptr && std::memcmp((*before)[i]->data(), page, kPage) == 0) {
                pages[i] = (*before)[i];
            } else if (std::memcmp(page, kZeros, kPage) != 0) {
                auto copy = std::make_shared<Page>();
                std::memcpy(copy->data(), page, kPage);
                pages[i] = std::move(copy);
            }
        }
    }
    state_ = state_of(machine, false);
    machine.resume_idle_devices();
    return "";
}

std::string MachineImage::put_back(Machine& machine) const {
    static constexpr u8 kZeros[kPage] = {};
    if (std::string wrong = load_disks(machine, disks_); !wrong.empty()) return wrong;
    std::size_t next = 0;
    for (const memory::Region* region : machine.memory().regions()) {
        if (region->host == nullptr) continue;
        const Pages& pages = memory_[next++];
        for (u64 i = 0; i < pages.size(); i++) {
            // What is as it was stays untouched, and translations of code in it stay.
            const u8* page = pages[i] != nullptr ? pages[i]->data() : kZeros;
            if (std::memcmp(region->host + i * kPage, page, kPage) != 0)
                machine.memory().write(region->base + i * kPage, page, kPage);
        }
    }
    std::string wrong = load_state(machine, state_);
    machine.resume_idle_devices();
    return wrong;
}

void MachineImage::drop(Machine& machine) const { (void)delete_snapshot(machine, disks_); }

}  // namespace dragoman::machine
