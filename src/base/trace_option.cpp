#include "base/trace_option.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/log.h"

namespace dragoman::log {

namespace {

/// A file with a pattern on each line.
std::string read_events(const std::string& path) {
    std::unique_ptr<FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "re"), std::fclose);
    if (!file) return path + ": " + std::strerror(errno);
    char line[256];
    while (std::fgets(line, sizeof line, file.get())) {
        std::string_view pattern(line, std::strcspn(line, "\n"));
        if (!pattern.empty() && pattern[0] != '#') enable_trace_events(pattern);
    }
    return {};
}

}  // namespace

std::string read_trace_option(std::string_view option, bool& help) {
    while (!option.empty()) {
        std::string_view part = option.substr(0, option.find(','));
        option.remove_prefix(std::min(part.size() + 1, option.size()));
        std::size_t equals = part.find('=');
        std::string_view name = equals == part.npos ? "enable" : part.substr(0, equals);
        std::string_view text = equals == part.npos ? part : part.substr(equals + 1);
        if (name == "enable" && (text == "help" || text == "?")) {
            help = true;
        } else if (name == "enable") {
            enable_trace_events(text);
        } else if (name == "events") {
            if (std::string bad = read_events(std::string(text)); !bad.empty()) return bad;
        } else if (name != "file") {
            return "'" + std::string(name) + "' is not enable, events or file";
        }
    }
    return {};
}

}  // namespace dragoman::log
