// Opens images by format: what a file holds, and the chain of images below it.
#pragma once

#include <span>

#include "devices/block/host_file.h"

namespace dragoman::devices::block {

constexpr std::size_t kProbeBytes = 16;

/// "qcow2" or "raw", from the first bytes of a file.
std::string_view probe_format(std::span<const u8> start);

struct FormatOptions {
    std::string format;      ///< empty: found out from the file
    bool warn_guess = true;  ///< says so when that ends in "raw"
    unsigned depth = 0;      ///< images above this one
};

/// The image that is stored in `file`. @throws FatalError when it is not of the format, or damaged
std::shared_ptr<Image> open_format(std::shared_ptr<HostFile> file, const FormatOptions& options);
/// Both steps. @throws FatalError
std::shared_ptr<Image> open_image(const std::string& path, const HostFileOptions& file, const FormatOptions& format);

/// A throw-away layer over `image` that takes all writes (-snapshot).
std::shared_ptr<Image> make_overlay(std::shared_ptr<Image> image);

}  // namespace dragoman::devices::block
