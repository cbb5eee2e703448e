// The same of RV32.
#include "../bare/modes.S"
