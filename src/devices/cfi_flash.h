// NOR flash with the Common Flash Interface (JESD68) and Intel's command set: where firmware lives.
#pragma once

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "devices/block/image.h"
#include "devices/device.h"

namespace dragoman::devices {

/// One bank of two 16-bit chips side by side, as boards with a 32-bit bus have it. Contents are the memory of its
/// region, which harts read directly until a command is given. What is programmed or erased reaches the
/// image at once.
class CfiFlash final : public Device, public memory::MmioHandler {
public:
    static constexpr memory::MmioLimits kLimits{1, 4, false, true};
    static constexpr u32 kSectorSize = 256 * 1024;
    static constexpr u32 kBufferSize = 4096;  ///< of write-to-buffer

    /// @param image  its contents, as large as the flash; null: zeros that are forgotten in the end
    explicit CfiFlash(std::shared_ptr<block::Image> image);
    ~CfiFlash() override;

    /// Tells the region that was added for it to the map, and reads the image into it. Before harts run.
    /// @throws FatalError when the image does not fit or cannot be read
    void attach(memory::PhysicalSpace& space, memory::Region& region);

    void reset() override;
    void visit(State& state) override;
    std::string describe() const override;
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    block::Image* image() const { return image_.get(); }

private:
    enum class Mode : u8 { Array, Status, Id, Query };
    /// What the next store is.
    enum class Expect : u8 { Command, Word, EraseConfirm, BufferCount, BufferWord, BufferConfirm, LockConfirm };

    void set_mode(Mode mode) DRAGOMAN_REQUIRES(mutex_);
    void command(u8 value) DRAGOMAN_REQUIRES(mutex_);
    void end_operation(u8 errors) DRAGOMAN_REQUIRES(mutex_);
    void program_word(u64 offset, unsigned size, u64 value) DRAGOMAN_REQUIRES(mutex_);
    void add_to_buffer(u64 offset, unsigned size, u64 value) DRAGOMAN_REQUIRES(mutex_);
    void program_buffer() DRAGOMAN_REQUIRES(mutex_);
    void erase_sector(u64 offset) DRAGOMAN_REQUIRES(mutex_);
    u8 store(u64 offset, u64 size) DRAGOMAN_REQUIRES(mutex_);
    u8 query_byte(u64 index) const;
    u8 id_byte(u64 index) const;

    std::shared_ptr<block::Image> image_;
    memory::PhysicalSpace* space_ = nullptr;
    memory::Region* region_ = nullptr;

    Mutex mutex_;  ///< also of stores to the region's memory
    Mode mode_ DRAGOMAN_GUARDED_BY(mutex_) = Mode::Array;
    Expect expect_ DRAGOMAN_GUARDED_BY(mutex_) = Expect::Command;
    u8 status_ DRAGOMAN_GUARDED_BY(mutex_);
    u32 words_left_ DRAGOMAN_GUARDED_BY(mutex_) = 0;        ///< to come for the buffer
    u64 buffer_start_ DRAGOMAN_GUARDED_BY(mutex_) = 0;      ///< the aligned block that the buffer belongs to
    bool buffer_open_ DRAGOMAN_GUARDED_BY(mutex_) = false;  ///< the first word has fixed it
    std::vector<u8> buffer_ DRAGOMAN_GUARDED_BY(mutex_);    ///< what to clear: ones elsewhere
};

}  // namespace dragoman::devices
