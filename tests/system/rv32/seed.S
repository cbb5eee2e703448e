// The same of RV32.
#include "../bare/seed.S"
