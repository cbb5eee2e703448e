// The guest's physical address space in system mode: RAM, ROM and devices. What a hart reaches through
// its MMU and what a device reaches by DMA both end here.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bits.h"

namespace dragoman::memory {

/// A range of registers that answers accesses. Called from any hart's thread and from DMA: the device
/// brings its own lock.
class MmioHandler {
public:
    virtual ~MmioHandler() = default;
    /// One access of `size` bytes (1, 2, 4 or 8, within the limits below) at `offset` from the start of the
    /// region. @returns false for a bus error, which the hart sees as an access fault.
    virtual bool read(u64 offset, unsigned size, u64& value) = 0;
    virtual bool write(u64 offset, unsigned size, u64 value) = 0;
};

/// Which accesses a device takes. Others of the hart are split or widened where `adapt` is set (as a bus
/// bridge does), and are bus errors where it is not.
struct MmioLimits {
    u8 min_size = 1, max_size = 8;
    bool misaligned = false;  ///< takes addresses that are no multiple of the size
    bool adapt = true;
};

/// One region of the physical map.
struct Region {
    enum class Kind : u8 {
        Ram,
        Rom,  ///< stores of harts are ignored
        Mmio,
        Flash,  ///< read as memory while `readable`, else through the handler; stores always go to the handler
    };
    std::string name;
    u64 base, size;  ///< bytes
    Kind kind;
    u8* host = nullptr;              ///< Ram, Rom, Flash
    MmioHandler* handler = nullptr;  ///< Mmio, Flash
    MmioLimits limits{};
    bool readable = true;  ///< Flash
    /// Mmio: takes messages. Its handler calls nobody that could be sending one.
    bool takes_messages = false;
    /// Ram: one byte per 4 KiB page, non-zero while translations of code on it exist (engine's own).
    std::unique_ptr<std::atomic<u8>[]> code_pages;
    /// Ram: one bit per 4 KiB page that was written since take_stores; null while nobody wants to know (atomic).
    std::atomic<u64>* store_log = nullptr;

    bool contains(u64 address) const { return address - base < size; }
    /// Whether the page at `address` has been written, or nobody wants to know.
    bool is_logged(u64 address) const {
        const std::atomic<u64>* log = __atomic_load_n(&store_log, __ATOMIC_ACQUIRE);
        const u64 page = (address - base) >> 12;
        return log == nullptr || (log[page / 64].load(std::memory_order_relaxed) >> (page % 64) & 1) != 0;
    }
    bool directly_readable() const { return kind != Kind::Mmio && (kind != Kind::Flash || readable); }
};

/// The map. Built before harts run; afterwards only set_readable changes it.
class PhysicalSpace {
public:
    PhysicalSpace();
    ~PhysicalSpace();
    PhysicalSpace(const PhysicalSpace&) = delete;
    PhysicalSpace& operator=(const PhysicalSpace&) = delete;

    /// Adds a region; sizes and bases are multiples of 4 KiB, except those of Mmio. Regions must not
    /// overlap. Memory is zero, and takes host memory only where touched. Throws FatalError when the host
    /// has not that much.
    Region& add_ram(std::string name, u64 base, u64 size);
    Region& add_rom(std::string name, u64 base, u64 size);
    Region& add_mmio(std::string name, u64 base, u64 size, MmioHandler& handler, MmioLimits limits = {});
    Region& add_flash(std::string name, u64 base, u64 size, MmioHandler& handler, MmioLimits limits = {});
    /// Flash: whether reads see memory. Harts' cached mappings are dropped (on_map_change).
    void set_readable(Region& region, bool readable);

    /// The region at `address`; null when there is nothing. Lock-free.
    const Region* find(u64 address) const;
    Region* find(u64 address) { return const_cast<Region*>(static_cast<const PhysicalSpace&>(*this).find(address)); }
    /// All regions by ascending base, for info mtree.
    std::vector<const Region*> regions() const;

    /// One access of a hart or bus master of `size` bytes (1, 2, 4, 8), to memory or a device.
    /// @returns false for a bus error.
    bool load(u64 address, unsigned size, u64& value);
    bool store(u64 address, unsigned size, u64 value);

    /// DMA and debugger access of any length; devices are not touched. @returns false, with nothing or a part done,
    /// when part of it is not memory. Writes drop translations of code that they change; ROM is written too.
    bool read(u64 address, void* to, u64 bytes) const;
    bool write(u64 address, const void* from, u64 bytes);
    /// Host address of [address, address+bytes) when it lies in one RAM region, else null. After writing there,
    /// call wrote().
    u8* ram(u64 address, u64 bytes);
    void wrote(u64 address, u64 bytes);

    // Which pages of RAM are written, by harts and devices. While harts do not run:
    /// Begins with all pages as not written, or ends.
    void log_stores(bool on);
    /// The pages of `ram` that were written since the last call: one bit each.
    std::vector<u64> take_stores(const Region& ram);

    /// A message-signalled interrupt: the word `data`, written to RAM or to a device that takes messages. Those to
    /// others go nowhere, as senders hold locks that a device may want.
    void send_message(u64 address, u32 data);

    /// Atomically replaces the aligned `size`-byte word (4 or 8) in RAM where it equals `expected`.
    /// @returns false when it is not RAM. `swapped` tells whether it was equal.
    bool compare_exchange(u64 address, unsigned size, u64 expected, u64 desired, bool& swapped);

    /// The engine's: some of [address, address+bytes) is a RAM page with code_pages set that is being written.
    std::function<void(u64 address, u64 bytes)> on_code_write;
    /// The engine's: harts' cached host addresses of `region` are stale.
    std::function<void(const Region& region)> on_map_change;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dragoman::memory
