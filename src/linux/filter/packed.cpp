#include "linux/filter/packed.h"

#include <cstring>

namespace dragoman::linux_abi {

namespace {

/// A filter's program is behind it.
struct Head {
    u32 length;  ///< instructions
    u32 log : 1, listened : 1, unused : 30;
};

void append(std::vector<u8>& bytes, const void* from, std::size_t size) {
    const auto* first = static_cast<const u8*>(from);
    bytes.insert(bytes.end(), first, first + size);
}

bool take(std::span<const u8>& bytes, void* to, std::size_t size) {
    if (bytes.size() < size) return false;
    std::memcpy(to, bytes.data(), size);
    bytes = bytes.subspan(size);
    return true;
}

}  // namespace

std::vector<u8> pack_filters(const Filter* newest) {
    std::vector<const Filter*> filters;
    for (const Filter* filter = newest; filter; filter = filter->before.get()) filters.push_back(filter);
    std::vector<u8> bytes;
    for (auto at = filters.rbegin(); at != filters.rend(); ++at) {
        const auto& program = (*at)->program;
        const Head head{static_cast<u32>(program.size()), (*at)->log, (*at)->listened, 0};
        append(bytes, &head, sizeof head);
        append(bytes, program.data(), program.size() * sizeof program[0]);
    }
    return bytes;
}

std::optional<std::shared_ptr<const Filter>> unpack_filters(std::span<const u8> bytes) {
    std::shared_ptr<const Filter> newest;
    while (!bytes.empty()) {
        Head head;
        if (!take(bytes, &head, sizeof head) || head.length > bpf::kMaxInstructions) return {};
        auto filter = std::make_shared<Filter>();
        filter->program.resize(head.length);
        filter->log = head.log;
        filter->listened = head.listened;
        filter->before = std::move(newest);
        if (!take(bytes, filter->program.data(), head.length * sizeof(bpf::Instruction))) return {};
        if (!bpf::is_valid(filter->program)) return {};
        newest = std::move(filter);
    }
    return newest;
}

}  // namespace dragoman::linux_abi
