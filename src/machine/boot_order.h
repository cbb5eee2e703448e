// The order in which firmware is to try what it can start from: bootindex= of devices, and -boot.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/properties.h"

namespace dragoman::machine {

/// Devices by their bootindex, as QEMU's file "bootorder" of fw_cfg names them: OpenFirmware paths, one a line.
class BootOrder {
public:
    static constexpr std::string_view kFile = "bootorder";

    /// Takes bootindex= out of a device's properties. Nothing: it has none, or a negative one. @throws FatalError when
    /// it is no number, or another device's
    std::optional<u32> take(Properties& properties) const;
    void add(u32 index, std::string path) { paths_[index] = std::move(path); }
    void remove(u32 index) { paths_.erase(index); }
    /// The file. @param strict  firmware is to try nothing else
    std::vector<u8> file(bool strict) const;

private:
    std::map<u32, std::string> paths_;
};

/// Contents of `-boot splash=FILE`: a JPEG picture or a BMP one of 24 bits, by the name of its file in fw_cfg.
struct BootSplash {
    std::string_view name;
    std::vector<u8> contents;
};
/// @throws FatalError when it cannot be read, or is no such picture
BootSplash read_boot_splash(const std::string& path);

}  // namespace dragoman::machine
