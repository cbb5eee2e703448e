// The file that a run is recorded in (docs/replay.md).
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"

namespace dragoman::machine {

/// A place in a run, between two instructions.
struct ReplayPosition {
    u64 insns = 0;   ///< executed before it
    u64 events = 0;  ///< traps, turns of harts and jumps of an idle machine's time before it, which are no instructions
    bool operator==(const ReplayPosition&) const = default;
    auto operator<=>(const ReplayPosition&) const = default;
};

enum class RecordKind : u8 {
    Input = 1,  ///< something for the source `source` (devices::Inputs::put)
    Answer,     ///< what the host has answered (devices::Inputs::ask); not bound to its position
    Warp,       ///< an idle machine's time has gone on by so many nanoseconds (u64) when it was woken
    Check,      ///< a hash (u64) of the hart whose turn it is
    End,
};

struct ReplayRecord {
    RecordKind kind = RecordKind::End;
    ReplayPosition position;
    u32 source = 0;
    std::vector<u8> bytes;

    u64 number() const;  ///< the contents, of a Warp or a Check
};

class LogWriter {
public:
    /// @throws FatalError
    explicit LogWriter(const std::string& path);
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    /// What the log is of, before flush.
    void begin(const std::string& configuration);
    /// Positions do not descend.
    void put(const ReplayRecord& record);
    /// What has been put reaches the file.
    void flush();
    /// The first error: 0 or an errno value.
    int error() const { return error_; }

private:
    void write_block(std::span<const u8> bytes);

    std::FILE* file_;
    ReplayPosition last_;
    std::vector<u8> block_;  ///< not written yet
    bool begun_ = false;
    int error_ = 0;
};

/// All of a log.
struct ReplayLog {
    std::string configuration;
    std::vector<ReplayRecord> records;  ///< the last one is the End, and the only one
};

/// Reads and checks a log. @throws FatalError that says what is wrong with it
ReplayLog read_log(const std::string& path);

}  // namespace dragoman::machine
