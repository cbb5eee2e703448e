// A guest's driver in small: programs a virtio-mmio slot and its rings as a kernel does, for tests.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "devices/irq.h"
#include "devices/state.h"
#include "devices/virtio/mmio.h"

namespace dragoman::devices::virtio {

/// Counts and remembers; lets a test wait for an interrupt that another thread raises.
class TestIrq final : public IrqSink {
public:
    void set_irq(unsigned, bool level) override {
        std::lock_guard held(lock_);
        if (level && !level_) raised_++;
        level_ = level;
        changed_.notify_all();
    }
    bool level() {
        std::lock_guard held(lock_);
        return level_;
    }
    unsigned raised() {
        std::lock_guard held(lock_);
        return raised_;
    }
    bool wait() {
        std::unique_lock held(lock_);
        return changed_.wait_for(held, std::chrono::seconds(60), [this] { return level_; });
    }

private:
    std::mutex lock_;
    std::condition_variable changed_;
    bool level_ = false;
    unsigned raised_ = 0;
};

struct TestBuffer {
    u64 address;
    u32 length;
    bool writable;
};

/// What a driver speaks.
enum class Dialect {
    Modern,   ///< version 2, and accepts VERSION_1
    Minimal,  ///< version 2 as teaching kernels use it: VERSION_1, in the upper half of the features, is never looked
              ///< at
    Legacy,   ///< version 1
};

inline std::string dialect_name(const ::testing::TestParamInfo<Dialect>& info) {
    static constexpr const char* kNames[] = {"modern", "minimal", "legacy"};
    return kNames[static_cast<unsigned>(info.param)];
}

class TestDriver {
public:
    static constexpr u64 kRam = 0x80000000, kRamBytes = 16 << 20;
    enum : u64 { kStatus = 0x70, kNotify = 0x50, kInterruptStatus = 0x60, kAcknowledge = 0x64 };

    explicit TestDriver(Dialect dialect = Dialect::Modern)
        : slot(Irq{&irq, 1}, dialect == Dialect::Legacy), legacy_(dialect == Dialect::Legacy), dialect_(dialect) {
        space.add_ram("ram", kRam, kRamBytes);
        space.add_mmio("slot", 0x10001000, 0x1000, slot, MmioTransport::kLimits);
    }

    u32 get(u64 offset) {
        u64 value = 0;
        EXPECT_TRUE(space.load(0x10001000 + offset, 4, value));
        return static_cast<u32>(value);
    }
    void set(u64 offset, u32 value) { EXPECT_TRUE(space.store(0x10001000 + offset, 4, value)); }
    u64 config(u64 offset, unsigned size) {
        u64 value = 0;
        EXPECT_TRUE(space.load(0x10001100 + offset, size, value));
        return value;
    }

    u64 offered() {
        set(0x14, 1);
        u64 features = u64{get(0x10)} << 32;
        set(0x14, 0);
        return features | get(0x10);
    }
    /// Resets, and negotiates what is both wanted and offered. @returns that
    u64 start(u64 wanted) {
        set(kStatus, 0);
        set(kStatus, kStatusAcknowledge | kStatusDriver);
        bool low_half = dialect_ != Dialect::Modern;
        u64 features = offered() & (low_half ? wanted & 0xffffffff : wanted | kFeatureVersion1);
        if (!low_half) {
            set(0x24, 1);
            set(0x20, static_cast<u32>(features >> 32));
            set(0x24, 0);
        }
        set(0x20, static_cast<u32>(features));
        if (!legacy_) {
            set(kStatus, get(kStatus) | kStatusFeaturesOk);
            EXPECT_NE(get(kStatus) & kStatusFeaturesOk, 0u);
        }
        event_index_ = (features & kFeatureEventIndex) != 0;
        if (legacy_) set(0x28, 4096);
        return features;
    }
    void driver_ok() { set(kStatus, get(kStatus) | kStatusDriverOk); }
    bool needs_reset() { return (get(kStatus) & kStatusNeedsReset) != 0; }

