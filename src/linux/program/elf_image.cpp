// Maps the segments of an ELF file. Nothing in the file is trusted.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "linux/program/loader.h"

namespace dragoman::linux_abi {

namespace {

using memory::kPageSize;

constexpr u64 kMaxHeaderBytes = 65536;

constexpr u64 kAddressLimit = u64{1} << 47;
/// Nothing is mapped below when a program is loaded.
constexpr u64 kFreeBelow = u64{1} << 31;

/// The program header of an ELF32 file.
Elf64_Phdr widened(const Elf32_Phdr& from) {
    return {from.p_type,  from.p_flags,  from.p_offset, from.p_vaddr,
            from.p_paddr, from.p_filesz, from.p_memsz,  from.p_align};
}

class ImageMapper {
public:
    ImageMapper(memory::UserSpace& space, int fd, const std::string& name, const Elf64_Ehdr& header, ImageRole role,
                const MappingPolicy& policy, u64 program_base)
        : space_(space),
          fd_(fd),
          name_(name),
          header_(header),
          role_(role),
          program_base_(program_base),
          policy_(policy) {}

    LoadedImage map() {
        read_headers();
        measure();
        place();
        for (const Elf64_Phdr& p : headers_) {
            if (p.p_type == PT_LOAD && p.p_memsz != 0) map_segment(p);
        }
        image_.entry = header_.e_entry + image_.bias;
        image_.phnum = header_.e_phnum;
        return std::move(image_);
    }

private:
    [[noreturn]] void fail(const std::string& reason) const { throw FatalError(126, name_ + ": " + reason); }
    [[noreturn]] void corrupt(const char* what) const { fail(std::string("corrupt ELF file: ") + what); }

    void read_headers() {
        struct stat info;
        if (::fstat(fd_, &info) != 0) fail(std::strerror(errno));
        file_size_ = static_cast<u64>(info.st_size);
        const bool is_32bit = header_.e_ident[EI_CLASS] == ELFCLASS32;
        const std::size_t entry_bytes = is_32bit ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
        if (header_.e_phentsize != entry_bytes) corrupt("bad size of program headers");
        if (header_.e_phnum == 0) corrupt("no program headers");
        std::size_t bytes = header_.e_phnum * entry_bytes;
        if (bytes > kMaxHeaderBytes) corrupt("too many program headers");
        if (header_.e_phoff > file_size_ || bytes > file_size_ - header_.e_phoff) fail("truncated ELF file");
        headers_.resize(header_.e_phnum);
        if (!is_32bit) return read_exactly(headers_.data(), bytes, header_.e_phoff);
        std::vector<Elf32_Phdr> narrow(header_.e_phnum);
        read_exactly(narrow.data(), bytes, header_.e_phoff);
        std::transform(narrow.begin(), narrow.end(), headers_.begin(), widened);
    }

    void read_exactly(void* to, std::size_t bytes, u64 offset) const {
        ssize_t got = ::pread(fd_, to, bytes, static_cast<off_t>(offset));
        if (got < 0) fail(std::strerror(errno));
        if (static_cast<std::size_t>(got) != bytes) fail("truncated ELF file");
    }

    void measure() {
        bool dynamic = header_.e_type == ET_DYN;
        low_ = ~u64{0};
        for (const Elf64_Phdr& p : headers_) {
            // Without this header the stack is not executable, on riscv as on other processors that always could tell.
            if (p.p_type == PT_GNU_STACK) image_.executable_stack = p.p_flags & PF_X;
            if (p.p_type == PT_INTERP && role_ == ImageRole::Program && image_.interpreter.empty()) read_interpreter(p);
            if (p.p_type != PT_LOAD || p.p_memsz == 0) continue;
            if (p.p_filesz > p.p_memsz) corrupt("segment with more bytes in the file than in memory");
            if (p.p_vaddr >= kAddressLimit || p.p_memsz > kAddressLimit - p.p_vaddr) corrupt("segment address");
            if ((p.p_vaddr ^ p.p_offset) % kPageSize != 0 && p.p_filesz != 0) corrupt("segment alignment");
            if (p.p_offset > file_size_ || p.p_filesz > file_size_ - p.p_offset) fail("truncated ELF file");
            low_ = std::min(low_, align_down(p.p_vaddr, kPageSize));
            high_ = std::max(high_, align_up(p.p_vaddr + p.p_memsz, kPageSize));
            if (dynamic && p.p_align > alignment_ && std::has_single_bit(p.p_align)) alignment_ = p.p_align;
        }
        if (low_ >= high_) corrupt("nothing to load");
        if (alignment_ > (u64{1} << 30)) corrupt("segment alignment");
    }

