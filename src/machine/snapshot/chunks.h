// The form of a saved machine (docs/snapshots.md): a magic number and a version, then chunks, each with a checksum of
// its own.
#pragma once

#include <vector>

#include "machine/snapshot/channel.h"

namespace dragoman::machine {

enum class ChunkKind : u8 {
    Configuration = 'c',  ///< text: what the machine is made of
    Memory = 'm',         ///< u64 physical address, then the contents
    Zeros = 'z',          ///< u64 physical address, u64 bytes
    State = 's',          ///< devices and harts (base/state.h)
    End = 'e',
};

struct Chunk {
    ChunkKind kind = ChunkKind::End;
    std::vector<u8> bytes;
};

/// More than any chunk has: a longer one is damage.
inline constexpr u32 kMostChunkBytes = 64 << 20;

class ChunkWriter {
public:
    /// Writes what a saved machine begins with.
    explicit ChunkWriter(ByteSink& sink);
    /// One chunk whose contents are `head` and `tail`. After an error nothing more is written.
    void put(ChunkKind kind, std::span<const u8> head, std::span<const u8> tail = {});
    /// The first error: 0 or an errno value.
    int error() const { return error_; }
    u64 bytes() const { return bytes_; }  ///< written so far

private:
    void write(std::span<const u8> bytes);
    ByteSink& sink_;
    int error_ = 0;
    u64 bytes_ = 0;
};

class ChunkReader {
public:
    explicit ChunkReader(ByteSource& source) : source_(source) {}
    /// Reads the beginning. @returns what was wrong; empty: nothing
    std::string begin();
    /// The next chunk, whose checksum was right. @returns what was wrong; empty: nothing
    std::string next(Chunk& chunk);

private:
    std::string read(std::span<u8> to);
    ByteSource& source_;
};

}  // namespace dragoman::machine
