// Back ends that are opened once and stay: standard input and output, files, named pipes, serial devices.
#pragma once

#include "devices/chardev/stream.h"

namespace dragoman::devices {

/// The process's stdin and stdout; a terminal is raw while this exists. One per process.
class StdioChardev final : public StreamChardev {
public:
    StdioChardev(EventLoop& loop, bool signals);
    ~StdioChardev() override;
    std::string describe() const override { return "stdio"; }
};

/// Something with a path. The constructors throw FatalError when it cannot be opened.
class PathChardev final : public StreamChardev {
public:
    enum class Kind {
        File,    ///< output to `path`, made or truncated; input from `input`, when that is not empty
        Append,  ///< the same, after what is there
        Pipe,    ///< `path`.in and `path`.out, or `path` both ways
        Serial,  ///< a terminal device, made raw
    };
    PathChardev(EventLoop& loop, Kind kind, const std::string& path, const std::string& input = {});
    std::string describe() const override;

private:
    void open_file(bool append, const std::string& input);
    void open_pipe();
    void open_serial();
    [[noreturn]] void fail(const std::string& path) const;

    Kind kind_;
    std::string path_;
};

}  // namespace dragoman::devices
