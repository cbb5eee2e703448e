// Marshalling of 9P messages: little-endian numbers, and strings with a 16-bit length.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/bits.h"

namespace dragoman::devices::virtio {

enum P9Type : u8 {  // requests of 9P2000.L; the reply has the next number
    kP9Error = 6,
    kP9Statfs = 8,
    kP9Open = 12,
    kP9Create = 14,
    kP9Symlink = 16,
    kP9Mknod = 18,
    kP9Rename = 20,
    kP9Readlink = 22,
    kP9Getattr = 24,
    kP9Setattr = 26,
    kP9XattrWalk = 30,
    kP9XattrCreate = 32,
    kP9Readdir = 40,
    kP9Fsync = 50,
    kP9Lock = 52,
    kP9Getlock = 54,
    kP9Link = 70,
    kP9Mkdir = 72,
    kP9Renameat = 74,
    kP9Unlinkat = 76,
    kP9Version = 100,
    kP9Auth = 102,
    kP9Attach = 104,
    kP9Flush = 108,
    kP9Walk = 110,
    kP9Read = 116,
    kP9Write = 118,
    kP9Clunk = 120,
    kP9Remove = 122,
};

constexpr u32 kP9HeaderBytes = 7;  // size, type, tag

struct P9Qid {
    u8 type;
    u32 version;
    u64 path;
};

/// Takes a message apart; past its end everything is 0, and good() is false.
class P9Reader {
public:
    P9Reader(const u8* data, u64 bytes) : at_(data), left_(bytes) {}

    bool good() const { return good_; }
    u8 u8_() { return number<u8>(); }
    u16 u16_() { return number<u16>(); }
    u32 u32_() { return number<u32>(); }
    u64 u64_() { return number<u64>(); }
    std::string text() {
        u16 bytes = u16_();
        if (!take(bytes)) return "";
        return {reinterpret_cast<const char*>(at_ - bytes), bytes};
    }

private:
    bool take(u64 bytes) {
        if (bytes > left_) good_ = false;
        if (!good_) return false;
        at_ += bytes;
        left_ -= bytes;
        return true;
    }
    template <class T>
    T number() {
        T value = 0;
        if (take(sizeof(T))) std::memcpy(&value, at_ - sizeof(T), sizeof(T));
        return value;
    }

    const u8* at_;
    u64 left_;
    bool good_ = true;
};

class P9Writer {
public:
    explicit P9Writer(std::vector<u8>& out) : out_(out) {}

    template <class T>
    P9Writer& number(T value) {
        const auto* bytes = reinterpret_cast<const u8*>(&value);
        out_.insert(out_.end(), bytes, bytes + sizeof value);
        return *this;
    }
    P9Writer& text(std::string_view text) {
        number(static_cast<u16>(text.size()));
        out_.insert(out_.end(), text.begin(), text.end());
        return *this;
    }
    P9Writer& qid(const P9Qid& qid) { return number(qid.type).number(qid.version).number(qid.path); }
    std::size_t size() const { return out_.size(); }

private:
    std::vector<u8>& out_;
};

}  // namespace dragoman::devices::virtio
