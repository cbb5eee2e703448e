// Vectors and masks in both back ends: moves, env and guest accesses, spill slots of every size.
#include <random>

#include "unit/host/harness.h"

#include "ir/verifier.h"

namespace dragoman::test {
namespace {

using ir::Builder;
using ir::MemOp;
using ir::Op;
using ir::Type;
using ir::Var;

struct Kind {
    const char* name;
    const char* without;  ///< CPU features; null: the interpreter
};

class Vectors : public testing::TestWithParam<Kind> {
protected:
    static std::unique_ptr<Machine> make_machine() {
        const Kind& kind = GetParam();
        if (kind.without == nullptr) return std::make_unique<Machine>(host::make_interp());
        host::Options options;
        EXPECT_EQ(host::disable_features(options, kind.without), "");
        return std::make_unique<Machine>(host::make_x64(), options);
    }
};

INSTANTIATE_TEST_SUITE_P(BackEnds, Vectors,
                         testing::Values(Kind{"x64", ""}, Kind{"x64_avx2", "avx512"},
                                         Kind{"x64_sse", "avx512,avx2,avx"}, Kind{"interp", nullptr}),
                         [](const auto& info) { return std::string(info.param.name); });

constexpr unsigned kCells = 24, kCellBytes = 64;

u64 access(Type t) { return MemOp{.size_log2 = static_cast<u8>(std::countr_zero(ir::type_bytes(t)))}.pack(); }

/// A random function that moves values of all sizes between memory and more temporaries than there are registers. What
/// it does to memory is done here, too.
class Moves {
public:
    Moves(Builder& b, std::mt19937_64& rng, std::vector<std::string>& cells, unsigned vector_bytes)
        : b_(b), rng_(rng), cells_(cells) {
        for (Type t : {Type::I32, Type::I64, Type::F64, Type::Mask, Type::V128, Type::V256, Type::V512}) {
            if (ir::type_bytes(t) <= std::max(vector_bytes, 8u)) types_.push_back(t);
        }
    }

    void build() {
        for (unsigned i = 0; i < 60; ++i) {
            switch (pick(values_.empty() ? 1 : 4)) {
                case 0: load(); break;
                case 1: move(); break;
                default: store(); break;
            }
            if (pick(20) == 0) next_block();
        }
        while (!values_.empty()) store(), values_.pop_back();
    }

private:
    struct Value {
        Var var;
        Type type;
        std::string bytes;
    };

    u32 pick(u32 n) { return static_cast<u32>(rng_() % n); }
    Var temp(Type t) { return pick(3) == 0 ? b_.tb_temp(t) : b_.temp(t); }
    void load() {
        const Type t = types_[pick(static_cast<u32>(types_.size()))];
        const unsigned cell = pick(kCells);
        const Var v = temp(t);
        b_.emit(Op::env_ld, t, {v}, {x(0)}, cell * kCellBytes, access(t));
        values_.push_back({v, t, cells_[cell].substr(0, ir::type_bytes(t))});
    }
    void move() {
        const Value from = values_[pick(static_cast<u32>(values_.size()))];
        const Var v = temp(from.type);
        b_.emit(Op::mov, from.type, {v}, {from.var});
        values_.push_back({v, from.type, from.bytes});
    }
    void store() {
        const Value& v = values_[pick(static_cast<u32>(values_.size()))];
        const unsigned cell = pick(kCells);
        b_.emit(Op::env_st, v.type, {}, {v.var, x(0)}, cell * kCellBytes, access(v.type));
        cells_[cell].replace(0, v.bytes.size(), v.bytes);
    }
    /// A label: EBB temporaries die.
    void next_block() {
        const u32 label = b_.new_label();
        if (pick(2)) b_.brcond(ir::Cond::Eq, x(1), b_.c64(99), label);
        b_.label(label);
        std::erase_if(values_, [&](const Value& v) { return b_.function().vars[v.var].kind == ir::VarKind::Ebb; });
    }

    Builder& b_;
    std::mt19937_64& rng_;
    std::vector<std::string>& cells_;
    std::vector<Type> types_;
    std::vector<Value> values_;
};

TEST_P(Vectors, MovesThroughSpillSlotsOfEverySize) {
    std::mt19937_64 rng(7);
    auto m = make_machine();
    alignas(64) static u8 memory[kCells * kCellBytes];
    for (unsigned round = 0; round < 300; ++round) {
        std::vector<std::string> cells(kCells, std::string(kCellBytes, 0));
        for (unsigned i = 0; i < kCells; ++i) {
            for (char& c : cells[i]) c = static_cast<char>(rng());
            std::memcpy(memory + i * kCellBytes, cells[i].data(), kCellBytes);
        }
        m->env->x[0] = reinterpret_cast<u64>(memory);
        m->rewind();
        m->run([&](Builder& b) {
            Moves(b, rng, cells, m->backend->vector_bytes()).build();
            EXPECT_EQ(ir::verify(b.function()).find("control runs off"), 0u);  // the exit is to come
        });
        for (unsigned i = 0; i < kCells; ++i) {
            ASSERT_EQ(std::string(reinterpret_cast<char*>(memory) + i * kCellBytes, kCellBytes), cells[i])
                << "round " << round << ", cell " << i;
        }
    }
}

TEST_P(Vectors, GuestAccesses) {
    auto m = make_machine();
    alignas(64) u8 memory[256];
    constexpr Type kTypes[] = {Type::V128, Type::V256, Type::V512};
    for (Type t : kTypes) {
        if (ir::type_bytes(t) > m->backend->vector_bytes()) continue;
        for (unsigned i = 0; i < sizeof memory; ++i) memory[i] = static_cast<u8>(i);
        m->env->x[1] = reinterpret_cast<u64>(memory);
        m->env->x[12] = 3;
        m->run([&](Builder& b) {
            const MemOp op = MemOp::unpack(access(t));
            const Var v = b.temp(t);
            MemOp indexed = op;
            indexed.scale = 1;
            b.emit(Op::guest_ld, t, {v}, {x(1), x(12)}, indexed.pack(), 5);  // 11 bytes in: misaligned
            b.guest_st(v, x(1), op, 128);
        });
        EXPECT_EQ(std::memcmp(memory + 128, memory + 11, ir::type_bytes(t)), 0) << ir::type_name(t);
        EXPECT_EQ(memory[128 + ir::type_bytes(t)], static_cast<u8>(128 + ir::type_bytes(t)));
    }
}

}  // namespace
}  // namespace dragoman::test
