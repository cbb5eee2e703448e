#include "base/properties.h"

#include <algorithm>

#include "base/error.h"
#include "base/number.h"

namespace dragoman {

namespace {

/// Cuts the text up to the next single comma off `text`; two commas become one.
std::string next_part(std::string_view& text) {
    std::string part;
    while (!text.empty()) {
        char c = text.front();
        text.remove_prefix(1);
        if (c == ',') {
            if (text.empty() || text.front() != ',') break;
            text.remove_prefix(1);
        }
        part += c;
    }
    return part;
}

std::optional<bool> parse_bool(std::string_view text) {
    if (text == "on" || text == "yes" || text == "true" || text == "y") return true;
    if (text == "off" || text == "no" || text == "false" || text == "n") return false;
    return std::nullopt;
}

std::string join(const std::vector<std::string>& names) {
    std::vector<std::string> sorted = names;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    std::string text;
    for (const std::string& name : sorted) text += (text.empty() ? "" : ", ") + name;
    return text;
}

}  // namespace

Properties::Properties(std::string option, std::string_view text, std::string_view implied)
    : option_(std::move(option)) {
    bool first = true;
    while (!text.empty()) {
        std::string part = next_part(text);
        std::size_t equals = part.find('=');
        if (part.empty()) fail("empty part in the list of properties");
        if (equals == 0) fail("'" + part + "' has no name");
        if (equals != part.npos) {
            items_.emplace_back(part.substr(0, equals), part.substr(equals + 1));
        } else if (first && !implied.empty()) {
            items_.emplace_back(implied, part);
        } else {
            items_.emplace_back(part, "on");
        }
        first = false;
    }
}

void Properties::fail(const std::string& text) const { throw FatalError(1, option_ + ": " + text); }

std::optional<std::string> Properties::take(std::string_view name) {
    known_.emplace_back(name);
    std::optional<std::string> value;
    std::erase_if(items_, [&](const auto& item) {
        if (item.first != name) return false;
        value = item.second;
        return true;
    });
    return value;
}

std::string Properties::take(std::string_view name, std::string_view otherwise) {
    return take(name).value_or(std::string(otherwise));
}

bool Properties::take_bool(std::string_view name, bool otherwise) {
    std::optional<std::string> text = take(name);
    if (!text) return otherwise;
    std::optional<bool> value = parse_bool(*text);
    if (!value) fail(std::string(name) + "=" + *text + ": neither on nor off");
    return *value;
}

u64 Properties::take_number(std::string_view name, u64 otherwise, u64 low, u64 high) {
    std::optional<std::string> text = take(name);
    if (!text) return otherwise;
    std::optional<u64> value = parse_number(*text);
    if (!value) fail(std::string(name) + "=" + *text + ": not a number");
    if (*value < low || *value > high) {
        fail(std::string(name) + "=" + *text + ": not in " + std::to_string(low) + " to " + std::to_string(high));
    }
    return *value;
}

u64 Properties::take_size(std::string_view name, u64 otherwise, u64 unit) {
    std::optional<std::string> text = take(name);
    if (!text) return otherwise;
    std::optional<u64> value = parse_size(*text, unit);
    if (!value) fail(std::string(name) + "=" + *text + ": not a size");
    return *value;
}

std::size_t Properties::take_choice(std::string_view name, std::vector<std::string_view> choices,
                                    std::size_t otherwise) {
    std::optional<std::string> text = take(name);
    if (!text) return otherwise;
    for (std::size_t i = 0; i < choices.size(); i++) {
        if (choices[i] == *text) return i;
    }
    fail(std::string(name) + "=" + *text + ": there is " +
         join(std::vector<std::string>(choices.begin(), choices.end())));
}

bool Properties::has(std::string_view name) const {
    return std::any_of(items_.begin(), items_.end(), [&](const auto& item) { return item.first == name; });
}

void Properties::set(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }

void Properties::merge(const Properties& other) {
    items_.insert(items_.end(), other.items_.begin(), other.items_.end());
}

void Properties::finish() const {
    if (items_.empty()) return;
    fail("unknown property '" + items_.front().first + "' (there is: " + join(known_) + ")");
}

}  // namespace dragoman
