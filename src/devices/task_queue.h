// Somebody who runs functions later, in the order in which they came.
#pragma once

#include <functional>

namespace dragoman::devices {

class TaskQueue {
public:
    /// Runs `function` soon, on the thread of whoever this is. Any thread.
    virtual void post(std::function<void()> function) = 0;

protected:
    ~TaskQueue() = default;
};

}  // namespace dragoman::devices
