// Cuts a stream of bytes into JSON values, which nothing but their own brackets separates.
#pragma once

#include <optional>
#include <string>

namespace dragoman::machine {

class JsonSplitter {
public:
    static constexpr std::size_t kMaxValue = 1 << 20;

    /// Takes one byte. @returns the text of a value that has ended with it; of one that is broken or too large, too,
    /// which parsing then says
    std::optional<std::string> add(char c);
    void reset();

private:
    std::string text_;
    int depth_ = 0;
    bool in_string_ = false, escaped_ = false;
};

}  // namespace dragoman::machine
