#include "debug/explain/source_lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dragoman::debug {

namespace {

constexpr off_t kLargestSource = 8 << 20;

std::string trimmed(const std::string& line) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == line.npos) return {};
    return line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
}

}  // namespace

const std::string& SourceLines::line(const std::string& path, int number) {
    static const std::string none;
    auto [found, fresh] = files_.try_emplace(path);
    std::vector<std::string>& lines = found->second;
    if (fresh) {
        const std::string text = read_(path);
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            lines.push_back(trimmed(text.substr(at, end - at)));
            at = end + 1;
        }
    }
    return number >= 1 && static_cast<std::size_t>(number) <= lines.size() ? lines[static_cast<std::size_t>(number) - 1]
                                                                           : none;
}

std::string SourceLines::read_source(const std::string& path) {
    // The name comes from the guest's file, and may be that of anything.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return {};
    std::string text;
    struct stat status;
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= kLargestSource) {
        text.resize(static_cast<std::size_t>(status.st_size));
        const ssize_t size = ::read(fd, text.data(), text.size());
        text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    }
    ::close(fd);
    return text;
}

}  // namespace dragoman::debug
