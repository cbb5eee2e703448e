#include "debug/explain/flame_graph.h"

#include <algorithm>

#include "debug/explain/html.h"

namespace dragoman::debug {

namespace {

/// What is narrower cannot be seen, even enlarged.
constexpr double kNarrowest = 0.0004;
constexpr unsigned kDeepest = 120;

/// Functions of one file have one colour.
unsigned colour_of(const std::string& module) {
    unsigned sum = 0;
    for (char c : module) sum = sum * 31 + static_cast<unsigned char>(c);
    return module.empty() ? 0 : 1 + sum % 6;
}

class Drawing {
public:
    Drawing(const Report& report, const std::function<bool(u32)>& has_section)
        : report_(report), has_section_(has_section), children_(report.calls.size()) {
        for (u32 i = 1; i < report.calls.size(); ++i) children_[report.calls[i].parent].push_back(i);
    }

    void draw(u32 node, double left, unsigned depth) {
        std::vector<u32>& below = children_[node];
        std::stable_sort(below.begin(), below.end(),
                         [&](u32 a, u32 b) { return report_.node_totals[a] > report_.node_totals[b]; });
        for (u32 n : below) {
            const double width = report_.share(report_.node_totals[n]);
            if (width < kNarrowest || depth == kDeepest) break;
            frame(n, left, width, depth);
            draw(n, left, depth + 1);
            left += width;
        }
    }

    std::string html;
    unsigned depth = 0;

private:
    void frame(u32 node, double left, double width, unsigned level) {
        const engine::CallNode& call = report_.calls[node];
        const Report::Function& function = report_.functions[call.function];
        depth = std::max(depth, level + 1);
        const std::string name = html::escape(function.name);
        html += "<a class=\"m" + std::to_string(colour_of(function.module)) + "\"";
        if (has_section_(call.function)) html += " href=\"#f" + std::to_string(call.function) + "\"";
        html += " style=\"left:" + html::css_percent(left) + ";width:" + html::css_percent(width) +
                ";--d:" + std::to_string(level) + "\" title=\"" + name +
                (function.module.empty() ? "" : " (" + html::escape(function.module) + ")") + "&#10;" +
                html::percent(width) + " with callees, " + html::percent(report_.share(call.insns)) + " itself&#10;" +
                html::count(call.calls) + (call.calls == 1 ? " call" : " calls") + "\">" + name + "</a>\n";
    }

    const Report& report_;
    const std::function<bool(u32)>& has_section_;
    std::vector<std::vector<u32>> children_;
};

}  // namespace

std::string flame_graph(const Report& report, const std::function<bool(u32)>& has_section) {
    Drawing drawing(report, has_section);
    if (!report.calls.empty()) drawing.draw(0, 0, 0);
    if (drawing.html.empty()) return {};
    return "<div class=\"flame\" style=\"--depth:" + std::to_string(drawing.depth) + "\">\n" + drawing.html +
           "</div>\n";
}

}  // namespace dragoman::debug
