// Images as files in the cache's directory. A file is never changed: a new one takes its place by rename.
#pragma once

#include <sys/stat.h>

#include <vector>

#include "engine/cache/image_format.h"

namespace dragoman::engine {

/// Only what its owner alone can write is executed: this user, or whom the system's cache belongs to.
bool is_image_of(const struct stat& info, uid_t owner);

/// An image's file, open for reading.
class ImageFile {
public:
    ImageFile() = default;
    ~ImageFile() { close(); }
    ImageFile(const ImageFile&) = delete;
    ImageFile& operator=(const ImageFile&) = delete;

    /// @returns false when there is none of that owner for `key` that can be relied on, as far as its header tells
    bool open(int directory, const CacheKey& key, u32 prologue_bytes, uid_t owner);
    void close();
    const ImageHeader& header() const { return header_; }

    /// Maps what follows the header at `place`, where this process has room for it, to be executed and patched; copies
    /// it where no executable mapping can be made. @returns false when it is not intact
    bool map(u8* place) const;
    /// Reads what follows the header. @returns false when it is not intact
    bool read(std::vector<u8>& content) const;

private:
    int fd_ = -1;
    ImageHeader header_{};
};

/// Writes an image: page of the header, and content; others can read it where they can read the directory. Whoever
/// reads at the same time sees the old file or the new one.
/// @returns whether that worked
bool write_image(int directory, const ImageHeader& header, std::span<const u8> content);

struct ListedImage {
    std::string name;
    u64 bytes;  ///< on disk
    i64 used;   ///< when it was last of use, to the day; nanoseconds
};
/// The images in the directory that belong to this user (whole ones and what writers that were killed have left).
std::vector<ListedImage> list_images(int directory);
enum class ImageState : u8 {
    Intact,
    Foreign,  ///< of another version of the format
    Damaged,
};
/// Reads the image in the file `name`.
ImageState check_image(int directory, const std::string& name, ImageHeader& header);

/// Removes the images that were not used for the longest time until all together have at most `limit` bytes.
void trim_images(int directory, u64 limit);

}  // namespace dragoman::engine
