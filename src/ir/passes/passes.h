// The optimisation passes over a translation block, one function per file of this folder, and their
// order.
#pragma once

#include "ir/liveness.h"

namespace dragoman::ir {

/// Scratch memory of the passes. One per translating thread; keep it from TB to TB.
struct PassContext {
    LiveSet live;
};

/// Runs all passes on `f`. Call `liveness` afterwards.
void optimise(Function& f, PassContext& context);

}  // namespace dragoman::ir
