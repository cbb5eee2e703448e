// Names of the eXtensible Host Controller Interface, revision 1.2.
#pragma once

#include "base/bits.h"

namespace dragoman::devices::pci::xhci {

// The parts of the BAR.
inline constexpr u64 kOperational = 0x40, kPorts = 0x440, kRuntime = 0x1000, kDoorbells = 0x2000;
inline constexpr u32 kMsixTable = 0x3000, kMsixPending = 0x3800;
inline constexpr u64 kBarBytes = 0x4000;
inline constexpr u64 kPortBytes = 16, kInterrupterBytes = 32, kInterrupters = 0x20;

inline constexpr unsigned kSlots = 64, kPortsEach = 4, kVectors = 16, kEndpoints = 31;

enum OperationalRegister : u64 {  // §5.4
    kCommandRegister = 0x00,
    kStatusRegister = 0x04,
    kPageSize = 0x08,
    kNotification = 0x14,
    kCommandRing = 0x18,
    kContextBase = 0x30,
    kConfigure = 0x38,
};
enum : u32 { kRun = 1, kControllerReset = 2, kInterruptEnable = 4, kCommandBits = 0xd };  // USBCMD
enum : u32 { kHalted = 1, kEventInterrupt = 8, kPortChange = 0x10 };                      // USBSTS
enum : u32 { kRingCycle = 1, kRingStop = 2, kRingAbort = 4, kRingRunning = 8 };           // CRCR
enum : u32 { kPending = 1, kEnable = 2 };                                                 // IMAN
enum : u32 { kHandlerBusy = 8 };                                                          // ERDP

enum PortStatus : u32 {  // §5.4.8
    kConnected = 1u << 0,
    kPortEnabled = 1u << 1,
    kPortReset = 1u << 4,
    kLinkShift = 5,
    kLinkMask = 0xfu << 5,
    kPortPower = 1u << 9,
    kSpeedShift = 10,
    kLinkWrite = 1u << 16,
    kConnectChange = 1u << 17,
    kEnableChange = 1u << 18,
    kResetChange = 1u << 21,
    kLinkChange = 1u << 22,
    kChanges = 0xfeu << 16,
    kWakeBits = 7u << 25,
};
enum LinkState : u32 { kU0 = 0, kU3 = 3, kRxDetect = 5, kPolling = 7, kResume = 15 };

enum TrbType : u8 {  // §6.4.6
    kNormal = 1,
    kSetupStage = 2,
    kDataStage = 3,
    kStatusStage = 4,
    kLink = 6,
    kEventData = 7,
    kNoOp = 8,
    kEnableSlot = 9,
    kDisableSlot = 10,
    kAddressDevice = 11,
    kConfigureEndpoint = 12,
    kEvaluateContext = 13,
    kResetEndpoint = 14,
    kStopEndpoint = 15,
    kSetDequeue = 16,
    kResetDevice = 17,
    kNoOpCommand = 23,
    kTransferEvent = 32,
    kCommandCompletion = 33,
    kPortStatusChange = 34,
};

enum Completion : u8 {  // §6.4.5
    kSuccess = 1,
    kTransactionError = 4,
    kTrbError = 5,
    kStallError = 6,
    kNoSlots = 9,
    kSlotNotEnabled = 11,
    kEndpointNotEnabled = 12,
    kShortPacket = 13,
    kParameterError = 17,
    kContextStateError = 19,
};

struct Trb {
    u64 parameter;
    u32 status, control;

    TrbType type() const { return static_cast<TrbType>(control >> 10 & 0x3f); }
};
inline constexpr u64 kTrbBytes = 16;
enum : u32 {  // of the control word
    kCycle = 1,
    kToggle = 2,
    kShortInterrupt = 4,
    kChain = 0x10,
    kInterruptOnCompletion = 0x20,
    kImmediate = 0x40,
    kDirectionIn = 0x10000,
    kEventIsData = 4,
    kBlockAddress = 0x200,
    kDeconfigure = 0x200,
};

enum EndpointState : u32 { kDisabled = 0, kRunning = 1, kEndpointHalted = 2, kStopped = 3 };
enum SlotState : u32 { kDefault = 1, kAddressed = 2, kConfigured = 3 };
inline constexpr u64 kContextBytes = 32;

}  // namespace dragoman::devices::pci::xhci
