// Which clusters of a qcow2 file are in use, and how often.
#pragma once

#include <vector>

#include "devices/block/host_file.h"
#include "devices/block/qcow2_format.h"
#include "devices/block/table_cache.h"

namespace dragoman::devices::block::qcow2 {

/// Functions return 0 or errno. The owner's lock is held.
class Refcounts {
public:
    Refcounts(HostFile& file, const Layout& layout);
    int load();  ///< the refcount table

    /// Takes `count` clusters that lie one after the other.
    int allocate(u64 count, u64& offset);
    /// One reference less to every cluster that [offset, offset+bytes) touches. Only what no table in the file refers
    /// to any more may come here.
    int release(u64 offset, u64 bytes);
    /// One reference more to every cluster that [offset, offset+bytes) touches. EOVERFLOW: no count is that high.
    int acquire(u64 offset, u64 bytes);
    /// References to the cluster at `offset`.
    int count_of(u64 offset, u64& count) { return get(offset >> layout_.cluster_bits, count); }
    bool dirty() const { return blocks_.dirty(); }
    int write_dirty() { return blocks_.write_dirty(); }

private:
    u64 per_block() const { return layout_.cluster_bytes() * 8 >> layout_.refcount_order; }
    int get(u64 cluster, u64& count);
    int set(u64 cluster, u64 count);
    int add_block(u64 index, u64 cluster);
    int grow_table();

    HostFile& file_;
    Layout layout_;
    TableCache blocks_;
    std::vector<u64> table_;  ///< offset of each refcount block, or 0
    u64 next_ = 0;            ///< where to look for free clusters
};

/// Reads and writes entry `index` of a refcount block, whose entries have 2^order bits.
u64 load_refcount(const u8* block, u64 index, unsigned order);
void store_refcount(u8* block, u64 index, unsigned order, u64 value);

}  // namespace dragoman::devices::block::qcow2
