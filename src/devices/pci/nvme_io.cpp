// The NVM command set (NVM Express 1.4, chapter 6), and how commands name memory.
#include <algorithm>
#include <cstring>

#include "devices/pci/nvme.h"

namespace dragoman::devices::pci {

namespace {

using namespace nvme;

constexpr u32 kForceUnitAccess = 1u << 30, kDeallocate = 1u << 25;  // command dword 12

u64 first_block(const NvmeCommand& command) { return command.dword10 | u64{command.dword11} << 32; }
u64 block_count(const NvmeCommand& command) { return (command.dword12 & 0xffff) + 1; }

}  // namespace

u16 Nvme::status_of(int error, bool write) {
    if (error == 0) return kSuccess;
    return write ? kWriteFault : kReadFault;
}

u16 Nvme::check_range(const NvmeNamespace& ns, u64 block, u64 count) const {
    return block <= ns.blocks() && count <= ns.blocks() - block ? u16{kSuccess} : u16{kLbaRange | kDoNotRetry};
}

void Nvme::wrote(const NvmeMemory& memory) {
    for (std::size_t i = 0; i < memory.iov.size(); i++) space().wrote(memory.addresses[i], memory.iov[i].iov_len);
}

u16 Nvme::map(const Command& command, u64 bytes, NvmeMemory& memory, u64 page) {
    memory.clear();
    auto add = [&](u64 address, u64 length) {
        u8* host = bus_master() ? space().ram(address, length) : nullptr;
        if (host == nullptr) return false;
        iovec* last = memory.iov.empty() ? nullptr : &memory.iov.back();
        if (last != nullptr && static_cast<u8*>(last->iov_base) + last->iov_len == host) {
            last->iov_len += length;
        } else {
            memory.iov.push_back({host, length});
            memory.addresses.push_back(address);
        }
        return true;
    };
    u64 part = std::min(bytes, page - command.prp1 % page);
    if (!add(command.prp1, part)) return kDataTransferError;
    bytes -= part;
    if (bytes == 0) return kSuccess;
    if (bytes <= page) {
        if (command.prp2 % page != 0) return kInvalidPrpOffset | kDoNotRetry;
        return add(command.prp2, bytes) ? u16{kSuccess} : u16{kDataTransferError};
    }
    // PRP2 is a list, whose last entry in a page is the address of the next page of it where more follow.
    u64 list = command.prp2;
    if (list % 8 != 0) return kInvalidPrpOffset | kDoNotRetry;
    while (bytes != 0) {
        u64 entry = 0;
        if (!dma_read(list, &entry, sizeof entry)) return kDataTransferError;
        if (list % page == page - 8 && bytes > page) {
            if (entry % page != 0) return kInvalidPrpOffset | kDoNotRetry;
            list = entry;
            continue;
        }
        if (entry % page != 0) return kInvalidPrpOffset | kDoNotRetry;
        part = std::min(bytes, page);
        if (!add(entry, part)) return kDataTransferError;
        bytes -= part;
        list += 8;
    }
    return kSuccess;
}

/// Copies what a command asks for to where it says.
Nvme::Result Nvme::give(const Command& command, std::span<const u8> data) {
    if (u16 status = map(command, data.size(), memory_, page_bytes()); status != 0) return {status};
    std::size_t at = 0;
    for (const iovec& piece : memory_.iov) {
        std::memcpy(piece.iov_base, data.data() + at, piece.iov_len);
        at += piece.iov_len;
    }
    wrote(memory_);
    return {};
}

Nvme::Result Nvme::execute_io(const Command& command, const Settings& settings) {
    if ((command.flags & 3) != 0) return {kInvalidField | kDoNotRetry};  // fused: not offered
    if (command.opcode == nvme::kFlush && command.nsid == ~u32{0}) {
        for (const NvmeNamespace& ns : namespaces_) {
            if (u16 status = status_of(ns.image->flush(), true); status != 0) return {status};
        }
        return {};
    }
    const NvmeNamespace* ns = find_namespace(command.nsid);
    if (ns == nullptr) return {kInvalidNamespace | kDoNotRetry};
    const bool moves_data = command.opcode != nvme::kFlush && command.opcode != kWriteZeroes;
    if (moves_data && (command.flags & 0xc0) != 0) return {kInvalidField | kDoNotRetry};  // SGL: not offered
    switch (command.opcode) {
        case nvme::kFlush: return {status_of(ns->image->flush(), true)};
        case nvme::kRead:
        case nvme::kWrite: return transfer(command, *ns, settings);
        case kCompare: return compare(command, *ns, settings);
        case kWriteZeroes: return write_zeroes(command, *ns, settings);
        case kDatasetManagement: return deallocate(command, *ns, settings);
        default: return {kInvalidOpcode | kDoNotRetry};
    }
}

Nvme::Result Nvme::transfer(const Command& command, const NvmeNamespace& ns, const Settings& settings) {
    const bool write = command.opcode == nvme::kWrite;
    const u64 block = first_block(command), bytes = block_count(command) << ns.block_shift;
    if (options_.mdts != 0 && bytes > settings.page_bytes << options_.mdts) return {kInvalidField | kDoNotRetry};
    if (u16 status = check_range(ns, block, block_count(command)); status != 0) return {status};
    if (write && ns.image->read_only()) return {nvme::kReadOnly | kDoNotRetry};
    if (u16 status = map(command, bytes, memory_, settings.page_bytes); status != 0) return {status};
    const u64 offset = block << ns.block_shift;
    int error = write ? ns.image->write(offset, memory_.iov) : ns.image->read(offset, memory_.iov);
    if (!write) {
        wrote(memory_);
    } else if (error == 0 && (!settings.write_cache || (command.dword12 & kForceUnitAccess) != 0)) {
        error = ns.image->flush();
    }
    return {status_of(error, write)};
}

Nvme::Result Nvme::compare(const Command& command, const NvmeNamespace& ns, const Settings& settings) {
    const u64 block = first_block(command), bytes = block_count(command) << ns.block_shift;
    if (options_.mdts != 0 && bytes > settings.page_bytes << options_.mdts) return {kInvalidField | kDoNotRetry};
    if (u16 status = check_range(ns, block, block_count(command)); status != 0) return {status};
    if (u16 status = map(command, bytes, memory_, settings.page_bytes); status != 0) return {status};
    std::vector<u8> there(bytes);
    if (int error = ns.image->read(block << ns.block_shift, there.data(), bytes)) return {status_of(error, false)};
    const u8* at = there.data();
    for (const iovec& piece : memory_.iov) {
        if (std::memcmp(at, piece.iov_base, piece.iov_len) != 0) return {kCompareFailure};
        at += piece.iov_len;
    }
    return {};
}

Nvme::Result Nvme::write_zeroes(const Command& command, const NvmeNamespace& ns, const Settings& settings) {
    const u64 block = first_block(command), count = block_count(command);
    if (u16 status = check_range(ns, block, count); status != 0) return {status};
    if (ns.image->read_only()) return {nvme::kReadOnly | kDoNotRetry};
    int error =
        ns.image->write_zeroes(block << ns.block_shift, count << ns.block_shift, (command.dword12 & kDeallocate) != 0);
    if (error == 0 && (!settings.write_cache || (command.dword12 & kForceUnitAccess) != 0)) error = ns.image->flush();
    return {status_of(error, true)};
}

/// Dataset management: a list of ranges whose contents are of no more use, where its attribute says so.
Nvme::Result Nvme::deallocate(const Command& command, const NvmeNamespace& ns, const Settings& settings) {
    struct Range {
        u32 attributes, count;
        u64 block;
    };
    constexpr u32 kDeallocateAttribute = 4;
    if ((command.dword11 & kDeallocateAttribute) == 0) return {};
    if (ns.image->read_only()) return {nvme::kReadOnly | kDoNotRetry};
    std::vector<Range> ranges((command.dword10 & 0xff) + 1);
    if (u16 status = map(command, ranges.size() * sizeof(Range), memory_, settings.page_bytes); status != 0)
        return {status};
    auto* to = reinterpret_cast<u8*>(ranges.data());
    for (const iovec& piece : memory_.iov) {
        std::memcpy(to, piece.iov_base, piece.iov_len);
        to += piece.iov_len;
    }
    for (const Range& range : ranges) {
        if (u16 status = check_range(ns, range.block, range.count); status != 0) return {status};
        if (range.count == 0) continue;
        int error = ns.image->discard(range.block << ns.block_shift, u64{range.count} << ns.block_shift);
        if (u16 status = status_of(error, true); status != 0) return {status};
    }
    return {};
}

}  // namespace dragoman::devices::pci
