// -device loader: a file or a number in memory before the machine starts.
#pragma once

#include "base/properties.h"

namespace dragoman::machine {

class BootImages;
class Machine;

inline constexpr std::string_view kLoader = "loader";

/// `images` takes what it loads. @throws FatalError
void add_loader(Machine& machine, BootImages& images, Properties& properties);

}  // namespace dragoman::machine
