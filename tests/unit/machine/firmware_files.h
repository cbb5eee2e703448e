// fw_cfg as firmware sees it: files by name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/big_endian.h"
#include "devices/fw_cfg.h"
#include "memory/physical_space.h"

namespace dragoman::machine {

inline std::vector<u8> read_firmware_item(devices::FwCfg& device, u16 key, std::size_t bytes) {
    device.write(8, 2, __builtin_bswap16(key));
    std::vector<u8> out(bytes);
    for (u8& byte : out) {
        u64 value = 0;
        device.read(0, 1, value);
        byte = static_cast<u8>(value);
    }
    return out;
}

inline std::map<std::string, std::vector<u8>> read_firmware_files(devices::FwCfg& device) {
    constexpr std::size_t kEntry = 64, kKeyAt = 4, kNameAt = 8;
    const u32 count = get_be32(read_firmware_item(device, devices::FwCfg::kFileDirectory, 4), 0);
    const std::vector<u8> directory = read_firmware_item(device, devices::FwCfg::kFileDirectory, 4 + kEntry * count);
    std::map<std::string, std::vector<u8>> found;
    for (std::size_t at = 4; at < directory.size(); at += kEntry) {
        found[reinterpret_cast<const char*>(directory.data() + at + kNameAt)] =
            read_firmware_item(device, get_be16(directory, at + kKeyAt), get_be32(directory, at));
    }
    return found;
}

struct Firmware {
    memory::PhysicalSpace memory;
    devices::FwCfg device{memory};

    std::vector<u8> read(u16 key, std::size_t bytes) { return read_firmware_item(device, key, bytes); }
    std::map<std::string, std::vector<u8>> files() { return read_firmware_files(device); }
};

}  // namespace dragoman::machine
