#include "ir/state_map.h"

#include <cstring>

#include "base/error.h"
#include "base/leb128.h"
#include "ir/env.h"
#include "ir/variable.h"

namespace dragoman::ir {

namespace {

// ---- Restoring ----------------------------------------------------------------------------------

class Restorer {
public:
    Restorer(const GuestLayout& layout, const RegisterFile& registers, u64 guest_pc, Env* env)
        : layout_(layout), registers_(registers), guest_pc_(guest_pc), env_(reinterpret_cast<u8*>(env)) {}

    /// Reads what the entries of a layer say, but for registers that a layer above it has spoken for.
    void read(StateEntries entries) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const StateEntry& entry = entries[i];
            const StateEntry* operands = entry.base == StateBase::Computed ? &entries[i + 1] : nullptr;
            if (operands != nullptr) i += kStateOperands;
            if (seen_.has(entry.global)) continue;
            seen_.add(entry.global);
            const GlobalInfo& global = layout_.globals[entry.global];
            if (is_vector(global.type)) {
                copy(entry, global);
            } else if (!entry.is_home()) {
                found_.add(entry.global);
                values_[entry.global] = value(entry, operands);
            }
        }
    }

    void write() {
        found_.for_each([this](unsigned g) {
            std::memcpy(env_ + layout_.globals[g].offset, &values_[g], type_bytes(layout_.globals[g].type));
        });
    }

private:
    /// A vector's whole value: never from another register's home, so the order does not matter.
    void copy(const StateEntry& entry, const GlobalInfo& global) {
        const unsigned bytes = type_bytes(global.type);
        if (entry.base == StateBase::Register) {
            registers_.read(entry.where, env_ + global.offset, bytes);
        } else if (entry.base == StateBase::Spill) {
            std::memcpy(env_ + global.offset, env_ + entry.where, bytes);
        } else {
            DRAGOMAN_ASSERT(entry.is_home());
        }
    }

    u64 word(u32 offset) const {
        u64 v;
        std::memcpy(&v, env_ + offset, sizeof v);
        return v;
    }
    u64 host(unsigned number) const {
        u64 v;
        registers_.read(number, &v, sizeof v);
        return v;
    }

    u64 base(const StateEntry& entry, const StateEntry* operands) const {
        switch (entry.base) {
            case StateBase::Home: return word(layout_.globals[entry.where].offset);
            case StateBase::Register: return host(entry.where);
            case StateBase::Spill: return word(entry.where);
            case StateBase::Constant: return 0;
            case StateBase::GuestPc: return guest_pc_;
            case StateBase::Access: return registers_.access_address();
            case StateBase::Computed:
                return layout_.state_functions[entry.where](value(operands[0], nullptr), value(operands[1], nullptr),
                                                            value(operands[2], nullptr));
        }
        DRAGOMAN_UNREACHABLE();
    }

    u64 value(const StateEntry& entry, const StateEntry* operands) const {
        u64 v = base(entry, operands) + static_cast<u64>(entry.displacement);
        if (entry.index != kNoStateIndex) v += host(entry.index) << entry.scale;
        return entry.extend == StateExtend::Sign32 ? static_cast<u64>(sign_extend(v, 32)) : v;
    }

    const GuestLayout& layout_;
    const RegisterFile& registers_;
    u64 guest_pc_;
    u8* env_;
    GlobalSet seen_, found_;
    u64 values_[kMaxGlobals];
};

// ---- Encoding -----------------------------------------------------------------------------------

/// Bits of an entry's head, above the base.
constexpr u8 kBaseMask = 7, kExtended = 8, kWithIndex = 16, kWithDisplacement = 32;

/// The registers of a map mostly ascend; an operand has the number of its own register plus 1.
constexpr u16 kBeforeFirst = 0xffff;

bool has_where(StateBase base) {
    return base == StateBase::Home || base == StateBase::Register || base == StateBase::Spill ||
           base == StateBase::Computed;
}

const u8* get_entry(const u8* p, u16 last, StateEntry& entry) {
    entry = {};
    entry.global = static_cast<u16>(last + unzigzag(get_leb128(p)));
    const u8 head = *p++;
    entry.base = static_cast<StateBase>(head & kBaseMask);
    if ((head & kExtended) != 0) entry.extend = StateExtend::Sign32;
    if (has_where(entry.base)) entry.where = static_cast<u32>(get_leb128(p));
    if (entry.base == StateBase::Home) entry.where = static_cast<u32>(entry.global + unzigzag(entry.where));
    if ((head & kWithIndex) != 0) {
        const u64 packed = get_leb128(p);
        entry.index = static_cast<u8>(packed >> 2);
        entry.scale = packed & 3;
    }
    if ((head & kWithDisplacement) != 0) entry.displacement = unzigzag(get_leb128(p));
    return p;
}

}  // namespace

void restore(const GuestLayout& layout, StateEntries usual, const PrecisePoint& point, const RegisterFile& registers,
             Env* env) {
    Restorer restorer(layout, registers, point.guest_pc, env);
    restorer.read(point.insn);
    restorer.read(point.tb);
    restorer.read(usual);
    restorer.write();
}

u8* encode_state(StateEntries entries, u8* to) {
    to = put_leb128(to, entries.size());
    u16 last = kBeforeFirst;
    for (const StateEntry& e : entries) {
        to = put_leb128(to, zigzag(static_cast<i16>(e.global - last)));
        const bool indexed = e.index != kNoStateIndex;
        *to++ = static_cast<u8>(static_cast<u8>(e.base) | (e.extend == StateExtend::Sign32 ? kExtended : 0) |
                                (indexed ? kWithIndex : 0) | (e.displacement != 0 ? kWithDisplacement : 0));
        if (has_where(e.base))
            to = put_leb128(to, e.base == StateBase::Home ? zigzag(i64{e.where} - e.global) : e.where);
        if (indexed) to = put_leb128(to, u64{e.index} << 2 | e.scale);
        if (e.displacement != 0) to = put_leb128(to, zigzag(e.displacement));
        last = e.global;
    }
    return to;
}

const u8* decode_state(const u8* from, PlainVector<StateEntry>& entries) {
    u16 last = kBeforeFirst;
    for (u64 count = get_leb128(from); count != 0; --count) {
        from = get_entry(from, last, entries.emplace_back());
        last = entries.back().global;
    }
    return from;
}

const u8* skip_state(const u8* from) {
    StateEntry entry;
    for (u64 count = get_leb128(from); count != 0; --count) from = get_entry(from, 0, entry);
    return from;
}

}  // namespace dragoman::ir
