#include "linux/core/core_name.h"

#include <algorithm>

namespace dragoman::linux_abi {

namespace {

/// Text of the process's choosing: no part of a path comes from it.
std::string harmless(std::string text) {
    std::replace(text.begin(), text.end(), '/', '!');
    if (text.empty()) return "!";
    if (text == "." || text == "..") text[0] = '!';
    return text;
}

}  // namespace

std::string core_name(std::string_view pattern, bool uses_pid, const CoreSubject& subject) {
    if (is_pipe(pattern)) return "core." + std::to_string(subject.pid);
    std::string name;
    bool has_pid = false;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] != '%') {
            name += pattern[at];
            continue;
        }
        if (++at == pattern.size()) break;
        switch (pattern[at]) {
            case '%': name += '%'; break;
            case 'p':
            case 'P':
                has_pid |= pattern[at] == 'p';
                name += std::to_string(subject.pid);
                break;
            case 'i':
            case 'I': name += std::to_string(subject.tid); break;
            case 'u': name += std::to_string(subject.uid); break;
            case 'g': name += std::to_string(subject.gid); break;
            case 'd': name += std::to_string(subject.dumpable); break;
            case 's': name += std::to_string(subject.signal); break;
            case 't': name += std::to_string(subject.time); break;
            case 'c': name += std::to_string(subject.limit); break;
            case 'C': name += std::to_string(subject.cpu); break;
            case 'h': name += harmless(subject.host); break;
            case 'e': name += harmless(subject.thread); break;
            case 'f': name += harmless(subject.executable.substr(subject.executable.rfind('/') + 1)); break;
            case 'E': name += harmless(subject.executable); break;
            default: break;  // the kernel leaves out what it does not know, too
        }
    }
    if (!has_pid && uses_pid) name += "." + std::to_string(subject.pid);
    return name;
}

}  // namespace dragoman::linux_abi
