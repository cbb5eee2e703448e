// QEMU's firmware configuration device: what firmware asks the machine for, by key or file name.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "devices/device.h"

namespace dragoman::devices {

/// Registers: data at 0, selector (big-endian) at 8, DMA address (big-endian) at 16. Items are added before harts run.
class FwCfg final : public Device, public memory::MmioHandler {
public:
    static constexpr u64 kWindow = 0x18;
    static constexpr memory::MmioLimits kLimits{1, 8, false, false};

    /// Keys with a fixed meaning.
    enum Key : u16 {
        kSignature = 0,
        kId = 1,
        kUuid = 2,
        kRamSize = 3,
        kNoGraphic = 4,
        kNumberOfCpus = 5,
        kKernelAddress = 7,
        kKernelSize = 8,
        kInitrdAddress = 0xA,
        kInitrdSize = 0xB,
        kBootMenu = 0xE,
        kKernelEntry = 0x10,
        kKernelData = 0x11,
        kInitrdData = 0x12,
        kCommandLineAddress = 0x13,
        kCommandLineSize = 0x14,
        kCommandLineData = 0x15,
        kFileDirectory = 0x19,
        kFirstFile = 0x20,
    };

    explicit FwCfg(memory::PhysicalSpace& memory);

    void add_item(u16 key, std::vector<u8> data);
    void add_number(u16 key, u64 value, unsigned size);  ///< little-endian, `size` bytes
    void add_string(u16 key, const std::string& text);   ///< with its final 0
    /// "etc/...", "opt/..."; at most 55 characters, and 4 GiB of data. @returns false when it is too long or is there
    /// already
    bool add_file(const std::string& name, std::vector<u8> data);

    /// Adds a file, or changes its contents. While harts are stopped, before a reset.
    void set_file(std::string_view name, std::vector<u8> data);

    /// A file that the guest writes by DMA, of `size` bytes that are 0 after reset. `changed` is told what it has
    /// become, with the device's lock held. @returns as add_file
    bool add_writable_file(const std::string& name, std::size_t size, std::function<void(std::span<const u8>)> changed);

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;

private:
    bool copy_from_guest(u64 address, u32 length) DRAGOMAN_REQUIRES(mutex_);
    void select(u16 key) DRAGOMAN_REQUIRES(mutex_);
    u8 next_byte() DRAGOMAN_REQUIRES(mutex_);
    void run_dma(u64 address) DRAGOMAN_REQUIRES(mutex_);
    bool copy_to_guest(u64 address, u32 length) DRAGOMAN_REQUIRES(mutex_);
    void update_directory();

    memory::PhysicalSpace& memory_;
    std::map<u16, std::vector<u8>> items_;
    std::map<std::string, u16> files_;
    std::map<u16, std::function<void(std::span<const u8>)>> writable_;  ///< by key

    Mutex mutex_;
    const std::vector<u8>* selected_ DRAGOMAN_GUARDED_BY(mutex_) = nullptr;
    u16 selected_key_ DRAGOMAN_GUARDED_BY(mutex_) = 0;
    u64 position_ DRAGOMAN_GUARDED_BY(mutex_) = 0;  ///< in *selected_, or beyond its end
    u32 dma_address_high_ DRAGOMAN_GUARDED_BY(mutex_) = 0;
};

}  // namespace dragoman::devices
