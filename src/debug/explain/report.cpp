#include "debug/explain/report.h"

#include <algorithm>

#include "debug/explain/html.h"

namespace dragoman::debug {

namespace {

using engine::BlockExit;
using engine::BlockProfile;
using engine::CallNode;

std::vector<Report::Block> merge_translations(const std::vector<BlockProfile>& all) {
    std::map<u64, Report::Block> by_pc;
    for (const BlockProfile& b : all) {
        auto [found, fresh] = by_pc.try_emplace(b.pc, Report::Block{.shown = &b});
        Report::Block& block = found->second;
        if (b.executions > block.shown->executions) block.shown = &b;
        ++block.translations;
        block.executions += b.executions;
        block.insns += b.insns;
        block.exits.insert(block.exits.end(), b.exits.begin(), b.exits.end());
    }
    std::vector<Report::Block> blocks;
    for (auto& [pc, block] : by_pc) {
        if (block.executions == 0) continue;
        std::stable_sort(block.exits.begin(), block.exits.end(),
                         [](const BlockExit& a, const BlockExit& b) { return a.count > b.count; });
        blocks.push_back(std::move(block));
    }
    return blocks;
}

/// Whether the function of node `n` is among its callers, too.
bool recurses(const std::vector<CallNode>& calls, u32 n) {
    for (u32 up = calls[n].parent; up != 0; up = calls[up].parent) {
        if (calls[up].function == calls[n].function) return true;
    }
    return false;
}

}  // namespace

Report::Report(const engine::Profile::Snapshot& profile)
    : blocks(merge_translations(profile.blocks)), functions(profile.functions.size()), calls(profile.calls) {
    for (std::size_t i = 0; i < functions.size(); ++i) {
        const engine::FunctionProfile& from = profile.functions[i];
        functions[i].name = from.name.empty() ? html::address(from.entry) : from.name;
        functions[i].module = from.module.substr(from.module.rfind('/') + 1);
        functions[i].entry = from.entry;
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        insns += blocks[i].insns;
        const u32 number = blocks[i].shown->function;
        if (number >= functions.size()) continue;
        Function& function = functions[number];
        function.self += blocks[i].insns;
        function.entry = std::min(function.entry, blocks[i].shown->pc);
        function.blocks.push_back(static_cast<u32>(i));
    }
    node_totals.resize(calls.size());
    for (std::size_t i = calls.size(); i-- > 1;) {
        node_totals[i] += calls[i].insns;
        node_totals[calls[i].parent] += node_totals[i];
    }
    for (std::size_t i = 1; i < calls.size(); ++i) {
        const CallNode& node = calls[i];
        Function& function = functions[node.function];
        function.calls += node.calls;
        if (!recurses(calls, static_cast<u32>(i))) function.total += node_totals[i];
        if (node.parent == 0) continue;
        const u32 caller = calls[node.parent].function;
        function.callers[caller] += node.calls;
        functions[caller].callees[node.function] += node.calls;
    }
    for (std::size_t i = 0; i < functions.size(); ++i) {
        if (functions[i].self != 0) by_self.push_back(static_cast<u32>(i));
    }
    std::stable_sort(by_self.begin(), by_self.end(),
                     [&](u32 a, u32 b) { return functions[a].self > functions[b].self; });
}

std::string Report::place(const Block& block) const {
    const u64 pc = block.shown->pc;
    if (block.shown->function >= functions.size()) return html::address(pc);
    const Function& function = functions[block.shown->function];
    return pc == function.entry ? function.name : function.name + "+" + html::address(pc - function.entry);
}

}  // namespace dragoman::debug
