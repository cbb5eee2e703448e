// The layout of qcow2 files (versions 2 and 3), all big-endian.
#pragma once

#include <bit>
#include <cstring>

#include "base/bits.h"

namespace dragoman::devices::block::qcow2 {

constexpr u32 kMagic = 0x514649fb;  // "QFI\xfb"

enum HeaderField : unsigned {  // byte offsets
    kVersionField = 4,
    kBackingOffset = 8,
    kBackingSize = 16,
    kClusterBits = 20,
    kSize = 24,
    kCryptMethod = 32,
    kL1Size = 36,
    kL1Offset = 40,
    kRefcountTableOffset = 48,
    kRefcountTableClusters = 56,
    kSnapshotCount = 60,
    kSnapshotsOffset = 64,
    kHeaderBytesVersion2 = 72,
    kIncompatible = 72,
    kCompatible = 80,
    kAutoclear = 88,
    kRefcountOrder = 96,
    kHeaderLength = 100,
    kHeaderBytesVersion3 = 104,
    kCompressionType = 104,
};

enum Incompatible : u64 {
    kDirty = 1,
    kCorrupt = 2,
    kDataFile = 4,
    kCompression = 8,
    kExtendedL2 = 16,
};

enum Extension : u32 { kEndOfExtensions = 0, kBackingFormat = 0xe2792aca, kFeatureNames = 0x6803f857 };

// Entries of L1 and L2 tables.
constexpr u64 kCopied = u64{1} << 63;      ///< the refcount is one: may be written in place
constexpr u64 kCompressed = u64{1} << 62;  ///< L2
constexpr u64 kZero = 1;                   ///< L2, version 3: reads as zeros
constexpr u64 kOffsetMask = 0x00fffffffffffe00;

template <class T>
T load_be(const u8* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
    if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
    if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
    return value;
}

template <class T>
void store_be(u8* at, T value) {
    if constexpr (sizeof(T) == 8) value = __builtin_bswap64(value);
    if constexpr (sizeof(T) == 4) value = __builtin_bswap32(value);
    if constexpr (sizeof(T) == 2) value = __builtin_bswap16(value);
    std::memcpy(at, &value, sizeof value);
}

/// What the header says, checked against the file.
struct Layout {
    u32 version = 3;
    unsigned cluster_bits = 16;
    u64 size = 0;  ///< of the disk
    u64 l1_offset = 0;
    u32 l1_entries = 0;
    u64 refcount_table_offset = 0;
    u32 refcount_table_clusters = 0;
    unsigned refcount_order = 4;
    u64 autoclear = 0;
    u32 snapshot_count = 0;
    u64 snapshots_offset = 0;

    u64 cluster_bytes() const { return u64{1} << cluster_bits; }
    unsigned l2_bits() const { return cluster_bits - 3; }
    u64 bytes_per_l2() const { return u64{1} << (cluster_bits + l2_bits()); }
};

}  // namespace dragoman::devices::block::qcow2
