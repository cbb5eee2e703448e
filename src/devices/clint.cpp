#include "devices/clint.h"

#include "devices/state.h"

namespace dragoman::devices {

void Clint::reset() {
    mswi_.reset();
    mtimer_.reset();
}

void Clint::visit(State& state) {
    state.section("mswi", [&] { mswi_.visit(state); });
    state.section("mtimer", [&] { mtimer_.visit(state); });
}

bool Clint::read(u64 offset, unsigned size, u64& value) {
    value = 0;
    if (offset >= kTimer) return mtimer_.read(offset - kTimer, size, value);
    u64 high = 0;
    mswi_.read(offset, 4, value);
    if (size == 8) mswi_.read(offset + 4, 4, high);
    value |= high << 32;
    return true;
}

bool Clint::write(u64 offset, unsigned size, u64 value) {
    if (offset >= kTimer) return mtimer_.write(offset - kTimer, size, value);
    mswi_.write(offset, 4, value);
    if (size == 8) mswi_.write(offset + 4, 4, value >> 32);
    return true;
}

}  // namespace dragoman::devices
