// NVM Express as a bare-metal driver with polling uses it, and what kernels do beside that.
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "devices/pci/nvme.h"
#include "devices/state.h"
#include "unit/devices/pci_board.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::pci {
namespace {

using namespace nvme;
using virtio::TestIrq;

struct NvmeTest : ::testing::Test {
    static constexpr u64 kBase = PciBoard::kMemory + 0x10000;
    static constexpr u64 kQueues = PciBoard::kRam + 0x10000, kData = PciBoard::kRam + 0x100000;
    static constexpr u32 kEntries = 8;

    TestIrq irq;
    PciBoard board{irq};
    std::filesystem::path file;
    block::Drives drives;
    std::unique_ptr<Nvme> card;
    struct Queue {
        u32 tail = 0, head = 0;
        bool phase = true;
    } queues[3];
    u16 next_id = 1;

    NvmeTest() {
        std::string name = (std::filesystem::temp_directory_path() / "dragoman-nvme-XXXXXX").string();
        int fd = ::mkstemp(name.data());
        EXPECT_GE(fd, 0);
        ::close(fd);
        file = name;
        std::ofstream(name) << std::string(4 << 20, 'd');
        drives.add_drive(Properties("-drive", "id=a,if=none,format=raw,discard=unmap,file=" + name), false);
        Properties properties("-device nvme", "serial=foo,drive=a,max_ioqpairs=4");
        card = Nvme::make(drives, properties);
        board.plug(*card, 4);
        start();
    }
    ~NvmeTest() override {
        card.reset();
        std::filesystem::remove(file);
    }
    u32 get(u64 offset) { return static_cast<u32>(board.load(kBase + offset)); }
    void set(u64 offset, u64 value, unsigned size = 4) { board.store(kBase + offset, value, size); }
    static u64 submission(unsigned queue) { return kQueues + queue * 0x10000; }
    static u64 completion(unsigned queue) { return kQueues + queue * 0x10000 + 0x8000; }

