// Helpers: C++ functions that translated code calls. A guest registers its helpers once, in a table;
// IR refers to them by their number.
#pragma once

#include <span>

#include "ir/types.h"

namespace dragoman::ir {

/// What a helper does to the guest state, so that the optimiser and the register allocator need not
/// assume the worst. None of the flags: may read and write globals, is never removed, does not raise.
enum class HelperFlags : u8 {
    None = 0,
    NoReadGlobals = 1,   ///< reads no global (implies it writes none)
    NoWriteGlobals = 2,  ///< writes no global
    NoSideEffects = 4,   ///< may be removed when its output is dead
    MayRaise = 8,        ///< may raise a guest exception through engine::raise: globals are written back first
    NoReturn = 16,       ///< never returns to the TB
};

}  // namespace dragoman::ir

namespace dragoman {
template <>
inline constexpr bool is_flag_enum<ir::HelperFlags> = true;
}

namespace dragoman::ir {

inline constexpr unsigned kMaxHelperArgs = 6;

/// One row of a guest's helper table. Arguments are passed by the C calling convention of the host:
/// I32/I64 in integer registers, F32/F64 in float registers. The env pointer is an I64 argument.
struct HelperInfo {
    const char* name;
    const void* function;
    Type result;  ///< None: no output
    u8 arg_count;
    Type args[kMaxHelperArgs];
    HelperFlags flags;
};

namespace detail {
template <class T>
constexpr Type type_of() {
    if constexpr (std::is_void_v<T>) return Type::None;
    else if constexpr (std::is_same_v<T, float>) return Type::F32;
    else if constexpr (std::is_same_v<T, double>) return Type::F64;
    else if constexpr (std::is_pointer_v<T>) return Type::I64;
    else if constexpr (sizeof(T) == 8) return Type::I64;
    else return Type::I32;
}
}  // namespace detail

/// Makes a table row from a function: types come from its signature.
template <class R, class... A>
HelperInfo make_helper(const char* name, R (*function)(A...), HelperFlags flags) {
    static_assert(sizeof...(A) <= kMaxHelperArgs);
    return {
        name, reinterpret_cast<const void*>(function), detail::type_of<R>(), sizeof...(A), {detail::type_of<A>()...},
        flags};
}

}  // namespace dragoman::ir
