#include "cli/cache_command.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <ctime>

#include "base/error.h"
#include "cli/cache_directory.h"
#include "engine/cache/cache_directory.h"
#include "engine/cache/image_file.h"

namespace dragoman::cli {

namespace {

using engine::ImageHeader;
using engine::ImageState;
using engine::ListedImage;

std::string day_of(i64 nanoseconds) {
    const time_t seconds = nanoseconds / 1'000'000'000;
    tm parts{};
    char text[32];
    ::localtime_r(&seconds, &parts);
    std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
    return text;
}

double ratio(u64 bytes, u64 of) { return of == 0 ? 0.0 : static_cast<double>(bytes) / static_cast<double>(of); }

/// One line per image, the one that was used last first: its bytes per byte of guest code stand behind its size.
/// @returns whether all are intact
bool list(int directory, bool all) {
    std::vector<ListedImage> images = engine::list_images(directory);
    std::sort(images.begin(), images.end(), [](const ListedImage& a, const ListedImage& b) { return a.used > b.used; });
    bool intact = true;
    u64 total = 0, kept = 0, guest_code = 0;
    for (const ListedImage& image : images) {
        ImageHeader header;
        const ImageState state = engine::check_image(directory, image.name, header);
        intact &= state != ImageState::Damaged;
        total += image.bytes;
        if (!all && state != ImageState::Damaged) continue;
        const bool good = state == ImageState::Intact;
        const char* file = state == ImageState::Damaged   ? "(damaged)"
                           : state == ImageState::Foreign ? "(of another version)"
                           : header.guest_file[0] != 0    ? header.guest_file
                                                          : "(unknown)";
        const u32 guest_bytes = good ? header.guest_bytes : 0;
        const u64 bytes = good ? engine::kImagePage + header.content_bytes() : 0;
        kept += bytes;
        guest_code += guest_bytes;
        std::printf("%s %8" PRIu64 " KiB %5.2f  %s  %7u blocks  %s\n", image.name.c_str(), image.bytes >> 10,
                    ratio(bytes, guest_bytes), day_of(image.used).c_str(), good ? header.live_count : 0, file);
    }
    if (all) {
        std::printf("%zu images, %" PRIu64 " KiB, %.2f bytes per byte of guest code\n", images.size(), total >> 10,
                    ratio(kept, guest_code));
    }
    return intact;
}

}  // namespace

int cache_command(const Options& options) {
    const std::string path = find_cache_directory(options);
    if (path.empty()) throw FatalError(1, "-cache: there is no directory for translations (see -tb-cache)");
    const engine::CacheDirectory place(path);
    const engine::CacheDirectory::Open directory(place);
    if (!directory.valid()) throw FatalError(1, "-cache: " + path + ": cannot be opened");
    switch (options.action) {
        case Action::CacheList:
            std::printf("%s:\n", path.c_str());
            list(directory.get(), true);
            return 0;
        case Action::CacheVerify: return list(directory.get(), false) ? 0 : 1;
        case Action::CacheTrim: engine::trim_images(directory.get(), options.engine.cache_limit); return 0;
        default: engine::trim_images(directory.get(), 0); return 0;
    }
}

}  // namespace dragoman::cli
