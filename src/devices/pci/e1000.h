// Intel 82540EM, "e1000" (PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual): legacy and
// extended descriptors, checksums and TCP segmentation, filters, statistics. Its EEPROM and PHY are e1000_parts.h.
//
// Frames move on the event loop's thread.
#pragma once

#include <array>
#include <mutex>

#include "base/properties.h"
#include "devices/event_loop.h"
#include "devices/net/netdevs.h"
#include "devices/pci/e1000_parts.h"
#include "devices/pci/function.h"

namespace dragoman::devices::pci {

class E1000 final : public Function, private memory::MmioHandler {
public:
    /// @param netdev  null: the cable is out
    E1000(EventLoop& loop, net::Netdev* netdev, const net::MacAddress& mac);

    void resume() override;

private:
    static constexpr u64 kBarBytes = 128 << 10, kIoBytes = 64;
    static constexpr unsigned kRegisters = 0x6000 / 4;
    static constexpr unsigned kBatch = 32;

    /// The two registers through which I/O accesses reach the others.
    class IoBar final : public memory::MmioHandler {
    public:
        explicit IoBar(E1000& device) : device_(device) {}
        bool read(u64 offset, unsigned size, u64& value) override;
        bool write(u64 offset, unsigned size, u64 value) override;

    private:
        E1000& device_;
    };
    /// What a context descriptor says of the frames that follow.
    struct Context {
        u8 ip_start = 0, ip_offset = 0, tcp_start = 0, tcp_offset = 0, header_bytes = 0;
        u16 ip_end = 0, tcp_end = 0, segment_bytes = 0;
        bool ipv4 = false, tcp = false;
    };
    struct Descriptor {
        u64 address;
        u64 fields;  ///< as the guest's: length, checksum, command, status ...
    };

    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    u32 read_register(u32 offset);
    void write_register(u32 offset, u32 value);
    u32& reg(u32 offset) { return registers_[offset / 4]; }
    void power_on();
    void write_control(u32 value);
    void write_mdic(u32 value);
    void update_link();
    void raise(u32 causes);
    void update_line();

    // Sending
    void start_transmit();
    void transmit();
    bool take_descriptor(std::vector<std::vector<u8>>& frames);
    void set_context(const Descriptor& descriptor);
    void end_frame(std::vector<std::vector<u8>>& frames, u64 fields);
    void cut_into_segments(std::vector<std::vector<u8>>& frames);
    void complete(std::vector<u8>& frame, std::vector<std::vector<u8>>& frames);

    // Receiving
    bool receive(std::span<const u8> frame);
    bool wants(std::span<const u8> frame);
    u32 free_receive_descriptors();
    void put_frame(std::span<const u8> frame, u16 vlan_tag, bool tagged);
    u32 receive_buffer_bytes();

    void count(u32 low_register, u64 amount);
    void count_frame(std::span<const u8> frame, bool received);

    void reset_device() override;
    void visit_device(State& state) override;
    std::string describe_device() const override;
    void command_changed() override;

    EventLoop& loop_;
    net::Netdev* netdev_;
    const net::MacAddress mac_;
    IoBar io_bar_{*this};
    std::mutex lock_;
    std::array<u32, kRegisters> registers_{};
    E1000Eeprom eeprom_;
    E1000Phy phy_;
    u32 io_address_ = 0;
    Context context_;
    std::vector<u8> frame_;  ///< what has been gathered of the frame that is sent
    u8 frame_command_ = 0;   ///< of its first extended descriptor
    u8 frame_options_ = 0;   ///< and the checksums that it asks for
    bool starving_ = false;  ///< a frame waits for descriptors of the guest
    bool posted_ = false;
};

}  // namespace dragoman::devices::pci
