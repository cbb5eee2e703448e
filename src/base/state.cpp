// A stream is entries. An entry is its kind, its name with a length byte, and what it holds, all little-endian.
#include "base/state.h"

#include <cstring>

namespace dragoman {

namespace {

enum Entry : u8 { kNumber = 'n', kCount = 'c', kSection = 's', kSectionEnd = 'e' };

void append(std::vector<u8>& to, u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<u8>(value >> (8 * i)));
}

}  // namespace

void State::refuse(std::string_view what) {
    if (!error_.empty() || saving()) return;
    error_ = path_ + (path_.empty() ? "" : ": ") + std::string(what);
}

bool State::next(void* to, u64 bytes) {
    if (!error_.empty()) return false;
    if (in_.size() < bytes) {
        refuse("the stream ends early");
        return false;
    }
    std::memcpy(to, in_.data(), bytes);
    in_ = in_.subspan(bytes);
    return true;
}

/// An entry begins with kind and name, and says how many bytes its number has.
void State::put(std::string_view name, u64 value, unsigned bytes) {
    out_.push_back(static_cast<u8>(name.size()));
    out_.insert(out_.end(), name.begin(), name.end());
    out_.push_back(static_cast<u8>(bytes));
    append(out_, value, bytes);
}

bool State::get(std::string_view name, u64& value, unsigned bytes) {
    u8 length = 0, size = 0;
    char found[256];
    if (!next(&length, 1) || !next(found, length)) return false;
    if (std::string_view(found, length) != name) {
        refuse("'" + std::string(name) + "' is not there");
        return false;
    }
    if (!next(&size, 1)) return false;
    if (size != bytes) {
        refuse("'" + std::string(name) + "' has another size");
        return false;
    }
    value = 0;
    return next(&value, bytes);
}

void State::number(std::string_view name, u64& value, unsigned bytes, u64 most) {
    if (saving()) {
        out_.push_back(kNumber);
        put(name, value & low_mask(8 * bytes), bytes);
        return;
    }
    u8 kind = 0;
    u64 read = 0;
    if (!next(&kind, 1)) return;
    if (kind != kNumber) return refuse("'" + std::string(name) + "' is not there");
    if (!get(name, read, bytes)) return;
    if (read > most) return refuse("'" + std::string(name) + "' is out of range");
    value = read;
}

void State::count(std::string_view name, u64 expected) {
    if (saving()) {
        out_.push_back(kCount);
        put(name, expected, 8);
        return;
    }
    u8 kind = 0;
    u64 read = 0;
    if (!next(&kind, 1)) return;
    if (kind != kCount) return refuse("'" + std::string(name) + "' is not there");
    if (get(name, read, 8) && read != expected) refuse("'" + std::string(name) + "' is of another machine");
}

void State::bytes(std::string_view name, std::span<u8> values) {
    count(name, values.size());
    if (saving()) {
        out_.insert(out_.end(), values.begin(), values.end());
    } else if (in_.size() < values.size()) {
        refuse("the stream ends early");
    } else if (error_.empty()) {
        if (loading()) std::memcpy(values.data(), in_.data(), values.size());
        in_ = in_.subspan(values.size());
    }
}

void State::same(std::string_view name, u64 value) { count(name, value); }

void State::version(u32 number) {
    if (u32 there = peek("version", number); there != number) refuse("has version " + std::to_string(there));
}

void State::section(std::string_view name, const std::function<void()>& fields) {
    std::string outer = path_;
    path_ += (path_.empty() ? "" : "/") + std::string(name);
    if (saving()) {
        out_.push_back(kSection);
        put(name, 0, 1);
        fields();
        out_.push_back(kSectionEnd);
    } else {
        u8 kind = 0;
        u64 read = 0;
        if (next(&kind, 1) && kind != kSection) refuse("is not there");
        if (error_.empty() && get(name, read, 1)) fields();
        if (next(&kind, 1) && kind != kSectionEnd) refuse("has more than it should");
    }
    path_ = std::move(outer);
}

std::string StateReader::finish() {
    if (error_.empty() && !in_.empty()) refuse("there is more than the machine has");
    return error_;
}

}  // namespace dragoman
