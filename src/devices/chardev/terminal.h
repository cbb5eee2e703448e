// The host's terminal as a guest's serial line: raw while the machine has it, and always given back.
#pragma once

namespace dragoman::devices::terminal {

/// Makes the terminal on stdin raw (nothing happens when it is none, or is not ours while in the background). It gets
/// its old modes back on restore(), exit(), SIGTSTP and signals that end the process; after SIGCONT it is raw again.
/// @param signals  whether Ctrl-C, Ctrl-Z and Ctrl-\ keep their meaning for the host
void make_raw(bool signals);
void restore();

/// Makes `fd` raw for good: a serial device or pseudo-terminal.
void make_raw_line(int fd);

}  // namespace dragoman::devices::terminal
