// What getdents64 gives.
#pragma once

#include <cstddef>

#include "base/bits.h"

namespace dragoman::linux_abi {

/// linux_dirent64, up to where the name begins; `length` is that of the whole entry.
struct DirectoryEntry {
    u64 inode;
    i64 offset;  ///< position of the next entry
    u16 length;
    u8 type;  ///< DT_*
    char name[1];
};
constexpr std::size_t kEntryName = offsetof(DirectoryEntry, name);

}  // namespace dragoman::linux_abi
