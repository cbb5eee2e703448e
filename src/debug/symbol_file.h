// Functions and source lines of an ELF file, from its symbol tables and DWARF, or those of the file with its debugging
// information that distributions keep apart.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/symbols.h"

namespace dragoman::debug {

class SymbolFile {
public:
    /// Opens a file for reading by an absolute path as the ELF file means it. @returns descriptor or -1
    using Open = std::function<int(const std::string& path)>;

    /// Reads the file at `fd`, which is not kept, nor is anything of the file, which may be changed or cut off later.
    /// @param path absolute, where debugging information is looked for from
    /// @param open opens the file with debugging information: by build id below /usr/lib/debug, or .gnu_debuglink
    /// @returns null when it is not an ELF file
    static std::unique_ptr<SymbolFile> read(int fd, const std::string& path, const Open& open);
    ~SymbolFile();

    /// As read() was given it.
    const std::string& path() const { return path_; }

    /// Where the byte at `offset` of the file is in memory by its program headers, before any bias.
    std::optional<u64> address_of(u64 offset) const;
    /// Whether a segment of the file contains `address`.
    bool contains(u64 address) const;

    struct Function {
        u64 address, size;
        std::string name;  ///< C++ names as people write them
    };
    /// The function around `address`; without a size in the file it ends where the next begins.
    const Function* function(u64 address) const;
    engine::Symbols::Line line(u64 address) const;

    /// "function+0x1c"; empty: none.
    std::string name(u64 address) const;

private:
    struct Image;  // the file's bytes and what libelf and libdw make of them
    struct Segment {
        u64 offset, size, address;
    };
    SymbolFile();
    void read_segments();
    void read_functions(const Image& image);

    std::string path_;
    std::unique_ptr<Image> image_, debug_;
    std::vector<Segment> segments_;
    std::vector<Function> functions_;  ///< by address, each address once
};

}  // namespace dragoman::debug
