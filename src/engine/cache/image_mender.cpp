#include "engine/cache/image_mender.h"

#include <cstring>

#include "engine/cache/content_hash.h"

namespace dragoman::engine {

ImageMender::ImageMender(const Translator::Setup& setup, CodeSource& source, const memory::UserSpace& space,
                         const u8* prologue, std::span<u8> room)
    : source_(source), space_(space), prologue_(prologue), translator_(setup, *this) {
    chunk_.start = chunk_.next = room.data();
    chunk_.end = room.data() + room.size();
}

Chunk* ImageMender::take_chunk() {
    chunk_.next = chunk_.start;
    return &chunk_;
}

/// Makes the block that the image has, if the guest's code is still the one that it was made from.
bool ImageMender::translate(const Image& image, u32 block, TranslationRequest& request) {
    u8 contents[kPageBytes];
    const ImageBlock head = image.view().block(block);
    const bool same = image.for_pages(block, [&](u32 index) {
        const ImagePage& page = image.view().pages[index];
        const u8* code = space_.host(image.bias() + page.number * kPageBytes);
        return memory::copy_checked(contents, code, kPageBytes) == 0 && content_hash(contents, kPageBytes) == page.hash;
    });
    if (!same) return false;
    // Which of the two it was is not known.
    for (const bool boxed : {true, false}) {
        request.assume_boxed = boxed;
        Translator::Outcome made;
        do {
            CodeReader reader(source_, false, false);
            made = translator_.translate(request, reader);
        } while (made == Translator::Outcome::TooLarge);
        if (made != Translator::Outcome::Done) return false;
        const FinishedBlock& b = translator_.block();
        if (b.compiled.size == head.code_size && b.guest_size == head.guest_size &&
            b.compiled.entry == head.shape.entry && b.compiled.checked_entry == head.shape.checked_entry) {
            return true;
        }
    }
    return false;
}

bool ImageMender::mend(Image& image, u32 block, TranslationRequest request) {
    LockGuard guard(lock_);
    if (!translate(image, block, request)) return false;
    const FinishedBlock& made = translator_.block();
    u8* place = image.code(block);
    for (const host::Relocation& r : made.compiled.relocations) {
        if (r.kind == host::Relocation::Kind::GuestAddress) continue;
        u32 field;
        std::memcpy(&field, made.code + r.offset, sizeof field);
        // From where it was made to the image's own copy of what it leads to.
        field += static_cast<u32>((made.code - prologue_) - (place - image.base()));
        std::memcpy(made.code + r.offset, &field, sizeof field);
    }
    // Another thread may run in the block: until an instruction's first byte is there, which is its last one to come,
    // it meets one that faults, and comes here itself.
    for (u32 i = made.compiled.size; i-- > 0;) __atomic_store_n(place + i, made.code[i], __ATOMIC_RELEASE);
    return true;
}

bool ImageMender::recover(const Image& image, u32 block, TranslationRequest request, BlockDetails& details,
                          InsnMapBytes& map) {
    LockGuard guard(lock_);
    if (!translate(image, block, request)) return false;
    const FinishedBlock& made = translator_.block();
    map = made.insn_map;
    details.guest_insns = made.guest_insns;
    details.slot_count = 0;
    for (unsigned i = 0; i < ir::kMaxSlots; ++i) {
        if (!made.compiled.slots[i].used) {
            details.slots[i] = {};
            continue;
        }
        details.slots[i] = {.slot = made.compiled.slots[i]};
        details.slots[i].slot.target_pc -= image.bias();
        details.slot_count = i + 1;
    }
    return true;
}

}  // namespace dragoman::engine
