// The TBs that there are: published so that all vCPUs find them, linked with each other, and removed again.
//
// Lookups by guest address take no lock; everything else is done under one. A TB's memory belongs to the chunk of the
// code buffer that its code is in, and is there until that is reclaimed.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "base/mutex.h"
#include "engine/cache/image.h"
#include "engine/cache/template_table.h"
#include "engine/code_buffer.h"
#include "engine/page_index.h"
#include "engine/region/loop_finder.h"
#include "engine/tb_table.h"
#include "engine/translate/code_reader.h"
#include "engine/translate/insn_map.h"
#include "engine/translate/request.h"

namespace dragoman::engine {

struct Vcpu;
class Translator;

/// The TB of the block that `translator` has made last, in the chunk that its code is in. Nobody finds it yet.
TranslationBlock* describe_block(Translator& translator, const TranslationRequest& request, const CodeReader& reader);

class Blocks {
public:
    /// @param images whether there are to be images
    Blocks(const host::Backend& backend, std::size_t buffer_bytes, bool images)
        : buffer(buffer_bytes, images), backend_(backend) {}

    /// Guards what follows, the TBs themselves and their slots. No function of the user space is called with it held,
    /// as that has a lock of its own which it may hold when it drops translations.
    Mutex lock;
    CodeBuffer buffer;  ///< has a lock of its own, which may be taken under this one
    PageIndex pages DRAGOMAN_GUARDED_BY(lock);
    TemplateTable templates DRAGOMAN_GUARDED_BY(lock);
    std::vector<Vcpu*> vcpus DRAGOMAN_GUARDED_BY(lock);  ///< whose jump caches lead to TBs
    /// Pages of aliased mappings with translations, ascending.
    std::vector<u64> shared_pages DRAGOMAN_GUARDED_BY(lock);

    // Without the lock:
    std::atomic<u32> vcpu_count{0};         ///< of `vcpus`
    std::atomic<u32> shared_page_count{0};  ///< of `shared_pages`: fence.i of most guests has nothing to look at
    std::atomic<u64> epoch{0};              ///< counts removals: what was read before one is not published behind it
    std::atomic<u64> invalidations{0};      ///< statistics

    /// May miss a TB that is being published at this moment: who then makes one is given the other by publish.
    TranslationBlock* find(u64 pc, u32 flags, u64 physical) const { return table_.find(pc, flags, physical); }
    u64 insertions() const { return table_.insertions(); }
    std::size_t count() const DRAGOMAN_REQUIRES(lock) { return table_.size(); }
    /// Where translated code finds the table (Env::blocks).
    const void* location() const { return table_.location(); }

    // Publication (publish.cpp)
    /// Lets `tb`, whose code is in `chunk`, be found. @returns it, or the one that another thread has made of the same
    /// code; null: the code may have changed since `started` (epoch), when it had not been read yet
    TranslationBlock* publish(Chunk& chunk, TranslationBlock* tb, const TranslationRequest& request,
                              const CodeReader& reader, u64 started) DRAGOMAN_REQUIRES(lock);
    void replace(TranslationBlock& old, TranslationBlock* tb) DRAGOMAN_REQUIRES(lock);
    /// Lets `tb` be found by guest address and by page.
    void insert(TranslationBlock* tb) DRAGOMAN_REQUIRES(lock);

    // TBs of images (cache/image_blocks.cpp)
    /// The TB of a block of `image`. One that does not hold, or that there is another TB of, is found by host address
    /// only (and TranslationBlock::invalid).
    TranslationBlock* image_tb(Image& image, u32 block) DRAGOMAN_REQUIRES(lock);
    /// Sets what has been found out about pages of an image, and has its links cut where they do not hold.
    void set_image_pages(Image& image, std::span<const u32> pages, std::span<const Image::PageState> states)
        DRAGOMAN_REQUIRES(lock);
    /// The images that have pages in [first, last], each with one of these.
    std::vector<std::pair<Image*, u32>> image_pages(u64 first, u64 last) const DRAGOMAN_REQUIRES(lock);
    /// How many of the images' blocks may be executed.
    u64 kept_count() const DRAGOMAN_REQUIRES(lock);

    /// Finds out what a block of an image that was lost (Image::lost) is: exits, instruction map. @returns false when
    /// that cannot be done
    std::function<bool(Image& image, u32 block, BlockDetails& details, InsnMapBytes& insn_map)> recover;

    // Links (links.cpp)
    /// The TB whose code `host_pc` is in.
    TranslationBlock* at(const u8* host_pc) DRAGOMAN_REQUIRES(lock);
    /// The slot at `place`; null when its TB is no more.
    SlotRecord* slot_at(const SlotPlace& place) DRAGOMAN_REQUIRES(lock);
    void link(SlotRecord& from, TranslationBlock* to) DRAGOMAN_REQUIRES(lock);
    void unlink(SlotRecord& from) DRAGOMAN_REQUIRES(lock);

    // Removal (links.cpp)
    void remove(TranslationBlock* tb) DRAGOMAN_REQUIRES(lock);
    void remove_page(CodePage& page) DRAGOMAN_REQUIRES(lock);
    /// The code of the pages [first, last] may have changed.
    void remove_pages(u64 first, u64 last) DRAGOMAN_REQUIRES(lock);
    void remove_region(u32 region) DRAGOMAN_REQUIRES(lock);
    void remove_all() DRAGOMAN_REQUIRES(lock);
    void clear_jump_caches() DRAGOMAN_REQUIRES(lock);
    /// No thread is in find.
    void release_retired() DRAGOMAN_REQUIRES(lock) { table_.release_retired(); }

private:
    void note_shared(const TranslationBlock& tb) DRAGOMAN_REQUIRES(lock);
    TranslationBlock* image_tb_at(const u8* host_pc) DRAGOMAN_REQUIRES(lock);
    void doubt_image_pages(u64 first, u64 last) DRAGOMAN_REQUIRES(lock);
    void cut_links(Image& image) DRAGOMAN_REQUIRES(lock);

    const host::Backend& backend_;
    TbTable table_;                                         ///< changed under the lock
    std::vector<Image*> images_ DRAGOMAN_GUARDED_BY(lock);  ///< whose pages have been compared
};

}  // namespace dragoman::engine
