// The translation cache: keeps the translations of files that the guest maps for execution from one process to the
// next, as images (image_format.h). A translation depends on the guest code that the translator read, on its address
// and on the configuration only, so an image's is used when the page with that code has the contents that it was made
// from. What the guest's files say about themselves (device, inode, time) merely chooses where to look.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/cache/cache_directory.h"
#include "engine/cache/image.h"

namespace dragoman::engine {

class ImageFile;

class CodeCache {
public:
    struct Config {
        std::string directory;         ///< absolute path; empty: nothing is written
        std::string system_directory;  ///< absolute path of one that is only read; empty: there is none
        u64 limit = u64{512} << 20;    ///< bytes that all files together may have
        bool keep_all = false;         ///< what is new is always worth writing
    };

    explicit CodeCache(const Config& config);
    ~CodeCache();

    /// @param configuration  everything but the guest code and the translator's build that a translation depends on
    /// @param area  memory for images, within reach of the code buffer
    /// @param prologue  what their code expects in front of it
    /// @returns whether there is a cache
    bool start(u64 configuration, std::span<u8> area, std::span<const u8> prologue);

    /// The guest has mapped `length` bytes of file `fd` from `offset` on at `start`, for execution.
    void map(u64 start, u64 length, int fd, u64 offset);
    /// This code of the translator's own is there now.
    void map_own(u64 start, std::span<const u8> code);

    /// The image for code at `pc`; null: nothing is kept of it. It may be mapped, or not.
    /// @param open  whether a file may be opened for that (a descriptor that other threads of the guest could meet)
    Image* find(u64 pc, bool open);

    /// The image that has something mapped at `p`; null: there is none. In signal handlers, too.
    Image* mapped_at(const void* p) const;

    /// Whether a process that has made `bytes` of new code for an image should write it. What is new is mostly found
    /// again by the next process, so it is worth the writing of what a sixteenth of it took to translate; of less, one
    /// process in so many writes, so that what is run often is kept at last, at the same cost.
    bool is_worth(const Image& image, u64 bytes) const;

    /// Blocks that a new image is to have.
    struct Addition {
        Image* image;
        std::vector<const TranslationBlock*> tbs{};  ///< in the order in which they were made
        std::string file{};                          ///< path of the guest file
    };
    /// Where guest code is read from.
    class Guest {
    public:
        virtual ~Guest() = default;
        /// Copies code of the guest as it is now. @returns bytes that could not be copied
        virtual std::size_t read(u64 address, u8* to, std::size_t bytes) = 0;
    };
    /// Writes them. The process is about to end, or to execute another program.
    void save(const std::vector<Addition>& additions, const host::Backend& backend, Guest& guest);

    void lock() DRAGOMAN_ACQUIRE(lock_) { lock_.lock(); }
    void unlock() DRAGOMAN_RELEASE(lock_) { lock_.unlock(); }

private:
    struct Known {
        explicit Known(const CacheKey& key) : image(key) {}
        Image image;
        bool looked_for = false;  ///< whether the file was mapped, or found missing
    };
    struct Range {
        u64 start, end;
        Known* known;
    };
    void map(u64 start, u64 length, const CacheKey& key);
    void open(Known& known) DRAGOMAN_REQUIRES(lock_);
    /// Opens the image's file: the user's, else the system's.
    bool open(ImageFile& file, const CacheKey& key) const;
    bool save(const Addition& addition, int directory, const host::Backend& backend, Guest& guest)
        DRAGOMAN_REQUIRES(lock_);

    CacheDirectory directory_, system_;
    u64 limit_;
    bool keep_all_;
    CacheKey key_{};
    std::span<const u8> prologue_;
    std::atomic<Image*> mapped_{nullptr};  ///< list of the images that have been mapped, the newest first
    Mutex lock_;
    std::span<u8> area_ DRAGOMAN_GUARDED_BY(lock_);  ///< what is left of it
    std::vector<std::unique_ptr<Known>> images_ DRAGOMAN_GUARDED_BY(lock_);
    std::vector<Range> ranges_ DRAGOMAN_GUARDED_BY(lock_);
};

/// A number that differs between builds of this program; 0 when it cannot be known.
u64 build_number();

}  // namespace dragoman::engine
