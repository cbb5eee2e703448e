#include "machine/memory_dump.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "machine/machine.h"

namespace dragoman::machine {

namespace {

constexpr char kOwner[] = "CORE";
constexpr std::size_t kOwnerBytes = 8;  // with its zero, aligned
constexpr u64 kPage = 4096;

/// A file that is being written; an error of the host's ends it.
class DumpFile {
public:
    explicit DumpFile(const std::string& path)
        : path_(path), fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
        if (fd_ < 0) fail();
    }
    ~DumpFile() {
        if (fd_ >= 0) close(fd_);
    }
    DumpFile(const DumpFile&) = delete;
    DumpFile& operator=(const DumpFile&) = delete;

    void write(u64 offset, const void* from, u64 bytes) {
        const u8* at = static_cast<const u8*>(from);
        while (bytes != 0) {
            const ssize_t count = pwrite(fd_, at, bytes, static_cast<off_t>(offset));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) fail();
            at += count;
            offset += static_cast<u64>(count);
            bytes -= static_cast<u64>(count);
        }
    }
    /// Pages of zeros become holes.
    void write_sparse(u64 offset, const u8* from, u64 bytes) {
        static constexpr u8 kZeros[kPage]{};
        for (u64 done = 0; done < bytes;) {
            const u64 count = std::min(kPage, bytes - done);
            if (std::memcmp(from + done, kZeros, count) != 0) write(offset + done, from + done, count);
            done += count;
        }
    }
    void finish(u64 bytes) {
        if (ftruncate(fd_, static_cast<off_t>(bytes)) != 0) fail();
        if (close(std::exchange(fd_, -1)) != 0) fail();
    }

private:
    [[noreturn]] void fail() const { throw FatalError(1, path_ + ": " + std::strerror(errno)); }

    const std::string path_;
    int fd_;
};

struct Part {
    u64 address;
    const u8* host;
    u64 bytes;
};

std::vector<Part> parts_of(Machine& machine, u64 begin, u64 length) {
    std::vector<Part> parts;
    const u64 end = length == 0 ? ~u64{0} : begin + length;
    for (const memory::Region* region : machine.memory().regions()) {
        using Kind = memory::Region::Kind;
        if (region->kind != Kind::Ram && region->kind != Kind::Rom) continue;
        const u64 first = std::max(begin, region->base), last = std::min(end, region->base + region->size);
        if (first < last) parts.push_back({first, region->host + (first - region->base), last - first});
    }
    return parts;
}

template <class Word>
void append(std::vector<u8>& to, const Word& word) {
    const u8* bytes = reinterpret_cast<const u8*>(&word);
    to.insert(to.end(), bytes, bytes + sizeof word);
}

std::vector<u8> notes_of(Machine& machine) {
    std::vector<u8> notes;
    for (unsigned i = 0; i < machine.hart_count(); i++) {
        std::vector<u8> status;
        machine.inspect(machine.hart(i), [&] { status = machine.kind().status_note(machine, machine.hart(i)); });
        append(notes, Elf64_Nhdr{sizeof kOwner, static_cast<u32>(status.size()), NT_PRSTATUS});
        notes.insert(notes.end(), kOwner, kOwner + sizeof kOwner);
        notes.resize(notes.size() + kOwnerBytes - sizeof kOwner);
        notes.insert(notes.end(), status.begin(), status.end());
        notes.resize(align_up(notes.size(), 4));
    }
    return notes;
}

template <class Header, class Program>
void write_dump(Machine& machine, DumpFile& file, const std::vector<Part>& parts) {
    const std::vector<u8> notes = notes_of(machine);
    Header header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = machine.guest().elf_class;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_CORE;
    header.e_machine = machine.kind().elf_machine;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof header;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Program);
    header.e_phnum = static_cast<u16>(1 + parts.size());
    std::vector<u8> head;
    append(head, header);
    u64 offset = sizeof header + header.e_phnum * sizeof(Program);
    auto add = [&](u32 type, u64 address, u64 bytes) {
        Program program{};
        program.p_type = type;
        program.p_offset = static_cast<decltype(program.p_offset)>(offset);
        program.p_vaddr = program.p_paddr = static_cast<decltype(program.p_paddr)>(address);
        program.p_filesz = program.p_memsz = static_cast<decltype(program.p_memsz)>(bytes);
        append(head, program);
        offset += bytes;
    };
    add(PT_NOTE, 0, notes.size());
    for (const Part& part : parts) add(PT_LOAD, part.address, part.bytes);
    file.write(0, head.data(), head.size());
    u64 at = head.size();
    file.write(at, notes.data(), notes.size());
    at += notes.size();
    for (const Part& part : parts) {
        file.write_sparse(at, part.host, part.bytes);
        at += part.bytes;
    }
    file.finish(at);
}

}  // namespace

void dump_guest_memory(Machine& machine, const std::string& path, u64 begin, u64 length) {
    if (machine.kind().status_note == nullptr)
        throw FatalError(1, "this board's harts have no registers in core files");
    if (begin + length < begin) throw FatalError(1, "begin and length go past the end of all memory");
    const std::vector<Part> parts = parts_of(machine, begin, length);
    if (parts.empty()) throw FatalError(1, "there is no memory in that range");
    DumpFile file(path);
    machine.while_paused([&] {
        if (machine.guest().elf_class == ELFCLASS32) write_dump<Elf32_Ehdr, Elf32_Phdr>(machine, file, parts);
        else write_dump<Elf64_Ehdr, Elf64_Phdr>(machine, file, parts);
    });
}

}  // namespace dragoman::machine
