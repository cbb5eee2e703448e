#include "debug/explain/explain.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "debug/explain/block_table.h"
#include "debug/explain/flame_graph.h"
#include "debug/explain/html.h"
#include "debug/explain/loops.h"
#include "debug/explain/page_style.h"
#include "debug/explain/report.h"

namespace dragoman::debug {

namespace {

using html::count;
using html::escape;
using html::percent;

/// Rows that a table shows at first, and at most.
constexpr std::size_t kFirstRows = 20, kMostRows = 400;
/// Callers and callees that are listed of a function.
constexpr std::size_t kMostCalls = 8;
/// Functions whose loops are looked for: the dearest.
constexpr std::size_t kLoopFunctions = 60;
/// Blocks that are shown open.
constexpr std::size_t kOpenBlocks = 3;

class Page {
public:
    Page(const engine::Profile::Snapshot& profile, const ExplainSelection& selection, SourceLines& sources)
        : profile_(profile), selection_(selection), sources_(sources), report_(profile) {
        choose_blocks();
        const std::size_t functions = std::min(report_.by_self.size(), kLoopFunctions);
        for (std::size_t i = 0; i < functions; ++i) {
            for (Loop& loop : find_loops(report_, report_.by_self[i])) loops_.push_back(std::move(loop));
        }
        std::stable_sort(loops_.begin(), loops_.end(), [](const Loop& a, const Loop& b) { return a.insns > b.insns; });
    }

    std::string html(const std::string& program) const {
        const std::string title = "How " + escape(program.substr(program.rfind('/') + 1)) + " ran";
        std::string html =
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>" + title +
            "</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>" + kPageStyle +
            "</style></head>\n<body>\n<header><h1>" + title + "</h1>\n";
        html += "<p class=\"quiet\">" + escape(program) + "</p>\n" + facts() + "</header>\n" + navigation();
        html += "<main>\n";
        if (selection_.hot) html += flame() + functions() + loops();
        html += code();
        html +=
            "<footer><p>Shares are of guest instructions, which are counted block by block: one that a branch inside "
            "of "
            "its block skips is counted, too. Blocks run one by one for this page; otherwise they are chained, and "
            "loops "
            "that run much are translated once more as a whole.</p></footer>\n</main>\n<script>";
        return html + kPageScript + "</script>\n</body></html>\n";
    }

private:
    void choose_blocks() {
        for (u32 i = 0; i < report_.blocks.size(); ++i) {
            const engine::BlockProfile& b = *report_.blocks[i].shown;
            const bool has_address = b.pc <= selection_.address && selection_.address < b.pc + b.guest_bytes;
            if (selection_.hot || has_address) chosen_.push_back(i);
        }
        std::stable_sort(chosen_.begin(), chosen_.end(),
                         [&](u32 a, u32 b) { return report_.blocks[a].insns > report_.blocks[b].insns; });
        if (chosen_.size() > selection_.limit) chosen_.resize(selection_.limit);
    }

    bool is_chosen(u32 block) const { return std::find(chosen_.begin(), chosen_.end(), block) != chosen_.end(); }

    std::string facts() const {
        u64 host = 0, guest = 0, executions = 0;
        for (const engine::BlockProfile& b : profile_.blocks) {
            host += b.host_bytes;
            guest += b.guest_bytes;
        }
        for (const Report::Block& b : report_.blocks) executions += b.executions;
        char ratio[16];
        std::snprintf(ratio, sizeof ratio, "%.1f", guest != 0 ? double(host) / double(guest) : 0.0);
        std::string html = "<dl class=\"facts\">";
        auto fact = [&](const char* what, const std::string& value) {
            html += std::string("<div><dt>") + what + "</dt><dd>" + value + "</dd></div>";
        };
        fact("Guest instructions run", count(report_.insns));
        fact("Functions", count(report_.by_self.size()));
        fact("Blocks", count(profile_.blocks.size()));
        fact("Entered", count(executions));
        fact("Host bytes per guest byte", ratio);
        return html + "</dl>\n";
    }

