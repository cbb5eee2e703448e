// Life of a hart's state, and the layout of its registers for the IR.
#include "guest/riscv/cpu.h"

#include <sys/mman.h>

#include <type_traits>

#include "base/error.h"
#include "base/fpenv.h"
#include "guest/riscv/context.h"
#include "guest/riscv/model.h"
#include "guest/riscv/system.h"
#include "guest/riscv/transfer_records.h"
#include "guest/riscv/v/vector.h"

namespace dragoman::riscv {

namespace {

constexpr ir::FloatRules kFloatRules{.nan = ir::NanRule::Canonical,
                                     .box = ir::BoxRule::Ones,
                                     .min_max = ir::MinMaxRule::Number,
                                     .convert = ir::ConvertRule::NanMax};
static_assert(kFloatRules == ir::kBuiltFloatRules, "the back ends have code for these");

/// Pinning order, from the register operands of gcc's code for Debian (static counts over python3, cc1
/// and the C library; calls and returns, which use ra implicitly, counted).
constexpr u8 kGprOrder[] = {15, 10, 14, 2,  11, 8,  13, 12, 9,  1,  18, 19, 16, 20, 21, 17,
                            22, 23, 24, 25, 26, 27, 6,  28, 29, 30, 31, 5,  7,  4,  3};
/// fa0-fa7 and ft0-ft7 before the saved ones, which only large functions use.
constexpr u8 kFprOrder[] = {15, 14, 10, 13, 12, 11, 16, 17, 0,  1,  2,  3,  4,  5,  6,  7,
                            8,  9,  18, 19, 20, 21, 28, 29, 30, 31, 22, 23, 24, 25, 26, 27};

constexpr const char* kGprNames[32] = {"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
                                       "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                       "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
constexpr const char* kFprNames[32] = {"ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1", "fa0",
                                       "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4", "fs5",
                                       "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11"};

u8 priority(std::span<const u8> order, unsigned reg) {
    for (unsigned i = 0; i < order.size(); ++i) {
        if (order[i] == reg) return static_cast<u8>(order.size() - i);
    }
    return 0;
}

/// The IR type of a vector register of `bytes`; None: there is none.
Type vector_type_of(unsigned bytes) {
    switch (bytes) {
        case 16: return Type::V128;
        case 32: return Type::V256;
        case 64: return Type::V512;
        default: return Type::None;
    }
}

ir::GuestLayout make_layout(unsigned vector_bytes) {
    ir::GuestLayout layout;
    layout.globals.reserve(63 + 32);
    for (unsigned i = 1; i < 32; ++i) {
        layout.globals.push_back(
            {kGprNames[i], Type::I64, DRAGOMAN_HART_OFFSET(gpr[0]) + 8 * i, priority(kGprOrder, i)});
    }
    for (unsigned i = 0; i < 32; ++i) {
        layout.globals.push_back(
            {kFprNames[i], Type::F64, DRAGOMAN_HART_OFFSET(fpr[0]) + 8 * i, priority(kFprOrder, i)});
    }
    if (const Type type = vector_type_of(vector_bytes); type != Type::None) {
        for (unsigned i = 0; i < 32; ++i) {
            layout.globals.push_back(
                {"v" + std::to_string(i), type, DRAGOMAN_HART_OFFSET(vector.regs) + vector_bytes * i, 0});
        }
    }
    using enum ir::HelperFlags;
#define X(name, flags) layout.helpers.push_back(ir::make_helper(#name, &helper_##name, flags));
    DRAGOMAN_RISCV_HELPERS(X)
#undef X
    layout.memory_model = ir::MemoryModel::Weak;  // RVWMO
    layout.float_rules = kFloatRules;
    layout.env_size = sizeof(Hart);
    // From Env's most used fields to x26; s11 and t3 to t6 take longer displacements.
    // (Compressed displacements of EVEX encodings are multiples of 8.)
    constexpr std::size_t kFirst = offsetof(ir::Env, entries_left) / 8 * 8;
    layout.env_bias = kFirst + 128;
    static_assert(sizeof(ir::Env) - kFirst + 27 * sizeof(u64) <= 256);
    return layout;
}

}  // namespace

const char* gpr_name(unsigned n) { return kGprNames[n]; }
const char* fpr_name(unsigned n) { return kFprNames[n]; }

const ir::GuestLayout& layout() {
    static const ir::GuestLayout kLayout = make_layout(0);
    return kLayout;
}

const ir::GuestLayout& vector_layout(unsigned bytes) {
    switch (bytes) {
        case 16: {
            static const ir::GuestLayout kLayout = make_layout(16);
            return kLayout;
        }
        case 32: {
            static const ir::GuestLayout kLayout = make_layout(32);
            return kLayout;
        }
        case 64: {
            static const ir::GuestLayout kLayout = make_layout(64);
            return kLayout;
        }
        default: return layout();
    }
}

ir::Env* create(const guest::Model& model) {
    // Fresh pages: the allocator would clear memory, or give some that was used.
    void* pages =
        ::mmap(nullptr, sizeof(Hart), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (pages == MAP_FAILED) die(1, "cannot allocate a hart: out of memory");
    static_assert(std::is_trivially_default_constructible_v<Hart> && std::is_trivially_destructible_v<Hart>);
    Hart* h = static_cast<Hart*>(pages);
    h->model = static_cast<const Model*>(&model);
    h->fp_control = fpenv::default_control();
    h->reservation_address = kNoReservation;
    if (h->model->system && h->model->has(Extension::Ssctr)) h->records = new TransferRecords{};
    reset_vector(*h, h->model->vector_bytes());
    h->tb_flags = tb_flags(h);
    return h;
}

ir::Env* clone(const ir::Env* parent) {
    const Hart* p = hart(parent);
    Hart* h = hart(create(*p->model));
    for (unsigned i = 0; i < 32; ++i) {
        h->gpr[i] = p->gpr[i];
        h->fpr[i] = p->fpr[i];
    }
    h->pc = p->pc;
    h->frm = p->frm;
    copy_vector(h->vector, p->vector);
    h->priv.jvt = p->priv.jvt;
    h->priv.ssp = p->priv.ssp;
    h->user_cfi = p->user_cfi;
    h->fp_control = p->fp_control;
    h->tb_flags = p->tb_flags;
    return h;
}

void destroy(ir::Env* env) {
    delete hart(env)->records;
    ::munmap(hart(env), sizeof(Hart));
}

u32 tb_flags(const ir::Env* env) {
    const Hart& h = *hart(env);
    return h.model->system ? system_flags(h)
                           : (h.frm & kFlagFrmMask) | vector_flags(h.vector) | (h.tb_flags & kFlagsOfThreads);
}

}  // namespace dragoman::riscv
