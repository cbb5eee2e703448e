// What -d stats shows: counted per vCPU without synchronisation, summed when it is asked for.
#pragma once

#include <string>

#include "engine/softmmu/softmmu.h"
#include "engine/translate/translator.h"

namespace dragoman::engine {

struct Statistics {
    TranslationStatistics translation;
    SoftmmuStatistics mmu;
    u64 exits_slot = 0, exits_lookup = 0, exits_request = 0, exits_exception = 0, exits_syscall = 0, exits_halt = 0;
    u64 table_hits = 0, links = 0, stale = 0;
    u64 again = 0;                           ///< TBs that have run much and were made again
    u64 cached = 0;                          ///< TBs of images that the engine came to need
    u64 copied = 0;                          ///< TBs made from one at another address
    u64 loops = 0, paths = 0, no_paths = 0;  ///< regions: all, those of several blocks, and what did not become one
};

/// What is counted once for all vCPUs.
struct SharedStatistics {
    u64 table_size, kept, code_bytes, invalidations, smc_faults, reclaims;
    bool system;  ///< the rest is there
    u64 watches, searches, store_waits;
};

/// One line per number.
std::string statistics_text(const Statistics& counted, const SharedStatistics& shared);

}  // namespace dragoman::engine
