// Lines of source files, as far as these can be read.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace dragoman::debug {

class SourceLines {
public:
    /// Reads a whole file. @returns an empty text when it cannot
    using Read = std::function<std::string(const std::string& path)>;

    explicit SourceLines(Read read = read_source) : read_(std::move(read)) {}

    /// Line `number` (from 1) without the space around it; empty: the file or the line is not there.
    const std::string& line(const std::string& path, int number);

    /// Reads the regular file at `path` if it is small enough to be source code.
    static std::string read_source(const std::string& path);

private:
    Read read_;
    std::map<std::string, std::vector<std::string>> files_;
};

}  // namespace dragoman::debug
