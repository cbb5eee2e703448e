#include "debug/explain/loops.h"

#include <algorithm>
#include <unordered_map>

namespace dragoman::debug {

namespace {

using engine::BlockExit;
using engine::ExitKind;

/// The blocks of a function by their place in Function::blocks, and how often one followed another.
class Graph {
public:
    Graph(const Report& report, const Report::Function& function)
        : ways_(function.blocks.size()), ways_back_(function.blocks.size()) {
        std::unordered_map<u64, u32> by_pc;
        for (u32 i = 0; i < ways_.size(); ++i) by_pc[report.blocks[function.blocks[i]].shown->pc] = i;
        for (u32 i = 0; i < ways_.size(); ++i) {
            const Report::Block& block = report.blocks[function.blocks[i]];
            for (const BlockExit& exit : block.exits) {
                if (exit.kind == ExitKind::Return) continue;
                // What is behind a call follows when that has returned.
                const u64 next = exit.kind == ExitKind::Call ? block.shown->pc + block.shown->guest_bytes : exit.target;
                auto found = by_pc.find(next);
                if (found == by_pc.end()) continue;
                ways_[i].push_back({found->second, exit.count});
                ways_back_[found->second].push_back({i, exit.count});
            }
        }
    }

    struct Way {
        u32 to;
        u64 count;
    };
    std::size_t size() const { return ways_.size(); }
    const std::vector<Way>& from(u32 block) const { return ways_[block]; }

    /// Blocks that can be come to from `start`.
    std::vector<bool> below(u32 start) const {
        std::vector<bool> seen(size());
        spread(ways_, start, seen);
        return seen;
    }
    /// Marks the blocks that lead to `end` in `seen`, but for those behind the ones that are marked already.
    void mark_above(u32 end, std::vector<bool>& seen) const { spread(ways_back_, end, seen); }

    /// Ways that lead back to a block that is not finished in a walk in depth, as (from, head).
    std::vector<std::pair<u32, u32>> back_ways() const {
        enum : u8 { New, Open, Done };
        std::vector<u8> state(size());
        std::vector<std::pair<u32, u32>> back;
        std::vector<std::pair<u32, std::size_t>> walk;
        for (u32 start = 0; start < size(); ++start) {
            if (state[start] != New) continue;
            walk.assign(1, {start, 0});
            state[start] = Open;
            while (!walk.empty()) {
                auto& [at, next] = walk.back();
                if (next == ways_[at].size()) {
                    state[at] = Done;
                    walk.pop_back();
                    continue;
                }
                const u32 to = ways_[at][next++].to;
                if (state[to] == Open) back.emplace_back(at, to);
                if (state[to] == New) {
                    state[to] = Open;
                    walk.emplace_back(to, 0);
                }
            }
        }
        return back;
    }

private:
    static void spread(const std::vector<std::vector<Way>>& ways, u32 start, std::vector<bool>& seen) {
        if (seen[start]) return;
        std::vector<u32> left{start};
        seen[start] = true;
        while (!left.empty()) {
            const u32 at = left.back();
            left.pop_back();
            for (const Way& way : ways[at]) {
                if (seen[way.to]) continue;
                seen[way.to] = true;
                left.push_back(way.to);
            }
        }
    }

    std::vector<std::vector<Way>> ways_, ways_back_;
};

std::string name_of(const Report& report, const Loop& loop) {
    const engine::BlockProfile& head = *report.blocks[loop.head].shown;
    const std::string file = head.guest.empty() ? "" : head.guest.front().source.file;
    if (file.empty()) return report.place(report.blocks[loop.head]);
    int first = head.guest.front().source.number, last = first;
    for (u32 block : loop.blocks) {
        for (const engine::GuestInsn& insn : report.blocks[block].shown->guest) {
            if (insn.source.file != file) continue;
            first = std::min(first, insn.source.number);
            last = std::max(last, insn.source.number);
        }
    }
    std::string name = file.substr(file.rfind('/') + 1) + ":" + std::to_string(first);
    return first == last ? name : name + "-" + std::to_string(last);
}

}  // namespace

std::vector<Loop> find_loops(const Report& report, u32 function) {
    const std::vector<u32>& numbers = report.functions[function].blocks;
    const Graph graph(report, report.functions[function]);
    std::map<u32, std::vector<bool>> members;  // by head
    for (auto [from, head] : graph.back_ways()) {
        // A block is in the loop if it leads to the way back without going through the head ...
        std::vector<bool>& inside = members.try_emplace(head, graph.size()).first->second;
        inside[head] = true;
        graph.mark_above(from, inside);
    }
    for (auto& [head, inside] : members) {
        // ... and the head leads to it.
        const std::vector<bool> below = graph.below(head);
        for (u32 block = 0; block < graph.size(); ++block) inside[block] = inside[block] && below[block];
    }
    std::vector<Loop> loops;
    for (const auto& [head, inside] : members) {
        Loop loop{.function = function, .head = numbers[head]};
        for (u32 block = 0; block < graph.size(); ++block) {
            if (!inside[block]) continue;
            loop.blocks.push_back(numbers[block]);
            loop.insns += report.blocks[numbers[block]].insns;
            for (const Graph::Way& way : graph.from(block)) {
                if (way.to == head) loop.passes += way.count;
            }
        }
        loop.entries = report.blocks[loop.head].executions - std::min(report.blocks[loop.head].executions, loop.passes);
        for (const auto& [other, around] : members) loop.depth += other != head && around[head];
        loop.name = name_of(report, loop);
        loops.push_back(std::move(loop));
    }
    std::stable_sort(loops.begin(), loops.end(), [](const Loop& a, const Loop& b) { return a.insns > b.insns; });
    return loops;
}

}  // namespace dragoman::debug
