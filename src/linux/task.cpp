// The calling thread's task, and its access to guest memory.
#include "linux/task.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "linux/trace/protocol.h"
#include "linux/trace/tracer.h"

namespace dragoman::linux_abi {

namespace {
// Read by signal handlers: no lazy allocation.
thread_local Task* current_task __attribute__((tls_model("initial-exec"))) = nullptr;
}  // namespace

TraceState::TraceState() = default;
TraceState::~TraceState() = default;
TraceState& TraceState::operator=(TraceState&& other) noexcept = default;

Task::Task() = default;
Task::~Task() = default;

Task* Task::current() { return current_task; }
void Task::set_current(Task* task) { current_task = task; }

bool Task::read(void* to, u64 address, std::size_t bytes) const {
    return memory::copy_checked(to, host(address), bytes) == 0;
}

bool Task::write(u64 address, const void* from, std::size_t bytes) const {
    return memory::copy_checked(host(address), from, bytes) == 0;
}

i64 Task::read_string(std::string& to, u64 address, std::size_t limit) const {
    to.clear();
    while (to.size() < limit) {
        char piece[256];
        // Up to the end of the page only: the next one may not be there.
        std::size_t bytes = std::min({sizeof piece, limit - to.size(),
                                      static_cast<std::size_t>(memory::kPageSize - address % memory::kPageSize)});
        if (!read(piece, address, bytes)) return -EFAULT;
        std::size_t length = ::strnlen(piece, bytes);
        to.append(piece, length);
        if (length < bytes) return 0;
        address += bytes;
    }
    return -ENAMETOOLONG;
}

}  // namespace dragoman::linux_abi
