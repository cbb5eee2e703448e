// docs/ir.md and the tables in the code say the same.
#include <fstream>
#include <set>
#include <sstream>

#include "ir_test.h"

namespace dragoman::ir::test {
namespace {

std::vector<std::string> lines_of_docs() {
    std::ifstream file(DRAGOMAN_SOURCE_DIR "/docs/ir.md");
    EXPECT_TRUE(file.is_open());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

/// The lines under the heading `title`, up to the next one of the same level.
std::vector<std::string> section(const std::string& title) {
    std::vector<std::string> found;
    bool inside = false;
    const std::string level = title.substr(0, title.find(' ') + 1);
    for (const std::string& line : lines_of_docs()) {
        if (line.starts_with(level)) inside = line == title;
        if (inside) found.push_back(line);
    }
    EXPECT_FALSE(found.empty()) << title;
    return found;
}

unsigned columns(const std::string& row) {
    unsigned bars = 0;
    for (std::size_t i = 0; i < row.size(); ++i) bars += row[i] == '|' && (i == 0 || row[i - 1] != '\\');
    return bars - 1;
}

/// What stands in back quotes in the first column: without types, with a leading "_" put behind the name before.
std::vector<std::string> names_in_row(const std::string& row) {
    std::vector<std::string> names;
    std::string first = row.substr(1, row.find('|', 1) - 1);
    for (std::size_t at = 0; (at = first.find('`', at)) != first.npos;) {
        const std::size_t end = first.find('`', at + 1);
        std::string name = first.substr(at + 1, end - at - 1);
        name = name.substr(0, name.find('.'));
        if (name.starts_with("_") && !names.empty()) {
            const std::string& head = names.front();
            name.insert(0, head, 0, head.find('_'));
        }
        names.push_back(name);
        at = end + 1;
    }
    return names;
}

bool is_row(const std::string& line) { return line.starts_with("| `"); }

TEST(Docs, EveryOpHasItsRow) {
    std::multiset<std::string> documented;
    for (const std::string& line : section("## Ops")) {
        if (is_row(line)) {
            for (std::string& name : names_in_row(line)) documented.insert(name);
        }
    }
    for (const OpInfo& op : kOpInfo) EXPECT_EQ(documented.count(op.name), 1u) << op.name;
    EXPECT_EQ(documented.size(), kOpCount);
}

TEST(Docs, EveryPassHasItsRow) {
    std::set<std::string> documented;
    for (const std::string& line : section("## Passes")) {
        if (is_row(line)) documented.insert(names_in_row(line).front());
    }
    // The passes are what passes.h declares, but for the list of them itself.
    std::ifstream header(DRAGOMAN_SOURCE_DIR "/src/ir/passes/passes.h");
    std::set<std::string> declared;
    for (std::string line; std::getline(header, line);) {
        const bool function = (line.starts_with("void ") || line.starts_with("bool ")) && line.ends_with(";");
        if (function) declared.insert(line.substr(5, line.find('(') - 5));
    }
    declared.erase("optimise");
    EXPECT_GT(declared.size(), 10u);
    EXPECT_EQ(documented, declared);
}

// A table renders when a header and a rule stand above its rows, all of the same width, without a gap.
TEST(Docs, TablesRender) {
    std::string before, header;
    for (const std::string& line : lines_of_docs()) {
        if (line.starts_with("|")) {
            if (!before.starts_with("|")) header = line;
            EXPECT_EQ(columns(line), columns(header)) << line;
            if (before == header && header != line) {
                EXPECT_TRUE(line.starts_with("| ---")) << "no rule under " << header;
            }
            EXPECT_FALSE(line == header && is_row(line)) << "no header above " << line;
        }
        before = line;
    }
}

}  // namespace
}  // namespace dragoman::ir::test
