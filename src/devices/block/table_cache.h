// Tables of a qcow2 image in memory: one cluster each, written back when the image is flushed or the place is needed.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "devices/block/image.h"

namespace dragoman::devices::block {

class TableCache {
public:
    /// @param before_write  must succeed before a table goes to the file: what the table relies on being there
    TableCache(Image& file, u64 table_bytes, unsigned capacity, std::function<int()> before_write = nullptr)
        : file_(file), table_bytes_(table_bytes), capacity_(capacity), before_write_(std::move(before_write)) {}

    /// The table at `offset` of the file; good until the next call. @returns 0 or errno
    int get(u64 offset, u8*& table);
    /// Whether get() would not have to read it.
    bool holds(u64 offset) const;
    /// As get, for a table that has not been written yet: zeros.
    int get_new(u64 offset, u8*& table);
    void mark_dirty(u64 offset);
    bool dirty() const;
    int write_dirty();
    /// Forgets the table without writing it.
    void drop(u64 offset);

private:
    struct Entry {
        u64 offset = 0;
        u64 used = 0;  ///< time of the last use
        bool valid = false;
        bool dirty = false;
        std::unique_ptr<u8[]> data;
    };

    Entry* find(u64 offset);
    int place(u64 offset, Entry*& entry);
    int write(Entry& entry);

    Image& file_;
    const u64 table_bytes_;
    const unsigned capacity_;
    std::function<int()> before_write_;
    std::vector<Entry> entries_;
    u64 time_ = 0;
};

}  // namespace dragoman::devices::block
