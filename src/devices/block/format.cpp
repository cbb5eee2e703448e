#include "devices/block/format.h"

#include <array>
#include <cstring>

#include "base/error.h"
#include "devices/block/qcow2.h"
#include "devices/block/raw.h"

namespace dragoman::devices::block {

namespace {

constexpr u8 kQcow2Magic[4] = {'Q', 'F', 'I', 0xfb};

}  // namespace

std::string_view probe_format(std::span<const u8> start) {
    bool qcow2 = start.size() >= sizeof kQcow2Magic && std::memcmp(start.data(), kQcow2Magic, sizeof kQcow2Magic) == 0;
    return qcow2 ? "qcow2" : "raw";
}

std::shared_ptr<Image> open_format(std::shared_ptr<HostFile> file, const FormatOptions& options) {
    std::string format = options.format;
    bool guessed = format.empty();
    if (guessed) {
        std::array<u8, kProbeBytes> start{};
        if (int error = file->read(0, start.data(), start.size())) {
            throw FatalError(1, file->path() + ": " + std::strerror(error));
        }
        format = probe_format(start);
    }
    if (format == "qcow2") return Qcow2::open(std::move(file), options.depth);
    if (format != "raw") throw FatalError(1, file->path() + ": unknown format '" + format + "' (there is: qcow2, raw)");
    bool guard = guessed && !file->read_only();
    if (guard && options.warn_guess) {
        warn("%s: taken for raw, and writes that would make it another format are refused; format=raw allows them",
             file->path().c_str());
    }
    return std::make_shared<Raw>(std::move(file), 0, 0, guard);
}

std::shared_ptr<Image> open_image(const std::string& path, const HostFileOptions& file, const FormatOptions& format) {
    return open_format(HostFile::open(path, file), format);
}

std::shared_ptr<Image> make_overlay(std::shared_ptr<Image> image) {
    u64 size = image->size();
    return Qcow2::create_over(HostFile::temporary(), size, std::move(image));
}

}  // namespace dragoman::devices::block
