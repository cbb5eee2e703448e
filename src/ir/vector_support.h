// What vector ops the back end in use compiles. Guests ask while they translate, and call a helper for the rest.
#pragma once

#include "ir/op_table.h"
#include "ir/types.h"

namespace dragoman::ir {

class VectorSupport {
public:
    virtual ~VectorSupport() = default;
    /// Whether the vector op `op` on `type` with `rules` may be emitted.
    virtual bool has_vector_op(Op, Type, VectorRules) const { return false; }
};

}  // namespace dragoman::ir
