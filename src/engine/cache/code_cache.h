// The translation cache: keeps the translations of files that the guest maps for execution from one
// process to the next. A translation depends on the guest code that the translator read, on its address and
// on the configuration only, so a stored one is used when that code is in memory now, byte by byte.
// What the files say about themselves (device, inode, time) merely chooses where to look.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/cache/cache_directory.h"
#include "engine/cache/cache_file.h"

namespace dragoman::engine {

class CodeCache {
public:
    struct Config {
        std::string directory;       ///< absolute path; empty: no cache
        u64 limit = u64{512} << 20;  ///< bytes that all files together may have
    };

    explicit CodeCache(const Config& config);
    ~CodeCache();

    /// @param configuration  everything but the guest code and the translator's build that a translation depends on
    /// @returns whether there is a cache
    bool start(u64 configuration);

    /// The guest has mapped `length` bytes of file `fd` from `offset` on at `start`, for execution.
    void map(u64 start, u64 length, int fd, u64 offset);

    /// Copies the stored translation of (pc, flags) to `buffer`. It is only good for the guest code in it.
    /// @param open whether a file may be opened for that (a descriptor that other threads of the guest could meet)
    bool find(u64 pc, u32 flags, bool open, std::vector<u8>& buffer);

    /// Notes a new translation. Its code, at `code`, is not linked. Ignores what cannot be stored.
    void add(const BlockRecord& head, const host::CompiledCode& compiled, std::span<const u8> insn_map,
             std::span<const u8> guest_code, const u8* code, const u8* code_base);

    /// Writes what is worth it. The process is about to end (or to execute another program).
    void save();
    /// The child of fork leaves what its parent has translated to the parent.
    void after_fork_child() DRAGOMAN_REQUIRES(lock_);
    void lock() DRAGOMAN_ACQUIRE(lock_) { lock_.lock(); }
    void unlock() DRAGOMAN_RELEASE(lock_) { lock_.unlock(); }

private:
    struct Image;
    struct Range {
        u64 start, end;
        Image* image;
    };
    Image* image_at(u64 pc) DRAGOMAN_REQUIRES(lock_);
    bool save(Image& image, int directory) DRAGOMAN_REQUIRES(lock_);

    CacheDirectory directory_;
    u64 limit_;
    CacheKey key_{};
    Mutex lock_;
    std::vector<std::unique_ptr<Image>> images_ DRAGOMAN_GUARDED_BY(lock_);
    std::vector<Range> ranges_ DRAGOMAN_GUARDED_BY(lock_);
    u64 pending_ DRAGOMAN_GUARDED_BY(lock_) = 0;  ///< bytes of all new records
};

/// Adds `distance` to the fields of `code` that the record lists. Stored code holds distances from the start of
/// the code buffer, to which all that they lead to is fixed; the code itself lies somewhere else each time.
void move_code(u8* code, const BlockView& block, u32 distance);

/// A number that differs between builds of this program; 0 when it cannot be known.
u64 build_number();

}  // namespace dragoman::engine
