// Memory that is about to be filled.
#pragma once

#include <cstddef>

namespace dragoman {

/// Has the kernel provide all whole pages in [start, start + bytes), zeroed or as they are, at once: one fault per page
/// is dearer. Where it cannot do that (before Linux 5.14, or with too little memory), pages come as they are touched.
void prefault(void* start, std::size_t bytes);

}  // namespace dragoman
