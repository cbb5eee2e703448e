#include "engine/cache/image_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <string_view>

#include "engine/cache/content_hash.h"

namespace dragoman::engine {

namespace {

constexpr std::size_t kHashDigits = 16;
constexpr std::string_view kSuffix = ".img";
constexpr time_t kDay = 24 * 60 * 60;

/// Reads `bytes` at `offset`; false: there are not that many.
bool read_all(int fd, u8* to, u64 bytes, u64 offset) {
    while (bytes != 0) {
        const ssize_t got = ::pread(fd, to, bytes, static_cast<off_t>(offset));
        if (got <= 0) return false;
        to += got;
        bytes -= static_cast<u64>(got);
        offset += static_cast<u64>(got);
    }
    return true;
}

bool write_all(int fd, const u8* from, u64 bytes) {
    while (bytes != 0) {
        const ssize_t written = ::write(fd, from, bytes);
        if (written <= 0) return false;
        from += written;
        bytes -= static_cast<u64>(written);
    }
    return true;
}

}  // namespace

bool is_image_of(const struct stat& info, uid_t owner) {
    return S_ISREG(info.st_mode) && info.st_uid == owner && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool ImageFile::open(int directory, const CacheKey& key, u32 prologue_bytes, uid_t owner) {
    close();
    fd_ = ::openat(directory, key.file_name().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info;
    u8 first[kImagePage];
    if (fd_ >= 0 && ::fstat(fd_, &info) == 0 && is_image_of(info, owner) && read_all(fd_, first, sizeof first, 0) &&
        std::all_of(first + sizeof header_, first + sizeof first, [](u8 byte) { return byte == 0; }) &&
        (std::memcpy(&header_, first, sizeof header_), true) &&
        header_.accepts(key, prologue_bytes, static_cast<u64>(info.st_size))) {
        // The time of modification says when the file was last of use, to the day.
        if (info.st_mtime < ::time(nullptr) - kDay) ::futimens(fd_, nullptr);
        return true;
    }
    close();
    return false;
}

void ImageFile::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

bool ImageFile::map(u8* place) const {
    const u64 bytes = header_.content_bytes();
    constexpr int kAccess = PROT_READ | PROT_WRITE | PROT_EXEC;
    void* map = ::mmap(place, bytes, kAccess, MAP_PRIVATE | MAP_FIXED, fd_, static_cast<off_t>(kImagePage));
    if (map == MAP_FAILED) {
        map = ::mmap(place, bytes, kAccess, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED || !read_all(fd_, place, bytes, kImagePage)) return false;
    }
    return content_hash(place, bytes) == header_.content_checksum;
}

bool ImageFile::read(std::vector<u8>& content) const {
    content.resize(header_.content_bytes());
    return read_all(fd_, content.data(), content.size(), kImagePage) &&
           content_hash(content.data(), content.size()) == header_.content_checksum;
}

bool write_image(int directory, const ImageHeader& header, std::span<const u8> content) {
    const std::string name = header.key.file_name();
    const std::string temporary = name + ".new" + std::to_string(::getpid());
    ::unlinkat(directory, temporary.c_str(), 0);
    const int fd = ::openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
    if (fd < 0) return false;
    u8 first[kImagePage] = {};
    std::memcpy(first, &header, sizeof header);
    struct stat info;
    const bool known = ::fstat(directory, &info) == 0;
    bool done = ::fchmod(fd, 0400 | (known ? info.st_mode & (S_IRGRP | S_IROTH) : 0)) == 0;
    done = done && write_all(fd, first, sizeof first) && write_all(fd, content.data(), content.size());
    done &= ::close(fd) == 0;
    done = done && ::renameat(directory, temporary.c_str(), directory, name.c_str()) == 0;
    if (!done) ::unlinkat(directory, temporary.c_str(), 0);
    return done;
}

std::vector<ListedImage> list_images(int directory) {
    int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* list = fd < 0 ? nullptr : ::fdopendir(fd);
    if (list == nullptr) {
        if (fd >= 0) ::close(fd);
        return {};
    }
    std::vector<ListedImage> images;
    while (const dirent* item = ::readdir(list)) {
        // The directory may be one that holds other things, too.
        if (std::string_view(item->d_name).find(kSuffix) != kHashDigits) continue;
        struct stat info;
        if (::fstatat(directory, item->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !is_image_of(info, ::geteuid()))
            continue;
        images.push_back({item->d_name, static_cast<u64>(info.st_blocks) * 512,
                          info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec});
    }
    ::closedir(list);
    return images;
}

ImageState check_image(int directory, const std::string& name, ImageHeader& header) {
    const int fd = ::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return ImageState::Damaged;
    const bool read = read_all(fd, reinterpret_cast<u8*>(&header), sizeof header, 0);
    ::close(fd);
    if (!read) return ImageState::Damaged;
    if (!header.is_known()) return ImageState::Foreign;
    ImageFile file;
    std::vector<u8> content;
    const bool intact = header.key.file_name() == name &&
                        file.open(directory, header.key, header.prologue_bytes, ::geteuid()) && file.read(content);
    return intact ? ImageState::Intact : ImageState::Damaged;
}

void trim_images(int directory, u64 limit) {
    std::vector<ListedImage> images = list_images(directory);
    u64 total = 0;
    for (const ListedImage& image : images) total += image.bytes;
    if (total <= limit) return;
    std::sort(images.begin(), images.end(), [](const ListedImage& a, const ListedImage& b) { return a.used < b.used; });
    // Well below the limit, so that not every file that is written leads here again.
    for (const ListedImage& image : images) {
        if (total <= limit - limit / 4) break;
        if (::unlinkat(directory, image.name.c_str(), 0) == 0) total -= image.bytes;
    }
}

}  // namespace dragoman::engine