    void start() {
        board.set_config(4, kBar0, static_cast<u32>(kBase));
        board.set_config(4, kBar0 + 4, 0);
        board.enable(4);
        set(0x14, 0);
        EXPECT_EQ(get(0x1c) & 1, 0u);
        std::vector<u8> zeros(0x30000);
        board.space.write(kQueues, zeros.data(), zeros.size());
        for (Queue& queue : queues) queue = {};
        set(0x24, (kEntries - 1) << 16 | (kEntries - 1));
        set(0x28, submission(0), 8);
        set(0x30, completion(0), 8);
        set(0x14, 4u << 20 | 6u << 16 | 1);
        EXPECT_EQ(get(0x1c) & 1, 1u);
    }
    void submit(unsigned queue, NvmeCommand command) {
        command.id = next_id++;
        board.space.write(submission(queue) + queues[queue].tail * sizeof command, &command, sizeof command);
        queues[queue].tail = (queues[queue].tail + 1) % kEntries;
    }
    void ring(unsigned queue) { set(0x1000 + queue * 8, queues[queue].tail); }
    bool there(unsigned queue) {
        const Queue& q = queues[queue];
        return (board.load(completion(queue) + q.head * 16 + 14, 2) & 1) == (q.phase ? 1u : 0u);
    }
    NvmeCompletion wait(unsigned queue) {
        Queue& q = queues[queue];
        for (unsigned i = 0; i < 60000 && !there(queue); i++) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        EXPECT_TRUE(there(queue));
        NvmeCompletion entry{};
        board.space.read(completion(queue) + q.head * 16, &entry, sizeof entry);
        if (++q.head == kEntries) {
            q.head = 0;
            q.phase = !q.phase;
        }
        set(0x1004 + queue * 8, q.head);
        return entry;
    }
    /// The same, of which the controller is not told.
    u16 wait_without_doorbell(unsigned queue) {
        Queue& q = queues[queue];
        for (unsigned i = 0; i < 60000 && !there(queue); i++) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        u16 status = static_cast<u16>(board.load(completion(queue) + q.head * 16 + 14, 2) >> 1);
        if (++q.head == kEntries) {
            q.head = 0;
            q.phase = !q.phase;
        }
        return status;
    }
    NvmeCompletion run(unsigned queue, const NvmeCommand& command) {
        submit(queue, command);
        ring(queue);
        return wait(queue);
    }
    u16 status(unsigned queue, const NvmeCommand& command) { return run(queue, command).status >> 1 & 0x7ff; }
    void create_queues(unsigned queue, u32 flags = 1) {
        EXPECT_EQ(status(0, {.opcode = kCreateCompletion,
                             .prp1 = completion(queue),
                             .dword10 = (kEntries - 1) << 16 | queue,
                             .dword11 = flags}),
                  0);
        EXPECT_EQ(status(0, {.opcode = kCreateSubmission,
                             .prp1 = submission(queue),
                             .dword10 = (kEntries - 1) << 16 | queue,
                             .dword11 = queue << 16 | 1}),
                  0);
    }
    static NvmeCommand io(u8 opcode, u32 block, u32 count, u64 prp1 = kData, u64 prp2 = 0) {
        return {.opcode = opcode, .nsid = 1, .prp1 = prp1, .prp2 = prp2, .dword10 = block, .dword12 = count - 1};
    }
    std::string text(u64 address, std::size_t bytes) {
        std::string all(bytes, 0);
        board.space.read(address, all.data(), bytes);
        return all;
    }
};

TEST_F(NvmeTest, Identity) {
    EXPECT_EQ(board.config(4, 0), 0x00101b36u);
    EXPECT_EQ(board.config(4, 8), 0x01080202u);
    EXPECT_EQ(board.bar_size(4, 0), 16u << 10);
    EXPECT_EQ(board.config(4, 0x40), 0x00408011u) << "MSI-X";
    EXPECT_EQ(board.config(4, 0x60), 0x00030001u) << "power management";
    EXPECT_EQ(board.config(4, 0x80), 0x00926010u) << "PCI Express";
    EXPECT_EQ(board.config(4, 0x100), 0u) << "an extended configuration space";
    EXPECT_EQ(get(8), 0x10400u);
    EXPECT_EQ(get(0) & 0x1ffff, 0x107ffu);
}

TEST_F(NvmeTest, IdentifiesItself) {
    EXPECT_EQ(status(0, {.opcode = kIdentify, .prp1 = kData, .dword10 = 1}), 0);
    EXPECT_EQ(text(kData + 4, 20), "foo                 ");
    EXPECT_EQ(status(0, {.opcode = kIdentify, .nsid = 1, .prp1 = kData, .dword10 = 0}), 0);
    EXPECT_EQ(board.load(kData, 8), (4u << 20) / 512);
    EXPECT_EQ(board.load(kData + 130, 1), 9u);
    EXPECT_EQ(status(0, {.opcode = kIdentify, .prp1 = kData, .dword10 = 2}), 0);
    EXPECT_EQ(board.load(kData, 8), 1u);
    EXPECT_EQ(status(0, {.opcode = kIdentify, .nsid = 7, .prp1 = kData, .dword10 = 0}), 0);
    EXPECT_EQ(board.load(kData, 8), 0u) << "no such namespace: zeros";
    EXPECT_EQ(status(0, {.opcode = kIdentify, .prp1 = kData, .dword10 = 0x77}), kInvalidField);
    EXPECT_EQ(status(0, {.opcode = 0x7f}), kInvalidOpcode);
}

TEST_F(NvmeTest, ReadsAndWrites) {
    create_queues(1);
    EXPECT_EQ(status(1, io(kRead, 0, 1)), 0);
    EXPECT_EQ(text(kData, 512), std::string(512, 'd'));
    std::string mine(3 * 4096, 'x');
    for (std::size_t i = 0; i < mine.size(); i++) mine[i] = static_cast<char>(i * 7 + i / 4096);
    // Three pages: PRP1 with an offset, and a list.
    board.space.write(kData + 0x200, mine.data(), 0xe00);
    board.space.write(kData + 0x5000, mine.data() + 0xe00, 0x1000);
    board.space.write(kData + 0x3000, mine.data() + 0x1e00, 0x1000);
    board.space.write(kData + 0x9000, mine.data() + 0x2e00, 0x200);
    for (u64 i = 0; const u64 page : {kData + 0x5000, kData + 0x3000, kData + 0x9000})
        board.store(kData + 0x8100 + 8 * i++, page, 8);
    EXPECT_EQ(status(1, io(nvme::kWrite, 100, 24, kData + 0x200, kData + 0x8100)), 0);
    EXPECT_EQ(status(1, io(nvme::kFlush, 0, 1)), 0);
    std::string there(mine.size(), 0);
    std::ifstream in(file);
    in.seekg(100 * 512);
    in.read(there.data(), static_cast<std::streamsize>(there.size()));
    EXPECT_EQ(there, mine);
    // Two pages: PRP2 is the second.
    EXPECT_EQ(status(1, io(kRead, 100, 16, kData + 0x20000, kData + 0x30000)), 0);
    EXPECT_EQ(text(kData + 0x20000, 4096) + text(kData + 0x30000, 4096), mine.substr(0, 8192));
    EXPECT_EQ(status(1, io(kCompare, 100, 8, kData + 0x20000)), 0);
    EXPECT_EQ(status(1, io(kCompare, 101, 8, kData + 0x20000)), kCompareFailure);
}

TEST_F(NvmeTest, ZeroesAndDeallocates) {
    create_queues(1);
    EXPECT_EQ(status(1, io(kWriteZeroes, 8, 8)), 0);
    EXPECT_EQ(status(1, io(kRead, 8, 8)), 0);
    EXPECT_EQ(text(kData, 4096), std::string(4096, 0));
    board.store(kData, 0);
    board.store(kData + 4, 8);
    board.store(kData + 8, 64, 8);
    NvmeCommand command = io(kDatasetManagement, 0, 1);
    command.dword10 = 0;
    command.dword11 = 4;
    EXPECT_EQ(status(1, command), 0);
    board.store(kData + 8, u64{1} << 40, 8);
    EXPECT_EQ(status(1, command), kLbaRange);
}

TEST_F(NvmeTest, ErrorsOfCommands) {
    create_queues(1);
    EXPECT_EQ(status(1, io(kRead, 8192, 1)), kLbaRange);
    EXPECT_EQ(status(1, io(kRead, 8191, 1)), 0);
    EXPECT_EQ(status(1, io(kRead, 8191, 2)), kLbaRange);
    EXPECT_EQ(status(1, io(kRead, 0, 1, 0x1000)), kDataTransferError) << "ROM or nothing";
    EXPECT_EQ(status(1, io(kRead, 0, 16, kData, kData + 8)), kInvalidPrpOffset);
    EXPECT_EQ(status(1, io(kRead, 0, 2048, kData, kData + 0x1000)), kInvalidField) << "above MDTS";
    NvmeCommand other = io(kRead, 0, 1);
    other.nsid = 2;
    EXPECT_EQ(status(1, other), kInvalidNamespace);
    other = io(kRead, 0, 1);
    other.flags = 0x40;
    EXPECT_EQ(status(1, other), kInvalidField) << "SGL";
    EXPECT_EQ(status(1, io(0x55, 0, 1)), kInvalidOpcode);
    EXPECT_EQ(status(0, {.opcode = kCreateCompletion, .prp1 = kData, .dword10 = 7u << 16 | 1, .dword11 = 1}),
              kInvalidQueueId & 0x7ff);
    EXPECT_EQ(status(0, {.opcode = kCreateCompletion, .prp1 = kData, .dword10 = 7u << 16 | 9, .dword11 = 1}),
              kInvalidQueueId & 0x7ff);
    EXPECT_EQ(status(0, {.opcode = kCreateSubmission, .prp1 = kData, .dword10 = 7u << 16 | 2, .dword11 = 3 << 16 | 1}),
              kInvalidCompletionQueue & 0x7ff);
    EXPECT_EQ(status(0, {.opcode = kDeleteCompletion, .dword10 = 1}), kInvalidQueueDeletion & 0x7ff);
    EXPECT_EQ(status(0, {.opcode = kDeleteSubmission, .dword10 = 1}), 0);
    EXPECT_EQ(status(0, {.opcode = kDeleteCompletion, .dword10 = 1}), 0);
}

TEST_F(NvmeTest, FeaturesAndLogPages) {
    EXPECT_EQ(run(0, {.opcode = kSetFeatures, .dword10 = 7, .dword11 = 0x00ff00ff}).result, 0x00030003u);
    EXPECT_EQ(run(0, {.opcode = kGetFeatures, .dword10 = 6}).result, 1u);
    EXPECT_EQ(status(0, {.opcode = kSetFeatures, .dword10 = 6, .dword11 = 0}), 0);
    EXPECT_EQ(run(0, {.opcode = kGetFeatures, .dword10 = 6}).result, 0u);
    EXPECT_EQ(status(0, {.opcode = kGetFeatures, .dword10 = 0x99}), kInvalidField);
    EXPECT_EQ(status(0, {.opcode = kGetLogPage, .nsid = ~u32{0}, .prp1 = kData, .dword10 = 127u << 16 | 2}), 0);
    EXPECT_EQ(board.load(kData + 3, 1), 100u);
    EXPECT_EQ(status(0, {.opcode = kGetLogPage, .prp1 = kData, .dword10 = 3u << 16 | 0x55}), kInvalidLogPage & 0x7ff);
    EXPECT_EQ(run(0, {.opcode = kAbort, .dword10 = 1}).result, 1u);
}

TEST_F(NvmeTest, AsynchronousEvents) {
    submit(0, {.opcode = kAsyncEvent});
    ring(0);
    EXPECT_EQ(status(0, {.opcode = kAbort}), 0);
    EXPECT_FALSE(there(0)) << "it waits";
    set(0x1000 + 8 * 3, 0);  // a queue that is not there
    NvmeCompletion event = wait(0);
    EXPECT_EQ(event.result, 0x00010000u);
}

TEST_F(NvmeTest, InterruptsByLine) {
    create_queues(1, 3);
    EXPECT_FALSE(irq.level());
    submit(1, io(kRead, 0, 1));
    ring(1);
    EXPECT_TRUE(irq.wait());
    set(0x0c, 1);
    EXPECT_FALSE(irq.level()) << "masked";
    set(0x10, 1);
    EXPECT_TRUE(irq.level());
    wait(1);
    EXPECT_FALSE(irq.level());
}

TEST_F(NvmeTest, InterruptsByMessage) {
    board.set_config(4, 0x42, 0x8000, 2);
    set(0x2000 + 16 * 2, PciBoard::kRam);
    set(0x2000 + 16 * 2 + 8, 0x4242);
    set(0x2000 + 16 * 2 + 12, 0);
    create_queues(1, 2u << 16 | 3);
    EXPECT_EQ(status(1, io(kRead, 0, 1)), 0);
    for (unsigned i = 0; i < 10000 && board.load(PciBoard::kRam) == 0; i++)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(board.load(PciBoard::kRam), 0x4242u);
    EXPECT_FALSE(irq.level());
}

TEST_F(NvmeTest, MoreCommandsThanRoomForCompletions) {
    create_queues(1);
    for (unsigned i = 0; i < kEntries - 1; i++) submit(1, io(nvme::kFlush, 0, 1));
    ring(1);
    for (unsigned i = 0; i < kEntries - 1; i++) EXPECT_EQ(wait_without_doorbell(1), 0);
    submit(1, io(nvme::kFlush, 0, 1));
    ring(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_FALSE(there(1)) << "the queue is full";
    set(0x1004 + 8, queues[1].head);
    EXPECT_EQ(wait(1).status >> 1, 0);
}

TEST_F(NvmeTest, StateIsSavedAndLoaded) {
    create_queues(1, 3);
    submit(0, {.opcode = kAsyncEvent});
    ring(0);
    EXPECT_EQ(status(0, {.opcode = kAbort}), 0);
    submit(1, io(kRead, 0, 1));
    ring(1);
    for (unsigned i = 0; i < 60000 && !there(1); i++) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const NamedState named[] = {{"host", board.host}, {"card", *card}};
    std::vector<u8> saved = save_state(named);
    card->reset();
    EXPECT_FALSE(irq.level());
    EXPECT_EQ(load_state(saved, named), "");
    card->resume();
    EXPECT_TRUE(irq.level());
    EXPECT_EQ(wait(1).status >> 1, 0);
    EXPECT_EQ(status(1, io(kRead, 3, 1)), 0);
    set(0x1000 + 8 * 3, 0);
    EXPECT_EQ(wait(0).result, 0x00010000u) << "the event's command was kept";
}

TEST_F(NvmeTest, SeveralNamespaces) {
    std::string second = file.string() + "2";
    std::ofstream(second) << std::string(1 << 20, 'e');
    drives.add_drive(Properties("-drive", "id=b,if=none,format=raw,file=" + second), false);
    Properties properties("-device nvme-ns", "drive=b,nsid=5,logical_block_size=4096");
    card->add_namespace(drives, properties);
    create_queues(1);
    NvmeCommand command = io(kRead, 255, 1);
    command.nsid = 5;
    EXPECT_EQ(status(1, command), 0);
    EXPECT_EQ(text(kData, 4096), std::string(4096, 'e'));
    command.dword10 = 256;
    EXPECT_EQ(status(1, command), kLbaRange);
    EXPECT_EQ(status(0, {.opcode = kIdentify, .nsid = 1, .prp1 = kData, .dword10 = 2}), 0);
    EXPECT_EQ(board.load(kData, 8), 5u) << "those above 1";
    std::filesystem::remove(second);
}

TEST_F(NvmeTest, Garbage) {
    std::mt19937_64 random(9);
    for (unsigned i = 0; i < 20'000; i++) {
        if (i % 200 == 0) {
            start();
            if (random() % 2 != 0) {
                submit(0, {.opcode = kCreateCompletion, .prp1 = completion(1), .dword10 = 7u << 16 | 1, .dword11 = 3});
                submit(0, {.opcode = kCreateSubmission,
                           .prp1 = submission(1),
                           .dword10 = 7u << 16 | 1,
                           .dword11 = 1u << 16 | 1});
                ring(0);
            }
        }
        NvmeCommand command{};
        command.opcode = static_cast<u8>(random() % 16);
        command.flags = static_cast<u8>(random() % 8 == 0 ? random() : 0);
        command.nsid = static_cast<u32>(random() % 4 == 0 ? random() : 1);
        command.prp1 = random() % 8 == 0 ? random() : kData + random() % 0x10000;
        command.prp2 = random() % 8 == 0 ? random() : kData + random() % 0x10000 / 8 * 8;
        command.dword10 = static_cast<u32>(random() % 3 != 0 ? random() % 16 : random());
        command.dword11 = static_cast<u32>(random() % 3 != 0 ? random() % 4 : random());
        command.dword12 = static_cast<u32>(random() % 3 != 0 ? random() % 64 : random());
        const unsigned queue = random() % 2;
        submit(queue, command);
        if (random() % 3 == 0) ring(queue);
        if (random() % 4 == 0) set(0x1004 + queue * 8, random() % (kEntries + 1));
        u64 offset = random() % 4 != 0 ? random() % 0x40 : random() % 0x4000, ignored;
        unsigned size = 1u << (random() % 4);
        if (random() % 8 == 0) board.space.store(kBase + offset, size, random());
        else board.space.load(kBase + offset, size, ignored);
        if (random() % 500 == 0) board.enable(4, random() % 2 != 0 ? 6 : 2);
        if (random() % 2000 == 0) card->reset();
    }
    start();
    EXPECT_EQ(status(0, {.opcode = kIdentify, .prp1 = kData, .dword10 = 1}), 0);
}

}  // namespace
}  // namespace dragoman::devices::pci
