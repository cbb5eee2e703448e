#include "machine/boot_images.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace dragoman::machine {

namespace {

std::string hex(u64 value) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

}  // namespace

/// How much of [address, address + size), from its start, is all memory or all none; which of the two.
u64 BootImages::memory_part(u64 address, u64 size, bool& memory) const {
    memory = false;
    for (const memory::Region* region : memory_.regions()) {
        if (region->kind == memory::Region::Kind::Mmio) continue;
        memory = region->contains(address);
        if (memory) return std::min(size, region->size - (address - region->base));
        if (region->base > address) return std::min(size, region->base - address);
    }
    return size;
}

bool BootImages::is_memory(u64 address, u64 size) const {
    bool memory = true;
    while (size > 0 && memory) {
        u64 part = memory_part(address, size, memory);
        address += part;
        size -= part;
    }
    return memory;
}

BootImages::Placed BootImages::add_raw(ImageFile file, u64 address) {
    u64 size = file.size();
    if (address + size < address || !is_memory(address, size)) {
        file.fail("its " + std::to_string(size) + " bytes do not fit into memory at " + hex(address));
    }
    parts_.push_back({file.path(), address, size, files_.size(), 0, size, {}});
    files_.push_back(std::move(file));
    return {address, address + size, address};
}

namespace {

struct Segment {
    u64 type, offset, virtual_address, physical_address, file_bytes, bytes;
};
struct Program {
    u64 entry;
    std::vector<Segment> segments;
};

template <class Header, class ProgramHeader>
Program read_program(ImageFile& file) {
    Header header;
    file.read(0, &header, sizeof header);
    if (header.e_phentsize != sizeof(ProgramHeader) || header.e_phnum == 0) file.fail("has no program headers");
    std::vector<ProgramHeader> table(header.e_phnum);
    file.read(header.e_phoff, table.data(), table.size() * sizeof(ProgramHeader));
    Program program{header.e_entry, {}};
    for (const ProgramHeader& s : table) {
        program.segments.push_back({s.p_type, s.p_offset, s.p_vaddr, s.p_paddr, s.p_filesz, s.p_memsz});
    }
    return program;
}

}  // namespace

std::optional<BootImages::Placed> BootImages::add_elf(ImageFile& file, const guest::Guest& guest) {
    if (file.size() < SELFMAG) return std::nullopt;
    Elf32_Ehdr header;  // the fields that are looked at have the same place in both classes
    file.read(0, header.e_ident, SELFMAG);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
    file.read(0, &header, sizeof header);
    const bool is_64 = header.e_ident[EI_CLASS] == ELFCLASS64;
    if (header.e_ident[EI_CLASS] != guest.elf_class || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != guest.elf_machine) {
        file.fail("is an ELF file for another processor (machine " + std::to_string(header.e_machine) +
                  (is_64 ? ", 64 bits)" : ", 32 bits)"));
    }
    const Program program =
        is_64 ? read_program<Elf64_Ehdr, Elf64_Phdr>(file) : read_program<Elf32_Ehdr, Elf32_Phdr>(file);
    Placed placed{~u64{0}, 0, program.entry};
    for (const Segment& s : program.segments) {
        if (s.type != PT_LOAD || s.bytes == 0) continue;
        if (s.file_bytes > s.bytes || s.offset > file.size() || s.file_bytes > file.size() - s.offset) {
            file.fail("is truncated or damaged (ELF segment at " + hex(s.physical_address) + ")");
        }
        u64 bytes = std::min(s.bytes, ~s.physical_address);
        for (u64 done = 0; done < bytes;) {
            bool memory;
            u64 address = s.physical_address + done, part = memory_part(address, bytes - done, memory);
            if (memory) {
                u64 in_file = s.file_bytes > done ? std::min(part, s.file_bytes - done) : 0;
                parts_.push_back({file.path(), address, part, files_.size(), s.offset + done, in_file, {}});
                placed.start = std::min(placed.start, address);
                placed.end = std::max(placed.end, address + part);
            } else {
                file.warn(std::to_string(part) + " bytes at " + hex(address) + " are left out: there is no memory");
            }
            done += part;
        }
        // Entry points may be virtual addresses: of a kernel that is linked high.
        const u64 offset = program.entry - s.virtual_address;
        if (offset < s.bytes) placed.entry = s.physical_address + offset;
    }
    if (placed.end == 0) file.fail("has no segment to load that lies in memory");
    files_.push_back(std::move(file));
    return placed;
}

BootImages::Placed BootImages::add_bytes(std::string name, u64 address, std::vector<u8> bytes) {
    u64 size = bytes.size();
    if (!is_memory(address, size)) throw FatalError(1, name + " does not fit into memory at " + hex(address));
    parts_.push_back({std::move(name), address, size, kBytes, 0, size, std::move(bytes)});
    return {address, address + size, address};
}

void BootImages::check_overlaps() const {
    std::vector<const Part*> sorted;
    for (const Part& part : parts_) sorted.push_back(&part);
    std::sort(sorted.begin(), sorted.end(), [](const Part* a, const Part* b) { return a->address < b->address; });
    for (std::size_t i = 1; i < sorted.size(); i++) {
        const Part &a = *sorted[i - 1], &b = *sorted[i];
        if (b.address - a.address >= a.size) continue;
        throw FatalError(1, a.name + " (" + hex(a.address) + " to " + hex(a.address + a.size) + ") and " + b.name +
                                " (" + hex(b.address) + " to " + hex(b.address + b.size) +
                                ") would lie in the same memory: more memory (-m) or other addresses are needed");
    }
}

std::pair<u64, u64> BootImages::largest_gap(u64 start, u64 end) const {
    std::vector<const Part*> sorted;
    for (const Part& part : parts_) sorted.push_back(&part);
    std::sort(sorted.begin(), sorted.end(), [](const Part* a, const Part* b) { return a->address < b->address; });
    std::pair<u64, u64> best{start, start};
    u64 from = start;
    auto gap = [&](u64 to) {
        if (to > from && to - from > best.second - best.first) best = {from, to};
    };
    for (const Part* part : sorted) {
        gap(std::min(part->address, end));
        from = std::max(from, part->address + part->size);
    }
    gap(end);
    return best;
}

void BootImages::load() const {
    std::vector<u8> buffer;
    for (const Part& part : parts_) {
        constexpr u64 kChunk = u64{1} << 20;
        for (u64 done = 0; done < part.size;) {
            u64 now = std::min(kChunk, part.size - done);
            const u8* from = part.bytes.data() + done;
            if (part.file != kBytes) {
                buffer.assign(now, 0);
                if (done < part.file_size) {
                    files_[part.file].read(part.offset + done, buffer.data(), std::min(now, part.file_size - done));
                }
                from = buffer.data();
            }
            memory_.write(part.address + done, from, now);
            done += now;
        }
    }
}

}  // namespace dragoman::machine
