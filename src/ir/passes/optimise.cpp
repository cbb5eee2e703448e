// The order of the passes.
#include "ir/passes/passes.h"

#ifndef NDEBUG
#include "ir/verifier.h"
#endif

namespace dragoman::ir {

namespace {

// Each instruction goes through these in turn, so every pass sees its operands in their final form.
constexpr Rewrite kForward[] = {
    propagate_copies, fold_constants, simplify_bits, fold_addresses, fuse_branches, unbox_floats, forward_globals,
};

void check([[maybe_unused]] const Function& f, [[maybe_unused]] const char* pass) {
#ifndef NDEBUG
    verify_or_die(f, pass);
#endif
}

}  // namespace

void optimise(Function& f, PassContext& context) {
    check(f, "translation");
    context.rewriter.run(f, kForward);
    check(f, "the forward passes");
    if (context.softmmu_pages) {
        share_lookups(f, context.lookups);
        check(f, "share_lookups");
    }
    dead_code(f, context);
    check(f, "dead_code");
}

}  // namespace dragoman::ir
