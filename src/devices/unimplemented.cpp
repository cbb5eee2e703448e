#include "devices/unimplemented.h"

#include "base/log.h"
#include "devices/state.h"

namespace dragoman::devices {

namespace {

void note(const char* what, u64 offset, unsigned size) {
    if (!log::enabled(log::Item::GuestErrors)) return;
    std::fprintf(log::stream(), "unimplemented device: %s of %u bytes at offset 0x%llx\n", what, size,
                 static_cast<unsigned long long>(offset));
}

}  // namespace

/// It has no state.
void Unimplemented::visit(State& state) { state.version(1); }

bool Unimplemented::read(u64 offset, unsigned size, u64& value) {
    note("load", offset, size);
    value = 0;
    return true;
}

bool Unimplemented::write(u64 offset, unsigned size, u64) {
    note("store", offset, size);
    return true;
}

}  // namespace dragoman::devices
