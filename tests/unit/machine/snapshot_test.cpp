// Saved machines: what is loaded is what was saved, to the last byte; what is damaged, or of another machine, changes
// nothing.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>

#include "base/state.h"
#include "machine/machine.h"
#include "machine/snapshot/machine_state.h"

namespace dragoman::machine {
namespace {

class VectorSink final : public ByteSink {
public:
    int write(std::span<const u8> bytes) override {
        if (taken.size() + bytes.size() > limit) return ENOSPC;
        taken.insert(taken.end(), bytes.begin(), bytes.end());
        return 0;
    }
    std::vector<u8> taken;
    std::size_t limit = ~std::size_t{0};
};

class VectorSource final : public ByteSource {
public:
    explicit VectorSource(const std::vector<u8>& bytes) : bytes_(bytes) {}
    int read(std::span<u8> to, std::size_t& got) override {
        got = std::min(to.size(), bytes_.size() - place_);
        if (got != 0) std::memcpy(to.data(), bytes_.data() + place_, got);
        place_ += got;
        return 0;
    }
    void rewind() { place_ = 0; }

private:
    const std::vector<u8>& bytes_;
    std::size_t place_ = 0;
};

Config small_machine(const std::string& properties = "") {
    Config config;
    config.board_properties = Properties("-machine", properties);
    config.memory = 1 << 20;
    config.bios = "none";
    config.serials = {"none"};
    config.paused = true;
    config.harts = 2;
    config.icount.on = true;  // with the host's time, no two states are alike
    return config;
}

/// Runs `test` on the I/O thread of a machine that is stopped.
void with_machine(Config config, const std::function<void(Machine&)>& test) {
    Machine machine(std::move(config));
    machine.loop().post([&] {
        test(machine);
        machine.fail(0);
    });
    EXPECT_EQ(machine.run(), 0);
}

std::vector<u8> save(Machine& machine) {
    VectorSink sink;
    EXPECT_EQ(save_machine(machine, true, sink), "");
    return sink.taken;
}

std::string load(Machine& machine, const std::vector<u8>& stream) {
    VectorSource source(stream);
    return load_machine(machine, source, [&] {
        source.rewind();
        return std::string();
    });
}

/// Gives memory and registers contents of their own.
void scramble(Machine& machine, u64 seed) {
    std::mt19937_64 random(seed);
    for (u64 at = 0x80000000; at < 0x80000000 + (1 << 20); at += 4096 * (1 + random() % 3)) {
        machine.memory().store(at + random() % 500 * 8, 8, random());
    }
    for (unsigned i = 0; i < machine.hart_count(); i++) {
        Hart& hart = machine.hart(i);
        hart.call([&] {
            u8 value[8];
            for (unsigned number = 1; number < 32; number++) {
                for (u8& byte : value) byte = static_cast<u8>(random());
                machine.guest().cpu.write_register(hart.env(), number, value);
            }
            hart.env()->pc = 0x80000000 + random() % 1000 * 4;
        });
    }
}

TEST(Snapshot, ComesBackAsItWas) {
    for (const char* properties : {"", "aclint=on", "aia=aplic", "aia=aplic-imsic"}) {
        std::vector<u8> stream;
        with_machine(small_machine(properties), [&](Machine& machine) {
            scramble(machine, 1);
            stream = save(machine);
            scramble(machine, 2);
            EXPECT_NE(save(machine), stream);
            ASSERT_EQ(load(machine, stream), "") << properties;
            EXPECT_EQ(save(machine), stream) << properties;
        });
        with_machine(small_machine(properties), [&](Machine& machine) {
            ASSERT_EQ(load(machine, stream), "") << properties;
            EXPECT_EQ(save(machine), stream) << properties;
        });
    }
}

TEST(Snapshot, WithTheHostsTimeToo) {
    Config config = small_machine();
    config.icount.on = false;
    std::vector<u8> stream;
    with_machine(config, [&](Machine& machine) {
        scramble(machine, 1);
        stream = save(machine);
    });
    with_machine(config, [&](Machine& machine) {
        ASSERT_EQ(load(machine, stream), "");
        machine.cont();
        machine.stop();
        ASSERT_EQ(load(machine, stream), "");
    });
    with_machine(small_machine(), [&](Machine& machine) {
        EXPECT_NE(load(machine, stream).find("'icount off', this one 'icount on'"), std::string::npos);
    });
}

TEST(Snapshot, MachinesThatDifferAreNamed) {
    std::vector<u8> stream;
    with_machine(small_machine(), [&](Machine& machine) { stream = save(machine); });
    auto refused = [&](Config config) {
        std::string wrong;
        with_machine(std::move(config), [&](Machine& machine) { wrong = load(machine, stream); });
        return wrong;
    };
    Config config = small_machine();
    config.harts = 1;
    EXPECT_NE(refused(config).find("'harts 2', this one 'harts 1'"), std::string::npos);
    config = small_machine();
    config.cpu = "rv64,zba=off";
    EXPECT_NE(refused(config).find("'cpu "), std::string::npos);
    config = small_machine();
    config.memory = 2 << 20;
    EXPECT_NE(refused(config).find("memory"), std::string::npos);
    EXPECT_NE(refused(small_machine("aclint=on")).find("device"), std::string::npos);
    config = small_machine();
    config.board = "quard-star";
    EXPECT_NE(refused(config).find("'machine virt', this one 'machine quard-star'"), std::string::npos);
}

TEST(Snapshot, AFullDiskIsAnError) {
    with_machine(small_machine(), [](Machine& machine) {
        for (std::size_t limit : {0, 5, 100, 2000}) {
            VectorSink sink;
            sink.limit = limit;
            EXPECT_EQ(save_machine(machine, true, sink), std::strerror(ENOSPC));
        }
    });
}

/// The chunks of a stream: offset and length of each, without head and checksum.
std::vector<std::pair<std::size_t, u32>> chunks(const std::vector<u8>& stream) {
    std::vector<std::pair<std::size_t, u32>> found;
    for (std::size_t at = 12; at + 9 <= stream.size();) {
        u32 length;
        std::memcpy(&length, stream.data() + at + 1, 4);
        found.emplace_back(at + 5, length);
        at += length + 9;
    }
    return found;
}

void repair(std::vector<u8>& stream, std::pair<std::size_t, u32> chunk) {
    uLong sum = ::crc32_z(0, stream.data() + chunk.first - 5, chunk.second + 5);
    const u32 value = static_cast<u32>(sum);
    std::memcpy(stream.data() + chunk.first + chunk.second, &value, 4);
}

TEST(Snapshot, DamageChangesNothing) {
    with_machine(small_machine("aia=aplic-imsic"), [](Machine& machine) {
        scramble(machine, 3);
        const std::vector<u8> good = save(machine);
        std::mt19937 random(4);
        auto refuse = [&](const std::vector<u8>& bad, std::size_t at) {
            EXPECT_NE(load(machine, bad), "") << at;
            EXPECT_EQ(save(machine), good) << at;
        };
        refuse({}, 0);
        for (unsigned i = 0; i < 60; i++) {
            const std::size_t at = random() % good.size();
            std::vector<u8> bad = good;
            bad[at] ^= static_cast<u8>(1u << random() % 8);
            refuse(bad, at);
            bad = good;
            bad.resize(at);
            refuse(bad, at);
        }
        const auto parts = chunks(good);
        // A part that is missing, and one that is there twice.
        for (std::size_t i : {std::size_t{0}, std::size_t{1}, parts.size() - 2, parts.size() - 1}) {
            const auto first = static_cast<std::ptrdiff_t>(parts[i].first) - 5;
            const auto last = first + static_cast<std::ptrdiff_t>(parts[i].second) + 9;
            std::vector<u8> bad = good;
            bad.erase(bad.begin() + first, bad.begin() + last);
            refuse(bad, i);
        }
    });
}

// With right checksums, whatever a stream says harms nobody: it is refused whole, or the machine is one that could be.
TEST(Snapshot, AStrangersStreamHarmsNobody) {
    const char* count_text = std::getenv("DRAGOMAN_FUZZ_COUNT");
    const char* seed_text = std::getenv("DRAGOMAN_FUZZ_SEED");
    const unsigned count = count_text != nullptr ? static_cast<unsigned>(std::atoi(count_text)) : 400;
    std::mt19937 random(seed_text != nullptr ? static_cast<unsigned>(std::atoi(seed_text)) : 5);
    for (const char* properties : {"", "aia=aplic-imsic"}) {
        with_machine(small_machine(properties), [&](Machine& machine) {
            scramble(machine, 3);
            const std::vector<u8> good = save(machine);
            const auto parts = chunks(good);
            for (unsigned i = 0; i < count; i++) {
                // The state most of the time: there is most to go wrong.
                const auto& part = random() % 4 != 0 ? parts[parts.size() - 2] : parts[random() % parts.size()];
                if (part.second == 0) continue;
                std::vector<u8> bad = good;
                for (unsigned change = 0; change <= random() % 3; change++) {
                    u8& byte = bad[part.first + random() % part.second];
                    byte = random() % 2 != 0 ? static_cast<u8>(random()) : byte ^ static_cast<u8>(1u << random() % 8);
                }
                repair(bad, part);
                if (!load(machine, bad).empty()) continue;
                // It runs, wherever that leads.
                machine.cont();
                machine.stop();
                ASSERT_EQ(load(machine, good), "");
            }
            ASSERT_EQ(load(machine, good), "");
            EXPECT_EQ(save(machine), good);
        });
    }
}

}  // namespace
}  // namespace dragoman::machine
