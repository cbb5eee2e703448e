#include "machine/replay/log.h"

#include <zlib.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/leb128.h"

namespace dragoman::machine {

namespace {

// "DRAGORUN", a version, then blocks: length and CRC-32 of the contents, contents. The first block is the
// configuration, the others are records, none of which is in two blocks.
constexpr char kMagic[8] = {'D', 'R', 'A', 'G', 'O', 'R', 'U', 'N'};
constexpr u32 kVersion = 1;
constexpr std::size_t kBlockBytes = 64 << 10;
constexpr u64 kMostBytes = 64 << 20;  // of one record

void append(std::vector<u8>& to, u64 number) {
    u8 bytes[kMaxLeb128Bytes];
    to.insert(to.end(), bytes, put_leb128(bytes, number));
}

std::array<u8, 4> encode(u32 value) {
    return {static_cast<u8>(value), static_cast<u8>(value >> 8), static_cast<u8>(value >> 16),
            static_cast<u8>(value >> 24)};
}

u32 decode(const u8* bytes) { return bytes[0] | u32{bytes[1]} << 8 | u32{bytes[2]} << 16 | u32{bytes[3]} << 24; }

u32 checksum(std::span<const u8> bytes) {
    return static_cast<u32>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

class BlockReader {
public:
    explicit BlockReader(std::span<const u8> bytes) : left_(bytes) {}
    bool empty() const { return left_.empty(); }
    bool take(u64& number) {
        number = 0;
        for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
            const u8 byte = left_.front();
            left_ = left_.subspan(1);
            number |= u64{byte & 0x7fu} << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }
    bool take(u64 count, std::vector<u8>& bytes) {
        if (count > left_.size()) return false;
        bytes.assign(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(count));
        left_ = left_.subspan(count);
        return true;
    }

private:
    std::span<const u8> left_;
};

bool take_record(BlockReader& from, ReplayPosition& last, ReplayRecord& record) {
    u64 kind, insns, events, source, count;
    if (!from.take(kind) || !from.take(insns) || !from.take(events) || !from.take(source) || !from.take(count))
        return false;
    if (kind < static_cast<u64>(RecordKind::Input) || kind > static_cast<u64>(RecordKind::End)) return false;
    record.kind = static_cast<RecordKind>(kind);
    last.insns += insns;
    last.events += events;
    record.position = last;
    record.source = static_cast<u32>(source);
    const bool has_number = record.kind == RecordKind::Warp || record.kind == RecordKind::Check;
    return from.take(count, record.bytes) && (!has_number || count == 8);
}

std::vector<u8> read_file(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "rbe");
    if (file == nullptr) throw FatalError(1, "rrfile=" + path + ": " + std::strerror(errno));
    std::vector<u8> bytes;
    u8 part[1 << 16];
    while (std::size_t got = std::fread(part, 1, sizeof part, file)) bytes.insert(bytes.end(), part, part + got);
    const int error = std::ferror(file) != 0 ? errno : 0;
    std::fclose(file);
    if (error != 0) throw FatalError(1, "rrfile=" + path + ": " + std::strerror(error));
    return bytes;
}

}  // namespace

u64 ReplayRecord::number() const {
    u64 value = 0;
    for (std::size_t i = 0; i < bytes.size() && i < 8; i++) value |= u64{bytes[i]} << (8 * i);
    return value;
}

LogWriter::LogWriter(const std::string& path) : file_(std::fopen(path.c_str(), "wbe")) {
    if (file_ == nullptr) throw FatalError(1, "rrfile=" + path + ": " + std::strerror(errno));
}

LogWriter::~LogWriter() { std::fclose(file_); }

void LogWriter::write_block(std::span<const u8> bytes) {
    const auto size = encode(static_cast<u32>(bytes.size())), sum = encode(checksum(bytes));
    if (error_ != 0) return;
    const bool good = std::fwrite(size.data(), 1, 4, file_) == 4 && std::fwrite(sum.data(), 1, 4, file_) == 4 &&
                      std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
    if (!good) error_ = errno != 0 ? errno : EIO;
}

void LogWriter::begin(const std::string& configuration) {
    const auto version = encode(kVersion);
    if (std::fwrite(kMagic, 1, sizeof kMagic, file_) != sizeof kMagic || std::fwrite(version.data(), 1, 4, file_) != 4)
        error_ = errno;
    write_block({reinterpret_cast<const u8*>(configuration.data()), configuration.size()});
    begun_ = true;
}

void LogWriter::put(const ReplayRecord& record) {
    append(block_, static_cast<u64>(record.kind));
    append(block_, record.position.insns - last_.insns);
    append(block_, record.position.events - last_.events);
    append(block_, record.source);
    append(block_, record.bytes.size());
    block_.insert(block_.end(), record.bytes.begin(), record.bytes.end());
    last_ = record.position;
    if (begun_ && block_.size() >= kBlockBytes) {
        write_block(block_);
        block_.clear();
    }
}

void LogWriter::flush() {
    if (!begun_) return;
    if (!block_.empty()) write_block(block_);
    block_.clear();
    if (std::fflush(file_) != 0 && error_ == 0) error_ = errno;
}

ReplayLog read_log(const std::string& path) {
    const std::vector<u8> file = read_file(path);
    auto fail = [&](const char* what) { throw FatalError(1, "rrfile=" + path + ": " + what); };
    std::span<const u8> left(file);
    if (left.size() < sizeof kMagic + 4 || std::memcmp(left.data(), kMagic, sizeof kMagic) != 0)
        fail("this is no log of dragoman-system");
    if (decode(left.data() + sizeof kMagic) != kVersion) fail("it is a log of another version");
    left = left.subspan(sizeof kMagic + 4);
    ReplayLog log;
    ReplayPosition last;
    bool first = true, ended = false;
    while (!left.empty()) {
        if (left.size() < 8 || decode(left.data()) > left.size() - 8) fail("it is cut off");
        const std::span<const u8> block = left.subspan(8, decode(left.data()));
        if (block.size() > kMostBytes + kBlockBytes || checksum(block) != decode(left.data() + 4) || ended)
            fail("it is damaged");
        left = left.subspan(8 + block.size());
        if (first) {
            log.configuration.assign(block.begin(), block.end());
            first = false;
            continue;
        }
        BlockReader reader(block);
        while (!reader.empty()) {
            ReplayRecord& record = log.records.emplace_back();
            if (ended || !take_record(reader, last, record)) fail("it is damaged");
            ended = record.kind == RecordKind::End;
        }
    }
    if (!ended) fail("it is cut off");
    return log;
}

}  // namespace dragoman::machine
