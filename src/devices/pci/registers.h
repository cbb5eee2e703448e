// Names of what stands in a function's configuration space (PCI Local Bus 3.0 §6, PCI Express Base 5.0 §7).
#pragma once

#include "base/bits.h"

namespace dragoman::devices::pci {

enum ConfigRegister : unsigned {
    kVendorId = 0x00,
    kDeviceId = 0x02,
    kCommand = 0x04,
    kStatus = 0x06,
    kRevision = 0x08,
    kClassCode = 0x09,
    kClass = 0x0a,  ///< its upper two bytes
    kCacheLineSize = 0x0c,
    kHeaderType = 0x0e,
    kBar0 = 0x10,
    kSubsystemVendorId = 0x2c,
    kSubsystemId = 0x2e,
    kCapabilities = 0x34,
    kInterruptLine = 0x3c,
    kInterruptPin = 0x3d,
};

enum Command : u16 {
    kCommandIo = 1,
    kCommandMemory = 2,
    kCommandMaster = 4,
    kCommandParity = 0x40,
    kCommandSerr = 0x100,
    kCommandIntxDisable = 0x400,
};

enum Status : u16 { kStatusInterrupt = 8, kStatusCapabilities = 0x10 };

enum : u8 { kMultifunction = 0x80 };  // of the header type

enum CapabilityId : u8 {
    kCapabilityPower = 1,
    kCapabilityMsi = 5,
    kCapabilityVendor = 9,
    kCapabilitySubsystem = 0xd,
    kCapabilityExpress = 0x10,
    kCapabilityMsix = 0x11,
};

constexpr u16 kVendorQumranet = 0x1af4;  // of virtio, and subsystem vendor of all that has none of its own
constexpr u16 kVendorRedHat = 0x1b36;
constexpr u16 kSubsystemQemu = 0x1100;

}  // namespace dragoman::devices::pci
