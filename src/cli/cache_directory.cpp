#include "cli/cache_directory.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/descriptors.h"
#include "base/error.h"

namespace dragoman::cli {

namespace {

/// XDG base directory specification: $XDG_CACHE_HOME, which must be absolute, or ~/.cache.
std::string cache_home() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && cache[0] == '/') return cache;
    const char* home = std::getenv("HOME");
    return home != nullptr && home[0] == '/' ? std::string(home) + "/.cache" : "";
}

}  // namespace

int open_cache_directory(const Options& options) {
    const bool asked = !options.tb_cache.empty();
    // A program with more rights than its user takes nothing from where the environment says.
    if (options.tb_cache == "off" || getauxval(AT_SECURE) != 0) return -1;
    std::string path = options.tb_cache;
    if (!asked) {
        path = cache_home();
        if (path.empty()) return -1;
        path += "/dragoman";
    }
    auto open_it = [&] { return ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); };
    int fd = open_it();
    // Not the directories above it: a home without ~/.cache is a place where nobody expects files to appear.
    if (fd < 0 && errno == ENOENT && ::mkdir(path.c_str(), 0700) == 0) fd = open_it();
    if (fd < 0 && asked) throw FatalError(1, "-tb-cache: " + path + ": " + std::strerror(errno));
    if (fd < 0) return -1;
    const int kept = reserve_descriptor(fd);
    if (kept != fd) return kept;
    ::close(fd);  // where the guest could close or replace it
    return -1;
}

}  // namespace dragoman::cli
