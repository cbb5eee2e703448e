#include "engine/tb_table.h"

#include <cstdlib>
#include <new>

#include "base/prefault.h"

namespace dragoman::engine {

namespace {
constexpr std::size_t kInitialBuckets = 1 << 11;
}

TbTable::Table* TbTable::allocate(std::size_t buckets) {
    const std::size_t bytes = sizeof(Table) + buckets * sizeof(std::atomic<host::BlockHead*>);
    void* memory = std::calloc(1, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    if (buckets > kInitialBuckets) prefault(memory, bytes);  // growth fills all of it
    auto* table = static_cast<Table*>(memory);
    table->mask = buckets - 1;
    return table;
}

void TbTable::Free::operator()(std::atomic<u64>* memory) const { std::free(memory); }

// calloc: zeros that no memory is used for before something is written to it.
TbTable::TbTable()
    : starts_(static_cast<std::atomic<u64>*>(std::calloc(kStartBits / 64, sizeof(u64)))),
      table_(allocate(kInitialBuckets)) {
    if (starts_ == nullptr) throw std::bad_alloc();
}

TbTable::~TbTable() {
    release_retired();
    std::free(table_.load());
}

TranslationBlock* TbTable::find(u64 pc, u32 flags, u64 physical) const {
    Table* table = table_.load(std::memory_order_acquire);
    const auto& place = table->buckets[Table::hash(pc, flags, physical) & table->mask];
    if (!may_have(pc)) {
        __builtin_prefetch(&place, 1);  // it will be inserted as a rule
        return nullptr;
    }
    auto* head = place.load(std::memory_order_acquire);
    for (; head != nullptr; head = head->next.load(std::memory_order_acquire)) {
        auto* tb = static_cast<TranslationBlock*>(head);
        if (tb->pc == pc && tb->flags == flags && tb->physical == physical) return tb;
    }
    return nullptr;
}

void TbTable::insert(TranslationBlock* tb) {
    // Mostly what is looked for is not there, and each TB on the way to the end of a chain is memory that is not in
    // cache.
    if (count_ * 2 > table_.load(std::memory_order_relaxed)->mask) grow();
    // Before the TB is there: whoever does not see the bit has come before it.
    const std::size_t bit = start_bit(tb->pc);
    starts_[bit / 64].store(starts_[bit / 64].load(std::memory_order_relaxed) | u64{1} << (bit % 64),
                            std::memory_order_release);
    auto& place = bucket(table_.load(std::memory_order_relaxed), tb);
    tb->next.store(place.load(std::memory_order_relaxed), std::memory_order_relaxed);
    place.store(tb, std::memory_order_release);
    ++count_;
    insertions_.store(insertions_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void TbTable::remove(TranslationBlock* tb) {
    std::atomic<host::BlockHead*>* place = &bucket(table_.load(std::memory_order_relaxed), tb);
    for (; host::BlockHead* other = place->load(std::memory_order_relaxed); place = &other->next) {
        if (other != tb) continue;
        // The removed TB keeps its own link: a reader that stands on it goes on from there.
        place->store(tb->next.load(std::memory_order_relaxed), std::memory_order_release);
        --count_;
        return;
    }
}

// A reader that walks an old chain while its TBs move to the new table may end in another chain and
// miss; chains never become circular, because each TB is pushed at the head of its new one.
void TbTable::grow() {
    Table* old = table_.load(std::memory_order_relaxed);
    Table* table = allocate((old->mask + 1) * 4);
    constexpr std::size_t kAhead = 8;
    for (std::size_t i = 0; i <= old->mask; ++i) {
        // TBs are not in cache.
        if (i + kAhead <= old->mask) __builtin_prefetch(old->buckets[i + kAhead].load(std::memory_order_relaxed));
        auto* head = old->buckets[i].load(std::memory_order_relaxed);
        while (head != nullptr) {
            auto* next = head->next.load(std::memory_order_relaxed);
            auto& place = bucket(table, static_cast<TranslationBlock*>(head));
            head->next.store(place.load(std::memory_order_relaxed), std::memory_order_release);
            place.store(head, std::memory_order_relaxed);
            head = next;
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
