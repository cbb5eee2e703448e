// Intel 82540EM, "e1000" (PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual): legacy and
// extended descriptors, checksums and TCP segmentation, filters, statistics. Its EEPROM and PHY are e1000_parts.h.
//
// Frames move on the event loop's thread.
#pragma once

#include <array>

#include "base/mutex.h"
#include "base/properties.h"
#include "devices/net/netdevs.h"
#include "devices/pci/e1000_parts.h"
#include "devices/pci/function.h"
#include "devices/task_queue.h"

namespace dragoman::devices::pci {

class E1000 final : public Function, private memory::MmioHandler {
public:
    /// @param netdev  null: the cable is out
    E1000(TaskQueue& tasks, net::Netdev* netdev, const net::MacAddress& mac);
    ~E1000() override;

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
    u32 read_register(u32 offset) DRAGOMAN_REQUIRES(lock_);
    void write_register(u32 offset, u32 value) DRAGOMAN_REQUIRES(lock_);
    u32& reg(u32 offset) DRAGOMAN_REQUIRES(lock_) { return registers_[offset / 4]; }
    void power_on() DRAGOMAN_REQUIRES(lock_);
    void write_control(u32 value) DRAGOMAN_REQUIRES(lock_);
    void write_mdic(u32 value) DRAGOMAN_REQUIRES(lock_);
    void update_link() DRAGOMAN_REQUIRES(lock_);
    void raise(u32 causes) DRAGOMAN_REQUIRES(lock_);
    void update_line() DRAGOMAN_REQUIRES(lock_);

    // Sending
    void start_transmit() DRAGOMAN_REQUIRES(lock_);
    void transmit();
    bool take_descriptor(std::vector<std::vector<u8>>& frames) DRAGOMAN_REQUIRES(lock_);
    void set_context(const Descriptor& descriptor) DRAGOMAN_REQUIRES(lock_);
    void end_frame(std::vector<std::vector<u8>>& frames, u64 fields) DRAGOMAN_REQUIRES(lock_);
    void cut_into_segments(std::vector<std::vector<u8>>& frames) DRAGOMAN_REQUIRES(lock_);
    void complete(std::vector<u8>& frame, std::vector<std::vector<u8>>& frames) DRAGOMAN_REQUIRES(lock_);

    // Receiving
    bool receive(std::span<const u8> frame);
    bool wants(std::span<const u8> frame) DRAGOMAN_REQUIRES(lock_);
    u32 free_receive_descriptors() DRAGOMAN_REQUIRES(lock_);
    void put_frame(std::span<const u8> frame, u16 vlan_tag, bool tagged) DRAGOMAN_REQUIRES(lock_);
    u32 receive_buffer_bytes() DRAGOMAN_REQUIRES(lock_);

    void count(u32 low_register, u64 amount) DRAGOMAN_REQUIRES(lock_);
    void count_frame(std::span<const u8> frame, bool received) DRAGOMAN_REQUIRES(lock_);

    void reset_device() override;
    void visit_device(State& state) override;
    std::string describe_device() const override;
    void command_changed() override;

    TaskQueue& tasks_;
    net::Netdev* netdev_;
    const net::MacAddress mac_;
    IoBar io_bar_{*this};
    Mutex lock_;
    std::array<u32, kRegisters> registers_ DRAGOMAN_GUARDED_BY(lock_){};
    E1000Eeprom eeprom_ DRAGOMAN_GUARDED_BY(lock_);
    E1000Phy phy_ DRAGOMAN_GUARDED_BY(lock_);
    u32 io_address_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    Context context_ DRAGOMAN_GUARDED_BY(lock_);
    std::vector<u8> frame_ DRAGOMAN_GUARDED_BY(lock_);  ///< what has been gathered of the frame that is sent
    u8 frame_command_ DRAGOMAN_GUARDED_BY(lock_) = 0;   ///< of its first extended descriptor
    u8 frame_options_ DRAGOMAN_GUARDED_BY(lock_) = 0;   ///< and the checksums that it asks for
    bool starving_ DRAGOMAN_GUARDED_BY(lock_) = false;  ///< a frame waits for descriptors of the guest
    bool posted_ DRAGOMAN_GUARDED_BY(lock_) = false;
};

}  // namespace dragoman::devices::pci
