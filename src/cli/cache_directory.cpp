#include "cli/cache_directory.h"

#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/error.h"

namespace dragoman::cli {

namespace {

bool is_directory(const std::string& path) {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return false;
    if (!S_ISDIR(info.st_mode)) errno = ENOTDIR;
    return S_ISDIR(info.st_mode);
}

/// `path` as a directory, which is made when only it is missing. @returns whether it is there; errno tells why not
bool make_directory(const std::string& path) {
    return is_directory(path) || (errno == ENOENT && ::mkdir(path.c_str(), 0700) == 0);
}

bool is_own(const std::string& path) {
    struct stat info;
    return ::stat(path.c_str(), &info) == 0 && info.st_uid == ::geteuid();
}

/// "dragoman" in `cache`, as far as files can be made there; empty: not.
std::string directory_in(const std::string& cache) {
    const std::string path = cache + "/dragoman";
    return make_directory(cache) && make_directory(path) && ::access(path.c_str(), W_OK) == 0 ? path : "";
}

/// XDG base directory specification: $XDG_CACHE_HOME, which must be absolute, or ~/.cache. Where neither can be had, as
/// in containers, a directory of the user's own among everybody's.
std::string default_directory() {
    std::string path;
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && cache[0] == '/') path = directory_in(cache);
    const char* home = std::getenv("HOME");
    // Nothing is made in a home that is somebody else's, as with sudo.
    if (path.empty() && home != nullptr && home[0] == '/' && is_directory(home) &&
        (is_own(home) || is_directory(std::string(home) + "/.cache"))) {
        path = directory_in(std::string(home) + "/.cache");
    }
    for (const char* parent : {"/var/tmp", "/dev/shm"}) {
        if (path.empty()) path = private_directory(parent);
    }
    return path;
}

}  // namespace

std::string private_directory(const std::string& parent) {
    std::string path = parent + "/dragoman-" + std::to_string(::geteuid());
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return {};
    // Anybody may have made something of that name first.
    struct stat info;
    if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return {};
    if (info.st_uid != ::geteuid() || (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) return {};
    struct statvfs system;
    if (::statvfs(path.c_str(), &system) != 0 || (system.f_flag & (ST_NOEXEC | ST_RDONLY)) != 0) return {};
    return path;
}

namespace {

/// The guest may change its directory.
std::string absolute_path(const std::string& path) {
    if (path[0] == '/') return path;
    std::unique_ptr<char, decltype(&std::free)> absolute(::realpath(path.c_str(), nullptr), std::free);
    return absolute ? absolute.get() : "";
}

/// Whether it is a directory itself, of root or this user, where nobody else can make files.
bool is_trusted(const std::string& path) {
    struct stat info;
    if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return false;
    return (info.st_uid == 0 || info.st_uid == ::geteuid()) && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

std::string find_system_cache_directory(const Options& options) {
    if (options.tb_cache == "off" || options.system_tb_cache == "off" || getauxval(AT_SECURE) != 0) return {};
    const bool asked_for = !options.system_tb_cache.empty();
    const std::string path = asked_for ? options.system_tb_cache : "/var/cache/dragoman";
    if (is_trusted(path)) return absolute_path(path);
    if (!asked_for) return {};
    throw FatalError(1, "-tb-cache-system: " + path + ": not a directory that root or you alone can write to");
}

std::string find_cache_directory(const Options& options) {
    // A program with more rights than its user takes nothing from where the environment says.
    if (options.tb_cache == "off" || getauxval(AT_SECURE) != 0) return {};
    if (options.tb_cache.empty()) return default_directory();
    const std::string& path = options.tb_cache;
    if (!make_directory(path)) throw FatalError(1, "-tb-cache: " + path + ": " + std::strerror(errno));
    return absolute_path(path);
}

}  // namespace dragoman::cli
