// IR variables. Variables are mutable; five kinds differ in how long a value lives and where.
#pragma once

#include <string>
#include <vector>

#include "ir/global_set.h"
#include "ir/helper.h"
#include "ir/types.h"

namespace dragoman::ir {

using Var = u32;  ///< index into Function::vars

inline constexpr Var kNoVar = ~u32{0};  ///< absent operand (index of a memory op)
inline constexpr Var kEnvVar = 0;       ///< the fixed variable: pointer to the guest state

enum class VarKind : u8 {
    Fixed,   ///< lives in one host register always (env)
    Global,  ///< a guest register: lives in env at TB boundaries, or in a pinned host register
    Tb,      ///< temporary that lives for the whole TB
    Ebb,     ///< temporary that lives for an extended basic block: dead after a label or br
    Const,   ///< constant; never written
};

struct Variable {
    VarKind kind;
    Type type;
    /// Const: the value derives from the guest pc and so must be recorded as a relocation.
    bool guest_address = false;
    u32 offset = 0;  ///< Global: offset from env, bytes
    u64 value = 0;   ///< Const: the value; I32 zero-extended; float: its bits
};

/// A guest register as the guest declares it, once, for all functions.
struct GlobalInfo {
    std::string name;
    Type type;   ///< I64, F64 or a vector type
    u32 offset;  ///< from env, bytes
    /// How much the guest wants it pinned to a host register: higher first, 0 never.
    u8 pin_priority;
};

/// Computes a register that is held lazily (StateBase::Computed) from its operands.
using StateFunction = u64 (*)(u64, u64, u64);

/// The guest's registers, helpers and rules: what a Function needs to know about its guest. Variable 0 is
/// env; global i is variable i + 1.
struct GuestLayout {
    std::vector<GlobalInfo> globals;  ///< at most kMaxGlobals
    std::vector<HelperInfo> helpers;
    std::vector<StateFunction> state_functions;
    MemoryModel memory_model = MemoryModel::Weak;
    FloatRules float_rules;
    u32 env_size = 0;  ///< sizeof the guest state
    u32 env_bias = 0;  ///< offset that the env register points at, so that hot state is in disp8 reach
};

constexpr Var global_var(unsigned index) { return index + 1; }

}  // namespace dragoman::ir
