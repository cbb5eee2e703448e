// What stands in front of the lines that this program writes to stderr.
#pragma once

namespace dragoman {

/// "dragoman", unless the front door has set another name (a literal).
void set_program_name(const char* name);
const char* program_name();

}  // namespace dragoman
