// The x86-64 back end.
#include "base/error.h"
#include "host/host.h"

namespace dragoman::host {

std::unique_ptr<Backend> make_x64() { return nullptr; }

}  // namespace dragoman::host