    std::string navigation() const {
        std::string html = "<nav><div>";
        if (selection_.hot) {
            html +=
                "<a href=\"#flame\">Flame graph</a><a href=\"#functions\">Functions</a><a href=\"#loops\">Loops</a>";
        }
        return html +
               "<a href=\"#code\">Code</a><label><input type=\"checkbox\" id=\"raw\"> IR as translated</label><output "
               "id=\"found\"></output><input type=\"search\" id=\"search\" placeholder=\"Search ( / )\" "
               "aria-label=\"Search functions and code\"></div></nav>\n";
    }

    std::string flame() const {
        const std::string graph = flame_graph(report_, [&](u32 function) { return has_section(function); });
        return "<h2 id=\"flame\">Flame graph</h2>\n<p class=\"quiet\">Callers above callees, as wide as the guest "
               "instructions that they went through. A click enlarges. <button id=\"reset\" hidden>Show "
               "all</button></p>\n" +
               (graph.empty() ? "<p>None was executed.</p>\n" : "<div class=\"flamebox\">" + graph + "</div>\n");
    }

    std::string functions() const {
        std::string html =
            "<h2 id=\"functions\">Functions</h2>\n<div class=\"scroll\"><table "
            "id=\"ft\"><thead><tr><th>Function</th><th "
            "class=\"wide\">File</th><th class=\"num wide\">Calls</th><th class=\"num wide\">Instructions</th><th "
            "class=\"num\">Total</th><th class=\"num\">Itself</th><th class=\"wide\"></th></tr></thead><tbody>\n";
        const std::size_t rows = std::min(report_.by_self.size(), kMostRows);
        for (std::size_t i = 0; i < rows; ++i) {
            const u32 number = report_.by_self[i];
            const Report::Function& f = report_.functions[number];
            html += row_start(f.name, 'f', i) + "<td>" + function_link(number) + "</td><td class=\"wide quiet\">" +
                    escape(f.module) + "</td><td class=\"num wide\">" + count(f.calls) +
                    "</td><td class=\"num wide\">" + count(f.self) + "</td><td class=\"num\">" +
                    percent(report_.share(f.total)) + "</td><td class=\"num\">" + percent(report_.share(f.self)) +
                    "</td>" + bar(f.self) + "</tr>\n";
        }
        return html + "</tbody></table></div>\n" + show_all("ft", rows, "functions");
    }

    std::string loops() const {
        std::string html = "<h2 id=\"loops\">Loops</h2>\n";
        if (loops_.empty()) return html + "<p>None was found.</p>\n";
        html +=
            "<div class=\"scroll\"><table id=\"lt\"><thead><tr><th>Loop</th><th>Function</th><th class=\"num "
            "wide\">Entered</th><th class=\"num wide\">Passes</th><th class=\"num\">Passes each</th><th "
            "class=\"num\">Itself</th><th class=\"wide\"></th></tr></thead><tbody>\n";
        const std::size_t rows = std::min(loops_.size(), kMostRows);
        for (std::size_t i = 0; i < rows; ++i) {
            const Loop& loop = loops_[i];
            char each[32];
            const u64 entries = std::max<u64>(loop.entries, 1);
            std::snprintf(each, sizeof each, "%.1f", double(loop.passes + loop.entries) / double(entries));
            html += row_start(report_.functions[loop.function].name + " " + loop.name, 'l', i) + "<td class=\"name\">" +
                    block_link(loop.head, escape(loop.name)) +
                    (loop.depth != 0 ? " <span class=\"quiet\">inner</span>" : "") + "</td><td>" +
                    function_link(loop.function) + "</td><td class=\"num wide\">" + count(loop.entries) +
                    "</td><td class=\"num wide\">" + count(loop.passes + loop.entries) + "</td><td class=\"num\">" +
                    each + "</td><td class=\"num\">" + percent(report_.share(loop.insns)) + "</td>" + bar(loop.insns) +
                    "</tr>\n";
        }
        return html + "</tbody></table></div>\n" + show_all("lt", rows, "loops");
    }

