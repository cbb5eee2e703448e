// What the address sanitizer has to be told.
#pragma once

namespace dragoman {

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __asan_handle_no_return();
/// The C++ frames of the calling thread are left for good: control goes to a place above them, not through their ends.
inline void abandon_frames() { __asan_handle_no_return(); }
#else
inline void abandon_frames() {}
#endif

}  // namespace dragoman
