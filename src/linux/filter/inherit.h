// Seccomp filters across exec: the next translator finds them in a sealed file of its own, which the guest never sees.
#pragma once

#include <string>

#include "linux/syscall.h"

namespace dragoman::linux_abi {

/// While it lives, the filters of `task` are in a file that exec keeps open.
class FiltersForExec {
public:
    explicit FiltersForExec(const Task& task);
    ~FiltersForExec();
    FiltersForExec(const FiltersForExec&) = delete;

    /// 0 or -errno.
    i64 error() const { return error_; }
    /// Where inherit_filters finds them; empty: there are none.
    const std::string& place() const { return place_; }

private:
    int fd_ = -1;
    i64 error_ = 0;
    std::string place_;
};

/// Gives `task` the filters that FiltersForExec has left at `place`, if that is not empty. @throws FatalError
void inherit_filters(Task& task, const std::string& place);

}  // namespace dragoman::linux_abi
