#include "machine/device_tree.h"

extern "C" {
#include <libfdt.h>
}

#include <cstring>

#include "base/error.h"

namespace dragoman::machine {

namespace {

constexpr std::size_t kRoom = 64 << 10;  ///< for what is added, at first

void check(int status) { DRAGOMAN_ASSERT(status >= 0); }

}  // namespace

DeviceTree::DeviceTree() : blob_(kRoom) { check(fdt_create_empty_tree(blob_.data(), static_cast<int>(blob_.size()))); }

DeviceTree::DeviceTree(const std::string& name, std::vector<u8> blob) {
    int status = blob.size() < sizeof(fdt_header) ? -FDT_ERR_TRUNCATED : fdt_check_full(blob.data(), blob.size());
    if (status < 0) throw FatalError(1, name + ": is no device tree, or damaged (" + fdt_strerror(status) + ")");
    blob_.resize(fdt_totalsize(blob.data()) + kRoom);
    check(fdt_open_into(blob.data(), blob_.data(), static_cast<int>(blob_.size())));
}

/// Does `change`, which returns a status of libfdt, with as much room as it needs.
template <class F>
int DeviceTree::edit(F change) {
    for (;;) {
        int status = change();
        if (status != -FDT_ERR_NOSPACE) {
            check(status);
            return status;
        }
        blob_.resize(blob_.size() * 2);
        check(fdt_open_into(blob_.data(), blob_.data(), static_cast<int>(blob_.size())));
    }
}

int DeviceTree::find_or_make(const std::string& path) {
    int offset = fdt_path_offset(blob_.data(), path.c_str());
    if (offset >= 0) return offset;
    std::size_t slash = path.rfind('/');
    int parent = find_or_make(slash == 0 ? "/" : path.substr(0, slash));
    return edit([&] { return fdt_add_subnode(blob_.data(), parent, path.c_str() + slash + 1); });
}

DeviceTree::Node DeviceTree::node(const std::string& path) {
    find_or_make(path);
    return Node(*this, path);
}

std::vector<u8> DeviceTree::pack() const {
    std::vector<u8> packed = blob_;
    check(fdt_pack(packed.data()));
    packed.resize(fdt_totalsize(packed.data()));
    return packed;
}

DeviceTree::Node& DeviceTree::Node::bytes(std::string_view name, const void* data, std::size_t size) {
    int offset = tree_.find_or_make(path_);
    tree_.edit([&] {
        return fdt_setprop(tree_.blob_.data(), offset, std::string(name).c_str(), data, static_cast<int>(size));
    });
    return *this;
}

DeviceTree::Node& DeviceTree::Node::remove(std::string_view name) {
    int offset = tree_.find_or_make(path_);
    fdt_delprop(tree_.blob_.data(), offset, std::string(name).c_str());
    return *this;
}

DeviceTree::Node& DeviceTree::Node::cells(std::string_view name, const std::vector<u32>& values) {
    std::vector<fdt32_t> big;
    big.reserve(values.size());
    for (u32 value : values) big.push_back(cpu_to_fdt32(value));
    return bytes(name, big.data(), big.size() * sizeof(fdt32_t));
}

DeviceTree::Node& DeviceTree::Node::reg(std::string_view name, std::initializer_list<u64> values) {
    std::vector<u32> halves;
    for (u64 value : values) {
        halves.push_back(static_cast<u32>(value >> 32));
        halves.push_back(static_cast<u32>(value));
    }
    return cells(name, halves);
}

DeviceTree::Node& DeviceTree::Node::text(std::string_view name, std::string_view value) {
    return bytes(name, std::string(value).c_str(), value.size() + 1);
}

DeviceTree::Node& DeviceTree::Node::texts(std::string_view name, const std::vector<std::string>& values) {
    std::string all;
    for (const std::string& value : values) all += value + '\0';
    return bytes(name, all.data(), all.size());
}

}  // namespace dragoman::machine
