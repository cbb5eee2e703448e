// flags: -O1 -DWITH_SYSROOT
// options: -L /usr/share
/* The same with the descriptor of a sysroot, which has to give way to whatever number the guest wants. */
#include "descriptors.c"
