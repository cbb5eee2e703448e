#include "debug/explain.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>

namespace dragoman::debug {

namespace {

using engine::BlockProfile;

std::string escape(const std::string& text) {
    std::string out;
    out.reserve(text.size());
    for (char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

template <class... A>
std::string format(const char* pattern, A... arguments) {
    char text[256];
    std::snprintf(text, sizeof text, pattern, arguments...);
    return text;
}

/// What a block is taken to cost: no clock runs in translated code, so the bytes of host code that its
/// executions went through stand for time.
double cost(const BlockProfile& b) { return double(b.executions) * b.host_bytes; }

constexpr const char* kHead = R"html(<meta charset="utf-8">
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 110em; padding: 0 1em; color: #1b1f24; }
h1 { font-size: 1.4em; } h2 { font-size: 1.05em; margin: 0; font-weight: 600; }
table.index { border-collapse: collapse; } .index td, .index th { padding: .15em .9em .15em 0; text-align: right; }
.index td:first-child, .index th:first-child { text-align: left; }
section { border-top: 2px solid #c8ccd2; margin-top: 1.6em; padding-top: .8em; }
.stages { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .8em; margin-top: .6em; }
.stages h3 { font-size: .85em; margin: 0 0 .2em; color: #57606a; font-weight: 600; }
pre { font: 12px/1.35 ui-monospace, monospace; background: #f5f6f8; padding: .6em; margin: 0; overflow-x: auto; }
.bar { display: inline-block; height: .7em; background: #b4582c; vertical-align: middle; }
code { font-family: ui-monospace, monospace; }
@media (max-width: 70em) { .stages { grid-template-columns: 1fr; } }
</style>
)html";

/// How people call a block: by its function where that is known.
std::string title_of(const BlockProfile& b) {
    std::string title = b.name.empty() ? "" : "<code>" + escape(b.name) + "</code> ";
    return title + format("<code>0x%" PRIx64 "</code>", b.pc);
}

std::string block_section(const BlockProfile& b, double share, const std::unordered_map<u64, std::size_t>& shown) {
    std::string html = "<section><h2>" + title_of(b) + "</h2>\n";
    if (!b.source.file.empty()) {
        html += "<p>Compiled from " + escape(b.source.file) + ":" + std::to_string(b.source.number) + ".</p>\n";
    }
    html += format("<p>%" PRIu64
                   " executions, %.1f %% of the host code run; %u guest instructions in %u bytes, "
                   "%u bytes of host code.",
                   b.executions, share * 100, b.guest_insns, b.guest_bytes, b.host_bytes);
    if (!b.successors.empty()) html += " Goes on at";
    for (u64 next : b.successors) {
        auto found = shown.find(next);
        html += found != shown.end() ? format(" <a href=\"#n%zu\"><code>0x%" PRIx64 "</code></a>", found->second, next)
                                     : format(" <code>0x%" PRIx64 "</code>", next);
    }
    html += "</p>\n<div class=\"stages\">\n";
    const std::pair<const char*, const std::string*> stages[] = {
        {"Guest", &b.guest_code}, {"IR", &b.ir}, {"IR, optimised", &b.ir_optimised}, {"Host", &b.host_code}};
    for (auto [title, text] : stages) {
        html += std::string("<div><h3>") + title + "</h3><pre>" + escape(*text) + "</pre></div>\n";
    }
    return html + "</div></section>\n";
}

}  // namespace

bool parse_explain(const std::string& text, ExplainSelection& selection) {
    selection.hot = text == "hot";
    if (selection.hot) return true;
    char* end = nullptr;
    selection.address = std::strtoull(text.c_str(), &end, 0);
    return !text.empty() && text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

std::string explain_page(std::span<const BlockProfile> blocks, const ExplainSelection& selection,
                         const std::string& program) {
    double total = 0;
    u64 executions = 0;
    std::vector<const BlockProfile*> chosen;
    for (const BlockProfile& b : blocks) {
        total += cost(b);
        executions += b.executions;
        if (selection.hot ? b.executions != 0 : b.pc <= selection.address && selection.address < b.pc + b.guest_bytes) {
            chosen.push_back(&b);
        }
    }
    std::stable_sort(chosen.begin(), chosen.end(),
                     [](const BlockProfile* a, const BlockProfile* b) { return cost(*a) > cost(*b); });
    if (chosen.size() > selection.limit) chosen.resize(selection.limit);

    std::string title = "Translation of " + escape(program);
    std::string html = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>" + title + "</title>\n" + kHead +
                       "</head><body>\n<h1>" + title + "</h1>\n";
    html += format("<p>%zu blocks translated, entered %" PRIu64 " times.", blocks.size(), executions);
    if (chosen.empty()) {
        html += selection.hot ? " None was executed." : format(" None contains 0x%" PRIx64 ".", selection.address);
    }
    html +=
        "</p>\n<table class=\"index\"><tr><th>Block</th><th>Executions</th><th>Guest insns</th><th>Host bytes</th>"
        "<th colspan=\"2\">Share of host code run</th></tr>\n";
    std::unordered_map<u64, std::size_t> shown;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const BlockProfile& b = *chosen[i];
        shown.try_emplace(b.pc, i);
        double share = total > 0 ? cost(b) / total : 0;
        html += format("<tr><td><a href=\"#n%zu\">", i) + title_of(b) + "</a></td>";
        html += format("<td>%" PRIu64 "</td><td>%u</td><td>%u</td><td>%.1f %%</td>", b.executions, b.guest_insns,
                       b.host_bytes, share * 100);
        html += format("<td style=\"text-align:left\"><span class=\"bar\" style=\"width:%.0fpx\"></span></td></tr>\n",
                       share * 300);
    }
    html += "</table>\n";
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        html += format("<a id=\"n%zu\"></a>", i);
        html += block_section(*chosen[i], total > 0 ? cost(*chosen[i]) / total : 0, shown);
    }
    return html + "</body></html>\n";
}

}  // namespace dragoman::debug
