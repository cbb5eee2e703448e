// The order of the passes.
#include "ir/passes/passes.h"

#ifndef NDEBUG
#include "ir/verifier.h"
#endif

namespace dragoman::ir {

namespace {

// Each instruction goes through these in turn, so every pass sees its operands in their final form.
constexpr Rewrite kForward[] = {
    propagate_copies, fold_constants, simplify_bits, form_rotations,  fold_addresses,
    fuse_branches,    unbox_floats,   pair_results,  forward_globals,
};

/// Which of the passes have something to do with an op: the conditions at their beginnings.
constexpr PassSet interest(Op op, unsigned inputs, OpFlags flags) {
    enum : PassSet {
        kCopies = 1,
        kConstants = 2,
        kBits = 4,
        kRotations = 8,
        kAddresses = 16,
        kBranches = 32,
        kFloats = 64,
        kPairs = 128,
        kGlobals = 256
    };
    PassSet passes = 0;
    if (inputs != 0 || op == Op::call) passes |= kCopies;
    if (has(flags, OpFlags::Int) && !has(flags, OpFlags::SideEffects)) passes |= kConstants;
    switch (op) {
        case Op::mov: return passes | kGlobals;
        case Op::mul:
        case Op::mulh_s:
        case Op::mulh_u:
        case Op::div_s:
        case Op::div_u:
        case Op::rem_s:
        case Op::rem_u: return passes | kPairs;
        case Op::brcond:
        case Op::movcond:
        case Op::setcond: return passes | kConstants | kBranches;
        case Op::xor_: return passes | kRotations | kBranches;
        case Op::or_:
        case Op::add:
        case Op::shl: return passes | kRotations;
        case Op::guest_ld:
        case Op::guest_st: return passes | kAddresses;
        case Op::ext_s:
        case Op::ext_u:
        case Op::trunc:
        case Op::and_:
        case Op::sar: return passes | kBits;
        case Op::extract:
        case Op::sextract:
        case Op::shr: return passes | kBits | kRotations;
        case Op::fbox:
        case Op::funbox:
        case Op::bitcast:
        case Op::fsgnj: return passes | kFloats;
        default: return passes;
    }
}

using enum OpFlags;
constexpr PassSet kInterest[kOpCount] = {
#define X(name, out, in, c, typing, flags) interest(Op::name, in, flags),
    DRAGOMAN_IR_OPS(X)
#undef X
};

void check([[maybe_unused]] const Function& f, [[maybe_unused]] const char* pass) {
#ifndef NDEBUG
    verify_or_die(f, pass);
#endif
}

}  // namespace

void optimise(Function& f, PassContext& context) {
    check(f, "translation");
    if (f.short_branches) {
        select_values(f, context.label_uses);
        check(f, "select_values");
    }
    context.rewriter.run(f, kForward, kInterest);
    check(f, "the forward passes");
    if (context.rewriter.unboxed_reads) assume_boxed(f, context);
    if (context.softmmu_pages) {
        share_lookups(f, context.lookups);
        check(f, "share_lookups");
    }
    if (f.loop && context.after_pass) narrow_globals(f, context);
    if (f.overwrites_env) {
        dead_env_stores(f);
        check(f, "dead_env_stores");
    }
    dead_code(f, context);
    check(f, "dead_code");
}

}  // namespace dragoman::ir
