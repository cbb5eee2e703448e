// "NAME,key=value,key=value": how the command line describes machines, devices and back ends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bits.h"

namespace dragoman {

/// The parts of one such text. Reading removes: what is left at the end is not known to anybody, and
/// finish() says so.
class Properties {
public:
    Properties() = default;
    /// Parses `text`. A first part without '=' is the value of `implied` (where that is not empty); other parts without
    /// '=' are switches that are on. Two commas stand for one. `option` begins messages ("-drive").
    /// @throws FatalError
    Properties(std::string option, std::string_view text, std::string_view implied = {});

    /// The value of `name`; the last one counts. Remembered as known, for finish().
    std::optional<std::string> take(std::string_view name);
    std::string take(std::string_view name, std::string_view otherwise);
    /// on/off, yes/no, true/false, y/n. @throws FatalError
    bool take_bool(std::string_view name, bool otherwise);
    /// Decimal, 0x hexadecimal. @throws FatalError when it is none, or not in [low, high]
    u64 take_number(std::string_view name, u64 otherwise, u64 low = 0, u64 high = ~u64{0});
    /// A number of bytes: with K, M, G or T behind it, else times `unit`.
    u64 take_size(std::string_view name, u64 otherwise, u64 unit = 1);
    /// One of `choices`: its index. @throws FatalError that lists them
    std::size_t take_choice(std::string_view name, std::vector<std::string_view> choices, std::size_t otherwise);

    bool has(std::string_view name) const;
    void set(std::string name, std::string value);
    void merge(const Properties& other);
    /// What has not been taken, in order.
    const std::vector<std::pair<std::string, std::string>>& rest() const { return items_; }
    const std::string& option() const { return option_; }
    void rename(std::string option) { option_ = std::move(option); }

    /// @throws FatalError when something was not taken; names it, and what there is
    void finish() const;
    /// A FatalError about this text: "OPTION: TEXT".
    [[noreturn]] void fail(const std::string& text) const;

private:
    std::string option_;
    std::vector<std::pair<std::string, std::string>> items_;
    std::vector<std::string> known_;
};

}  // namespace dragoman