    struct Queue {
        u16 size = 0;
        u64 descriptors = 0, available = 0, used = 0;
        u16 next_descriptor = 0, available_index = 0, used_index = 0;
    };
    /// Rings of queue `index` at a place of their own in the upper half of RAM.
    Queue& setup(unsigned index, u16 size) {
        if (queues.size() <= index) queues.resize(index + 1);
        Queue& q = queues[index] = {};
        q.size = size;
        q.descriptors = kRam + kRamBytes / 2 + index * 0x20000;
        q.available = q.descriptors + 16 * size;
        q.used = align_up(q.available + 6 + 2 * size, 4096);
        std::vector<u8> zeros(q.used + 6 + 8 * size - q.descriptors);
        space.write(q.descriptors, zeros.data(), zeros.size());
        enable(index);
        return q;
    }
    void enable(unsigned index) {
        const Queue& q = queues[index];
        set(0x30, index);
        set(0x38, q.size);
        if (legacy_) {
            set(0x3c, 4096);
            set(0x40, static_cast<u32>(q.descriptors / 4096));
            return;
        }
        u64 rings[3] = {q.descriptors, q.available, q.used};
        for (unsigned i = 0; i < 3; i++) {
            set(0x80 + 16 * i, static_cast<u32>(rings[i]));
            set(0x84 + 16 * i, static_cast<u32>(rings[i] >> 32));
        }
        set(0x44, 1);
    }

    void put(u64 address, const void* data, u64 bytes) { ASSERT_TRUE(space.write(address, data, bytes)); }
    template <class T>
    void put(u64 address, T value) {
        put(address, &value, sizeof value);
    }
    template <class T>
    T get_at(u64 address) {
        T value{};
        EXPECT_TRUE(space.read(address, &value, sizeof value));
        return value;
    }
    std::string text(u64 address, u64 bytes) {
        std::string s(bytes, 0);
        EXPECT_TRUE(space.read(address, s.data(), bytes));
        return s;
    }

    void descriptor(unsigned index, u16 slot, u64 address, u32 length, u16 flags, u16 next) {
        u64 at = queues[index].descriptors + 16 * slot;
        put(at, address);
        put(at + 8, length);
        put(at + 12, flags);
        put(at + 14, next);
    }
    /// Puts a chain into the descriptor table and makes it available. @returns its head
    u16 add(unsigned index, const std::vector<TestBuffer>& buffers) {
        Queue& q = queues[index];
        u16 head = static_cast<u16>(q.next_descriptor % q.size);
        for (std::size_t i = 0; i < buffers.size(); i++) {
            u16 at = static_cast<u16>(q.next_descriptor++ % q.size);
            bool last = i + 1 == buffers.size();
            u16 flags = static_cast<u16>((last ? 0 : 1) | (buffers[i].writable ? 2 : 0));
            descriptor(index, at, buffers[i].address, buffers[i].length, flags,
                       static_cast<u16>(q.next_descriptor % q.size));
        }
        make_available(index, head);
        return head;
    }
    void make_available(unsigned index, u16 head) {
        Queue& q = queues[index];
        put<u16>(q.available + 4 + 2 * (q.available_index % q.size), head);
        ++q.available_index;
        // The device may be looking.
        if (u8* place = space.ram(q.available + 2, 2)) {
            std::atomic_ref(*reinterpret_cast<u16*>(place)).store(q.available_index, std::memory_order_release);
        } else {
            put<u16>(q.available + 2, q.available_index);
        }
    }
    void notify(unsigned index) { set(kNotify, index); }

    u16 used_index(unsigned index) {
        u8* place = space.ram(queues[index].used + 2, 2);
        if (place == nullptr) return get_at<u16>(queues[index].used + 2);
        return std::atomic_ref(*reinterpret_cast<u16*>(place)).load(std::memory_order_acquire);
    }
    u32 used_id(unsigned index, u16 n) { return get_at<u32>(queues[index].used + 4 + 8 * (n % queues[index].size)); }
    u32 used_length(unsigned index, u16 n) {
        return get_at<u32>(queues[index].used + 8 + 8 * (n % queues[index].size));
    }
    /// Waits until the device has given back `count` chains in all.
    bool wait_used(unsigned index, u16 count) {
        for (unsigned i = 0; i < 600000; i++) {
            if (used_index(index) == count) return true;
            std::this_thread::sleep_for(std::chrono::microseconds(i < 100 ? 10 : 100));
        }
        return false;
    }

    /// Saves the device, with memory, and loads it into that of `other`, whose driver then is this one.
    void move_to(TestDriver& other) {
        std::vector<u8> ram(kRamBytes);
        {
            LockGuard held(slot.device()->lock());  // its thread may still be asking for notifications
            ASSERT_TRUE(space.read(kRam, ram.data(), ram.size()));
        }
        ASSERT_TRUE(other.space.write(kRam, ram.data(), ram.size()));
        const std::vector<u8> stream = save_state(std::array{NamedState{"device", slot}});
        ASSERT_EQ(load_state(stream, std::array{NamedState{"device", other.slot}}), "");
        other.queues = queues;
    }

    TestIrq irq;
    memory::PhysicalSpace space;
    MmioTransport slot;
    std::vector<Queue> queues;

private:
    bool legacy_;
    Dialect dialect_;
    bool event_index_ = false;
};

}  // namespace dragoman::devices::virtio
