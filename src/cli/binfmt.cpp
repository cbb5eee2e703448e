#include "cli/binfmt.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace dragoman::cli {

namespace {

const std::string kDirectory = "/proc/sys/fs/binfmt_misc/";

std::string entry_name(const guest::Guest& guest) { return "dragoman-" + std::string(guest.name); }

/// Bytes as the kernel's register file takes them.
std::string escaped(const std::vector<u8>& bytes) {
    std::string text;
    for (u8 byte : bytes) {
        char hex[8];
        std::snprintf(hex, sizeof hex, "\\x%02x", byte);
        text += hex;
    }
    return text;
}

void write_file(const std::string& path, const std::string& text) {
    int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    int error = errno;
    if (fd >= 0) close(fd);
    if (done) return;
    std::string hint;
    if (error == ENOENT) hint = " (is binfmt_misc mounted? mount -t binfmt_misc none /proc/sys/fs/binfmt_misc)";
    if (error == EACCES || error == EPERM || error == EROFS) hint = " (this needs root)";
    throw FatalError(1, path + ": " + std::strerror(error) + hint);
}

bool registered(const guest::Guest& guest) { return access((kDirectory + entry_name(guest)).c_str(), F_OK) == 0; }

}  // namespace

std::string binfmt_line(const guest::Guest& guest, const std::string& interpreter) {
    // ELF header up to e_machine. The OS ABI may be anything, the type ET_EXEC (2) or ET_DYN (3).
    std::vector<u8> magic(20), mask(20, 0xff);
    std::memcpy(magic.data(), ELFMAG, SELFMAG);
    magic[EI_CLASS] = guest.elf_class;
    magic[EI_DATA] = ELFDATA2LSB;
    magic[EI_VERSION] = EV_CURRENT;
    mask[EI_OSABI] = 0;
    magic[16] = ET_EXEC;
    mask[16] = 0xfe;
    magic[18] = static_cast<u8>(guest.elf_machine);
    magic[19] = static_cast<u8>(guest.elf_machine >> 8);
    return ":" + entry_name(guest) + ":M::" + escaped(magic) + ":" + escaped(mask) + ":" + interpreter + ":PF";
}

void binfmt_install(const std::string& interpreter) {
    if (interpreter.find(':') != interpreter.npos) {
        throw FatalError(1, interpreter + ": binfmt_misc cannot take a path with ':' in it");
    }
    for (const guest::Guest* guest : guest::all()) {
        if (registered(*guest)) write_file(kDirectory + entry_name(*guest), "-1");
        write_file(kDirectory + "register", binfmt_line(*guest, interpreter) + "\n");
    }
}

void binfmt_remove() {
    for (const guest::Guest* guest : guest::all()) {
        if (!registered(*guest)) {
            throw FatalError(1, kDirectory + entry_name(*guest) + ": not registered");
        }
        write_file(kDirectory + entry_name(*guest), "-1");
    }
}

}  // namespace dragoman::cli
