#include "devices/block/qcow2_refcounts.h"

#include <algorithm>
#include <cerrno>

namespace dragoman::devices::block::qcow2 {

namespace {

constexpr unsigned kCachedBlocks = 16;
constexpr unsigned kMaxOffsetBits = 56;
constexpr u64 kMaxTableBytes = 8 << 20;

}  // namespace

u64 load_refcount(const u8* block, u64 index, unsigned order) {
    switch (order) {
        case 3: return block[index];
        case 4: return load_be<u16>(block + 2 * index);
        case 5: return load_be<u32>(block + 4 * index);
        case 6: return load_be<u64>(block + 8 * index);
        default: {
            unsigned bits = 1u << order, per_byte = 8 / bits;
            return extract(block[index / per_byte], static_cast<unsigned>(index % per_byte) * bits, bits);
        }
    }
}

void store_refcount(u8* block, u64 index, unsigned order, u64 value) {
    switch (order) {
        case 3: block[index] = static_cast<u8>(value); break;
        case 4: store_be(block + 2 * index, static_cast<u16>(value)); break;
        case 5: store_be(block + 4 * index, static_cast<u32>(value)); break;
        case 6: store_be(block + 8 * index, value); break;
        default: {
            unsigned bits = 1u << order, per_byte = 8 / bits;
            u8& byte = block[index / per_byte];
            byte = static_cast<u8>(deposit(byte, static_cast<unsigned>(index % per_byte) * bits, bits, value));
        }
    }
}

Refcounts::Refcounts(HostFile& file, const Layout& layout)
    : file_(file), layout_(layout), blocks_(file, layout.cluster_bytes(), kCachedBlocks) {}

int Refcounts::load() {
    u64 bytes = layout_.refcount_table_clusters * layout_.cluster_bytes();
    std::vector<u8> raw(bytes);
    if (int error = file_.Image::read(layout_.refcount_table_offset, raw.data(), bytes)) return error;
    table_.resize(bytes / 8);
    for (u64 i = 0; i < table_.size(); i++) {
        table_[i] = load_be<u64>(raw.data() + 8 * i) & ~u64{511};
        if (!is_aligned(table_[i], layout_.cluster_bytes())) return EIO;
    }
    return 0;
}

int Refcounts::get(u64 cluster, u64& count) {
    u64 index = cluster / per_block();
    count = 0;
    if (index >= table_.size() || table_[index] == 0) return 0;
    u8* block;
    if (int error = blocks_.get(table_[index], block)) return error;
    count = load_refcount(block, cluster % per_block(), layout_.refcount_order);
    return 0;
}

int Refcounts::set(u64 cluster, u64 count) {
    u64 offset = table_[cluster / per_block()];
    u8* block;
    if (int error = blocks_.get(offset, block)) return error;
    store_refcount(block, cluster % per_block(), layout_.refcount_order, count);
    blocks_.mark_dirty(offset);
    return 0;
}

/// Makes the refcount block `index` in `cluster`, which it counts itself.
int Refcounts::add_block(u64 index, u64 cluster) {
    u64 offset = cluster << layout_.cluster_bits;
    u8* block;
    if (int error = blocks_.get_new(offset, block)) return error;
    store_refcount(block, cluster % per_block(), layout_.refcount_order, 1);
    // The table may not refer to a block that is not there.
    if (int error = blocks_.write_dirty()) return error;
    if (int error = file_.flush()) return error;
    u8 entry[8];
    store_be(entry, offset);
    if (int error = file_.Image::write(layout_.refcount_table_offset + 8 * index, entry, sizeof entry)) return error;
    table_[index] = offset;
    return 0;
}

/// Moves the refcount table to a place behind all that it has covered so far, with twice the size.
int Refcounts::grow_table() {
    u64 cluster_bytes = layout_.cluster_bytes();
    u64 old_offset = layout_.refcount_table_offset, old_bytes = table_.size() * 8;
    u64 table_bytes = old_bytes * 2;
    if (table_bytes > kMaxTableBytes) return EFBIG;
    u64 first = table_.size() * per_block();  // cluster
    u64 table_clusters = table_bytes / cluster_bytes;
    u64 blocks = 1;
    while (blocks * per_block() < blocks + table_clusters) blocks++;
    std::vector<u64> table = table_;
    table.resize(table_bytes / 8);
    for (u64 b = 0; b < blocks; b++) {
        table[table_.size() + b] = (first + b) << layout_.cluster_bits;
        u8* block;
        if (int error = blocks_.get_new(table[table_.size() + b], block)) return error;
        u64 used = std::min(per_block(), blocks + table_clusters - b * per_block());
        for (u64 i = 0; i < used; i++) store_refcount(block, i, layout_.refcount_order, 1);
    }
    std::vector<u8> raw(table_bytes);
    for (u64 i = 0; i < table.size(); i++) store_be(raw.data() + 8 * i, table[i]);
    u64 offset = (first + blocks) << layout_.cluster_bits;
    if (int error = blocks_.write_dirty()) return error;
    if (int error = file_.Image::write(offset, raw.data(), raw.size())) return error;
    if (int error = file_.flush()) return error;
    u8 header[12];
    store_be(header, offset);
    store_be(header + 8, static_cast<u32>(table_clusters));
    if (int error = file_.Image::write(kRefcountTableOffset, header, sizeof header)) return error;
    if (int error = file_.flush()) return error;
    table_ = std::move(table);
    layout_.refcount_table_offset = offset;
    layout_.refcount_table_clusters = static_cast<u32>(table_clusters);
    return release(old_offset, old_bytes);
}

int Refcounts::allocate(u64 count, u64& offset) {
    u64 found = 0, cluster = next_;
    while (found < count) {
        if (cluster >= u64{1} << (kMaxOffsetBits - layout_.cluster_bits)) return EFBIG;
        u64 index = cluster / per_block();
        if (index >= table_.size()) {
            if (int error = grow_table()) return error;
            found = 0;
            cluster = std::max(next_, cluster);
            continue;
        }
        if (table_[index] == 0) {
            if (int error = add_block(index, cluster)) return error;
            found = 0;
            cluster++;
            continue;
        }
        u64 refcount;
        if (int error = get(cluster, refcount)) return error;
        found = refcount == 0 ? found + 1 : 0;
        cluster++;
    }
    u64 first = cluster - count;
    for (u64 i = first; i < cluster; i++) {
        if (int error = set(i, 1)) return error;
    }
    next_ = cluster;
    offset = first << layout_.cluster_bits;
    return 0;
}

int Refcounts::release(u64 offset, u64 bytes) {
    if (bytes == 0) return 0;
    u64 first = offset >> layout_.cluster_bits, last = (offset + bytes - 1) >> layout_.cluster_bits;
    for (u64 cluster = first; cluster <= last; cluster++) {
        u64 count;
        if (int error = get(cluster, count)) return error;
        if (count == 0) return EIO;  // damaged: it was in use
        if (int error = set(cluster, count - 1)) return error;
        if (count != 1) continue;
        next_ = std::min(next_, cluster);
        (void)file_.discard(cluster << layout_.cluster_bits, layout_.cluster_bytes());
    }
    return 0;
}

int Refcounts::acquire(u64 offset, u64 bytes) {
    if (bytes == 0) return 0;
    u64 first = offset >> layout_.cluster_bits, last = (offset + bytes - 1) >> layout_.cluster_bits;
    for (u64 cluster = first; cluster <= last; cluster++) {
        u64 count;
        if (int error = get(cluster, count)) return error;
        if (count == 0) return EIO;  // damaged: it is in use
        if (count == low_mask(1u << layout_.refcount_order)) return EOVERFLOW;
        if (int error = set(cluster, count + 1)) return error;
    }
    return 0;
}

}  // namespace dragoman::devices::block::qcow2
