// What a device or a hart is made of at a moment, as one walk over its fields: the same function saves them, checks
// what was saved and loads it (Device::visit, guest::SystemOps::visit).
//
// An owner visits each field by name. A stream holds names, sizes and values, so that one of another device, of
// another shape or with damage is noticed. It is refused whole: a first walk over all that there is (Check) changes
// nothing, the walk that loads (Load) follows only when that found nothing wrong.
#pragma once

#include <concepts>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bits.h"

namespace dragoman {

class State {
    template <class T>
    static constexpr u64 kMost = std::same_as<T, bool> ? 1 : ~u64{0};

public:
    enum class Walk : u8 {
        Save,
        Check,  ///< fields keep what they have
        Load,
    };

    Walk walk() const { return walk_; }
    bool saving() const { return walk_ == Walk::Save; }
    bool loading() const { return walk_ == Walk::Load; }

    /// What `fields` visits is the part `name`. A part may have parts.
    void section(std::string_view name, const std::function<void()>& fields);
    /// The format of what follows, 1 and more, with which a device begins. Only the same is taken.
    void version(u32 number);

    /// One number, with the bytes of its type; an enumeration is its number, bool is 0 or 1. `most` is the largest that
    /// the device can have: more is damage.
    template <class T>
    requires std::integral<T> || std::is_enum_v<T>
    void field(std::string_view name, T& value, u64 most = kMost<T>) {
        T there = peek(name, value, most);
        if (loading()) value = there;
    }
    /// The same for what a device does not just put into a variable.
    /// @returns what the stream has, also while it is only checked; `now` while saving
    template <class T>
    requires std::integral<T> || std::is_enum_v<T> T peek(std::string_view name, T now, u64 most = kMost<T>) {
        u64 number = static_cast<u64>(now);
        this->number(name, number, sizeof(T), most);
        return static_cast<T>(number);
    }
    /// Numbers whose count is the device's shape: a stream with another count is refused.
    template <std::unsigned_integral T>
    void fields(std::string_view name, std::span<T> values, u64 most = kMost<T>) {
        count(name, values.size());
        for (T& value : values) field(name, value, most);
    }
    /// The same in short, for many.
    void bytes(std::string_view name, std::span<u8> values);
    /// What the device has by its shape (lines, harts, a model): a stream that has another number is refused.
    void same(std::string_view name, u64 value);
    /// The device cannot have what was read: the walk fails and says so. `what` names the field.
    void refuse(std::string_view what);

protected:
    explicit State(Walk walk) : walk_(walk) {}
    ~State() = default;

private:
    friend class StateWriter;
    friend class StateReader;
    void number(std::string_view name, u64& value, unsigned bytes, u64 most);
    void count(std::string_view name, u64 expected);
    void put(std::string_view name, u64 value, unsigned bytes);
    bool get(std::string_view name, u64& value, unsigned bytes);
    bool next(void* to, u64 bytes);

    Walk walk_;
    std::vector<u8> out_;     ///< Save
    std::span<const u8> in_;  ///< Check, Load: what is left
    std::string path_;        ///< "plic/context", for messages
    std::string error_;       ///< the first
};

class StateWriter final : public State {
public:
    StateWriter() : State(Walk::Save) {}
    /// What has been visited so far.
    std::vector<u8> take() { return std::move(out_); }
};

class StateReader final : public State {
public:
    /// @param walk  Check or Load
    StateReader(Walk walk, std::span<const u8> stream) : State(walk) { in_ = stream; }
    /// After the walk. @returns what was wrong; empty: nothing
    std::string finish();
};

}  // namespace dragoman
