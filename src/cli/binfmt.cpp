#include "cli/binfmt.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "base/error.h"

namespace dragoman::cli {

namespace {

const std::string kDirectory = "/proc/sys/fs/binfmt_misc/";
constexpr std::size_t kLongestLine = 1920;  // MAX_REGISTER_LENGTH of Linux
constexpr std::size_t kMagicSize = 20;      // up to e_machine

std::string entry_name(const guest::Guest& guest) { return "dragoman-" + std::string(guest.name); }

/// ELF header up to e_machine. The OS ABI may be anything, the type ET_EXEC (2) or ET_DYN (3).
void elf_magic(const guest::Guest& guest, std::vector<u8>& magic, std::vector<u8>& mask) {
    magic.assign(kMagicSize, 0);
    mask.assign(kMagicSize, 0xff);
    std::memcpy(magic.data(), ELFMAG, SELFMAG);
    magic[EI_CLASS] = guest.elf_class;
    magic[EI_DATA] = ELFDATA2LSB;
    magic[EI_VERSION] = EV_CURRENT;
    mask[EI_OSABI] = 0;
    magic[16] = ET_EXEC;
    mask[16] = 0xfe;
    magic[18] = static_cast<u8>(guest.elf_machine);
    magic[19] = static_cast<u8>(guest.elf_machine >> 8);
}

/// Bytes as the kernel's register file takes them, with "\\x" in front of each, or shows them.
std::string hexadecimal(const std::vector<u8>& bytes, const char* prefix) {
    std::string text;
    for (u8 byte : bytes) {
        char digits[4];
        std::snprintf(digits, sizeof digits, "%02x", byte);
        text.append(prefix).append(digits);
    }
    return text;
}

std::string hint_of(int error) {
    if (error == ENOENT) return " (is binfmt_misc mounted? mount -t binfmt_misc none /proc/sys/fs/binfmt_misc)";
    if (error == EACCES || error == EPERM || error == EROFS) return " (this needs root)";
    return "";
}

void write_file(const std::string& path, const std::string& text) {
    int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    int error = errno;
    if (fd >= 0) close(fd);
    if (!done) throw FatalError(1, path + ": " + std::strerror(error) + hint_of(error));
}

/// The first 4 KiB; empty when the file cannot be read.
std::string read_file(const std::string& path) {
    char buffer[4096];
    int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, buffer, sizeof buffer);
    if (fd >= 0) close(fd);
    return std::string(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
}

bool registered(const guest::Guest& guest) { return access((kDirectory + entry_name(guest)).c_str(), F_OK) == 0; }

/// The value behind a word at the start of a line of an entry; "enabled" and "disabled" have none.
std::string field(const std::string& entry, const std::string& word) {
    std::size_t at = ("\n" + entry).find("\n" + word + " ");
    if (at == std::string::npos) return "";
    at += word.size() + 1;
    return entry.substr(at, entry.find('\n', at) - at);
}

std::vector<std::string> entries() {
    std::vector<std::string> names;
    auto close = [](DIR* directory) { closedir(directory); };
    std::unique_ptr<DIR, decltype(close)> directory(opendir(kDirectory.c_str()), close);
    if (!directory) throw FatalError(1, kDirectory + ": " + std::strerror(errno) + hint_of(errno));
    while (const dirent* entry = readdir(directory.get())) {
        std::string name = entry->d_name;
        if (name[0] != '.' && name != "register" && name != "status") names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

/// Whether the program at `path` loads others before it runs.
bool needs_libraries(const std::string& path) {
    std::string start = read_file(path);
    Elf64_Ehdr header;
    if (start.size() < sizeof header) return true;
    std::memcpy(&header, start.data(), sizeof header);
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment;
        u64 at = header.e_phoff + i * sizeof segment;
        if (at + sizeof segment > start.size()) return true;
        std::memcpy(&segment, start.data() + at, sizeof segment);
        if (segment.p_type == PT_INTERP) return true;
    }
    return false;
}

std::string describe(const std::string& name, const std::string& entry) {
    bool enabled = entry.starts_with("enabled");
    std::string flags = field(entry, "flags:");
    return name + ": " + (enabled ? "enabled" : "disabled") + ", interpreter " + field(entry, "interpreter") +
           (flags.empty() ? "" : ", flags " + flags) + "\n";
}

}  // namespace

std::string binfmt_line(const guest::Guest& guest, const std::string& interpreter) {
    std::vector<u8> magic, mask;
    elf_magic(guest, magic, mask);
    return ":" + entry_name(guest) + ":M::" + hexadecimal(magic, "\\x") + ":" + hexadecimal(mask, "\\x") + ":" +
           interpreter + ":OCPF";
}

std::string binfmt_interpreter(const std::string& own) {
    if (own.empty()) throw FatalError(1, "-binfmt: the path of the translator cannot be found out (is /proc mounted?)");
    std::string path = own;
    if (needs_libraries(own)) path = own.substr(0, own.rfind('/') + 1) + "dragoman-static";
    if (access(path.c_str(), X_OK) != 0) {
        throw FatalError(1, "-binfmt: " + path + ": " + std::strerror(errno) +
                                (path == own ? "" : " (only a translator without shared libraries works in a chroot)"));
    }
    if (needs_libraries(path)) {
        throw FatalError(1, "-binfmt: " + path + ": needs shared libraries, which a chroot does not have");
    }
    if (path.find_first_of(":\n") != path.npos) {
        throw FatalError(1, "-binfmt: " + path + ": binfmt_misc cannot take a path with ':' in it");
    }
    for (const guest::Guest* guest : guest::all()) {
        if (binfmt_line(*guest, path).size() < kLongestLine) continue;
        throw FatalError(1, "-binfmt: " + path + ": binfmt_misc cannot take a path that long");
    }
    return path;
}

void binfmt_install(const std::string& interpreter) {
    // Where nothing has mounted it (containers), and it can be; else writing says what is wrong.
    if (access((kDirectory + "register").c_str(), F_OK) != 0) {
        mount("binfmt_misc", kDirectory.c_str(), "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
    }
    for (const guest::Guest* guest : guest::all()) {
        if (registered(*guest)) write_file(kDirectory + entry_name(*guest), "-1");
        write_file(kDirectory + "register", binfmt_line(*guest, interpreter) + "\n");
    }
    if (read_file(kDirectory + "status").starts_with("disabled")) {
        throw FatalError(
            1, kDirectory + "status: registered, but binfmt_misc is disabled (echo 1 > " + kDirectory + "status)");
    }
}

void binfmt_remove() {
    bool any = false;
    for (const guest::Guest* guest : guest::all()) {
        if (!registered(*guest)) continue;
        write_file(kDirectory + entry_name(*guest), "-1");
        any = true;
    }
    if (!any) throw FatalError(1, kDirectory + entry_name(*guest::all().front()) + ": not registered");
}

std::string binfmt_show(bool& all_registered) {
    std::string text;
    std::vector<std::string> names = entries();
    all_registered = !read_file(kDirectory + "status").starts_with("disabled");
    if (!all_registered) text += "binfmt_misc is disabled\n";
    for (const guest::Guest* guest : guest::all()) {
        std::vector<u8> magic, mask;
        elf_magic(*guest, magic, mask);
        std::string own = read_file(kDirectory + entry_name(*guest));
        text += own.empty() ? entry_name(*guest) + ": not registered\n" : describe(entry_name(*guest), own);
        all_registered &= own.starts_with("enabled");
        for (const std::string& name : names) {
            if (name == entry_name(*guest)) continue;
            std::string entry = read_file(kDirectory + name);
            // The magic of others may begin and end elsewhere; class, type and machine are what they must have.
            std::string digits = field(entry, "magic");
            bool same = digits.size() >= 2 * kMagicSize &&
                        digits.substr(0, 10) == hexadecimal(magic, "").substr(0, 10) &&
                        digits.substr(36, 4) == hexadecimal(magic, "").substr(36, 4);
            if (same) text += describe(name, entry);
        }
    }
    return text;
}

}  // namespace dragoman::cli
