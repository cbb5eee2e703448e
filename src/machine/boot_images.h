// What lies in the guest's memory when it starts: files and bytes with their addresses, put there again at each
// reset.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "guest/guest.h"
#include "machine/image_file.h"
#include "memory/physical_space.h"

namespace dragoman::machine {

class BootImages {
public:
    explicit BootImages(memory::PhysicalSpace& memory) : memory_(memory) {}

    struct Placed {
        u64 start = 0, end = 0;  ///< addresses, end exclusive
        u64 entry = 0;
    };
    /// The file as it is. @throws FatalError also when there is no memory at `address`
    Placed add_raw(ImageFile file, u64 address);
    /// The segments of an ELF file, at their physical addresses; nothing when the file is no ELF file. What of them
    /// lies in no memory is left out with a warning: linkers put headers and notes in front of what a program is.
    /// Throws FatalError for one of another machine, a damaged one, or one of which nothing lies in memory.
    std::optional<Placed> add_elf(ImageFile& file, const guest::Guest& guest);
    Placed add_bytes(std::string name, u64 address, std::vector<u8> bytes);

    /// The largest part of [start, end) that is free of them.
    std::pair<u64, u64> largest_gap(u64 start, u64 end) const;
    /// @throws FatalError when two of them lie in the same place
    void check_overlaps() const;
    void load() const;

private:
    struct Part {
        std::string name;
        u64 address;
        u64 size;          ///< zeroes behind what the file has
        std::size_t file;  ///< index in files_; kBytes
        u64 offset, file_size;
        std::vector<u8> bytes;
    };
    static constexpr std::size_t kBytes = ~std::size_t{0};

    bool is_memory(u64 address, u64 size) const;
    u64 memory_part(u64 address, u64 size, bool& memory) const;

    memory::PhysicalSpace& memory_;
    std::vector<ImageFile> files_;
    std::vector<Part> parts_;
};

}  // namespace dragoman::machine
