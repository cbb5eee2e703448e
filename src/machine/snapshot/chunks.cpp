#include "machine/snapshot/chunks.h"

#include <zlib.h>

#include <array>
#include <cstring>

namespace dragoman::machine {

namespace {

constexpr std::array<u8, 8> kMagic{'D', 'R', 'A', 'G', 'O', 'M', 'A', 'N'};
constexpr u32 kVersion = 1;
constexpr std::size_t kHeadBytes = 5;  // kind, length

/// The same on all hosts: little-endian.
std::array<u8, 4> encode(u32 value) {
    std::array<u8, 4> bytes;
    for (unsigned i = 0; i < 4; i++) bytes[i] = static_cast<u8>(value >> (8 * i));
    return bytes;
}

u32 decode(const u8* bytes) {
    u32 value = 0;
    for (unsigned i = 0; i < 4; i++) value |= u32{bytes[i]} << (8 * i);
    return value;
}

u32 checksum(std::span<const u8> head, std::span<const u8> contents, std::span<const u8> more = {}) {
    uLong sum = ::crc32_z(0, head.data(), head.size());
    sum = ::crc32_z(sum, contents.data(), contents.size());
    // (null would start it anew)
    return static_cast<u32>(more.empty() ? sum : ::crc32_z(sum, more.data(), more.size()));
}

std::array<u8, kHeadBytes> head_of(ChunkKind kind, u32 length) {
    std::array<u8, kHeadBytes> head{static_cast<u8>(kind)};
    std::memcpy(head.data() + 1, encode(length).data(), 4);
    return head;
}

}  // namespace

ChunkWriter::ChunkWriter(ByteSink& sink) : sink_(sink) {
    write(kMagic);
    write(encode(kVersion));
}

void ChunkWriter::write(std::span<const u8> bytes) {
    if (error_ != 0 || bytes.empty()) return;
    error_ = sink_.write(bytes);
    if (error_ == 0) bytes_ += bytes.size();
}

void ChunkWriter::put(ChunkKind kind, std::span<const u8> head, std::span<const u8> tail) {
    const auto own = head_of(kind, static_cast<u32>(head.size() + tail.size()));
    static constexpr u8 kNothing = 0;
    if (head.data() == nullptr) head = {&kNothing, 0};
    write(own);
    write(head);
    write(tail);
    write(encode(checksum(own, head, tail)));
}

std::string ChunkReader::read(std::span<u8> to) {
    std::size_t got = 0;
    if (int error = source_.read(to, got)) return std::strerror(error);
    return got < to.size() ? "it ends early" : "";
}

std::string ChunkReader::begin() {
    std::array<u8, kMagic.size() + 4> start{};
    std::size_t got = 0;
    if (int error = source_.read(start, got)) return std::strerror(error);
    if (got < start.size() || !std::equal(kMagic.begin(), kMagic.end(), start.begin())) {
        return "it is no saved machine of dragoman-system";
    }
    const u32 version = decode(start.data() + kMagic.size());
    if (version != kVersion) return "it has version " + std::to_string(version) + ", which is not known here";
    return "";
}

std::string ChunkReader::next(Chunk& chunk) {
    std::array<u8, kHeadBytes> head;
    if (std::string wrong = read(head); !wrong.empty()) return wrong;
    const u32 length = decode(head.data() + 1);
    if (length > kMostChunkBytes) return "it is damaged";
    chunk.kind = static_cast<ChunkKind>(head[0]);
    chunk.bytes.resize(std::size_t{length} + 4);
    if (std::string wrong = read(chunk.bytes); !wrong.empty()) return wrong;
    const u32 sum = decode(chunk.bytes.data() + length);
    chunk.bytes.resize(length);
    static constexpr u8 kNothing = 0;
    const std::span<const u8> contents = length != 0 ? std::span<const u8>(chunk.bytes) : std::span(&kNothing, 0);
    return sum == checksum(head, contents) ? "" : "it is damaged";
}

}  // namespace dragoman::machine
