// Vector loads and stores (section "Vector Loads and Stores"), element by element. An access that faults leaves vstart
// at its element; what was done before stays done, so that the instruction can go on there.
#include "guest/riscv/v/execute.h"
#include "guest/runtime.h"

namespace dragoman::riscv::vector_functions {

namespace {

unsigned fields(const VectorRun& run) { return (run.bits >> 29) + 1; }

/// Registers of one field's group.
unsigned group_registers(const VectorRun& run) { return run.control.lmul > 0 ? 1u << run.control.lmul : 1; }

/// An address as an access uses it.
u64 pointer(const VectorRun& run, u64 address) { return masked_address(run.hart.tb_flags, address); }

/// Element `i` of field `field`, of `bytes`, of the data group at vd.
u8* element(VectorRun& run, unsigned field, u64 i, unsigned bytes) {
    return run.v.reg(run.vd() + field * group_registers(run)) + i * bytes;
}

/// All fields of element `i` at once, if no byte of them can fault; of several fields only.
template <bool kLoad>
bool access_segment(VectorRun& run, u64 base, u64 i, unsigned bytes) {
    const unsigned nf = fields(run);
    if (nf == 1) return false;
    u8 segment[64];
    auto each = [&](auto move) {
        for (unsigned field = 0; field < nf; ++field) move(element(run, field, i, bytes), segment + field * bytes);
    };
    if constexpr (kLoad) {
        if (!guest::try_load(&run.hart, segment, pointer(run, base), nf * bytes)) return false;
        each([&](u8* place, const u8* from) { std::memcpy(place, from, bytes); });
        return true;
    }
    each([&](const u8* place, u8* to) { std::memcpy(to, place, bytes); });
    return guest::try_store(&run.hart, pointer(run, base), segment, nf * bytes);
}

/// Moves all fields of the active elements. address(i): of the first field of element i.
template <bool kLoad, class Address>
void access(VectorRun& run, unsigned bytes, Address address) {
    const unsigned nf = fields(run);
    for (u64 i = run.vstart(), end = run.vl(); i < end; ++i) {
        run.v.vstart = i;
        if (!run.active(i)) continue;
        const u64 base = address(i);
        if (access_segment<kLoad>(run, base, i, bytes)) continue;
        for (unsigned field = 0; field < nf; ++field) {
            u8* const place = element(run, field, i, bytes);
            if constexpr (kLoad) {
                guest::load(&run.hart, place, pointer(run, base + field * bytes), bytes);
            } else {
                guest::store(&run.hart, pointer(run, base + field * bytes), place, bytes);
            }
        }
    }
}

/// All elements at once, where they lie behind each other and none can fault. What a failing copy has done is done
/// again.
template <bool kLoad>
bool access_at_once(VectorRun& run, unsigned bytes) {
    if (run.masked() || fields(run) != 1 || run.vstart() >= run.vl()) return false;
    const u64 from = run.vstart() * bytes;
    const auto length = static_cast<unsigned>(run.vl() * bytes - from);
    u8* const place = run.v.reg(run.vd()) + from;
    if constexpr (kLoad) return guest::try_load(&run.hart, place, pointer(run, run.scalar + from), length);
    return guest::try_store(&run.hart, pointer(run, run.scalar + from), place, length);
}

template <bool kLoad>
void access_unit(VectorRun& run) {
    const unsigned bytes = 1u << run.control.sew;
    if (access_at_once<kLoad>(run, bytes)) return;
    const u64 step = u64{bytes} * fields(run);
    access<kLoad>(run, bytes, [&](u64 i) { return run.scalar + i * step; });
}

template <bool kLoad>
void access_strided(VectorRun& run) {
    const u64 stride = run.hart.gpr[run.vs2()];
    access<kLoad>(run, 1u << run.control.sew, [&](u64 i) { return run.scalar + i * stride; });
}

/// The width field gives the index's size, vtype the data's.
template <bool kLoad>
void access_indexed(VectorRun& run) {
    constexpr u8 kIndexBytes[8] = {1, 0, 0, 0, 0, 2, 4, 8};
    const unsigned index_bytes = kIndexBytes[run.funct3()];
    access<kLoad>(run, 1u << run.control.sew, [&](u64 i) {
        u64 index = 0;
        std::memcpy(&index, run.v.reg(run.vs2()) + i * index_bytes, index_bytes);
        return run.scalar + index;
    });
}

/// `count` bytes of registers from vd on, which follow each other in memory; vstart counts elements of the access.
template <bool kLoad>
void access_bytes(VectorRun& run, u64 count) {
    const unsigned bytes = 1u << run.control.sew;
    for (u64 i = run.vstart(); i * bytes < count; ++i) {
        run.v.vstart = i;
        u8* const place = run.v.reg(run.vd()) + i * bytes;
        if constexpr (kLoad) {
            guest::load(&run.hart, place, pointer(run, run.scalar + i * bytes), bytes);
        } else {
            guest::store(&run.hart, pointer(run, run.scalar + i * bytes), place, bytes);
        }
    }
}

}  // namespace

void load_unit(VectorRun& run) { access_unit<true>(run); }
void store_unit(VectorRun& run) { access_unit<false>(run); }
void load_strided(VectorRun& run) { access_strided<true>(run); }
void store_strided(VectorRun& run) { access_strided<false>(run); }
void load_indexed(VectorRun& run) { access_indexed<true>(run); }
void store_indexed(VectorRun& run) { access_indexed<false>(run); }
void load_mask(VectorRun& run) { access_bytes<true>(run, (run.vl() + 7) / 8); }
void store_mask(VectorRun& run) { access_bytes<false>(run, (run.vl() + 7) / 8); }
void load_whole(VectorRun& run) {
    run.v.used = 1;
    access_bytes<true>(run, u64{fields(run)} * run.v.vlenb);
}
void store_whole(VectorRun& run) { access_bytes<false>(run, u64{fields(run)} * run.v.vlenb); }

/// Fault-only-first: an element behind the first that cannot be read ends the vector there.
void load_first(VectorRun& run) {
    const unsigned bytes = 1u << run.control.sew, nf = fields(run);
    for (u64 i = run.vstart(), end = run.vl(); i < end; ++i) {
        run.v.vstart = i;
        if (!run.active(i)) continue;
        const u64 base = run.scalar + i * bytes * nf;
        for (unsigned field = 0; field < nf; ++field) {
            u8* const place = element(run, field, i, bytes);
            if (i == 0) {
                guest::load(&run.hart, place, pointer(run, base + field * bytes), bytes);
            } else if (!guest::try_load(&run.hart, place, pointer(run, base + field * bytes), bytes)) {
                run.v.vl = i;
                return;
            }
        }
    }
}

}  // namespace dragoman::riscv::vector_functions
