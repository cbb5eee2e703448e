#include "debug/perf.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/descriptors.h"
#include "base/error.h"
#include "base/mutex.h"

namespace dragoman::debug {

namespace {

std::string block_name(const engine::Translation& translation, engine::Symbols* symbols) {
    std::string known = symbols != nullptr ? symbols->name(translation.pc) : std::string();
    if (!known.empty()) return known;
    char name[64];
    std::snprintf(name, sizeof name, "guest_0x%" PRIx64 "+%u", translation.pc, translation.guest_bytes);
    return name;
}

/// Lines "START SIZE NAME", hexadecimal.
class PerfMap {
public:
    void open() {
        path_ = "/tmp/perf-" + std::to_string(getpid()) + ".map";
        int fd = ::open(path_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
        if (fd < 0) throw FatalError(1, "-perfmap: " + path_ + ": " + std::strerror(errno));
        file_ = fdopen(reserve_descriptor(fd), "w");
        std::setvbuf(file_, nullptr, _IOLBF, 0);
    }
    /// The child of fork runs what its parent had translated, too.
    void reopen_in_child() {
        std::string inherited = path_;
        release();
        open();
        FILE* old = std::fopen(inherited.c_str(), "re");
        if (!old) return;
        char buffer[4096];
        while (std::size_t size = std::fread(buffer, 1, sizeof buffer, old)) std::fwrite(buffer, 1, size, file_);
        std::fclose(old);
    }
    void add(const std::string& name, const u8* code, std::size_t size) {
        if (file_) std::fprintf(file_, "%" PRIxPTR " %zx %s\n", reinterpret_cast<uintptr_t>(code), size, name.c_str());
    }

private:
    void release() {
        if (!file_) return;
        release_descriptor(fileno(file_));
        file_ = nullptr;
    }

    std::string path_;
    FILE* file_ = nullptr;
};

/// Where host code of another source line begins.
struct SourceLine {
    u32 offset;
    engine::Symbols::Line at;
};

std::vector<SourceLine> source_lines(const engine::Translation& translation, engine::Symbols* symbols) {
    std::vector<SourceLine> lines;
    if (symbols == nullptr) return lines;
    for (const host::InsnMapEntry& insn : translation.insns) {
        engine::Symbols::Line line = symbols->line(translation.pc + insn.pc_offset);
        if (line.file.empty() || (!lines.empty() && lines.back().at == line)) continue;
        lines.push_back({insn.host_offset, std::move(line)});
    }
    return lines;
}

/// tools/perf/Documentation/jitdump-specification.txt of Linux.
class JitDump {
public:
    void open() {
        close();
        std::string path = "jit-" + std::to_string(getpid()) + ".dump";
        fd_ = ::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0666);
        if (fd_ < 0) throw FatalError(1, "-jitdump: " + path + ": " + std::strerror(errno));
        fd_ = reserve_descriptor(fd_);
        Header header{.pid = static_cast<u32>(getpid()), .timestamp = now()};
        put(&header, sizeof header);
        // perf finds the file by this executable mapping of it.
        marker_ = mmap(nullptr, kMarkerSize, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd_, 0);
        if (marker_ == MAP_FAILED) throw FatalError(1, "-jitdump: " + path + ": " + std::strerror(errno));
    }
    void close() {
        if (fd_ < 0) return;
        munmap(marker_, kMarkerSize);
        release_descriptor(fd_);
        fd_ = -1;
    }
    /// Source lines of the code that is added next.
    void add_lines(const u8* code, std::span<const SourceLine> lines) {
        if (fd_ < 0 || lines.empty()) return;
        std::string entries;
        for (const SourceLine& line : lines) {
            const LineEntry entry{.address = reinterpret_cast<u64>(code) + line.offset, .line = line.at.number};
            entries.append(reinterpret_cast<const char*>(&entry), sizeof entry);
            entries.append(line.at.file.c_str(), line.at.file.size() + 1);
        }
        DebugInfo info{.code_address = reinterpret_cast<u64>(code), .count = lines.size()};
        info.timestamp = now();
        // Records follow each other at multiples of eight.
        entries.append((8 - (sizeof info + entries.size()) % 8) % 8, '\0');
        info.total_size = static_cast<u32>(sizeof info + entries.size());
        put((std::string(reinterpret_cast<const char*>(&info), sizeof info) + entries).data(), info.total_size);
    }
    void add(const std::string& name, const u8* code, std::size_t size) {
        if (fd_ < 0) return;
        CodeLoad load{.vma = reinterpret_cast<u64>(code),
                      .code_address = reinterpret_cast<u64>(code),
                      .code_size = size,
                      .code_index = index_++};
        load.timestamp = now();
        load.total_size = static_cast<u32>(sizeof load + name.size() + 1 + size);
        load.pid = static_cast<u32>(getpid());
        load.tid = static_cast<u32>(syscall(SYS_gettid));
        std::string record(reinterpret_cast<const char*>(&load), sizeof load);
        record.append(name.c_str(), name.size() + 1);
        record.append(reinterpret_cast<const char*>(code), size);
        put(record.data(), record.size());
    }

private:
    static constexpr std::size_t kMarkerSize = 4096;

