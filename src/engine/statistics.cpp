#include "engine/statistics.h"

#include <cinttypes>
#include <cstdio>

namespace dragoman::engine {

std::string statistics_text(const Statistics& s, const SharedStatistics& shared) {
    std::string text;
    auto line = [&text](const char* name, u64 value) {
        char buffer[96];
        std::snprintf(buffer, sizeof buffer, "%-34s %12" PRIu64 "\n", name, value);
        text += buffer;
    };
    auto ratio = [&text](const char* name, u64 value, u64 of) {
        char buffer[96];
        std::snprintf(buffer, sizeof buffer, "%-34s %12.2f\n", name, of == 0 ? 0.0 : double(value) / double(of));
        text += buffer;
    };
    const TranslationStatistics& t = s.translation;
    line("TBs translated", t.tbs);
    line("TBs from the translation cache", shared.kept);
    line("  that the engine came to know", s.cached);
    line("TBs translated again", s.again);
    line("TBs in the table", shared.table_size);
    line("guest instructions translated", t.guest_insns);
    line("guest code, bytes", t.guest_bytes);
    line("IR ops", t.ir_ops);
    line("host code, bytes", t.host_bytes);
    ratio("host bytes per guest byte", t.host_bytes, t.guest_bytes);
    line("code buffer used, bytes", shared.code_bytes);
    line("exits at an unlinked jump", s.exits_slot);
    line("links made", s.links);
    line("loops translated", s.loops);
    line("  of several blocks", s.paths);
    line("loops without a path", s.no_paths);
    line("exits for a lookup", s.exits_lookup);
    line("TB table hits", s.table_hits);
    line("exits on request", s.exits_request);
    line("exceptions", s.exits_exception);
    line("system calls", s.exits_syscall);
    if (shared.system) {
        line("TBs copied for another address", s.copied);
        line("halts", s.exits_halt);
        line("TLB: slow accesses", s.mmu.slow_accesses);
        line("TLB: fills", s.mmu.fills);
        line("TLB: page-table walks", s.mmu.walks);
        line("TLB: hits in the victim buffer", s.mmu.victim_hits);
        line("TLB: tables made or grown", s.mmu.grown);
        line("TLB: flushes of a page", s.mmu.page_flushes);
        line("TLB: other flushes", s.mmu.flushes);
        line("address-space switches", s.mmu.switches);
        line("address spaces not seen lately", s.mmu.new_spaces);
        line("code pages watched", shared.watches);
        line("code pages mapped for stores often", shared.searches);
        line("waits for stores to code pages", shared.store_waits);
    }
    line("invalidations", shared.invalidations);
    line("stores to translated pages", shared.smc_faults);
    line("TBs found stale", s.stale);
    line("regions reclaimed", shared.reclaims);
    line("translation, guest to IR, ns", t.ns_translate);
    line("translation, passes, ns", t.ns_optimise);
    line("translation, code generation, ns", t.ns_compile);
    ratio("translation, ns per guest insn", t.ns_translate + t.ns_optimise + t.ns_compile, t.guest_insns);
    return text;
}

}  // namespace dragoman::engine
