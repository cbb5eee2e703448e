// What tests of devices stand on: recorded interrupt lines and a character back end in memory.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "devices/chardev.h"
#include "devices/irq.h"

#include "devices/virtual_clock.h"
#include "memory/physical_space.h"

namespace dragoman::devices {

/// Remembers levels and events; lines are low at first.
struct IrqRecorder : IrqSink {
    std::map<unsigned, bool> levels, events;
    unsigned calls = 0;

    void set_irq(unsigned line, bool level) override {
        levels[line] = level;
        ++calls;
    }
    void set_event(unsigned line, bool pending) override { events[line] = pending; }
    /// Whether a controller would interrupt.
    bool level(unsigned line) { return levels[line] || events[line]; }
    /// What a controller's claim does.
    void claim(unsigned line) { events[line] = false; }
};

/// Collects what is written while `space` lasts, and feeds what the test types.
struct MemoryChardev : Chardev {
    std::string output;
    std::size_t space = ~std::size_t{0};
    unsigned accept_calls = 0;
    Frontend frontend;
    std::function<void()> on_writable;

    void attach(Frontend f) override { frontend = std::move(f); }
    std::size_t write(std::span<const u8> bytes) override {
        std::size_t n = std::min(bytes.size(), space);
        space -= n;
        output.append(reinterpret_cast<const char*>(bytes.data()), n);
        return n;
    }
    void set_on_writable(std::function<void()> callback) override { on_writable = std::move(callback); }
    void accept_input() override { ++accept_calls; }
    std::string describe() const override { return "memory"; }

    /// Gives as much of `text` as the front end takes. @returns how much.
    std::size_t type(std::string_view text) {
        std::size_t n = std::min(text.size(), frontend.can_receive());
        if (n != 0) frontend.receive({reinterpret_cast<const u8*>(text.data()), n});
        return n;
    }
};

/// Registers of a device.
struct Registers {
    memory::MmioHandler& device;

    u64 read(u64 offset, unsigned size = 4) {
        u64 value = 0xDEADBEEFDEADBEEF;
        EXPECT_TRUE(device.read(offset, size, value));
        return value;
    }
    void write(u64 offset, u64 value, unsigned size = 4) { EXPECT_TRUE(device.write(offset, size, value)); }
};

}  // namespace dragoman::devices