    std::string code() const {
        std::string html = "<h2 id=\"code\">Code</h2>\n";
        if (chosen_.empty()) {
            return html + (selection_.hot
                               ? "<p>None was executed.</p>\n"
                               : "<p>No block that ran contains " + html::address(selection_.address) + ".</p>\n");
        }
        // Functions in the order of their dearest block.
        std::vector<u32> order;
        for (u32 block : chosen_) {
            const u32 function = report_.blocks[block].shown->function;
            if (std::find(order.begin(), order.end(), function) == order.end()) order.push_back(function);
        }
        for (u32 function : order) html += function_section(function);
        return html;
    }

    std::string function_section(u32 number) const {
        const Report::Function& f = report_.functions[number];
        std::string html = "<section class=\"fn\" id=\"f" + std::to_string(number) + "\" data-name=\"" +
                           escape(f.name) + "\"><h3><span class=\"name\">" + escape(f.name) + "</span>";
        if (!f.module.empty()) html += " <span class=\"quiet\">" + escape(f.module) + "</span>";
        html += "</h3>\n<p class=\"quiet\">" + percent(report_.share(f.self)) + " itself, " +
                percent(report_.share(f.total)) + " with what it calls; " + count(f.calls) +
                (f.calls == 1 ? " call" : " calls") + "</p>\n";
        if (selection_.hot && (!f.callers.empty() || !f.callees.empty())) {
            html += "<div class=\"calls\">" + call_list("Called by", f.callers) + call_list("Calls", f.callees) +
                    "</div>\n";
        }
        for (u32 block : f.blocks) {
            if (is_chosen(block)) html += block_details(block);
        }
        return html + "</section>\n";
    }

