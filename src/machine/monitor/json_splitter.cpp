#include "machine/monitor/json_splitter.h"

#include <utility>

#include "base/bits.h"

namespace dragoman::machine {

void JsonSplitter::reset() {
    text_.clear();
    depth_ = 0;
    in_string_ = escaped_ = false;
}

std::optional<std::string> JsonSplitter::add(char c) {
    bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (text_.empty() && blank) return std::nullopt;
    bool end = false;
    if (static_cast<u8>(c) >= 0xf8) {  // in no UTF-8 text
        end = true;
    } else if (in_string_) {
        if (escaped_) escaped_ = false;
        else if (c == '\\') escaped_ = true;
        else if (c == '"') in_string_ = false;
    } else if (depth_ == 0 && c != '{' && c != '[') {
        end = blank;  // no object: a word, up to the next blank
    } else if (c == '"') {
        in_string_ = true;
    } else if (c == '{' || c == '[') {
        end = ++depth_ > kMaxDepth;
    } else if (c == '}' || c == ']') {
        end = --depth_ == 0;
    }
    text_ += c;
    if (!end && text_.size() < kMaxValue) return std::nullopt;
    std::string text = std::move(text_);
    reset();
    return text;
}

}  // namespace dragoman::machine
