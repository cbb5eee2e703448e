// Reads and checks the header of a qcow2 image, opens what is below it; makes new images.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "devices/block/format.h"
#include "devices/block/qcow2.h"

namespace dragoman::devices::block {

using namespace qcow2;

namespace {

constexpr unsigned kMaxDepth = 64;
constexpr u32 kMaxL1Entries = (32 << 20) / 8;
constexpr u32 kMaxBackingName = 1023;

/// The header, and the messages about it.
class Header {
public:
    explicit Header(HostFile& file) : file_(file) {
        u64 bytes = std::min<u64>(file.size(), kMaxBytes);
        if (bytes < kHeaderBytesVersion2) refuse("not a qcow2 image (too short)");
        raw_.resize(bytes);
        if (int error = file.Image::read(0, raw_.data(), bytes)) refuse(std::strerror(error));
        if (load_be<u32>(raw_.data()) != kMagic) refuse("not a qcow2 image");
    }

    [[noreturn]] void refuse(const std::string& why) const { throw FatalError(1, file_.path() + ": " + why); }
    void require(bool condition, const char* what) const {
        if (!condition) refuse(std::string("damaged qcow2 image: ") + what);
    }
    u32 word(unsigned at) const { return load_be<u32>(raw_.data() + at); }
    u64 dword(unsigned at) const { return load_be<u64>(raw_.data() + at); }

    Layout layout() const;
    std::string backing_name() const;
    /// Contents of a header extension; empty when it is not there.
    std::string extension(u32 type) const;

private:
    static constexpr u64 kMaxBytes = 2 << 20;  // the largest cluster

    void check_features() const;
    std::string feature_name(unsigned bit) const;
    void check_table(u64 offset, u64 bytes, u64 cluster_bytes, const char* what) const {
        u64 end = file_.size();
        require((offset & (cluster_bytes - 1)) == 0, what);
        require(offset <= end && bytes <= end - offset, what);
    }

