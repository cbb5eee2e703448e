// What a user does with keyboard and pointer, on the way from monitors and displays to the guest's devices.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"
#include "devices/replay/inputs.h"

namespace dragoman::devices::input {

enum class Button : u8 { Left, Middle, Right, WheelUp, WheelDown, Side, Extra, WheelLeft, WheelRight };
/// "left", as QMP has it, by number.
inline constexpr std::array<std::string_view, 9> kButtonNames = {
    "left", "middle", "right", "wheel-up", "wheel-down", "side", "extra", "wheel-left", "wheel-right"};

/// One thing that happened. Which members count depends on the kind.
struct Event {
    enum class Kind : u8 {
        Key,       ///< code (linux/input-event-codes.h) and value: 1 down, 0 up
        Button,    ///< code (enum Button) and value: 1 down, 0 up
        Relative,  ///< code (0: x, 1: y) and value: steps
        Absolute,  ///< code (0: x, 1: y) and value: 0 to kAbsoluteMax over the width or height of the screen
    };
    static constexpr i32 kAbsoluteMax = 0x7fff;

    Kind kind;
    u16 code;
    i32 value;
};

/// A device of the guest's.
class Handler {
public:
    virtual ~Handler() = default;
    virtual bool takes(Event::Kind kind) const = 0;
    /// Whether the guest has a driver for it that listens.
    virtual bool active() = 0;
    /// Events that happen at the same time: all of them that it takes.
    virtual void receive(std::span<const Event> events) = 0;
    /// As info mice has it: "QEMU Virtio Mouse".
    virtual std::string input_name() const = 0;
};

/// All happens on the event loop's thread, or before the machine runs.
class Input {
public:
    /// `handler` lasts until it is removed, or as long as the machine runs.
    void add(Handler& handler) { handlers_.push_back(&handler); }
    void remove(Handler& handler) { std::erase(handlers_, &handler); }
    /// From now on what is sent goes through `inputs`.
    void record(Inputs& inputs);
    /// Gives events that happen at the same time to the handlers that they are for: of several of a kind, the one that
    /// was added last and has a driver. What nobody takes is lost.
    void send(std::span<const Event> events);
    /// The buttons that are down from now on: a bit for each, by its number. Sends what has changed.
    void set_buttons(u32 down);
    /// Whether somebody takes events of that kind.
    bool takes(Event::Kind kind) const { return handler_of(kind) != nullptr; }
    /// Whether somebody listens to places on the screen; a pointer then goes there, else it moves in steps.
    bool absolute() const;

    struct Mouse {
        unsigned index;
        std::string name;
        bool current, absolute;
    };
    /// The pointers; the current one gets what the pointer does.
    std::vector<Mouse> mice() const;

private:
    void pass_on(std::span<const Event> events);
    Handler* handler_of(Event::Kind kind) const;
    Handler* pointer() const;

    std::vector<Handler*> handlers_;
    Inputs* inputs_ = nullptr;  ///< null: nobody records
    unsigned source_ = 0;
    u32 buttons_ = 0;  ///< those that are down
};

}  // namespace dragoman::devices::input
