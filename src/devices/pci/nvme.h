// An NVM Express controller (NVM Express 1.4): several pairs of queues, PRP lists, namespaces on disk images. Commands
// are done by the controller's own thread; a small read alone, of what the host has in memory, by the hart that rings.
#pragma once

#include <array>
#include <condition_variable>
#include <mutex>

#include "base/properties.h"
#include "devices/block/drives.h"
#include "devices/block/worker.h"
#include "devices/pci/function.h"
#include "devices/pci/nvme_queues.h"

namespace dragoman::devices::pci {

struct NvmeOptions {
    std::string serial;  ///< at most 20 bytes
    unsigned io_queues = 64;
    unsigned vectors = 65;
    unsigned mdts = 7;  ///< a command moves at most 4 KiB times two to this; 0: any number
};

/// A disk behind the controller.
struct NvmeNamespace {
    u32 id;
    std::string drive_id;
    std::shared_ptr<block::Image> image;
    unsigned block_shift = 9;
    u64 blocks() const { return image->size() >> block_shift; }
};

class Nvme final : public Function, private memory::MmioHandler {
public:
    explicit Nvme(const NvmeOptions& options);
    ~Nvme() override;
    /// `-device nvme,serial=…[,drive=…]`. @throws FatalError
    static std::unique_ptr<Nvme> make(block::Drives& drives, Properties& properties);
    /// `-device nvme-ns,drive=…[,nsid=…]`: one more disk. @throws FatalError
    void add_namespace(block::Drives& drives, Properties& properties);

    void resume() override;

private:
    static constexpr u64 kBarBytes = 16 << 10;
    static constexpr unsigned kBatch = 32;
    static constexpr unsigned kAsyncCommands = 4;
    static constexpr u64 kMostAtOnce = 16 << 10;

    using Command = NvmeCommand;
    /// What a command ends with.
    struct Result {
        u16 status = 0;
        u32 value = 0;
        bool later = false;  ///< there is no completion yet
    };
    struct Fetched {
        u16 queue = 0, id = 0, head = 0;
        bool pending = false;  ///< taken, and not completed
        bool orphan = false;   ///< its queue has been deleted meanwhile
        Command command;
        Result result;
    };
    struct Event {
        u8 type, info, page;
    };

    // Registers
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    u32 read_register(u64 offset);
    void write_register(u64 offset, u32 value, std::unique_lock<std::mutex>& held);
    void write_configuration(u32 value, std::unique_lock<std::mutex>& held);
    void ring(u64 offset, u32 value);
    void start();
    void stop(std::unique_lock<std::mutex>& held);
    void wait_idle(std::unique_lock<std::mutex>& held);
    bool running() const { return (status_ & 1) != 0 && stopping_ == 0 && bus_master(); }
    void invalid_doorbell(u8 info);

    // Queues
    void work();
    bool fetch(Fetched& fetched);
    bool fetch_from(u16 queue, Fetched& fetched);
    void complete(Fetched& fetched);
    void post(u16 submission, u16 head, u16 id, const Result& result);
    void tell(u16 completion_queue);
    void update_line();
    bool read_at_once(u16 queue);
    u64 page_bytes() const { return u64{4096} << (configuration_ >> 7 & 0xf); }

    // Commands
    Result execute_io(const Command& command);
    Result transfer(const Command& command, const NvmeNamespace& ns);
    Result compare(const Command& command, const NvmeNamespace& ns);
    Result write_zeroes(const Command& command, const NvmeNamespace& ns);
    Result deallocate(const Command& command, const NvmeNamespace& ns);
    Result execute_admin(u16 id, const Command& command);
    Result create_completion(const Command& command);
    Result create_submission(const Command& command);
    Result delete_completion(u16 id);
    Result delete_submission(u16 id);
    Result identify(const Command& command);
    Result log_page(const Command& command);
    Result get_feature(const Command& command);
    Result set_feature(const Command& command);
    Result async_event(u16 id);
    void send_event(Event event);
    void send_events();

    std::vector<u8> identify_controller() const;
    std::vector<u8> identify_namespace(const NvmeNamespace& ns) const;
    const NvmeNamespace* find_namespace(u32 id) const;
    u16 check_range(const NvmeNamespace& ns, u64 block, u64 count) const;
    /// The memory that PRP1 and PRP2 describe. @returns a status
    u16 map(const Command& command, u64 bytes, NvmeMemory& memory);
    /// Data has gone to `memory`.
    void wrote(const NvmeMemory& memory);
    Result give(const Command& command, std::span<const u8> data);
    u16 status_of(int error, bool write);
    bool write_cache() const { return (features_.write_cache & 1) != 0; }

    void reset_device() override;
    void visit_device(State& state) override;
    std::string describe_device() const override;
    void command_changed() override;

    const NvmeOptions options_;
    std::vector<NvmeNamespace> namespaces_;  ///< by ascending id
    std::mutex lock_;
    std::condition_variable idle_;

    u32 configuration_ = 0, status_ = 0, interrupt_mask_ = 0, admin_sizes_ = 0;
    u64 admin_submission_ = 0, admin_completion_ = 0;
    std::vector<NvmeSubmissionQueue> submissions_;
    std::vector<NvmeCompletionQueue> completions_;
    struct Features {
        u32 arbitration = 0, power = 0, temperature = 0x157, under_temperature = 0, error_recovery = 0, write_cache = 1,
            coalescing = 0, write_atomicity = 0, async_events = 0;
        std::array<u32, 65> vectors{};
    } features_;
    std::vector<u16> async_commands_;  ///< that wait for events
    std::vector<Event> events_;        ///< that wait for commands
    u32 masked_events_ = 0;            ///< types whose log page has not been read yet
    u64 error_count_ = 0;

    bool drive_write_cache_ = true;
    bool busy_ = false;
    unsigned stopping_ = 0;
    unsigned in_flight_ = 0;
    u16 next_queue_ = 0;  ///< to look at
    std::array<Fetched, kBatch> batch_;
    NvmeMemory memory_;          ///< the worker's
    NvmeMemory memory_at_once_;  ///< of who holds the lock
    block::Worker worker_;
};

}  // namespace dragoman::devices::pci
