#include "devices/block/qcow2.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "devices/iov.h"

namespace dragoman::devices::block {

using namespace qcow2;

namespace {

constexpr u64 kCachedTableBytes = 16 << 20;
constexpr std::size_t kMaxFreed = 65536;

unsigned cached_tables(u64 cluster_bytes) {
    return static_cast<unsigned>(std::clamp<u64>(kCachedTableBytes / cluster_bytes, 8, 256));
}

}  // namespace

Qcow2::Qcow2(std::shared_ptr<HostFile> file, const Layout& layout, std::shared_ptr<Image> backing)
    : file_(std::move(file)),
      layout_(layout),
      backing_(std::move(backing)),
      refcounts_(*file_, layout_),
      l2_(*file_, layout_.cluster_bytes(), cached_tables(layout_.cluster_bytes()), [this]() DRAGOMAN_REQUIRES(lock_) {
          // A table may not refer to clusters whose use the file does not know of.
          if (!refcounts_.dirty()) return 0;
          int error = refcounts_.write_dirty();
          return error != 0 ? error : file_->flush();
      }) {}

Qcow2::~Qcow2() {
    if (int error = read_only() ? 0 : flush()) warn("%s: %s", describe().c_str(), std::strerror(error));
}

int Qcow2::load() {
    std::vector<u8> raw(u64{layout_.l1_entries} * 8);
    if (int error = file_->Image::read(layout_.l1_offset, raw.data(), raw.size())) return error;
    LockGuard held(lock_);
    l1_.resize(layout_.l1_entries);
    for (u64 i = 0; i < l1_.size(); i++) l1_[i] = load_be<u64>(raw.data() + 8 * i);
    if (int error = load_snapshots()) return error;
    return read_only() ? 0 : refcounts_.load();
}

std::string Qcow2::describe() const { return file_->path() + " (qcow2)"; }

Qcow2::Kind Qcow2::kind_of(u64 entry) const {
    if ((entry & kCompressed) != 0) return Kind::Compressed;
    if (layout_.version >= 3 && (entry & kZero) != 0) return Kind::Zero;
    return (entry & kOffsetMask) != 0 ? Kind::Data : Kind::Unallocated;
}

bool Qcow2::in_place(u64 entry) const { return kind_of(entry) == Kind::Data && (entry & kCopied) != 0; }

/// What lies at `offset`: a run of at most `bytes`, within one L2 table.
int Qcow2::find(const std::vector<u64>& l1, u64 offset, u64 bytes, Run& run) {
    u64 cluster_bytes = layout_.cluster_bytes();
    u64 l1_index = offset / layout_.bytes_per_l2();
    u64 left_in_table = layout_.bytes_per_l2() - offset % layout_.bytes_per_l2();
    bytes = std::min(bytes, left_in_table);
    run = {};
    if (l1_index >= l1.size()) return EIO;
    u64 table_offset = l1[l1_index] & kOffsetMask;
    if (table_offset == 0) {
        run.bytes = bytes;
        return 0;
    }
    if (!valid_offset(table_offset)) return EIO;
    u8* table;
    if (int error = l2_.get(table_offset, table)) return error;
    u64 index = l2_index(offset);
    run.entry = load_be<u64>(table + 8 * index);
    run.kind = kind_of(run.entry);
    u64 cluster = run.entry & kOffsetMask;
    if (run.kind == Kind::Data && !valid_offset(cluster)) return EIO;
    run.host = cluster + in_cluster(offset);
    run.bytes = std::min(bytes, cluster_bytes - in_cluster(offset));
    while (run.kind != Kind::Compressed && run.bytes < bytes) {
        u64 next = load_be<u64>(table + 8 * ++index);
        cluster += cluster_bytes;
        if (kind_of(next) != run.kind || (run.kind == Kind::Data && (next & kOffsetMask) != cluster)) break;
        run.bytes = std::min(bytes, run.bytes + cluster_bytes);
    }
    return 0;
}

int Qcow2::read(u64 offset, std::span<const iovec> to) {
    LockGuard held(lock_);
    return read_locked(offset, to);
}

bool Qcow2::read_at_once(u64 offset, std::span<const iovec> to) {
    if (!lock_.try_lock()) return false;
    const bool done = read_at_once_locked(offset, to);
    lock_.unlock();
    return done;
}

bool Qcow2::read_at_once_locked(u64 offset, std::span<const iovec> to) {
    u64 total = total_bytes(to), l1_index = offset / layout_.bytes_per_l2();
    if (offset > layout_.size || total > layout_.size - offset || l1_index >= l1_.size()) return false;
    u64 table_offset = l1_[l1_index] & kOffsetMask;
    if (table_offset != 0 && !l2_.holds(table_offset)) return false;
    Run run;
    if (find(offset, total, run) != 0 || run.bytes < total) return false;
    if (run.kind == Kind::Data) return file_->read_at_once(run.host, to);
    if (run.kind == Kind::Compressed || (run.kind == Kind::Unallocated && backing_ != nullptr)) return false;
    zero_iov(to, 0, total);
    return true;
}

int Qcow2::read_locked(u64 offset, std::span<const iovec> to) {
    u64 total = total_bytes(to);
    u64 inside = offset < layout_.size ? std::min(total, layout_.size - offset) : 0;
    zero_iov(to, inside, total - inside);
    std::vector<iovec> part;
    for (u64 done = 0; done < inside;) {
        Run run;
        if (int error = find(offset + done, inside - done, run)) return error;
        part.clear();
        append_slice(to, done, run.bytes, part);
        if (int error = read_run(run, offset + done, run.bytes, part)) return error;
        done += run.bytes;
    }
    return 0;
}

int Qcow2::read_run(const Run& run, u64 offset, u64 bytes, std::span<const iovec> to) {
    switch (run.kind) {
        case Kind::Data: return file_->read(run.host, to);
        case Kind::Compressed: return read_compressed(run, offset, bytes, to);
        case Kind::Unallocated:
            if (backing_ != nullptr) return read_backing(offset, bytes, to);
            break;
        case Kind::Zero: break;
    }
    zero_iov(to, 0, bytes);
    return 0;
}

int Qcow2::read_backing(u64 offset, u64 bytes, std::span<const iovec> to) {
    u64 end = backing_->size();
    u64 inside = offset < end ? std::min(bytes, end - offset) : 0;
    zero_iov(to, inside, bytes - inside);
    if (inside == 0) return 0;
    std::vector<iovec> part;
    append_slice(to, 0, inside, part);
    return backing_->read(offset, part);
}

int Qcow2::read_compressed(const Run& run, u64 offset, u64 bytes, std::span<const iovec> to) {
    if (inflated_entry_ != run.entry) {
        unsigned size_shift = 62 - (layout_.cluster_bits - 8);
        u64 at = run.entry & low_mask(size_shift);
        u64 sectors = (run.entry & low_mask(62)) >> size_shift;
        std::vector<u8> packed((sectors + 1) * 512 - (at & 511));
        if (int error = file_->Image::read(at, packed.data(), packed.size())) return error;
        inflated_entry_ = 0;
        inflated_.resize(layout_.cluster_bytes());
        z_stream stream{};
        if (inflateInit2(&stream, -12) != Z_OK) return ENOMEM;
        stream.next_in = packed.data();
        stream.avail_in = static_cast<uInt>(packed.size());
        stream.next_out = inflated_.data();
        stream.avail_out = static_cast<uInt>(inflated_.size());
        int result = inflate(&stream, Z_FINISH);
        bool full = stream.avail_out == 0 && (result == Z_STREAM_END || result == Z_BUF_ERROR || result == Z_OK);
        inflateEnd(&stream);
        if (!full) return EIO;
        inflated_entry_ = run.entry;
    }
    copy_to_iov(to, 0, inflated_.data() + in_cluster(offset), bytes);
    return 0;
}

/// The L2 table for `offset`, made or copied where need be so that it may be changed.
int Qcow2::writable_l2(u64 offset, u64& table_offset, u8*& table) {
    u64 index = offset / layout_.bytes_per_l2();
    if (index >= l1_.size()) return EIO;
    u64 old = l1_[index] & kOffsetMask;
    if (old != 0 && !valid_offset(old)) return EIO;
    if (old != 0 && (l1_[index] & kCopied) != 0) {
        table_offset = old;
        return l2_.get(old, table);
    }
    std::vector<u8> contents;
    if (old != 0) {  // shared with a snapshot
        if (int error = l2_.get(old, table)) return error;
        contents.assign(table, table + layout_.cluster_bytes());
    }
    if (int error = refcounts_.allocate(1, table_offset)) return error;
    if (int error = l2_.get_new(table_offset, table)) return error;
    if (!contents.empty()) std::copy(contents.begin(), contents.end(), table);
    if (old != 0) freed_.push_back({old, layout_.cluster_bytes()});
    l1_[index] = table_offset | kCopied;
    l1_dirty_ = true;
    return 0;
}

int Qcow2::write(u64 offset, std::span<const iovec> from) {
    LockGuard held(lock_);
    if (read_only()) return EROFS;
    return write_locked(offset, from);
}

int Qcow2::write_locked(u64 offset, std::span<const iovec> from) {
    u64 total = total_bytes(from);
    if (offset > layout_.size || total > layout_.size - offset) {
        // The last sector of a disk whose size is no multiple of it: what goes past the end is dropped.
        total = offset < layout_.size ? layout_.size - offset : 0;
    }
    return write_range(offset, from, total);
}

/// The first `total` bytes of `from`, also behind the disk's end as far as the L1 table reaches.
int Qcow2::write_range(u64 offset, std::span<const iovec> from, u64 total) {
    inflated_entry_ = 0;
    for (u64 done = 0; done < total;) {
        u64 table_offset, bytes = total - done;
        u8* table;
        if (int error = writable_l2(offset + done, table_offset, table)) return error;
        bytes = std::min(bytes, layout_.bytes_per_l2() - (offset + done) % layout_.bytes_per_l2());
        u64 entry = load_be<u64>(table + 8 * l2_index(offset + done));
        int error = in_place(entry) ? write_in_place(offset + done, table, from, done, bytes)
                                    : write_new(offset + done, table_offset, from, done, bytes);
        if (error != 0) return error;
        done += bytes;
    }
    return freed_.size() > kMaxFreed ? flush_locked() : 0;
}

/// Writes to clusters that are there and ours alone; `bytes` becomes how many.
int Qcow2::write_in_place(u64 offset, const u8* table, std::span<const iovec> from, u64 at, u64& bytes) {
    u64 cluster_bytes = layout_.cluster_bytes();
    u64 index = l2_index(offset);
    u64 cluster = load_be<u64>(table + 8 * index) & kOffsetMask;
    if (!valid_offset(cluster)) return EIO;
    u64 host = cluster + in_cluster(offset);
    u64 run = cluster_bytes - in_cluster(offset);
    while (run < bytes) {
        u64 next = load_be<u64>(table + 8 * ++index);
        cluster += cluster_bytes;
        if (!in_place(next) || (next & kOffsetMask) != cluster) break;
        run += cluster_bytes;
    }
    bytes = std::min(bytes, run);
    pieces_.clear();
    append_slice(from, at, bytes, pieces_);
    return file_->write(host, pieces_);
}

/// Writes to new clusters, with what was there before around it; `bytes` becomes how many.
int Qcow2::write_new(u64 offset, u64 table_offset, std::span<const iovec> from, u64 at, u64& bytes) {
    u64 cluster_bytes = layout_.cluster_bytes();
    u64 first = l2_index(offset);
    u8* table;
    if (int error = l2_.get(table_offset, table)) return error;
    u64 clusters = 1;
    while (clusters * cluster_bytes - in_cluster(offset) < bytes &&
           !in_place(load_be<u64>(table + 8 * (first + clusters)))) {
        clusters++;
    }
    bytes = std::min(bytes, clusters * cluster_bytes - in_cluster(offset));
    u64 head = in_cluster(offset), tail = clusters * cluster_bytes - head - bytes;
    std::vector<u8> around(head + tail);
    iovec before{around.data(), head}, after{around.data() + head, tail};
    const bool machine = offset >= vm_state_offset();
    auto read_around = [&](u64 from, const iovec& to) DRAGOMAN_REQUIRES(lock_) {
        return machine ? read_machine(l1_, from, to) : read_locked(from, {&to, 1});
    };
    if (head != 0) {
        if (int error = read_around(offset - head, before)) return error;
    }
    if (tail != 0) {
        if (int error = read_around(offset + bytes, after)) return error;
    }
    u64 host;
    if (int error = refcounts_.allocate(clusters, host)) return error;
    pieces_.clear();
    if (head != 0) pieces_.push_back(before);
    append_slice(from, at, bytes, pieces_);
    if (tail != 0) pieces_.push_back(after);
    int error = file_->write(host, pieces_);
    if (error == 0) error = l2_.get(table_offset, table);  // reading may have moved it
    if (error != 0) {
        (void)refcounts_.release(host, clusters * cluster_bytes);
        return error;
    }
    for (u64 i = 0; i < clusters; i++) {
        u8* entry = table + 8 * (first + i);
        free_later(load_be<u64>(entry));
        store_be(entry, (host + i * cluster_bytes) | kCopied);
    }
    l2_.mark_dirty(table_offset);
    return 0;
}

/// What an L2 entry names in the file; no bytes: nothing.
Qcow2::Freed Qcow2::range_of(u64 entry) const {
    if (kind_of(entry) == Kind::Compressed) {
        unsigned size_shift = 62 - (layout_.cluster_bits - 8);
        u64 at = entry & low_mask(size_shift);
        u64 sectors = (entry & low_mask(62)) >> size_shift;
        return {at, (sectors + 1) * 512 - (at & 511)};
    }
    if ((entry & kOffsetMask) == 0) return {0, 0};
    return {entry & kOffsetMask, layout_.cluster_bytes()};
}

/// The cluster that `entry` named is referred to once less.
void Qcow2::free_later(u64 entry) {
    const Freed range = range_of(entry);
    if (range.bytes != 0) freed_.push_back(range);
}

/// Makes the whole cluster at `offset` read as `entry_when_clear` says.
int Qcow2::clear_cluster(u64 offset, u64 entry_when_clear, bool keep_place) {
    Run run;
    if (int error = find(offset, 1, run)) return error;
    if (run.entry == entry_when_clear) return 0;
    u64 table_offset;
    u8* table;
    if (int error = writable_l2(offset, table_offset, table)) return error;
    u8* at = table + 8 * l2_index(offset);
    u64 entry = load_be<u64>(at);
    if (keep_place && in_place(entry)) {
        entry_when_clear |= entry & (kOffsetMask | kCopied);
    } else {
        free_later(entry);
    }
    store_be(at, entry_when_clear);
    l2_.mark_dirty(table_offset);
    return 0;
}

int Qcow2::clear_range(u64 offset, u64 bytes, bool discard, bool may_unmap) {
    if (offset >= layout_.size) return 0;
    bytes = std::min(bytes, layout_.size - offset);
    inflated_entry_ = 0;
    std::vector<u8> zeros;
    for (u64 done = 0; done < bytes;) {
        u64 here = offset + done;
        u64 part = std::min(bytes - done, layout_.cluster_bytes() - in_cluster(here));
        bool whole = part == layout_.cluster_bytes() || (in_cluster(here) == 0 && here + part == layout_.size);
        // Without a backing file, nothing reads as zeros; with one, only the zero flag of version 3 does.
        u64 cleared = backing_ != nullptr || !discard ? kZero : 0;
        if (backing_ == nullptr && may_unmap) cleared = 0;
        int error = 0;
        if (whole && (cleared == 0 || layout_.version >= 3)) {
            error = clear_cluster(here, cleared, !may_unmap);
        } else if (!discard) {
            zeros.resize(layout_.cluster_bytes());
            iovec piece{zeros.data(), part};
            error = write_locked(here, {&piece, 1});
        }
        if (error != 0) return error;
        done += part;
    }
    return freed_.size() > kMaxFreed ? flush_locked() : 0;
}

int Qcow2::write_zeroes(u64 offset, u64 bytes, bool may_unmap) {
    LockGuard held(lock_);
    if (read_only()) return EROFS;
    return clear_range(offset, bytes, false, may_unmap && file_->options().unmap);
}

int Qcow2::discard(u64 offset, u64 bytes) {
    LockGuard held(lock_);
    if (read_only()) return EROFS;
    if (!file_->options().unmap) return 0;
    return clear_range(offset, bytes, true, true);
}

int Qcow2::write_l1() {
    std::vector<u8> raw(l1_.size() * 8);
    for (u64 i = 0; i < l1_.size(); i++) store_be(raw.data() + 8 * i, l1_[i]);
    if (int error = file_->Image::write(layout_.l1_offset, raw.data(), raw.size())) return error;
    l1_dirty_ = false;
    return 0;
}

int Qcow2::flush() {
    LockGuard held(lock_);
    return read_only() ? 0 : flush_locked();
}

int Qcow2::flush_locked() {
    if (refcounts_.dirty()) {
        if (int error = refcounts_.write_dirty()) return error;
        if (int error = file_->flush()) return error;
    }
    if (int error = l2_.write_dirty()) return error;
    if (l1_dirty_) {
        if (int error = file_->flush()) return error;
        if (int error = write_l1()) return error;
    }
    if (int error = file_->flush()) return error;
    if (freed_.empty()) return 0;
    std::vector<Freed> freed = std::move(freed_);
    freed_.clear();
    for (const Freed& range : freed) {
        l2_.drop(range.offset);
        if (int error = refcounts_.release(range.offset, range.bytes)) return error;
    }
    // A count that is too high after a crash loses space, and nothing else: no need to wait for the disk.
    return refcounts_.write_dirty();
}

}  // namespace dragoman::devices::block
