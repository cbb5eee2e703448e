#include "linux/proc/host_maps.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace dragoman::linux_abi {

namespace {

/// Takes a line of the form "start-end perms offset major:minor inode   name". False: it is none.
bool parse_mapping(const std::string& line, HostMapping& m) {
    unsigned long long start, end, offset, inode;
    int name = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, m.permissions, &offset, &m.major,
                    &m.minor, &inode, &name) < 7) {
        return false;
    }
    m.start = start;
    m.end = end;
    m.offset = offset;
    m.inode = inode;
    if (name > 0) m.name = line.substr(static_cast<std::size_t>(name));
    return true;
}

/// Takes a line of smaps below that: "Rss:   8 kB" or "VmFlags: rd mr ".
void parse_field(const std::string& line, HostMapping& m) {
    std::size_t colon = line.find(':');
    if (colon == std::string::npos) return;
    std::string name = line.substr(0, colon);
    if (name == "VmFlags") m.vm_flags = line.substr(colon + 1);
    else m.fields.emplace_back(std::move(name), std::strtoull(line.c_str() + colon + 1, nullptr, 10));
}

}  // namespace

std::string read_host_file(const std::string& path) {
    std::string text;
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return text;
    constexpr std::size_t kPiece = 16 << 10;
    for (std::size_t size = 0;; text.resize(size)) {
        text.resize(size + kPiece);
        ssize_t got = ::read(fd, text.data() + size, kPiece);
        if (got <= 0) {
            text.resize(size);
            break;
        }
        size += static_cast<std::size_t>(got);
    }
    ::close(fd);
    return text;
}

std::vector<HostMapping> host_mappings(const std::string& path) {
    std::vector<HostMapping> mappings;
    const std::string text = read_host_file(path);
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        at = end + 1;
        HostMapping mapping;
        // Fields begin with a capital letter, addresses are lower-case hexadecimal.
        if (!line.empty() && line[0] >= 'A' && line[0] <= 'Z') {
            if (!mappings.empty()) parse_field(line, mappings.back());
        } else if (parse_mapping(line, mapping)) {
            mappings.push_back(std::move(mapping));
        }
    }
    return mappings;
}

}  // namespace dragoman::linux_abi
