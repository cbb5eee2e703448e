// virtio-input (virtio 1.2 §5.8): keyboard, mouse and tablet.
#pragma once

#include <deque>

#include "devices/input/input.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

enum class InputKind : u8 { Keyboard, Mouse, Tablet };

class InputDevice final : public VirtioDevice, public input::Handler {
public:
    static constexpr std::size_t kMaxSerial = 128;

    /// @param serial  what the device tells as its serial number; at most kMaxSerial bytes
    InputDevice(memory::PhysicalSpace& space, InputKind kind, std::string serial);

    std::string describe() const override;
    InputKind kind() const { return kind_; }

    bool takes(input::Event::Kind kind) const override;
    bool active() override;
    void receive(std::span<const input::Event> events) override;
    std::string input_name() const override;

private:
    /// As it is in a buffer (§5.8.6).
    struct GuestEvent {
        u16 type, code;
        u32 value;
    };
    static constexpr std::size_t kMostWaiting = 1024;
    static constexpr unsigned kEvents = 0, kStatus = 1;

    u64 device_features() const override { return 0; }
    void fill_config(std::span<u8> config) override DRAGOMAN_REQUIRES(lock());
    u32 config_bytes() const override;
    void config_written(std::span<const u8> config) override DRAGOMAN_REQUIRES(lock());
    void queue_notified(unsigned index) override DRAGOMAN_REQUIRES(lock());
    void device_reset() override DRAGOMAN_REQUIRES(lock());
    void visit_device(State& state) override DRAGOMAN_REQUIRES(lock());
    u16 held_chains(unsigned index) const override DRAGOMAN_REQUIRES(lock());

    std::vector<u8> config_data() const DRAGOMAN_REQUIRES(lock());
    std::vector<u8> event_bits(unsigned type) const;
    void flush() DRAGOMAN_REQUIRES(lock());
    void translate(const input::Event& event, std::vector<GuestEvent>& out) const;

    const InputKind kind_;
    const std::string serial_;
    u8 select_ DRAGOMAN_GUARDED_BY(lock()) = 0, subselect_ DRAGOMAN_GUARDED_BY(lock()) = 0;
    std::deque<GuestEvent> waiting_ DRAGOMAN_GUARDED_BY(lock());  ///< groups for which there are no buffers yet
    std::vector<Chain> chains_ DRAGOMAN_GUARDED_BY(lock());       ///< buffers, too few for the next group
    Chain chain_ DRAGOMAN_GUARDED_BY(lock());
};

}  // namespace dragoman::devices::virtio
