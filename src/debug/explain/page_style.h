// The style sheet and the script of the page.
#pragma once

namespace dragoman::debug {

extern const char* const kPageStyle;
extern const char* const kPageScript;

}  // namespace dragoman::debug
