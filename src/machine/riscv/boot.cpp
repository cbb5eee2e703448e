#include "machine/riscv/boot.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/error.h"

namespace dragoman::machine {

namespace {

constexpr u64 kMegabyte = u64{1} << 20;

bool is_rv32(const guest::Guest& guest) { return guest.elf_class == ELFCLASS32; }
/// Of a kernel: a large page.
u64 kernel_alignment(bool rv32) { return (rv32 ? 4 : 2) * kMegabyte; }

u64 align_up(u64 value, u64 alignment) { return (value + alignment - 1) / alignment * alignment; }

/// Debian's package first, then the names that QEMU's own copies have.
std::string find_default_firmware(bool rv32) {
    constexpr const char* kPlaces32[] = {
        "/usr/lib/riscv32-linux-gnu/opensbi/generic/fw_dynamic.bin",
        "/usr/share/opensbi/ilp32/generic/firmware/fw_dynamic.bin",
        "/usr/share/qemu/opensbi-riscv32-generic-fw_dynamic.bin",
        "/usr/local/share/qemu/opensbi-riscv32-generic-fw_dynamic.bin",
    };
    constexpr const char* kPlaces[] = {
        "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin",
        "/usr/share/opensbi/lp64/generic/firmware/fw_dynamic.bin",
        "/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
        "/usr/local/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin",
    };
    const std::span<const char* const> places = rv32 ? std::span(kPlaces32) : std::span(kPlaces);
    for (const char* place : places) {
        if (access(place, R_OK) == 0) return place;
    }
    const char* hint = rv32 ? " (Debian's package opensbi has it from Debian 13 on; -bios FILE names another)"
                            : " (Debian's package opensbi has it; -bios FILE names another)";
    throw FatalError(1, std::string("-bios: default: no OpenSBI at ") + places[0] + hint);
}

/// -bios FILE also finds what lies where QEMU keeps its firmware.
std::string find_firmware(const std::string& name) {
    if (access(name.c_str(), F_OK) == 0 || name.find('/') != name.npos) return name;
    for (const char* folder : {"/usr/share/qemu/", "/usr/lib/riscv64-linux-gnu/opensbi/generic/"}) {
        if (access((folder + name).c_str(), R_OK) == 0) return folder + name;
    }
    return name;
}

/// Finds raw kernels that are cut short or for another processor. Linux,
/// Documentation/arch/riscv/boot-image-header.rst; an EFI-stub Image is a PE file too, whose sections tell how long it
/// must be.
void check_raw_kernel(const ImageFile& file, bool rv32) {
    u8 head[1024] = {};
    u64 size = std::min<u64>(file.size(), sizeof head);
    file.read(0, head, size);
    auto word = [&](unsigned offset) {
        u32 value;
        std::memcpy(&value, head + offset, 4);
        return value;
    };
    if (std::memcmp(head + 56, "ARM\x64", 4) == 0) file.fail("is a kernel for arm64");
    if (std::memcmp(head + 0x202, "HdrS", 4) == 0) file.fail("is a kernel for x86");
    if (std::memcmp(head, "MZ", 2) != 0) return;
    u32 pe = word(60);
    if (pe > sizeof head - 24 || std::memcmp(head + pe, "PE\0\0", 4) != 0) return;
    u16 machine = static_cast<u16>(word(pe + 4)), sections = static_cast<u16>(word(pe + 4) >> 16);
    constexpr u16 kRiscv32 = 0x5032, kRiscv64 = 0x5064;
    if (machine != (rv32 ? kRiscv32 : kRiscv64)) file.fail("is an EFI image for another processor");
    u32 table = pe + 24 + static_cast<u16>(word(pe + 20));
    for (u32 at = table; sections-- > 0 && at + 40 <= sizeof head; at += 40) {
        if (u64{word(at + 16)} + word(at + 20) > file.size()) file.fail("is truncated");
    }
}

BootImages::Placed place_kernel(const Config& config, BootImages& images, const guest::Guest& guest, u64 address) {
    ImageFile file("-kernel", config.kernel, true);
    if (auto placed = images.add_elf(file, guest)) return *placed;
    check_raw_kernel(file, is_rv32(guest));
    return images.add_raw(std::move(file), address);
}

void put(std::vector<u8>& to, u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) to.push_back(static_cast<u8>(value >> (8 * i)));
}

}  // namespace