    HostFile& file_;
    std::vector<u8> raw_;
};

std::string Header::extension(u32 type) const {
    u64 at = word(kVersionField) >= 3 ? word(kHeaderLength) : kHeaderBytesVersion2;
    u64 end = std::min<u64>(raw_.size(), u64{1} << word(kClusterBits));
    while (at + 8 <= end) {
        u32 kind = load_be<u32>(raw_.data() + at), length = load_be<u32>(raw_.data() + at + 4);
        at += 8;
        if (kind == kEndOfExtensions) break;
        require(length <= end - at, "header extension past the header");
        if (kind == type) return {reinterpret_cast<const char*>(raw_.data() + at), length};
        at += align_up(length, 8);
    }
    return "";
}

std::string Header::feature_name(unsigned bit) const {
    constexpr std::size_t kEntry = 48;
    std::string names = extension(kFeatureNames);
    for (std::size_t at = 0; at + kEntry <= names.size(); at += kEntry) {
        if (names[at] != 0 || static_cast<u8>(names[at + 1]) != bit) continue;
        std::string name = names.substr(at + 2, kEntry - 2);
        return name.substr(0, name.find('\0'));
    }
    return "bit " + std::to_string(bit);
}

void Header::check_features() const {
    u64 features = dword(kIncompatible);
    bool writable = !file_.read_only();
    if ((features & kDirty) != 0 && writable) {
        refuse("was not closed properly; 'qemu-img check -r all' repairs it, readonly=on opens it as it is");
    }
    if ((features & kCorrupt) != 0 && writable) refuse("marked as corrupt; it opens with readonly=on only");
    u64 unknown = features & ~u64{kDirty | kCorrupt};
    if (unknown == 0) return;
    refuse("qcow2 feature '" + feature_name(static_cast<unsigned>(std::countr_zero(unknown))) + "' is not supported");
}

Layout Header::layout() const {
    Layout layout;
    layout.version = word(kVersionField);
    if (layout.version != 2 && layout.version != 3) {
        refuse("qcow2 version " + std::to_string(layout.version) + " is not supported");
    }
    layout.cluster_bits = word(kClusterBits);
    require(layout.cluster_bits >= 9 && layout.cluster_bits <= 21, "cluster size");
    u64 cluster_bytes = layout.cluster_bytes();
    if (layout.version >= 3) {
        require(raw_.size() >= kHeaderBytesVersion3, "header is cut off");
        u32 length = word(kHeaderLength);
        require(length >= kHeaderBytesVersion3 && length <= cluster_bytes && length <= raw_.size(), "header length");
        check_features();
        layout.autoclear = dword(kAutoclear);
        layout.refcount_order = word(kRefcountOrder);
        require(layout.refcount_order <= 6, "refcount width");
    }
    if (word(kCryptMethod) != 0) refuse("encrypted qcow2 images are not supported");
    layout.size = dword(kSize);
    require(layout.size <= u64{1} << 62, "disk size");
    layout.l1_entries = word(kL1Size);
    layout.l1_offset = dword(kL1Offset);
    u64 needed = (layout.size + layout.bytes_per_l2() - 1) / layout.bytes_per_l2();
    require(layout.l1_entries >= needed && layout.l1_entries <= kMaxL1Entries, "L1 table size");
    check_table(layout.l1_offset, u64{layout.l1_entries} * 8, cluster_bytes, "L1 table is not in the file");
    layout.snapshot_count = word(kSnapshotCount);
    layout.snapshots_offset = dword(kSnapshotsOffset);
    layout.refcount_table_offset = dword(kRefcountTableOffset);
    layout.refcount_table_clusters = word(kRefcountTableClusters);
    require(layout.refcount_table_clusters != 0 && layout.refcount_table_clusters * cluster_bytes <= 8 << 20,
            "refcount table size");
    check_table(layout.refcount_table_offset, layout.refcount_table_clusters * cluster_bytes, cluster_bytes,
                "refcount table is not in the file");
    return layout;
}

std::string Header::backing_name() const {
    u64 offset = dword(kBackingOffset);
    u32 length = word(kBackingSize);
    if (offset == 0 || length == 0) return "";
    require(length <= kMaxBackingName && offset <= raw_.size() && length <= raw_.size() - offset, "backing file name");
    return {reinterpret_cast<const char*>(raw_.data() + offset), length};
}

std::shared_ptr<Image> open_backing(const HostFile& file, std::string name, const std::string& format, unsigned depth) {
    auto refuse = [&file](const std::string& why) { throw FatalError(1, file.path() + ": " + why); };
    if (depth >= kMaxDepth) refuse("too many backing files, or a loop of them");
    if (name.starts_with("json:")) refuse("backing file " + name + ": names of this form are not supported");
    if (name.starts_with("file:")) name = name.substr(5);
    std::string::size_type slash = file.path().rfind('/');
    if (!name.starts_with("/") && slash != std::string::npos) name = file.path().substr(0, slash + 1) + name;
    HostFileOptions options = file.options();
    options.read_only = true;
    return open_image(name, options, {.format = format, .warn_guess = false, .depth = depth + 1});
}

/// Features that are gone when somebody writes who does not know them (bitmaps).
int clear_autoclear(HostFile& file, const Layout& layout) {
    if (layout.autoclear == 0) return 0;
    u8 none[8] = {};
    return file.Image::write(kAutoclear, none, sizeof none);
}

}  // namespace

std::shared_ptr<Image> Qcow2::open(const std::shared_ptr<HostFile>& file, unsigned depth) {
    Header header(*file);
    Layout layout = header.layout();
    std::shared_ptr<Image> backing;
    std::string name = header.backing_name();
    if (!name.empty()) backing = open_backing(*file, name, header.extension(kBackingFormat), depth);
    std::shared_ptr<Qcow2> image(new Qcow2(file, layout, std::move(backing)));
    if (image->load() != 0) header.require(false, "tables cannot be read");
    if (!file->read_only() && clear_autoclear(*file, layout) != 0) header.refuse("cannot be written");
    return image;
}

std::shared_ptr<Image> Qcow2::create_over(std::shared_ptr<HostFile> file, u64 size, std::shared_ptr<Image> backing,
                                          unsigned cluster_bits) {
    Layout layout;
    layout.cluster_bits = cluster_bits;
    layout.size = size;
    u64 cluster_bytes = layout.cluster_bytes();
    layout.l1_entries = static_cast<u32>(std::max<u64>(1, (size + layout.bytes_per_l2() - 1) / layout.bytes_per_l2()));
    u64 l1_clusters = (layout.l1_entries * u64{8} + cluster_bytes - 1) / cluster_bytes;
    // Header, refcount table, refcount block, L1 table: all counted by the first block.
    layout.refcount_table_offset = cluster_bytes;
    layout.refcount_table_clusters = 1;
    layout.l1_offset = 3 * cluster_bytes;
    u64 used = 3 + l1_clusters;
    if (used > cluster_bytes / 2) throw FatalError(1, file->path() + ": disk too large for this cluster size");
    std::vector<u8> raw(used * cluster_bytes);
    u8* at = raw.data();
    store_be(at, kMagic);
    store_be(at + kVersionField, layout.version);
    store_be(at + kClusterBits, u32{cluster_bits});
    store_be(at + kSize, size);
    store_be(at + kL1Size, layout.l1_entries);
    store_be(at + kL1Offset, layout.l1_offset);
    store_be(at + kRefcountTableOffset, layout.refcount_table_offset);
    store_be(at + kRefcountTableClusters, layout.refcount_table_clusters);
    store_be(at + kRefcountOrder, u32{layout.refcount_order});
    store_be(at + kHeaderLength, u32{kHeaderBytesVersion3});
    store_be(at + cluster_bytes, 2 * cluster_bytes);
    for (u64 i = 0; i < used; i++) store_refcount(at + 2 * cluster_bytes, i, layout.refcount_order, 1);
    if (int error = file->Image::write(0, raw.data(), raw.size())) {
        throw FatalError(1, file->path() + ": " + std::strerror(error));
    }
    std::shared_ptr<Qcow2> image(new Qcow2(std::move(file), layout, std::move(backing)));
    if (image->load() != 0) throw FatalError(1, image->describe() + ": cannot be read");
    return image;
}

}  // namespace dragoman::devices::block
