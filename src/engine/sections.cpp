#include "engine/sections.h"

#include <algorithm>

#include "engine/impl.h"
#include "memory/user_space.h"

namespace dragoman::engine {

bool SectionList::add(const Section& section) {
    if (std::find(sections_.begin(), sections_.end(), section) != sections_.end()) return false;
    const auto behind = [](u64 start, const Section& s) { return start < s.start; };
    sections_.insert(std::upper_bound(sections_.begin(), sections_.end(), section.start, behind), section);
    return true;
}

void SectionList::remove(const Section& section) { std::erase(sections_, section); }

std::optional<Section> SectionList::at(u64 pc) const {
    const auto found =
        std::find_if(sections_.begin(), sections_.end(), [pc](const Section& s) { return s.contains(pc); });
    if (found == sections_.end()) return std::nullopt;
    return *found;
}

void SectionList::add_overlapping(u64 start, u64 end, std::vector<Section>& to) const {
    for (const Section& s : sections_) {
        if (s.start < end && start < s.end) to.push_back(s);
    }
}

bool Engine::Impl::find_sections(Worker& w, const TranslationRequest& request, const CodeReader& reader) {
    if (guest.translator.made_addresses == nullptr || request.leaves() || request.is_loop()) return false;
    bool found = false;
    const std::function<void(guest::MadeAddress)> take = [&](const guest::MadeAddress& made) {
        if (const auto section = section_finder->described_at(made)) found |= add_section(*section);
    };
    const u64 pc = request.pc;
    guest.translator.made_addresses(*model, w.guest_state(), pc, reader.bytes(), take);
    // The block before ends in the middle of something, which may be an address: it has one instruction of it.
    u8 border[2 * guest::CodeReader::kMaxInsnBytes];
    const u64 before = guest.max_insn_bytes;
    if (pc == w.cut_at && has(space->flags(pc - before), memory::PageFlags::Read) &&
        memory::copy_checked(border, space->host(pc - before), 2 * before) == 0) {
        guest.translator.made_addresses(*model, w.guest_state(), pc - before, {border, 2 * before}, take);
    }
    const ir::Function& f = w.translator.function();
    const u64 end = pc + f.guest_size;
    if (f.guest_insns >= request.max_insns || (end ^ pc) / kPageBytes != 0) w.cut_at = end;
    return found;
}

bool Engine::Impl::add_section(const Section& section) {
    {
        LockGuard guard(blocks.lock);
        if (!policy.sections.add(section)) return false;
    }
    engine.invalidate(section.start, section.end);
    return true;
}

void Engine::set_section_finder(SectionFinder* finder) { impl_->section_finder = finder; }

std::optional<Section> Engine::section_at(u64 pc) const {
    LockGuard guard(impl_->blocks.lock);
    return impl_->policy.sections.at(pc);
}

void Engine::remove_section(const Section& section) {
    {
        LockGuard guard(impl_->blocks.lock);
        impl_->policy.sections.remove(section);
    }
    invalidate(section.start, section.end);
}

/// The block of the one instruction at env->pc.
TranslationBlock* Engine::Impl::alone_block(Vcpu& v) {
    constexpr std::size_t kPlaces = 64;
    if (v.alone.empty()) v.alone.resize(kPlaces);
    const u64 pc = v.env->pc;
    const u32 flags = v.env->tb_flags;
    AloneBlock& place = v.alone[pc >> 1 & (kPlaces - 1)];
    const u64 epoch = blocks.epoch.load(), reclaimed = reclaims.load();
    if (place.tb != nullptr && place.pc == pc && place.flags == flags && place.epoch == epoch &&
        place.reclaims == reclaimed) {
        return place.tb;
    }
    TranslationRequest request = request_for(pc, flags);
    request.kind = guest::BlockKind::Leaving;
    request.max_insns = 1;
    request.in_section = true;
    TranslationBlock* tb = translate(v, request);
    place = {.tb = tb, .pc = pc, .flags = flags, .epoch = epoch, .reclaims = reclaimed};
    return tb;
}

void Engine::keep_writable(u64 address, u64 bytes) {
    Impl& i = *impl_;
    const u64 first = align_down(address, kPageBytes), end = address + bytes;
    for (u64 page = first; page < end; page += kPageBytes) {
        {
            LockGuard guard(i.blocks.lock);
            i.policy.keep_writable(page / kPageBytes);
        }
        if (!has(i.space->flags(page), memory::PageFlags::Code)) continue;
        invalidate(page, page + kPageBytes);
        i.space->unprotect_code(page);
    }
}

}  // namespace dragoman::engine
