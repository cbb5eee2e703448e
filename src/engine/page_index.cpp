#include "engine/page_index.h"

namespace dragoman::engine {

CodePage* PageIndex::find(u64 page) {
    std::size_t mask = entries_.size() - 1;
    for (std::size_t i = slot(page);; i = (i + 1) & mask) {
        if (entries_[i].page == page) return &entries_[i];
        if (entries_[i].page == ~u64{0}) return nullptr;
    }
}

CodePage& PageIndex::get(u64 page) {
    if (CodePage* found = find(page)) return *found;
    if (++count_ * 2 > entries_.size()) grow();
    std::size_t mask = entries_.size() - 1;
    std::size_t i = slot(page);
    while (entries_[i].page != ~u64{0}) i = (i + 1) & mask;
    entries_[i].page = page;
    return entries_[i];
}

void PageIndex::grow() {
    std::vector<CodePage> old(entries_.size() * 2);
    old.swap(entries_);
    std::size_t mask = entries_.size() - 1;
    for (const CodePage& record : old) {
        if (record.page == ~u64{0}) continue;
        std::size_t i = slot(record.page);
        while (entries_[i].page != ~u64{0}) i = (i + 1) & mask;
        entries_[i] = record;
        if (record.tbs != nullptr) record.tbs->link = &entries_[i].tbs;
    }
}

void PageIndex::add(TranslationBlock* tb) {
    unsigned count = tb->crosses_page() ? 2 : 1;
    for (unsigned i = 0; i < count; ++i) {
        CodePage& record = get(tb->page_numbers[i]);
        PageLink& link = tb->pages[i];
        link.owner = tb;
        link.next = record.tbs;
        link.link = &record.tbs;
        if (record.tbs != nullptr) record.tbs->link = &link.next;
        record.tbs = &link;
        record.lines |= lines_of(link);
    }
}

u64 PageIndex::lines_of(const PageLink& link) {
    const TranslationBlock& tb = *link.owner;
    u64 offset = tb.pc & 0xfff;
    u64 last = offset + tb.guest_size - 1;
    if (&link == &tb.pages[0]) return lines(offset, last < 0xfff ? last : 0xfff);
    return lines(0, last & 0xfff);
}

void PageIndex::remove(TranslationBlock* tb) {
    for (PageLink& link : tb->pages) {
        if (link.link == nullptr) continue;
        *link.link = link.next;
        if (link.next != nullptr) link.next->link = link.link;
        link = {};
    }
}

}  // namespace dragoman::engine
