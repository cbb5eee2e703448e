// Builds the decoder's index: two passes over the rows, count and fill, as in a counting sort.
#include "guest/riscv/decode.h"

#include <cstring>

#include "guest/riscv/insn_sets.h"

namespace dragoman::riscv {

std::span<const InsnSet> insn_sets() {
    static const InsnSet kSets[] = {rows_hints(),   rows_zicfi(),  rows_i(),       rows_m(),        rows_a(),
                                    rows_b(),       rows_k(),      rows_zicond(),  rows_zicbo(),    rows_zimop(),
                                    rows_zicsr(),   rows_priv(),   rows_h(),       rows_f(),        rows_d(),
                                    rows_zfh(),     rows_zfa(),    rows_zfbf(),    rows_zfinx(),    rows_vset(),
                                    rows_vmemory(), rows_varith(), rows_vcrypto(), rows_vbf16(),    rows_zcmp(),
                                    rows_c(),       rows_xthead(), rows_xmips(),   rows_xventana(), rows_xlrbr()};
    return kSets;
}

template <class F>
void Decoder::for_each_bucket(const InsnRow& row, F f) {
    // The bits of the key that the row leaves open are counted through (Gosper-style subset walk).
    auto for_each_key = [&](u32 key_bits, auto g) {
        u32 open = key_bits & ~row.mask, subset = 0;
        do {
            g((row.match & key_bits) | subset);
            subset = (subset - open) & open;
        } while (subset != 0);
    };
    constexpr u32 kGroupBits = 0x707c, kFunctionBits = 0xf800'0000, kBits16 = 0xfc03;
    if (row.length == 2) return for_each_key(kBits16, [&](u32 bits) { f(bucket16(bits)); });
    for_each_key(kGroupBits, [&](u32 group) {
        const u32 more = kDecoderGroups.at[group32(group)].spread != 0 ? kFunctionBits : 0;
        for_each_key(more, [&](u32 bits) { f(bucket32(group | bits)); });
    });
}

Decoder::Decoder(const ExtensionSet& extensions) {
    // E has the instructions of I, with fewer registers.
    ExtensionSet on = extensions;
    if (on.has(Extension::E)) on.add(Extension::I);
    for (InsnSet set : insn_sets()) {
        for (const InsnRow& row : set) {
            if (row.guard.admits(on)) rows_.push_back(&row);
        }
    }
    std::memset(start_, 0, sizeof start_);
    for (const InsnRow* row : rows_) for_each_bucket(*row, [&](unsigned b) { ++start_[b + 1]; });
    for (unsigned b = 0; b < kBuckets32 + kBuckets16; ++b) start_[b + 1] = static_cast<u16>(start_[b + 1] + start_[b]);
    entries_.resize(start_[kBuckets32 + kBuckets16]);
    // start_[b] serves as the fill position and so ends at the start of b + 1: shift it back.
    for (const InsnRow* row : rows_)
        for_each_bucket(*row, [&](unsigned b) { entries_[start_[b]++] = {row->mask, row->match, row}; });
    std::memmove(start_ + 1, start_, sizeof start_ - sizeof start_[0]);
    start_[0] = 0;
}

}  // namespace dragoman::riscv
