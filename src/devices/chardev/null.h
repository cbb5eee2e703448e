// Nobody listens, nobody speaks.
#pragma once

#include "devices/chardev.h"

namespace dragoman::devices {

class NullChardev final : public Chardev {
public:
    void attach(Frontend) override {}
    std::size_t write(std::span<const u8> bytes) override { return bytes.size(); }
    void set_on_writable(std::function<void()>) override {}
    void accept_input() override {}
    std::string describe() const override { return "null"; }
};

}  // namespace dragoman::devices
