#include "cli/cache_directory.h"

#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

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

std::string find_cache_directory(const Options& options) {
    const bool asked = !options.tb_cache.empty();
    // A program with more rights than its user takes nothing from where the environment says.
    if (options.tb_cache == "off" || getauxval(AT_SECURE) != 0) return {};
    std::string path = options.tb_cache;
    if (!asked) {
        path = cache_home();
        if (path.empty()) return {};
        path += "/dragoman";
    }
    auto is_directory = [&] {
        struct stat info;
        if (::stat(path.c_str(), &info) != 0) return false;
        if (!S_ISDIR(info.st_mode)) errno = ENOTDIR;
        return S_ISDIR(info.st_mode);
    };
    // Not the directories above it: a home without ~/.cache is a place where nobody expects files to appear.
    bool found = is_directory() || (errno == ENOENT && ::mkdir(path.c_str(), 0700) == 0);
    if (!found && asked) throw FatalError(1, "-tb-cache: " + path + ": " + std::strerror(errno));
    if (!found) return {};
    if (path[0] == '/') return path;
    // The guest may change its directory.
    std::unique_ptr<char, decltype(&std::free)> absolute(::realpath(path.c_str(), nullptr), std::free);
    return absolute ? absolute.get() : "";
}

}  // namespace dragoman::cli
