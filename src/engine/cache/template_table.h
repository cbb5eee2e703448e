// TBs whose code can be copied to serve another guest address: the same code of a library is mapped at another
// address in each process, and copying a TB costs a small part of translating it. Under the TB lock.
#pragma once

#include <span>
#include <vector>

#include "engine/tb.h"

namespace dragoman::engine {

/// A field of a template's code that depends on the address of the host code or the guest code.
struct TemplateField {
    enum Kind : u32 {
        Distance,      ///< 4 bytes: distance to something outside the TB
        Address,       ///< 8 bytes: guest address
        EvenJumpSlot,  ///< 4 bytes: displacement of the jump cache's entry for a target on an even guest page
        OddJumpSlot,
    };
    u32 packed;
    TemplateField(u32 offset, Kind kind) : packed(offset << 2 | kind) {}
    u32 offset() const { return packed >> 2; }
    Kind kind() const { return static_cast<Kind>(packed & 3); }
};

/// The fields for code with these relocations, in `fields`. @returns false when it cannot be moved.
bool template_fields(std::span<const host::Relocation> relocations, std::vector<TemplateField>& fields);
/// Adapts a copy of a template's code: host code moved from `from` to `code`, guest code by `distance`, a number of
/// pages.
void move_template(u8* code, const u8* from, std::span<const TemplateField> fields, u64 distance);

class TemplateTable {
public:
    TemplateTable() : buckets_(256) {}

    TranslationBlock* find(u64 physical, u32 flags) const;
    void insert(TranslationBlock* tb);
    void remove(TranslationBlock* tb);

private:
    std::size_t bucket(u64 physical, u32 flags) const {
        return static_cast<std::size_t>(((physical >> 1) ^ u64{flags} << 40) * 0x9e3779b97f4a7c15 >> 32) &
               (buckets_.size() - 1);
    }
    void grow();

    std::vector<TranslationBlock*> buckets_;
    std::size_t count_ = 0;
};

}  // namespace dragoman::engine
