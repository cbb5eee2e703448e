#include "devices/block/table_cache.h"

#include <algorithm>
#include <cstring>

namespace dragoman::devices::block {

TableCache::Entry* TableCache::find(u64 offset) {
    for (Entry& entry : entries_) {
        if (entry.valid && entry.offset == offset) {
            entry.used = ++time_;
            return &entry;
        }
    }
    return nullptr;
}

int TableCache::write(Entry& entry) {
    if (before_write_) {
        if (int error = before_write_()) return error;
    }
    if (int error = file_.write(entry.offset, entry.data.get(), table_bytes_)) return error;
    entry.dirty = false;
    return 0;
}

/// An unused entry for `offset`, where need be by writing back the one unused longest.
int TableCache::place(u64 offset, Entry*& entry) {
    auto unused = std::find_if(entries_.begin(), entries_.end(), [](const Entry& e) { return !e.valid; });
    if (unused != entries_.end()) {
        entry = &*unused;
    } else if (entries_.size() < capacity_) {
        entry = &entries_.emplace_back();
        entry->data = std::make_unique<u8[]>(table_bytes_);
    } else {
        auto older = [](const Entry& a, const Entry& b) { return a.used < b.used; };
        entry = &*std::min_element(entries_.begin(), entries_.end(), older);
        if (entry->dirty) {
            if (int error = write(*entry)) return error;
        }
    }
    entry->offset = offset;
    entry->used = ++time_;
    entry->valid = false;
    entry->dirty = false;
    return 0;
}

bool TableCache::holds(u64 offset) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.valid && e.offset == offset; });
}

int TableCache::get(u64 offset, u8*& table) {
    Entry* entry = find(offset);
    if (entry == nullptr) {
        if (int error = place(offset, entry)) return error;
        if (int error = file_.read(offset, entry->data.get(), table_bytes_)) return error;
        entry->valid = true;
    }
    table = entry->data.get();
    return 0;
}

int TableCache::get_new(u64 offset, u8*& table) {
    Entry* entry = find(offset);
    if (entry == nullptr) {
        if (int error = place(offset, entry)) return error;
    }
    entry->valid = entry->dirty = true;
    std::memset(entry->data.get(), 0, table_bytes_);
    table = entry->data.get();
    return 0;
}

void TableCache::mark_dirty(u64 offset) {
    if (Entry* entry = find(offset)) entry->dirty = true;
}

bool TableCache::dirty() const {
    return std::any_of(entries_.begin(), entries_.end(), [](const Entry& e) { return e.valid && e.dirty; });
}

int TableCache::write_dirty() {
    for (Entry& entry : entries_) {
        if (!entry.valid || !entry.dirty) continue;
        if (int error = write(entry)) return error;
    }
    return 0;
}

void TableCache::drop(u64 offset) {
    if (Entry* entry = find(offset)) entry->valid = entry->dirty = false;
}

}  // namespace dragoman::devices::block
