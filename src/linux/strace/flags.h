// The names of flags and enumerators that -strace prints, by the words of the table's formats.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bits.h"

namespace dragoman::linux_abi {

struct FlagName {
    u64 value;
    std::string_view name;
};

struct FlagSet {
    std::string_view word;
    bool is_enum;  ///< one value of the list, rather than a sum of bits
    u64 field;     ///< of a sum of bits: those that are an enumeration (O_ACCMODE, socket type)
    std::span<const FlagName> names;
    const char* prefix;  ///< for the comment on unknown values ("PROT_???")
};

/// The set for a word, null when there is none.
const FlagSet* find_flag_set(std::string_view word);
std::string format_flags(const FlagSet& set, u64 value);

/// "SIGSEGV", "SIGRT_3".
std::string signal_name(int signal);
/// "ENOENT"; empty when there is none.
std::string_view errno_name(int error);
/// "TCGETS"; empty when it is not known.
std::string_view ioctl_name(u64 request);

}  // namespace dragoman::linux_abi
