// qcow2 images, versions 2 and 3: allocation on write, backing files, zero and compressed clusters, discard.
// Tables are written back on flush, in an order that leaves the file consistent whenever the host stops: reference
// counts, then what refers to the clusters; counts go down only after the last reference is gone from the file.
#pragma once

#include <vector>

#include "base/mutex.h"
#include "devices/block/host_file.h"
#include "devices/block/qcow2_format.h"
#include "devices/block/qcow2_refcounts.h"
#include "devices/block/snapshots.h"
#include "devices/block/table_cache.h"

namespace dragoman::devices::block {

/// A snapshot as the file has it.
struct StoredSnapshot : Snapshot {
    u64 l1_offset = 0;
    u32 l1_entries = 0;
    u64 disk_bytes = 0;
};

class Qcow2 final : public Image, public SnapshotStore {
public:
    /// The image in `file`, and its backing files. @param depth  images above it
    /// @throws FatalError when it is none, damaged, or uses what is not known here
    static std::shared_ptr<Image> open(const std::shared_ptr<HostFile>& file, unsigned depth);
    /// Makes an empty image of `size` bytes in the empty `file`, over `backing` (which may be null and is not named in
    /// the file).
    static std::shared_ptr<Image> create_over(std::shared_ptr<HostFile> file, u64 size, std::shared_ptr<Image> backing,
                                              unsigned cluster_bits = 16);
    ~Qcow2() override;

    u64 size() const override { return layout_.size; }
    bool read_only() const override { return file_->read_only(); }
    int read(u64 offset, std::span<const iovec> to) override;
    bool read_at_once(u64 offset, std::span<const iovec> to) override;
    int write(u64 offset, std::span<const iovec> from) override;
    int write_zeroes(u64 offset, u64 bytes, bool may_unmap) override;
    int discard(u64 offset, u64 bytes) override;
    int flush() override;
    std::string describe() const override;
    Image* backing() override { return backing_.get(); }
    SnapshotStore* snapshot_store() override { return this; }
    using Image::read;
    using Image::write;

    std::vector<Snapshot> snapshots() override;
    int write_vm_state(u64 offset, std::span<const u8> bytes) override;
    int drop_vm_state() override;
    int read_vm_state(const std::string& id, u64 offset, std::span<u8> to) override;
    int create_snapshot(Snapshot snapshot) override;
    int apply_snapshot(const std::string& id) override;
    int delete_snapshot(const std::string& id) override;

private:
    enum class Kind { Unallocated, Zero, Data, Compressed };
    /// Clusters from one guest offset on that have the same kind and, for data, lie one after the other.
    struct Run {
        Kind kind = Kind::Unallocated;
        u64 entry = 0;  ///< L2 entry of the first
        u64 host = 0;   ///< file offset of the first byte
        u64 bytes = 0;
    };
    struct Freed {
        u64 offset, bytes;
    };

    Qcow2(std::shared_ptr<HostFile> file, const qcow2::Layout& layout, std::shared_ptr<Image> backing);
    int load();

    Kind kind_of(u64 entry) const;
    bool in_place(u64 entry) const;
    u64 l2_index(u64 offset) const { return offset >> layout_.cluster_bits & low_mask(layout_.l2_bits()); }
    u64 in_cluster(u64 offset) const { return offset & (layout_.cluster_bytes() - 1); }
    bool valid_offset(u64 host) const { return host != 0 && in_cluster(host) == 0; }
    int find(const std::vector<u64>& l1, u64 offset, u64 bytes, Run& run) DRAGOMAN_REQUIRES(lock_);
    int find(u64 offset, u64 bytes, Run& run) DRAGOMAN_REQUIRES(lock_) { return find(l1_, offset, bytes, run); }
    int writable_l2(u64 offset, u64& table_offset, u8*& table) DRAGOMAN_REQUIRES(lock_);

