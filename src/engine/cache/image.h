// An image that this process has mapped, and what it knows of it: which of its pages hold for the guest's code, and for
// which of its blocks there are TBs. Only mapping takes no lock; all else is under the engine's TB lock.
//
// What is linked in the file is so without any record: ImageSlot::target says it, until the target is cut off. A page
// whose contents are not (or may no longer be) what the image was made from has all links to its blocks cut; they are
// linked like any other TB's from then on.
//
// Should the file be cut off under the mapping, its end is replaced by memory of this process: tables by zeros, code by
// bytes that fault (kNoCode) until what is needed of it has been translated again (image_mender.h).
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "engine/cache/image_format.h"
#include "engine/code_buffer.h"

namespace dragoman::engine {

class ImageFile;

class Image {
public:
    explicit Image(const CacheKey& key) : key_(key) {}

    const CacheKey& key() const { return key_; }
    u64 bias() const { return key_.bias; }

    /// Maps the file behind a copy of the prologue, in `area`, and enters this into the list of all images. @returns
    /// bytes of the area that it takes; 0: the file is damaged or there is no room
    std::size_t map(const ImageFile& file, std::span<u8> area, std::span<const u8> prologue, std::atomic<Image*>& list);
    bool mapped() const { return mapped_; }
    /// Bytes of memory that it takes; 0: it is not mapped.
    std::size_t bytes() const { return mapped_ ? bytes_ : 0; }
    /// The next one in that list.
    const Image* next() const { return next_; }
    Image* next() { return next_; }

    /// An instruction that is none (SIGILL), in one byte.
    static constexpr u8 kNoCode = 0x06;
    /// The file ends in front of `fault`, an address in this. In signal handlers. @returns whether memory is there now
    bool cut_off(const void* fault);
    /// The same where block `block` begins, if the file ends in front of that. @returns whether memory is there now
    bool cut_off_before(u32 block);
    /// Whether the file has been cut off: nothing of it is to be used any more that is not running already.
    bool lost() const { return lost_from_.load() != ~u64{0}; }
    bool contains(const void* p) const {
        return static_cast<const u8*>(p) >= base_ && static_cast<const u8*>(p) < base_ + bytes_;
    }
    const u8* base() const { return base_; }
    const ImageView& view() const { return view_; }
    u8* code(u32 block) const { return const_cast<u8*>(view_.code) + view_.code_of(block); }

    enum class PageState : u8 {
        Unknown,  ///< to be compared
        Holds,
        Fails,
    };
    std::vector<PageState> pages;  ///< as ImageView::pages
    std::vector<bool> page_cut;    ///< links in the file to blocks of the page are no more
    std::vector<bool> block_cut;   ///< the block is of no use: it is not found, and links to it are no more
    std::vector<bool> page_other;  ///< had other contents when it was first compared
    bool attached = false;         ///< its pages have been compared once: the engine knows it

    /// Puts the code of `block` into memory of this process, so that it stays whatever becomes of the file. @returns
    /// whether it was there; else it is lost (kNoCode), and is to be translated again
    bool own_code(u32 block);
    /// Makes the block fault (SIGILL) where it is entered, for links to it that nobody can find any more.
    void close(u32 block);
    /// Whether all pages of the block hold.
    bool holds(u32 block) const;
    /// Whether the guest code in [pc, pc + bytes) is such that a new image should have it: not what the process itself
    /// has made of a page of this one.
    bool wants(u64 pc, u64 bytes) const;
    /// Whether links in the file to the block are no more.
    bool cut(u32 block) const;
    /// Calls `f(index)` for the pages that the block depends on; stops when it returns false. @returns whether none did
    template <class F>
    bool for_pages(u32 block, F f) const {
        const u32 first = view_.first_page(block), last = view_.last_page(block);
        u32 index = view_.find_page(first);
        for (u32 number = first; number <= last; ++number, ++index) {
            if (index >= pages.size() || view_.pages[index].number != number || !f(index)) return false;
        }
        return true;
    }

    /// Calls `f(number)` for the live blocks that depend on guest page `page`, a number; for some twice where the file
    /// is cut off.
    template <class F>
    void for_blocks_on(u32 page, F f) const {
        view_.for_blocks_on(page, f);
        // The index of blocks by address may be among what is lost; that is noticed when it is read.
        if (!lost()) return;
        for (u32 number = 0; number < view_.block_count(); ++number) {
            if (!view_.is_dead(number) && view_.first_page(number) <= page && view_.last_page(number) >= page)
                f(number);
        }
    }

    /// The block's TB; null: none was made.
    TranslationBlock*& tb(u32 block) { return tbs_[block]; }
    Arena arena;  ///< of the TBs

private:
    bool owns(u64 address) const;

    struct Free {
        void operator()(TranslationBlock** p) const;
    };
    CacheKey key_;
    u8* base_ = nullptr;
    std::size_t bytes_ = 0, tables_ = 0;  ///< size, and where the tables begin
    bool mapped_ = false;
    Image* next_ = nullptr;
    std::atomic<u64> lost_from_{~u64{0}};
    ImageView view_;
    std::vector<std::atomic<bool>> owned_;  ///< pages of the code that are not the file's any more
    std::vector<u64> lasting_;              ///< a copy of the tables that must be known also when the file is lost
    std::unique_ptr<TranslationBlock*[], Free> tbs_;
};

}  // namespace dragoman::engine
