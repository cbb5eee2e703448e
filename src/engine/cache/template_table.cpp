#include "engine/cache/template_table.h"

#include <cstring>

namespace dragoman::engine {

bool template_fields(std::span<const host::Relocation> relocations, std::vector<TemplateField>& fields) {
    using Kind = host::Relocation::Kind;
    fields.clear();
    for (const host::Relocation& r : relocations) {
        if (r.kind == Kind::GuestAddress) {
            if (r.size != 8 || r.pc_relative) return false;
            fields.emplace_back(r.offset, TemplateField::Address);
        } else if (r.kind == Kind::JumpCacheSlot) {
            if (r.size != 4) return false;
            fields.emplace_back(r.offset,
                                (r.value >> 12 & 1) != 0 ? TemplateField::OddJumpSlot : TemplateField::EvenJumpSlot);
        } else {
            if (r.size != 4 || !r.pc_relative) return false;
            fields.emplace_back(r.offset, TemplateField::Distance);
        }
    }
    return true;
}

void move_template(u8* code, const u8* from, std::span<const TemplateField> fields, u64 distance) {
    const auto host_distance = static_cast<u32>(from - code);
    // The page's lowest bit is the highest of the index, so slots of other pages are half the table away.
    static_assert(ir::kJumpCacheBits == 12);
    constexpr u32 kHalf = ir::kJumpCacheSize / 2 * sizeof(ir::JumpCacheEntry);
    const bool odd = (distance >> 12 & 1) != 0;
    for (const TemplateField& field : fields) {
        u8* at = code + field.offset();
        if (field.kind() == TemplateField::Address) {
            u64 value;
            std::memcpy(&value, at, 8);
            value += distance;
            std::memcpy(at, &value, 8);
            continue;
        }
        u32 change = host_distance;
        if (field.kind() != TemplateField::Distance) {
            if (!odd) continue;
            change = field.kind() == TemplateField::EvenJumpSlot ? kHalf : 0 - kHalf;
        }
        u32 value;
        std::memcpy(&value, at, 4);
        value += change;
        std::memcpy(at, &value, 4);
    }
}

TranslationBlock* TemplateTable::find(u64 physical, u32 flags) const {
    TranslationBlock* tb = buckets_[bucket(physical, flags)];
    while (tb != nullptr && (tb->physical != physical || tb->flags != flags)) tb = tb->template_next;
    return tb;
}

void TemplateTable::insert(TranslationBlock* tb) {
    if (++count_ > buckets_.size()) grow();
    TranslationBlock*& first = buckets_[bucket(tb->physical, tb->flags)];
    tb->template_next = first;
    first = tb;
}

void TemplateTable::remove(TranslationBlock* tb) {
    for (TranslationBlock** place = &buckets_[bucket(tb->physical, tb->flags)]; *place != nullptr;
         place = &(*place)->template_next) {
        if (*place != tb) continue;
        *place = tb->template_next;
        --count_;
        return;
    }
}

void TemplateTable::grow() {
    std::vector<TranslationBlock*> old(buckets_.size() * 4);
    old.swap(buckets_);
    for (TranslationBlock* tb : old) {
        while (tb != nullptr) {
            TranslationBlock* next = tb->template_next;
            TranslationBlock*& first = buckets_[bucket(tb->physical, tb->flags)];
            tb->template_next = first;
            first = tb;
            tb = next;
        }
    }
}

}  // namespace dragoman::engine
