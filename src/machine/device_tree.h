// A flattened device tree under construction (libfdt).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bits.h"

namespace dragoman::machine {

class DeviceTree {
public:
    DeviceTree();
    /// One that was made elsewhere. @throws FatalError "NAME: REASON" when it is damaged
    DeviceTree(const std::string& name, std::vector<u8> blob);

    /// A node, by its path; it is made, and those above it, where missing.
    class Node {
    public:
        Node& cells(std::string_view name, const std::vector<u32>& values);
        Node& cells(std::string_view name, std::initializer_list<u32> values) {
            return cells(name, std::vector<u32>(values));
        }
        /// Pairs of 64-bit address and size.
        Node& reg(std::string_view name, std::initializer_list<u64> values);
        Node& text(std::string_view name, std::string_view value);
        Node& texts(std::string_view name, const std::vector<std::string>& values);
        Node& bytes(std::string_view name, const void* data, std::size_t size);
        Node& flag(std::string_view name) { return bytes(name, nullptr, 0); }
        Node& phandle(u32 value) { return cells("phandle", {value}); }
        Node& remove(std::string_view name);

    private:
        friend class DeviceTree;
        Node(DeviceTree& tree, std::string path) : tree_(tree), path_(std::move(path)) {}
        DeviceTree& tree_;
        std::string path_;
    };
    Node node(const std::string& path);

    /// As small as it can be.
    std::vector<u8> pack() const;

private:
    template <class F>
    int edit(F change);
    int find_or_make(const std::string& path);
    std::vector<u8> blob_;
};

}  // namespace dragoman::machine
