// What the IR passes cost per IR op, on the translation blocks of bench/ir_blocks.txt.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

#include "guest/guest.h"
#include "ir/parser.h"
#include "ir/passes/passes.h"

namespace dragoman {
namespace {

struct Corpus {
    std::vector<ir::Function> functions;
    std::size_t ops = 0;
};

Corpus load() {
    constexpr u16 kElfMachineRiscv = 243;
    constexpr u8 kElfClass64 = 2;
    const ir::GuestLayout& layout = guest::find(kElfMachineRiscv, kElfClass64)->layout();
    std::ifstream file(DRAGOMAN_IR_BLOCKS);
    Corpus corpus;
    std::string line, text;
    auto add = [&] {
        if (text.empty()) return;
        ir::Function f(layout);
        if (std::string error = ir::parse(text, f); !error.empty()) {
            std::fprintf(stderr, "%s\n%s", error.c_str(), text.c_str());
            std::exit(1);
        }
        corpus.ops += f.insns.size();
        corpus.functions.push_back(std::move(f));
        text.clear();
    };
    while (std::getline(file, line)) {
        if (line.empty() || line[0] == '#') add();
        else text += line + "\n";
    }
    add();
    return corpus;
}

/// CPU time of this thread: what other programs do does not count.
double thread_seconds() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Times `run` on fresh copies of all blocks; reports nanoseconds per IR op before the passes.
template <class F>
void measure(benchmark::State& state, F run) {
    static const Corpus corpus = load();
    std::vector<ir::Function> work = corpus.functions;
    for (auto _ : state) {
        for (std::size_t i = 0; i < work.size(); ++i) work[i] = corpus.functions[i];
        double start = thread_seconds();
        for (ir::Function& f : work) run(f);
        state.SetIterationTime(thread_seconds() - start);
    }
    std::size_t left = 0;
    for (const ir::Function& f : work) left += f.insns.size();
    state.counters["ns_per_op"] =
        benchmark::Counter(static_cast<double>(corpus.ops) * 1e-9,
                           benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
    state.counters["ops_left"] = static_cast<double>(left) / static_cast<double>(corpus.ops);
}

void optimise(benchmark::State& state) {
    ir::PassContext context;
    measure(state, [&](ir::Function& f) { ir::optimise(f, context); });
}
void liveness(benchmark::State& state) {
    ir::LiveSet scratch;
    measure(state, [&](ir::Function& f) { ir::liveness(f, scratch); });
}
void walk_without_passes(benchmark::State& state) {
    ir::PassContext context;
    measure(state, [&](ir::Function& f) { context.rewriter.run(f, {}); });
}
void dead_code(benchmark::State& state) {
    ir::PassContext context;
    measure(state, [&](ir::Function& f) { ir::dead_code(f, context); });
}

BENCHMARK(optimise)->UseManualTime();
BENCHMARK(liveness)->UseManualTime();
BENCHMARK(walk_without_passes)->UseManualTime();
BENCHMARK(dead_code)->UseManualTime();

}  // namespace
}  // namespace dragoman

BENCHMARK_MAIN();
