#include "engine/tb_table.h"

#include <cstdlib>
#include <new>

namespace dragoman::engine {

namespace {
constexpr std::size_t kInitialBuckets = 1 << 11;
}

TbTable::Table* TbTable::allocate(std::size_t buckets) {
    void* memory = std::calloc(1, sizeof(Table) + buckets * sizeof(std::atomic<TranslationBlock*>));
    if (memory == nullptr) throw std::bad_alloc();
    auto* table = static_cast<Table*>(memory);
    table->mask = buckets - 1;
    return table;
}

TbTable::TbTable() : table_(allocate(kInitialBuckets)) {}

TbTable::~TbTable() {
    release_retired();
    std::free(table_.load());
}

TranslationBlock* TbTable::find(u64 pc, u32 flags, u64 physical) const {
    Table* table = table_.load(std::memory_order_acquire);
    TranslationBlock* tb = table->buckets[hash(pc, flags, physical) & table->mask].load(std::memory_order_acquire);
    while (tb != nullptr && (tb->pc != pc || tb->flags != flags || tb->physical != physical))
        tb = tb->hash_next.load(std::memory_order_acquire);
    return tb;
}

void TbTable::insert(TranslationBlock* tb) {
    if (count_ > 2 * table_.load(std::memory_order_relaxed)->mask) grow();
    Table* table = table_.load(std::memory_order_relaxed);
    auto& bucket = table->buckets[hash(tb->pc, tb->flags, tb->physical) & table->mask];
    tb->hash_next.store(bucket.load(std::memory_order_relaxed), std::memory_order_relaxed);
    bucket.store(tb, std::memory_order_release);
    ++count_;
}

void TbTable::remove(TranslationBlock* tb) {
    Table* table = table_.load(std::memory_order_relaxed);
    std::atomic<TranslationBlock*>* place = &table->buckets[hash(tb->pc, tb->flags, tb->physical) & table->mask];
    for (; TranslationBlock* other = place->load(std::memory_order_relaxed); place = &other->hash_next) {
        if (other != tb) continue;
        // The removed TB keeps its own link: a reader that stands on it goes on from there.
        place->store(tb->hash_next.load(std::memory_order_relaxed), std::memory_order_release);
        --count_;
        return;
    }
}

// A reader that walks an old chain while its TBs move to the new table may end in another chain and
// miss; chains never become circular, because each TB is pushed at the head of its new one.
void TbTable::grow() {
    Table* old = table_.load(std::memory_order_relaxed);
    Table* table = allocate((old->mask + 1) * 8);
    for (std::size_t i = 0; i <= old->mask; ++i) {
        TranslationBlock* tb = old->buckets[i].load(std::memory_order_relaxed);
        while (tb != nullptr) {
            TranslationBlock* next = tb->hash_next.load(std::memory_order_relaxed);
            auto& bucket = table->buckets[hash(tb->pc, tb->flags, tb->physical) & table->mask];
            tb->hash_next.store(bucket.load(std::memory_order_relaxed), std::memory_order_release);
            bucket.store(tb, std::memory_order_relaxed);
            tb = next;
        }
    }
    table_.store(table, std::memory_order_release);
    retired_.push_back(old);
}

void TbTable::release_retired() {
    for (Table* table : retired_) std::free(table);
    retired_.clear();
}

}  // namespace dragoman::engine