    std::string call_list(const char* title, const std::map<u32, u64>& calls) const {
        std::vector<std::pair<u32, u64>> most(calls.begin(), calls.end());
        std::stable_sort(most.begin(), most.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
        const std::size_t left_out = most.size() > kMostCalls ? most.size() - kMostCalls : 0;
        most.resize(most.size() - left_out);
        std::string html = std::string("<div><span class=\"quiet\">") + (most.empty() ? "" : title) + "</span><ul>";
        for (auto [function, times] : most) {
            html += "<li>" + function_link(function) + "<span>" + count(times) + "</span></li>";
        }
        if (left_out != 0) html += "<li><span>and " + count(left_out) + " more</span></li>";
        return html + "</ul></div>";
    }

    std::string block_details(u32 number) const {
        const Report::Block& block = report_.blocks[number];
        const engine::BlockProfile& b = *block.shown;
        const auto place = std::find(chosen_.begin(), chosen_.end(), number) - chosen_.begin();
        const bool open = static_cast<std::size_t>(place) < kOpenBlocks;
        std::string html = "<details id=\"b" + std::to_string(number) + "\"" + (open ? " open" : "") +
                           "><summary><span class=\"name\">" + html::address(b.pc) + "</span><span>" +
                           percent(report_.share(block.insns)) + "</span><span>" + count(block.executions) +
                           (block.executions == 1 ? " run" : " runs") + "</span><span class=\"quiet\">" +
                           count(b.guest_insns) + " guest instructions, " + count(b.host_bytes) +
                           " bytes of host code" + "</span>" + loop_of(number) + "</summary>\n<p class=\"exitsline\">";
        if (block.translations > 1) {
            html +=
                "Translated " + count(block.translations) +
                " times, for other rounding or vector states or because its code was written again; the one that ran "
                "most is shown. ";
        }
        html += exits(block) + "</p>\n" + block_table(block, sources_) + "</details>\n";
        return html;
    }

    std::string exits(const Report::Block& block) const {
        // The same address may be come to by several exits.
        std::vector<std::pair<u64, u64>> targets;
        for (const engine::BlockExit& exit : block.exits) {
            auto same =
                std::find_if(targets.begin(), targets.end(), [&](const auto& t) { return t.first == exit.target; });
            if (same != targets.end()) {
                same->second += exit.count;
            } else {
                targets.emplace_back(exit.target, exit.count);
            }
        }
        std::string html = "Goes on at";
        for (std::size_t i = 0; i < targets.size() && i < kMostCalls; ++i) {
            const double share = double(targets[i].second) / double(block.executions);
            html += (i != 0 ? ", " : " ") + place_link(targets[i].first) + " " + percent(share);
        }
        return html + (targets.size() > kMostCalls ? ", and " + count(targets.size() - kMostCalls) + " more." : ".");
    }

    /// The innermost loop that the block is in.
    std::string loop_of(u32 block) const {
        const Loop* innermost = nullptr;
        for (const Loop& loop : loops_) {
            const bool inside = std::find(loop.blocks.begin(), loop.blocks.end(), block) != loop.blocks.end();
            if (inside && (innermost == nullptr || loop.depth > innermost->depth)) innermost = &loop;
        }
        return innermost != nullptr ? "<span class=\"quiet\">in loop " + escape(innermost->name) + "</span>" : "";
    }

    std::string place_link(u64 pc) const {
        auto at = std::lower_bound(report_.blocks.begin(), report_.blocks.end(), pc,
                                   [](const Report::Block& b, u64 wanted) { return b.shown->pc < wanted; });
        if (at == report_.blocks.end() || at->shown->pc != pc) return "<code>" + html::address(pc) + "</code>";
        return "<code>" + block_link(static_cast<u32>(at - report_.blocks.begin()), escape(report_.place(*at))) +
               "</code>";
    }

    std::string block_link(u32 block, const std::string& text) const {
        return is_chosen(block) ? "<a href=\"#b" + std::to_string(block) + "\">" + text + "</a>" : text;
    }

    std::string function_link(u32 number) const {
        const std::string name = escape(report_.functions[number].name);
        return has_section(number) ? "<a class=\"name\" href=\"#f" + std::to_string(number) + "\">" + name + "</a>"
                                   : "<span class=\"name\">" + name + "</span>";
    }

    bool has_section(u32 function) const {
        return std::any_of(chosen_.begin(), chosen_.end(),
                           [&](u32 block) { return report_.blocks[block].shown->function == function; });
    }

    std::string bar(u64 part) const {
        return "<td class=\"bar wide\"><i style=\"width:" + html::css_percent(report_.share(part)) + "\"></i></td>";
    }

    static std::string row_start(const std::string& name, char kind, std::size_t row) {
        return "<tr data-name=\"" + escape(name) + "\" data-kind=\"" + kind + "\"" +
               (row >= kFirstRows ? " class=\"more\"" : "") + ">";
    }

    static std::string show_all(const char* table, std::size_t rows, const char* what) {
        if (rows <= kFirstRows) return {};
        return std::string("<p><button data-all=\"") + table + "\">Show all " + count(rows) + " " + what +
               "</button></p>\n";
    }

    const engine::Profile::Snapshot& profile_;
    const ExplainSelection& selection_;
    SourceLines& sources_;
    Report report_;
    std::vector<u32> chosen_;  ///< blocks whose code is shown, the dearest first
    std::vector<Loop> loops_;
};

}  // namespace

bool parse_explain(const std::string& text, ExplainSelection& selection) {
    selection.hot = text == "hot";
    if (selection.hot) return true;
    char* end = nullptr;
    selection.address = std::strtoull(text.c_str(), &end, 0);
    return !text.empty() && text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

std::string explain_page(const engine::Profile::Snapshot& profile, const ExplainSelection& selection,
                         const std::string& program, SourceLines& sources) {
    return Page(profile, selection, sources).html(program);
}

}  // namespace dragoman::debug