    void read_interpreter(const Elf64_Phdr& p) {
        if (p.p_filesz < 2 || p.p_filesz > 4096) corrupt("bad interpreter name");
        image_.interpreter.resize(p.p_filesz);
        read_exactly(image_.interpreter.data(), p.p_filesz, p.p_offset);
        if (image_.interpreter.back() != 0) corrupt("bad interpreter name");
        image_.interpreter.resize(std::strlen(image_.interpreter.c_str()));
        if (image_.interpreter.empty()) corrupt("bad interpreter name");
    }

    // Chooses the bias of a position-independent image, and keeps its range free of other things.
    void place() {
        if (header_.e_type != ET_DYN) return;
        u64 span = high_ - low_;
        // Programs that need an interpreter go to their own place; interpreters and static programs are
        // placed like mappings.
        bool own_place = role_ == ImageRole::Program && !image_.interpreter.empty();
        u64 hint = own_place ? align_up(program_base_, alignment_) : 0;
        u64 room = span + (alignment_ > kPageSize && hint == 0 ? alignment_ : 0);
        i64 address = space_.mmap(hint, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (address < 0) fail("does not fit in the guest's address space");
        u64 start = static_cast<u64>(address);
        space_.munmap(start, room);
        image_.bias = align_up(start, alignment_) - align_down(low_, alignment_);
        if (image_.bias + low_ < start) image_.bias += alignment_;
    }

    void map_segment(const Elf64_Phdr& p) {
        u64 start = p.p_vaddr + image_.bias;
        u64 page = align_down(start, kPageSize), skew = start - page;
        u64 file_end = start + p.p_filesz, end = start + p.p_memsz;
        int prot = (p.p_flags & PF_R ? PROT_READ : 0) | (p.p_flags & PF_W ? PROT_WRITE : 0) |
                   (p.p_flags & PF_X ? PROT_EXEC : 0);
        prot = policy_.effective(prot);
        if (header_.e_type != ET_DYN && align_up(end, kPageSize) > kFreeBelow)
            keep_others(page, align_up(end, kPageSize));
        u64 mapped_end = page;
        if (p.p_filesz != 0) {
            mapped_end = align_up(file_end, kPageSize);
            check(space_.mmap(page, mapped_end - page, prot, MAP_PRIVATE | MAP_FIXED, fd_, p.p_offset - skew), page);
        }
        u64 whole_end = align_up(end, kPageSize);
        if (whole_end > mapped_end) {
            check(space_.mmap(mapped_end, whole_end - mapped_end, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                  mapped_end);
        }
        // The last page of the file part has foreign bytes behind file_end.
        if (end > file_end && p.p_filesz != 0 && (prot & PROT_WRITE)) clear(file_end, mapped_end);
        note_addresses(p, start, file_end, end);
    }

    /// A segment of a program that has a fixed place may not lie on what is mapped already: the stack.
    void keep_others(u64 start, u64 end) const {
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
        check(space_.mmap(start, end - start, PROT_NONE, flags, -1, 0), start);
        space_.munmap(start, end - start);
    }

    void check(i64 result, u64 address) const {
        if (result >= 0) return;
        char text[96];
        std::snprintf(text, sizeof text, "cannot map segment at address %#lx: %s", address,
                      std::strerror(static_cast<int>(-result)));
        fail(text);
    }

    void clear(u64 from, u64 to) const {
        static const u8 kZeros[kPageSize] = {};
        if (memory::copy_checked(space_.host(from), kZeros, to - from) != 0) fail("cannot clear bss");
    }

    void note_addresses(const Elf64_Phdr& p, u64 start, u64 file_end, u64 end) {
        if (header_.e_phoff >= p.p_offset && header_.e_phoff - p.p_offset < p.p_filesz) {
            image_.phdr = header_.e_phoff - p.p_offset + start;
        }
        if (p.p_flags & PF_X) {
            image_.start_code = std::min(image_.start_code, start);
            image_.end_code = std::max(image_.end_code, file_end);
        }
        image_.start_data = std::max(image_.start_data, start);
        image_.end_data = std::max(image_.end_data, file_end);
        image_.brk = std::max(image_.brk, end);
    }

    memory::UserSpace& space_;
    int fd_;
    const std::string& name_;
    const Elf64_Ehdr& header_;
    ImageRole role_;
    u64 program_base_;
    const MappingPolicy& policy_;
    std::vector<Elf64_Phdr> headers_;
    u64 file_size_ = 0;
    u64 low_ = 0, high_ = 0, alignment_ = kPageSize;
    LoadedImage image_;
};

}  // namespace

LoadedImage map_image(memory::UserSpace& space, int fd, const std::string& name, const Elf64_Ehdr& header,
                      ImageRole role, const MappingPolicy& policy, u64 program_base) {
    return ImageMapper(space, fd, name, header, role, policy, program_base).map();
}

}  // namespace dragoman::linux_abi
