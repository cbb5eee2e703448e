// An NVM Express controller (NVM Express 1.4): several pairs of queues, PRP lists, namespaces on disk images. Commands
// are done by the controller's own thread; a small read alone, of what the host has in memory, by the hart that rings.
#pragma once

#include <array>

#include "base/mutex.h"
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
    unsigned mdts = 7;           ///< a command moves at most 4 KiB times two to this; 0: any number
    TaskQueue* tasks = nullptr;  ///< who does the work; null: a thread of its own
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
    /// `-device nvme-ns,drive=…[,nsid=…]`: one more disk. @returns its id. @throws FatalError
    u32 add_namespace(block::Drives& drives, Properties& properties);

    /// The lowest id of a namespace; 1 while there is none.
    u32 first_namespace() const { return namespaces_.empty() ? 1 : namespaces_.front().id; }

    void resume() override;
    void resume_idle() override;

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
    /// What the driver had set when a command was taken, which is done without the lock.
    struct Settings {
        u64 page_bytes;
        bool write_cache;
    };
    struct Event {
        u8 type, info, page;
    };

    // Registers
    bool read(u64 offset, unsigned size, u64& value) override;
    bool write(u64 offset, unsigned size, u64 value) override;
    u32 read_register(u64 offset) DRAGOMAN_REQUIRES(lock_);
    void write_register(u64 offset, u32 value, UniqueLock& held) DRAGOMAN_REQUIRES(lock_);
    void write_configuration(u32 value, UniqueLock& held) DRAGOMAN_REQUIRES(lock_);
    void ring(u64 offset, u32 value) DRAGOMAN_REQUIRES(lock_);
    void start() DRAGOMAN_REQUIRES(lock_);
    void stop(UniqueLock& held) DRAGOMAN_REQUIRES(lock_);
    void wait_idle(UniqueLock& held) DRAGOMAN_REQUIRES(lock_);
    bool running() const DRAGOMAN_REQUIRES(lock_) {
        return (status_ & 1) != 0 && stopping_ == 0 && !visited_ && bus_master();
    }
    void invalid_doorbell(u8 info) DRAGOMAN_REQUIRES(lock_);

    // Queues
    void work();
    bool fetch(Fetched& fetched) DRAGOMAN_REQUIRES(lock_);
    bool fetch_from(u16 queue, Fetched& fetched) DRAGOMAN_REQUIRES(lock_);
    void complete(Fetched& fetched) DRAGOMAN_REQUIRES(lock_);
    void post(u16 submission, u16 head, u16 id, const Result& result) DRAGOMAN_REQUIRES(lock_);
    void tell(u16 completion_queue) DRAGOMAN_REQUIRES(lock_);
    void update_line() DRAGOMAN_REQUIRES(lock_);
    bool read_at_once(u16 queue) DRAGOMAN_REQUIRES(lock_);
    u64 page_bytes() const DRAGOMAN_REQUIRES(lock_) { return u64{4096} << (configuration_ >> 7 & 0xf); }

    // Commands
    Result execute_io(const Command& command, const Settings& settings);
    Result transfer(const Command& command, const NvmeNamespace& ns, const Settings& settings);
    Result compare(const Command& command, const NvmeNamespace& ns, const Settings& settings);
    Result write_zeroes(const Command& command, const NvmeNamespace& ns, const Settings& settings);
    Result deallocate(const Command& command, const NvmeNamespace& ns, const Settings& settings);
    Result execute_admin(u16 id, const Command& command) DRAGOMAN_REQUIRES(lock_);
    Result create_completion(const Command& command) DRAGOMAN_REQUIRES(lock_);
    Result create_submission(const Command& command) DRAGOMAN_REQUIRES(lock_);
    Result delete_completion(u16 id) DRAGOMAN_REQUIRES(lock_);
    Result delete_submission(u16 id) DRAGOMAN_REQUIRES(lock_);
    Result identify(const Command& command) DRAGOMAN_REQUIRES(lock_);
    Result log_page(const Command& command) DRAGOMAN_REQUIRES(lock_);
    Result get_feature(const Command& command) DRAGOMAN_REQUIRES(lock_);
    Result set_feature(const Command& command) DRAGOMAN_REQUIRES(lock_);
    Result async_event(u16 id) DRAGOMAN_REQUIRES(lock_);
    void send_event(Event event) DRAGOMAN_REQUIRES(lock_);
    void send_events() DRAGOMAN_REQUIRES(lock_);

    std::vector<u8> identify_controller() const;
    std::vector<u8> identify_namespace(const NvmeNamespace& ns) const;
    const NvmeNamespace* find_namespace(u32 id) const;
    u16 check_range(const NvmeNamespace& ns, u64 block, u64 count) const;
    /// The memory that PRP1 and PRP2 describe. @returns a status
    u16 map(const Command& command, u64 bytes, NvmeMemory& memory, u64 page_bytes);
    /// Data has gone to `memory`.
    void wrote(const NvmeMemory& memory);
    Result give(const Command& command, std::span<const u8> data) DRAGOMAN_REQUIRES(lock_);
    u16 status_of(int error, bool write);
    bool write_cache() const DRAGOMAN_REQUIRES(lock_) { return (features_.write_cache & 1) != 0; }

    void reset_device() override;
    void visit_device(State& state) override;
    std::string describe_device() const override;
    void command_changed() override;

    const NvmeOptions options_;
    std::vector<NvmeNamespace> namespaces_;  ///< by ascending id; do not change once the machine runs
    Mutex lock_;
    ConditionVariable idle_;

    u32 configuration_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u32 status_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u32 interrupt_mask_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u32 admin_sizes_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u64 admin_submission_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u64 admin_completion_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    std::vector<NvmeSubmissionQueue> submissions_ DRAGOMAN_GUARDED_BY(lock_);
    std::vector<NvmeCompletionQueue> completions_ DRAGOMAN_GUARDED_BY(lock_);
    struct Features {
        u32 arbitration = 0, power = 0, temperature = 0x157, under_temperature = 0, error_recovery = 0, write_cache = 1,
            coalescing = 0, write_atomicity = 0, async_events = 0;
        std::array<u32, 65> vectors{};
    };
    Features features_ DRAGOMAN_GUARDED_BY(lock_);
    std::vector<u16> async_commands_ DRAGOMAN_GUARDED_BY(lock_);  ///< that wait for events
    std::vector<Event> events_ DRAGOMAN_GUARDED_BY(lock_);        ///< that wait for commands
    u32 masked_events_ DRAGOMAN_GUARDED_BY(lock_) = 0;            ///< types whose log page has not been read yet
    u64 error_count_ DRAGOMAN_GUARDED_BY(lock_) = 0;

    bool drive_write_cache_ = true;  ///< does not change once the machine runs
    bool busy_ DRAGOMAN_GUARDED_BY(lock_) = false;
    unsigned stopping_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    bool visited_ DRAGOMAN_GUARDED_BY(lock_) = false;  ///< for its state, and not resumed yet
    unsigned in_flight_ DRAGOMAN_GUARDED_BY(lock_) = 0;
    u16 next_queue_ DRAGOMAN_GUARDED_BY(lock_) = 0;  ///< to look at
    NvmeMemory memory_at_once_ DRAGOMAN_GUARDED_BY(lock_);

    // The worker's
    std::array<Fetched, kBatch> batch_;
    NvmeMemory memory_;

    block::Worker worker_;
};

}  // namespace dragoman::devices::pci
