// How the host schedules threads that have little to do, but soon.
#pragma once

namespace dragoman::devices {

/// Asks the kernel to let the calling thread run soon after it is woken, in turns of 0.1 ms, where harts keep all
/// processors busy. Linux 6.12 and later do; others take no notice.
void ask_for_short_turns();

}  // namespace dragoman::devices