    struct Header {
        u32 magic = 0x4a695444;  // "JiTD"
        u32 version = 1;
        u32 total_size = sizeof(Header);
        u32 elf_machine = EM_X86_64;
        u32 padding = 0;
        u32 pid;
        u64 timestamp;
        u64 flags = 0;
    };
    struct CodeLoad {
        u32 id = 0;  // JIT_CODE_LOAD
        u32 total_size;
        u64 timestamp;
        u32 pid, tid;
        u64 vma, code_address, code_size, code_index;
    };

    struct DebugInfo {
        u32 id = 2;  // JIT_CODE_DEBUG_INFO
        u32 total_size;
        u64 timestamp;
        u64 code_address, count;
    };
    struct LineEntry {  // followed by the file's name
        u64 address;
        i32 line;
        i32 discriminator = 0;
    };

    static u64 now() {
        timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec);
    }
    void put(const void* data, std::size_t size) {
        // A full disk costs the profile, not the program.
        if (write(fd_, data, size) != static_cast<ssize_t>(size)) close();
    }

    int fd_ = -1;
    void* marker_ = nullptr;
    u64 index_ = 0;
};

class PerfObserver : public engine::Observer {
public:
    PerfObserver(bool perf_map, bool jit_dump, engine::Symbols* symbols)
        : use_map_(perf_map), use_dump_(jit_dump), symbols_(symbols) {
        if (use_map_) map_.open();
        if (use_dump_) dump_.open();
    }

    void on_translate(const engine::Translation& translation) override {
        const std::string name = block_name(translation, symbols_);
        std::vector<SourceLine> lines;
        if (use_dump_) lines = source_lines(translation, symbols_);
        LockGuard guard(lock_);
        dump_.add_lines(translation.code, lines);
        add(name, translation.code, translation.size);
    }
    void on_common_code(const char* name, const u8* code, std::size_t size) override {
        LockGuard guard(lock_);
        add(std::string("dragoman_") + name, code, size);
    }
    void before_fork() override DRAGOMAN_ACQUIRE(lock_) { lock_.lock(); }
    void after_fork(bool child) override DRAGOMAN_RELEASE(lock_) {
        try {
            if (child && use_map_) map_.reopen_in_child();
            if (child && use_dump_) dump_.open();
        } catch (const FatalError&) {  // the child goes on without a profile
        }
        lock_.unlock();
    }

private:
    void add(const std::string& name, const u8* code, std::size_t size) DRAGOMAN_REQUIRES(lock_) {
        map_.add(name, code, size);
        dump_.add(name, code, size);
    }

    bool use_map_, use_dump_;
    engine::Symbols* symbols_;
    Mutex lock_;
    PerfMap map_ DRAGOMAN_GUARDED_BY(lock_);
    JitDump dump_ DRAGOMAN_GUARDED_BY(lock_);
};

}  // namespace

std::unique_ptr<engine::Observer> make_perf_observer(bool perf_map, bool jit_dump, engine::Symbols* symbols) {
    if (!perf_map && !jit_dump) return nullptr;
    return std::make_unique<PerfObserver>(perf_map, jit_dump, symbols);
}

}  // namespace dragoman::debug
