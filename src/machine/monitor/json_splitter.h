// Cuts a stream of bytes into JSON values, which nothing but their own brackets separates.
#pragma once

#include <optional>
#include <string>

namespace dragoman::machine {

class JsonSplitter {
public:
    static constexpr std::size_t kMaxValue = 1 << 20;
    static constexpr int kMaxDepth = 1024;

    /// Takes one byte. @returns the text of a value that has ended with it; of one that is broken, too large or too
    /// deep, too, which parsing then says. A byte that no text has (0xff) ends what was begun, so that a client can
    /// start anew.
    std::optional<std::string> add(char c);
    void reset();

private:
    std::string text_;
    int depth_ = 0;
    bool in_string_ = false, escaped_ = false;
};

}  // namespace dragoman::machine
