// Sections: stretches of guest code that run() does not enter. It returns kExceptionSection in front of them, and its
// caller goes through them one instruction at a time (Engine::run_alone), because it has to know what happens between
// two of them. Linux's restartable sequences are such. User mode.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/bits.h"
#include "guest/guest.h"
#include "ir/env.h"

namespace dragoman::engine {

struct Section {
    u64 start, end;   ///< guest addresses of its code, end exclusive
    u64 description;  ///< what its finder knows it by

    bool contains(u64 pc) const { return pc >= start && pc < end; }
    bool operator==(const Section&) const = default;
};

/// Knows what describes a section. Any thread.
class SectionFinder {
public:
    virtual ~SectionFinder() = default;
    /// The section that is described at an address that code makes.
    virtual std::optional<Section> described_at(const guest::MadeAddress& made) = 0;
    /// The section that the thread running `env` says it is in. Called on that thread.
    virtual std::optional<Section> current(const ir::Env* env) = 0;
};

/// The sections that are known, by address.
class SectionList {
public:
    bool empty() const { return sections_.empty(); }
    /// @returns false when it is known
    bool add(const Section& section);
    void remove(const Section& section);
    std::optional<Section> at(u64 pc) const;
    /// Appends those with code in [start, end).
    void add_overlapping(u64 start, u64 end, std::vector<Section>& to) const;

private:
    std::vector<Section> sections_;  ///< ascending by start
};

}  // namespace dragoman::engine
