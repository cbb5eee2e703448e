// The devices that -device, -nic and -drive if=virtio name.
#pragma once

namespace dragoman::machine {

class BootImages;
class Machine;

/// Makes them and puts them into the machine. `images` takes what -device loader loads. @throws FatalError
void add_user_devices(Machine& machine, BootImages& images);

}  // namespace dragoman::machine
