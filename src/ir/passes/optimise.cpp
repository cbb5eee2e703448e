#include "ir/passes/passes.h"

namespace dragoman::ir {

void optimise(Function&, PassContext&) {}

}  // namespace dragoman::ir
