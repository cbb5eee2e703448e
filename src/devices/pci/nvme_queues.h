// What lies in memory between an NVMe driver and its controller (NVM Express 1.4, 4.1, 4.2, 4.6).
#pragma once

#include <sys/uio.h>

#include <vector>

#include "base/bits.h"

namespace dragoman {
class State;
}

namespace dragoman::devices::pci {

struct NvmeCommand {
    u8 opcode;
    u8 flags;  ///< fused operation; PRP or SGL
    u16 id;
    u32 nsid;
    u64 reserved;
    u64 metadata;
    u64 prp1, prp2;
    u32 dword10, dword11, dword12, dword13, dword14, dword15;
};
static_assert(sizeof(NvmeCommand) == 64);

struct NvmeCompletion {
    u32 result;
    u32 reserved;
    u16 submission_head, submission_queue;
    u16 id;
    u16 status;  ///< bit 0: phase
};
static_assert(sizeof(NvmeCompletion) == 16);

/// The guest's memory that a command names, in order.
struct NvmeMemory {
    std::vector<iovec> iov;      ///< host addresses
    std::vector<u64> addresses;  ///< guest-physical address of each
    void clear() {
        iov.clear();
        addresses.clear();
    }
};

struct NvmeSubmissionQueue {
    u64 base = 0;
    u32 size = 0;  ///< entries; 0: there is no such queue
    u32 head = 0, tail = 0;
    u16 completion = 0;

    bool empty() const { return head == tail; }
    void visit(State& state);
};

struct NvmeCompletionQueue {
    u64 base = 0;
    u32 size = 0;
    u32 head = 0, tail = 0;
    u16 vector = 0;
    bool phase = true, interrupts = false;
    u32 reserved = 0;  ///< entries for commands that are being done

    bool empty() const { return head == tail; }
    u32 room() const {
        u32 used = tail >= head ? tail - head : size - head + tail;
        return size - 1 - used - reserved;
    }
    void visit(State& state);
};

namespace nvme {

enum Status : u16 {  // 4.6.1.2: type << 8 | code
    kSuccess = 0,
    kInvalidOpcode = 0x001,
    kInvalidField = 0x002,
    kDataTransferError = 0x004,
    kInternalError = 0x006,
    kInvalidNamespace = 0x00b,
    kInvalidPrpOffset = 0x013,
    kSequenceError = 0x00c,
    kLbaRange = 0x080,
    kInvalidCompletionQueue = 0x100,
    kInvalidQueueId = 0x101,
    kInvalidQueueSize = 0x102,
    kAsyncEventLimit = 0x105,
    kInvalidVector = 0x108,
    kInvalidLogPage = 0x109,
    kInvalidQueueDeletion = 0x10c,
    kFeatureNotSaveable = 0x10d,
    kFeatureNotChangeable = 0x10e,
    kWriteFault = 0x280,
    kReadFault = 0x281,
    kCompareFailure = 0x285,
    kReadOnly = 0x182,
    kDoNotRetry = 0x4000,
};

enum AdminOpcode : u8 {
    kDeleteSubmission = 0,
    kCreateSubmission = 1,
    kGetLogPage = 2,
    kDeleteCompletion = 4,
    kCreateCompletion = 5,
    kIdentify = 6,
    kAbort = 8,
    kSetFeatures = 9,
    kGetFeatures = 10,
    kAsyncEvent = 12,
};

enum IoOpcode : u8 { kFlush = 0, kWrite = 1, kRead = 2, kCompare = 5, kWriteZeroes = 8, kDatasetManagement = 9 };

}  // namespace nvme

}  // namespace dragoman::devices::pci
