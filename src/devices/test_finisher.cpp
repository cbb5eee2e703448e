#include "devices/test_finisher.h"

#include "devices/state.h"

namespace dragoman::devices {

/// It has no state.
void TestFinisher::visit(State& state) { state.version(1); }

bool TestFinisher::read(u64, unsigned, u64& value) {
    value = 0;
    return true;
}

bool TestFinisher::write(u64 offset, unsigned, u64 value) {
    if (offset != 0) return true;
    int status = static_cast<int>((value >> 16) & 0xFFFF);
    switch (value & 0xFFFF) {
        case 0x3333: finish_(Action::Exit, status); break;
        case 0x5555: finish_(Action::Exit, 0); break;
        case 0x7777: finish_(Action::Reset, 0); break;
        default: break;
    }
    return true;
}

}  // namespace dragoman::devices