std::string riscv_firmware(const Config& config, const guest::Guest& guest) {
    if (config.bios == "none") return "";
    return config.bios == "default" ? find_default_firmware(is_rv32(guest)) : find_firmware(config.bios);
}

RiscvBoot place_riscv_images(const Config& config, BootImages& images, const guest::Guest& guest, u64 ram_base) {
    RiscvBoot boot;
    boot.firmware_entry = ram_base;
    u64 firmware_end = ram_base;
    const std::string firmware = riscv_firmware(config, guest);
    if (!firmware.empty()) {
        ImageFile file("-bios", firmware);
        auto placed = images.add_elf(file, guest);
        if (!placed) placed = images.add_raw(std::move(file), ram_base);
        boot.firmware_entry = placed->entry;
        firmware_end = placed->end;
    }
    u64 kernel_end = firmware_end;
    if (!config.kernel.empty()) {
        auto placed = place_kernel(config, images, guest, align_up(firmware_end, kernel_alignment(is_rv32(guest))));
        // Some kernels have one entry for firmware, at their start, and another one in the ELF header.
        boot.kernel_entry = placed.start;
        kernel_end = placed.end;
        if (firmware.empty() && placed.start != ram_base) boot.firmware_entry = placed.entry;
    }
    if (!config.initrd.empty()) {
        if (config.kernel.empty()) throw FatalError(1, "-initrd: needs -kernel");
        u64 start = boot.kernel_entry + std::min(config.memory / 2, 512 * kMegabyte);
        auto placed = images.add_raw(ImageFile("-initrd", config.initrd), align_up(std::max(start, kernel_end), 4096));
        boot.initrd_start = placed.start;
        boot.initrd_end = placed.end;
    }
    return boot;
}

void describe_boot(DeviceTree& tree, const Config& config, const RiscvBoot& boot) {
    DeviceTree::Node chosen = tree.node("/chosen");
    if (!config.append.empty()) chosen.text("bootargs", config.append);
    if (boot.initrd_end != 0) {
        chosen.reg("linux,initrd-start", {boot.initrd_start}).reg("linux,initrd-end", {boot.initrd_end});
    }
}

u64 device_tree_address(u64 ram_base, u64 ram_size, u64 size) {
    constexpr u64 kLimit = u64{3} << 30;  // 32-bit kernels must reach it
    u64 end = ram_base < kLimit ? std::min(ram_base + ram_size, kLimit) : ram_base + ram_size;
    constexpr u64 kAlignment = 2 * kMegabyte;
    return (end - size) / kAlignment * kAlignment;
}

std::vector<u8> riscv_reset_vector(const guest::Guest& guest, const RiscvBoot& boot, u64 device_tree) {
    const bool rv32 = is_rv32(guest);
    const u32 load = rv32 ? 0x2003 : 0x3003;  // lw or ld
    constexpr unsigned kFirmwareInfo = 40;    // offset of struct fw_dynamic_info (OpenSBI, include/sbi/fw_dynamic.h)
    constexpr u64 kMagic = 0x4942534f, kVersion = 2, kSupervisorMode = 1;
    const u32 code[] = {
        0x00000297,                        // auipc t0, 0
        0x00028613 | kFirmwareInfo << 20,  // addi  a2, t0, kFirmwareInfo
        0xf1402573,                        // csrr  a0, mhartid
        0x02028580 | load,                 // ld    a1, 32(t0)
        0x01828280 | load,                 // ld    t0, 24(t0)
        0x00028067,                        // jr    t0
    };
    std::vector<u8> rom;
    for (u32 insn : code) put(rom, insn, 4);
    put(rom, boot.firmware_entry, 8);
    put(rom, device_tree, 8);
    for (u64 value : {kMagic, kVersion, boot.kernel_entry, kSupervisorMode, u64{0}, u64{0}})
        put(rom, value, rv32 ? 4 : 8);
    return rom;
}

}  // namespace dragoman::machine
