// What the tests of IR share: a small guest, and going from text to text.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "ir/env.h"
#include "ir/parser.h"
#include "ir/passes/passes.h"
#include "ir/printer.h"
#include "ir/verifier.h"

namespace dragoman::ir::test {

enum HelperId : unsigned { kPure, kPeek, kPoke, kRaise, kTrap };

/// Integer globals x1..x7 (x6 and x7 unpinned), float globals f0..f3.
inline const GuestLayout& layout() {
    static const GuestLayout kLayout = [] {
        GuestLayout l;
        for (unsigned i = 1; i <= 7; ++i) {
            l.globals.push_back({std::string("x").append(std::to_string(i)), Type::I64, 512 + i * 8,
                                 static_cast<u8>(i < 6 ? 10 - i : 0)});
        }
        for (unsigned i = 0; i <= 3; ++i)
            l.globals.push_back({std::string("f").append(std::to_string(i)), Type::F64, 768 + i * 8, 5});
        using enum HelperFlags;
        constexpr Type kI64 = Type::I64;
        l.helpers = {
            {"pure", nullptr, kI64, 1, {kI64}, NoReadGlobals | NoSideEffects},
            {"peek", nullptr, kI64, 2, {kI64, kI64}, NoWriteGlobals},
            {"poke", nullptr, Type::None, 1, {kI64}, None},
            {"raise", nullptr, Type::None, 1, {kI64}, NoReadGlobals | MayRaise},
            {"trap", nullptr, Type::None, 1, {kI64}, NoReadGlobals | MayRaise | NoReturn},
        };
        l.env_size = sizeof(Env);
        return l;
    }();
    return kLayout;
}

/// Parses `text`, which must be right.
inline Function function(std::string_view text) {
    Function f(layout());
    EXPECT_EQ(parse(text, f), "");
    return f;
}

/// The first broken rule of `text`.
inline std::string verify_text(std::string_view text) { return verify(function(text)); }

/// Passes that take x1..x5 and the float registers for pinned.
inline PassContext pass_context() {
    PassContext context;
    for (unsigned i = 0; i < layout().globals.size(); ++i) {
        context.rewriter.set_pinned(i, layout().globals[i].pin_priority != 0);
    }
    return context;
}

/// `text` after `passes`, and after dead_code unless there are none; broken rules instead, if there are any.
inline std::string after(std::string_view text, std::initializer_list<Rewrite> passes, bool clean = true) {
    Function f = function(text);
    std::string error = verify(f);
    EXPECT_EQ(error, "");
    PassContext context = pass_context();
    context.rewriter.run(f, {passes.begin(), passes.size()});
    EXPECT_EQ(verify(f), "") << print(f);
    if (clean) dead_code(f, context);
    EXPECT_EQ(verify(f), "") << print(f);
    return print(f);
}

inline std::string optimised(std::string_view text) {
    Function f = function(text);
    EXPECT_EQ(verify(f), "");
    PassContext context = pass_context();
    optimise(f, context);
    EXPECT_EQ(verify(f), "") << print(f);
    return print(f);
}

}  // namespace dragoman::ir::test
