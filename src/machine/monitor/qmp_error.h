// What a QMP command that cannot be carried out ends with.
#pragma once

#include <string>

namespace dragoman::machine {

struct QmpError {
    std::string description, kind = "GenericError";
};

}  // namespace dragoman::machine
