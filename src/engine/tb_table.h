// The shared hash table of TBs by (guest pc, flags, physical address). Lookups take no lock; insertion and removal are
// done under the engine's TB lock.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "engine/tb.h"

namespace dragoman::engine {

class TbTable {
public:
    TbTable();
    ~TbTable();

    /// Lock-free. May miss a TB that is being inserted or moved at this moment: a caller that is about
    /// to translate looks again under the lock.
    TranslationBlock* find(u64 pc, u32 flags, u64 physical) const;

    // Under the TB lock:
    void insert(TranslationBlock* tb);
    void remove(TranslationBlock* tb);
    /// Frees tables that growth has replaced; no thread is in find.
    void release_retired();
    std::size_t size() const { return count_; }
    /// Counts insertions. What was not found after this number was read is not there while it stays the same.
    u64 insertions() const { return insertions_.load(std::memory_order_acquire); }

    /// Where the pointer to the table is, for Env::blocks.
    const void* location() const { return &table_; }

private:
    using Table = host::BlockTable;
    static Table* allocate(std::size_t buckets);
    std::atomic<host::BlockHead*>& bucket(Table* table, const TranslationBlock* tb) const {
        return table->buckets[Table::hash(tb->pc, tb->flags, tb->physical) & table->mask];
    }
    void grow();

    // Most of what is looked for by the engine is not there, and each look at the table is at memory that is not in
    // cache. So one bit for an address, modulo kStartBits of them, says whether a TB with it has ever been inserted: of
    // code that lies together the bits do, too.
    static constexpr std::size_t kStartBits = std::size_t{1} << 21;
    static std::size_t start_bit(u64 pc) { return pc >> 1 & (kStartBits - 1); }
    bool may_have(u64 pc) const {
        const std::size_t bit = start_bit(pc);
        return (starts_[bit / 64].load(std::memory_order_acquire) >> (bit % 64) & 1) != 0;
    }

    struct Free {
        void operator()(std::atomic<u64>* memory) const;
    };
    std::unique_ptr<std::atomic<u64>[], Free> starts_;
    std::atomic<Table*> table_;
    std::size_t count_ = 0;
    std::atomic<u64> insertions_{1};
    std::vector<Table*> retired_;
};

}  // namespace dragoman::engine
