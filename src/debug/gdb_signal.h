// gdb numbers signals its own way in the remote protocol (gdb's include/gdb/signals.def).
#pragma once

namespace dragoman::debug {

/// gdb's number for a Linux signal; 143 (unknown) when it has none.
int gdb_signal(int linux_signal);
/// The Linux signal for gdb's number; 0 when there is none.
int linux_signal(int gdb_signal);

}  // namespace dragoman::debug
