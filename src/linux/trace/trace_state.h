// A task's part in being traced.
#pragma once

#include <memory>

namespace dragoman::linux_abi {

namespace trace {
struct Record;
class Tracer;
}  // namespace trace

struct TraceState {
    TraceState();
    ~TraceState();
    TraceState& operator=(TraceState&& other) noexcept;

    std::unique_ptr<trace::Record> record;  ///< null: nobody traces the task
    bool starts_stopped = false;            ///< it was made by a traced task, and stops before its first instruction

    bool traced() const { return record != nullptr; }
};

}  // namespace dragoman::linux_abi
