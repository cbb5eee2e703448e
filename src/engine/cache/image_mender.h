// Translates blocks of an image again whose file was cut off while this process runs in it: the same guest code gives
// the same host code, which goes to where it was. In the handler of the fault, as the guest's state may be anywhere.
#pragma once

#include "base/mutex.h"
#include "engine/cache/image.h"
#include "engine/translate/translator.h"

namespace dragoman::engine {

class ImageMender final : CodeRoom {
public:
    /// @param prologue the area that new code leads to
    /// @param room within reach of it
    ImageMender(const Translator::Setup& setup, CodeSource& source, const memory::UserSpace& space, const u8* prologue,
                std::span<u8> room);

    /// Puts the block's code to its place. `request` is for an ordinary block there. @returns false when that cannot be
    /// had: the guest's code is not what the block was made from
    bool mend(Image& image, u32 block, TranslationRequest request);
    /// Finds out what was known of the block. @returns false as above
    bool recover(const Image& image, u32 block, TranslationRequest request, BlockDetails& details, InsnMapBytes& map);

private:
    Chunk* take_chunk() override;
    bool translate(const Image& image, u32 block, TranslationRequest& request) DRAGOMAN_REQUIRES(lock_);

    Mutex lock_;
    CodeSource& source_;
    const memory::UserSpace& space_;
    const u8* prologue_;
    Chunk chunk_;
    Translator translator_ DRAGOMAN_GUARDED_BY(lock_);
};

}  // namespace dragoman::engine
