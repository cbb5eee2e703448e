// Internal snapshots of qcow2 images. A snapshot is a copy of the L1 table; clusters that several L1 tables reach are
// counted once for each. The saved machine lies behind the disk's end, as further clusters of the snapshot. Whenever
// the host stops, the file is consistent but for counts that are too high.
#include <algorithm>
#include <cerrno>
#include <charconv>

#include "devices/block/qcow2.h"
#include "devices/iov.h"

namespace dragoman::devices::block {

using namespace qcow2;

namespace {

enum EntryField : unsigned {  // byte offsets
    kEntryL1Offset = 0,
    kEntryL1Size = 8,
    kEntryIdBytes = 12,
    kEntryNameBytes = 14,
    kEntrySeconds = 16,
    kEntryNanoseconds = 20,
    kEntryClock = 24,
    kEntryVmStateBytes32 = 32,
    kEntryExtraBytes = 36,
    kEntryBytes = 40,
};
enum ExtraField : unsigned { kExtraVmStateBytes = 0, kExtraDiskSize = 8, kExtraInstructions = 16, kExtraBytes = 24 };

constexpr u32 kMaxSnapshots = 65536;
constexpr u64 kMaxTableBytes = 64 << 20;
constexpr u32 kMaxL1Entries = (32 << 20) / 8;

void append_entry(std::vector<u8>& table, const StoredSnapshot& snapshot) {
    const std::size_t at = table.size();
    table.resize(at + kEntryBytes + kExtraBytes);
    u8* entry = table.data() + at;
    store_be(entry + kEntryL1Offset, snapshot.l1_offset);
    store_be(entry + kEntryL1Size, snapshot.l1_entries);
    store_be(entry + kEntryIdBytes, static_cast<u16>(snapshot.id.size()));
    store_be(entry + kEntryNameBytes, static_cast<u16>(snapshot.name.size()));
    store_be(entry + kEntrySeconds, snapshot.seconds);
    store_be(entry + kEntryNanoseconds, snapshot.nanoseconds);
    store_be(entry + kEntryClock, snapshot.vm_clock);
    store_be(entry + kEntryVmStateBytes32, static_cast<u32>(std::min<u64>(snapshot.vm_state_bytes, ~u32{0})));
    store_be(entry + kEntryExtraBytes, u32{kExtraBytes});
    u8* extra = entry + kEntryBytes;
    store_be(extra + kExtraVmStateBytes, snapshot.vm_state_bytes);
    store_be(extra + kExtraDiskSize, snapshot.disk_bytes);
    store_be(extra + kExtraInstructions, snapshot.instructions);
    table.insert(table.end(), snapshot.id.begin(), snapshot.id.end());
    table.insert(table.end(), snapshot.name.begin(), snapshot.name.end());
    table.resize(align_up(table.size(), 8));
}

/// Reads the entry at `at`, which becomes the end of it. @returns false when it is cut off
bool read_entry(std::span<const u8> table, u64& at, u64 disk_bytes, StoredSnapshot& snapshot) {
    if (table.size() - at < kEntryBytes) return false;
    const u8* entry = table.data() + at;
    snapshot.l1_offset = load_be<u64>(entry + kEntryL1Offset);
    snapshot.l1_entries = load_be<u32>(entry + kEntryL1Size);
    const u64 id_bytes = load_be<u16>(entry + kEntryIdBytes), name_bytes = load_be<u16>(entry + kEntryNameBytes);
    snapshot.seconds = load_be<u32>(entry + kEntrySeconds);
    snapshot.nanoseconds = load_be<u32>(entry + kEntryNanoseconds);
    snapshot.vm_clock = load_be<u64>(entry + kEntryClock);
    snapshot.vm_state_bytes = load_be<u32>(entry + kEntryVmStateBytes32);
    const u64 extra_bytes = load_be<u32>(entry + kEntryExtraBytes);
    if (table.size() - at - kEntryBytes < extra_bytes + id_bytes + name_bytes) return false;
    const u8* extra = entry + kEntryBytes;
    snapshot.disk_bytes = disk_bytes;
    if (extra_bytes >= 8) snapshot.vm_state_bytes = load_be<u64>(extra + kExtraVmStateBytes);
    if (extra_bytes >= 16) snapshot.disk_bytes = load_be<u64>(extra + kExtraDiskSize);
    if (extra_bytes >= 24) snapshot.instructions = load_be<u64>(extra + kExtraInstructions);
    const char* text = reinterpret_cast<const char*>(extra + extra_bytes);
    snapshot.id.assign(text, id_bytes);
    snapshot.name.assign(text + id_bytes, name_bytes);
    at = std::min<u64>(align_up(at + kEntryBytes + extra_bytes + id_bytes + name_bytes, 8), table.size());
    return true;
}

u64 number_of(const std::string& id) {
    u64 value = 0;
    std::from_chars(id.data(), id.data() + id.size(), value);
    return value;
}

}  // namespace

int Qcow2::load_snapshots() {
    if (layout_.snapshot_count == 0) return 0;
    if (layout_.snapshot_count > kMaxSnapshots || in_cluster(layout_.snapshots_offset) != 0) return EIO;
    const u64 end = file_->size();
    if (layout_.snapshots_offset >= end) return EIO;
    std::vector<u8> table(std::min(end - layout_.snapshots_offset, kMaxTableBytes));
    if (int error = file_->Image::read(layout_.snapshots_offset, table.data(), table.size())) return error;
    u64 at = 0;
    for (u32 i = 0; i < layout_.snapshot_count; i++) {
        StoredSnapshot snapshot;
        if (!read_entry(table, at, layout_.size, snapshot)) return EIO;
        const u64 bytes = u64{snapshot.l1_entries} * 8;
        if (snapshot.l1_entries > kMaxL1Entries || in_cluster(snapshot.l1_offset) != 0 || snapshot.l1_offset > end ||
            bytes > end - snapshot.l1_offset) {
            return EIO;
        }
        snapshots_.push_back(std::move(snapshot));
    }
    snapshots_bytes_ = at;
    return 0;
}

std::vector<Snapshot> Qcow2::snapshots() {
    LockGuard held(lock_);
    return {snapshots_.begin(), snapshots_.end()};
}

StoredSnapshot* Qcow2::find_snapshot(const std::string& id) {
    auto found =
        std::find_if(snapshots_.begin(), snapshots_.end(), [&](const StoredSnapshot& s) { return s.id == id; });
    return found != snapshots_.end() ? &*found : nullptr;
}

/// Where the saved machine begins: behind what the L1 entries of the disk reach.
u64 Qcow2::vm_state_offset() const { return disk_l1_entries() * layout_.bytes_per_l2(); }

u64 Qcow2::disk_l1_entries() const { return (layout_.size + layout_.bytes_per_l2() - 1) / layout_.bytes_per_l2(); }

int Qcow2::read_l1(const StoredSnapshot& snapshot, std::vector<u64>& l1) {
    std::vector<u8> raw(u64{snapshot.l1_entries} * 8);
    if (int error = file_->Image::read(snapshot.l1_offset, raw.data(), raw.size())) return error;
    l1.resize(snapshot.l1_entries);
    for (u64 i = 0; i < l1.size(); i++) {
        l1[i] = load_be<u64>(raw.data() + 8 * i) & kOffsetMask;
        if (l1[i] != 0 && !valid_offset(l1[i])) return EIO;
    }
    return 0;
}

/// Moves the L1 table to a place where it has `entries`.
int Qcow2::grow_l1(u64 entries) {
    if (entries <= l1_.size()) return 0;
    if (entries > kMaxL1Entries) return EFBIG;
    if (int error = flush_locked()) return error;
    const u64 clusters = (entries * 8 + layout_.cluster_bytes() - 1) >> layout_.cluster_bits;
    u64 offset;
    if (int error = refcounts_.allocate(clusters, offset)) return error;
    if (int error = refcounts_.write_dirty()) return error;
    const Freed old{layout_.l1_offset, l1_.size() * 8};
    l1_.resize(entries);
    std::swap(layout_.l1_offset, offset);
    int error = write_l1();
    if (error == 0) error = file_->flush();
    u8 header[12];
    store_be(header, static_cast<u32>(entries));
    store_be(header + 4, layout_.l1_offset);
    if (error == 0) error = file_->Image::write(kL1Size, header, sizeof header);
    if (error != 0) {
        layout_.l1_offset = offset;
        l1_.resize(old.bytes / 8);
        return error;
    }
    layout_.l1_entries = static_cast<u32>(entries);
    if (old.bytes != 0) freed_.push_back(old);
    return flush_locked();
}

int Qcow2::write_vm_state(u64 offset, std::span<const u8> bytes) {
    LockGuard held(lock_);
    if (read_only()) return EROFS;
    if (offset > u64{1} << 48 || bytes.size() > u64{1} << 32) return EFBIG;
    const u64 start = vm_state_offset() + offset, end = start + bytes.size();
    // Twice what is needed: the table moves as it grows.
    const u64 needed = (end + layout_.bytes_per_l2() - 1) / layout_.bytes_per_l2();
    if (needed > l1_.size()) {
        if (int error = grow_l1(disk_l1_entries() + 2 * (needed - disk_l1_entries()))) return error;
    }
    const iovec piece{const_cast<u8*>(bytes.data()), bytes.size()};
    return write_range(start, {&piece, 1}, bytes.size());
}

int Qcow2::drop_vm_state() {
    LockGuard held(lock_);
    if (int error = forget_vm_state()) return error;
    return flush_locked();
}

int Qcow2::forget_vm_state() {
    for (u64 i = disk_l1_entries(); i < l1_.size(); i++) {
        if (l1_[i] == 0) continue;
        if (int error = free_table(l1_[i] & kOffsetMask)) return error;
        l1_[i] = 0;
        l1_dirty_ = true;
    }
    return 0;
}

/// An L1 table that has reached the L2 table at `offset` does no more.
int Qcow2::free_table(u64 offset) {
    u8* table;
    if (int error = l2_.get(offset, table)) return error;
    for (u64 i = 0; i < layout_.cluster_bytes() / 8; i++) free_later(load_be<u64>(table + 8 * i));
    freed_.push_back({offset, layout_.cluster_bytes()});
    return 0;
}

/// One L1 table more reaches all that `l1` does.
int Qcow2::acquire_all(const std::vector<u64>& l1) {
    for (u64 entry : l1) {
        const u64 offset = entry & kOffsetMask;
        if (offset == 0) continue;
        if (!valid_offset(offset)) return EIO;
        u8* table;
        if (int error = l2_.get(offset, table)) return error;
        for (u64 i = 0; i < layout_.cluster_bytes() / 8; i++) {
            const Freed range = range_of(load_be<u64>(table + 8 * i));
            if (int error = refcounts_.acquire(range.offset, range.bytes)) return error;
        }
        if (int error = refcounts_.acquire(offset, layout_.cluster_bytes())) return error;
    }
    return 0;
}

/// Entries say whether they are the only ones that name their cluster.
int Qcow2::update_copied() {
    auto alone = [this](u64 offset, bool& answer) DRAGOMAN_REQUIRES(lock_) {
        u64 count;
        int error = refcounts_.count_of(offset, count);
        answer = count == 1;
        return error;
    };
    for (u64& entry : l1_) {
        const u64 offset = entry & kOffsetMask;
        if (offset == 0) continue;
        bool copied;
        if (int error = alone(offset, copied)) return error;
        if (((entry & kCopied) != 0) != copied) {
            entry = offset | (copied ? kCopied : 0);
            l1_dirty_ = true;
        }
        u8* table;
        if (int error = l2_.get(offset, table)) return error;
        for (u64 i = 0; i < layout_.cluster_bytes() / 8; i++) {
            const u64 old = load_be<u64>(table + 8 * i);
            if ((old & kCompressed) != 0 || (old & kOffsetMask) == 0) continue;
            if (int error = alone(old & kOffsetMask, copied)) return error;
            if (((old & kCopied) != 0) == copied) continue;
            store_be(table + 8 * i, copied ? old | kCopied : old & ~kCopied);
            l2_.mark_dirty(offset);
        }
    }
    return flush_locked();
}

/// Writes the table of snapshots to a new place, and then that it is there.
int Qcow2::write_snapshots() {
    std::vector<u8> table;
    for (const StoredSnapshot& snapshot : snapshots_) append_entry(table, snapshot);
    u64 offset = 0;
    if (!table.empty()) {
        const u64 clusters = (table.size() + layout_.cluster_bytes() - 1) >> layout_.cluster_bits;
        if (int error = refcounts_.allocate(clusters, offset)) return error;
        if (int error = file_->Image::write(offset, table.data(), table.size())) return error;
        if (int error = refcounts_.write_dirty()) return error;
    }
    if (int error = file_->flush()) return error;
    u8 header[12];
    store_be(header, static_cast<u32>(snapshots_.size()));
    store_be(header + 4, offset);
    if (int error = file_->Image::write(kSnapshotCount, header, sizeof header)) return error;
    if (layout_.snapshot_count != 0 && snapshots_bytes_ != 0) {
        freed_.push_back({layout_.snapshots_offset, snapshots_bytes_});
    }
    layout_.snapshot_count = static_cast<u32>(snapshots_.size());
    layout_.snapshots_offset = offset;
    snapshots_bytes_ = table.size();
    return flush_locked();
}

int Qcow2::create_snapshot(Snapshot description) {
    LockGuard held(lock_);
    if (read_only()) return EROFS;
    if (snapshots_.size() >= kMaxSnapshots || description.name.size() > 0xffff) return E2BIG;
    if (int error = flush_locked()) return error;
    StoredSnapshot snapshot{description};
    u64 last = 0;
    for (const StoredSnapshot& other : snapshots_) last = std::max(last, number_of(other.id));
    snapshot.id = std::to_string(last + 1);
    snapshot.disk_bytes = layout_.size;
    snapshot.l1_entries = static_cast<u32>(l1_.size());
    const u64 bytes = l1_.size() * 8;
    const u64 clusters = (bytes + layout_.cluster_bytes() - 1) >> layout_.cluster_bits;
    if (bytes != 0) {
        if (int error = refcounts_.allocate(clusters, snapshot.l1_offset)) return error;
    }
    if (int error = acquire_all(l1_)) return error;
    if (int error = update_copied()) return error;
    std::vector<u8> raw(bytes);
    for (u64 i = 0; i < l1_.size(); i++) store_be(raw.data() + 8 * i, l1_[i] & ~kCopied);
    if (int error = file_->Image::write(snapshot.l1_offset, raw.data(), raw.size())) return error;
    snapshots_.push_back(std::move(snapshot));
    if (int error = write_snapshots()) {
        snapshots_.pop_back();
        return error;
    }
    // From now on the machine is the snapshot's alone.
    if (int error = forget_vm_state()) return error;
    return flush_locked();
}

int Qcow2::apply_snapshot(const std::string& id) {
    LockGuard held(lock_);
    if (read_only()) return EROFS;
    const StoredSnapshot* snapshot = find_snapshot(id);
    if (snapshot == nullptr) return ENOENT;
    if (snapshot->disk_bytes != layout_.size) return ENOTSUP;
    if (int error = flush_locked()) return error;
    std::vector<u64> l1;
    if (int error = read_l1(*snapshot, l1)) return error;
    l1.resize(disk_l1_entries());
    if (int error = acquire_all(l1)) return error;
    if (int error = refcounts_.write_dirty()) return error;
    if (int error = file_->flush()) return error;
    l1.resize(l1_.size());
    l1.swap(l1_);
    l1_dirty_ = true;
    inflated_entry_ = 0;
    for (u64 entry : l1) {
        if ((entry & kOffsetMask) == 0) continue;
        if (int error = free_table(entry & kOffsetMask)) return error;
    }
    if (int error = flush_locked()) return error;
    return update_copied();
}

int Qcow2::delete_snapshot(const std::string& id) {
    LockGuard held(lock_);
    if (read_only()) return EROFS;
    StoredSnapshot* found = find_snapshot(id);
    if (found == nullptr) return ENOENT;
    if (int error = flush_locked()) return error;
    const StoredSnapshot snapshot = *found;
    std::vector<u64> l1;
    if (int error = read_l1(snapshot, l1)) return error;
    const std::vector<StoredSnapshot> before = snapshots_;
    snapshots_.erase(snapshots_.begin() + (found - snapshots_.data()));
    if (int error = write_snapshots()) {
        snapshots_ = before;
        return error;
    }
    for (u64 offset : l1) {
        if (offset == 0) continue;
        if (int error = free_table(offset)) return error;
    }
    if (snapshot.l1_entries != 0) freed_.push_back({snapshot.l1_offset, u64{snapshot.l1_entries} * 8});
    if (int error = flush_locked()) return error;
    return update_copied();
}

int Qcow2::read_vm_state(const std::string& id, u64 offset, std::span<u8> to) {
    LockGuard held(lock_);
    const StoredSnapshot* snapshot = find_snapshot(id);
    if (snapshot == nullptr) return ENOENT;
    if (vm_state_l1_of_ != id) {
        vm_state_l1_of_.clear();
        if (int error = read_l1(*snapshot, vm_state_l1_)) return error;
        vm_state_l1_of_ = id;
    }
    // It begins where the disk ended when it was saved.
    const u64 table_bytes = layout_.bytes_per_l2();
    const u64 start = (snapshot->disk_bytes + table_bytes - 1) / table_bytes * table_bytes + offset;
    return read_machine(vm_state_l1_, start, {to.data(), to.size()});
}

/// A saved machine has nothing below it.
int Qcow2::read_machine(const std::vector<u64>& l1, u64 offset, const iovec& to) {
    for (u64 done = 0; done < to.iov_len;) {
        Run run;
        if (int error = find(l1, offset + done, to.iov_len - done, run)) return error;
        const iovec piece{static_cast<u8*>(to.iov_base) + done, run.bytes};
        if (run.kind == Kind::Unallocated) zero_iov({&piece, 1}, 0, run.bytes);
        else if (int error = read_run(run, offset + done, run.bytes, {&piece, 1})) return error;
        done += run.bytes;
    }
    return 0;
}

}  // namespace dragoman::devices::block