    bool read_at_once_locked(u64 offset, std::span<const iovec> to) DRAGOMAN_REQUIRES(lock_);
    int read_locked(u64 offset, std::span<const iovec> to) DRAGOMAN_REQUIRES(lock_);
    int read_run(const Run& run, u64 offset, u64 bytes, std::span<const iovec> to) DRAGOMAN_REQUIRES(lock_);
    int read_backing(u64 offset, u64 bytes, std::span<const iovec> to) DRAGOMAN_REQUIRES(lock_);
    int read_compressed(const Run& run, u64 offset, u64 bytes, std::span<const iovec> to) DRAGOMAN_REQUIRES(lock_);
    int write_locked(u64 offset, std::span<const iovec> from) DRAGOMAN_REQUIRES(lock_);
    int write_range(u64 offset, std::span<const iovec> from, u64 total) DRAGOMAN_REQUIRES(lock_);
    int write_in_place(u64 offset, const u8* table, std::span<const iovec> from, u64 at, u64& bytes)
        DRAGOMAN_REQUIRES(lock_);
    int write_new(u64 offset, u64 table_offset, std::span<const iovec> from, u64 at, u64& bytes)
        DRAGOMAN_REQUIRES(lock_);
    int clear_cluster(u64 offset, u64 entry_when_clear, bool keep_place) DRAGOMAN_REQUIRES(lock_);
    int clear_range(u64 offset, u64 bytes, bool discard, bool may_unmap) DRAGOMAN_REQUIRES(lock_);
    Freed range_of(u64 entry) const;
    void free_later(u64 entry) DRAGOMAN_REQUIRES(lock_);
    int flush_locked() DRAGOMAN_REQUIRES(lock_);
    int write_l1() DRAGOMAN_REQUIRES(lock_);

    // qcow2_snapshots.cpp
    int load_snapshots() DRAGOMAN_REQUIRES(lock_);
    int write_snapshots() DRAGOMAN_REQUIRES(lock_);
    StoredSnapshot* find_snapshot(const std::string& id) DRAGOMAN_REQUIRES(lock_);
    u64 disk_l1_entries() const;
    u64 vm_state_offset() const;
    int read_l1(const StoredSnapshot& snapshot, std::vector<u64>& l1) DRAGOMAN_REQUIRES(lock_);
    int read_machine(const std::vector<u64>& l1, u64 offset, const iovec& to) DRAGOMAN_REQUIRES(lock_);
    int grow_l1(u64 entries) DRAGOMAN_REQUIRES(lock_);
    int forget_vm_state() DRAGOMAN_REQUIRES(lock_);
    int free_table(u64 offset) DRAGOMAN_REQUIRES(lock_);
    int acquire_all(const std::vector<u64>& l1) DRAGOMAN_REQUIRES(lock_);
    int update_copied() DRAGOMAN_REQUIRES(lock_);

    std::shared_ptr<HostFile> file_;
    qcow2::Layout layout_;
    std::shared_ptr<Image> backing_;
    Mutex lock_;
    qcow2::Refcounts refcounts_ DRAGOMAN_GUARDED_BY(lock_);
    TableCache l2_ DRAGOMAN_GUARDED_BY(lock_);
    std::vector<u64> l1_ DRAGOMAN_GUARDED_BY(lock_);
    bool l1_dirty_ DRAGOMAN_GUARDED_BY(lock_) = false;
    std::vector<Freed> freed_
        DRAGOMAN_GUARDED_BY(lock_);  ///< no longer referred to, but maybe still by what is in the file
    std::vector<iovec> pieces_ DRAGOMAN_GUARDED_BY(lock_);  ///< scratch
    std::vector<u8> inflated_ DRAGOMAN_GUARDED_BY(lock_);   ///< the compressed cluster read last
    u64 inflated_entry_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    std::vector<StoredSnapshot> snapshots_ DRAGOMAN_GUARDED_BY(lock_);
    u64 snapshots_bytes_ DRAGOMAN_GUARDED_BY(lock_) = 0;     ///< of their table in the file
    std::string vm_state_l1_of_ DRAGOMAN_GUARDED_BY(lock_);  ///< the snapshot whose machine was read last, and its L1
    std::vector<u64> vm_state_l1_ DRAGOMAN_GUARDED_BY(lock_);
};

}  // namespace dragoman::devices::block
