// dump-guest-memory: an ELF file whose parts are where its headers say.
#include "machine/memory_dump.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "base/error.h"
#include "machine/machine.h"
#include "unit/machine/small_machine.h"

namespace dragoman::machine {
namespace {

struct MemoryDumpTest : ::testing::Test {
    ~MemoryDumpTest() override { unlink(path.c_str()); }

    static constexpr u64 kRam = 0x80000000;
    static constexpr u64 kPattern = 0x0123456789abcdef;

    /// The file that a machine of two harts writes, in whose RAM there is kPattern at an odd page.
    std::vector<u8> dump(u64 begin, u64 length) {
        Config config = small_machine();
        config.harts = 2;
        Machine machine(std::move(config));
        machine.loop().post([&] {
            machine.memory().store(kRam + 0x5008, 8, kPattern);
            try {
                dump_guest_memory(machine, path, begin, length);
            } catch (const FatalError& error) {
                wrong = error.what();
            }
            machine.request_shutdown(Cause::HostSignal);
        });
        machine.run();
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    template <class T>
    static T at(const std::vector<u8>& file, u64 offset) {
        T value{};
        EXPECT_LE(offset + sizeof value, file.size());
        if (offset + sizeof value <= file.size()) std::memcpy(&value, file.data() + offset, sizeof value);
        return value;
    }

    std::string path = testing::TempDir() + "/memory-dump-" + std::to_string(getpid());
    std::string wrong;
};

TEST_F(MemoryDumpTest, HasRegistersAndMemory) {
    const std::vector<u8> file = dump(0, 0);
    ASSERT_EQ(wrong, "");
    const auto header = at<Elf64_Ehdr>(file, 0);
    EXPECT_EQ(header.e_type, ET_CORE);
    EXPECT_EQ(header.e_machine, EM_RISCV);
    ASSERT_EQ(header.e_phnum, 3u) << "notes, boot ROM, RAM";
    const auto notes = at<Elf64_Phdr>(file, header.e_phoff);
    EXPECT_EQ(notes.p_type, u32{PT_NOTE});
    EXPECT_EQ(notes.p_filesz, 2 * (12 + 8 + 376u));
    for (unsigned hart = 0; hart < 2; hart++) {
        const u64 note = notes.p_offset + hart * (12 + 8 + 376);
        EXPECT_EQ(at<Elf64_Nhdr>(file, note).n_descsz, 376u);
        EXPECT_EQ(at<u32>(file, note + 20 + 32), hart + 1);
        EXPECT_EQ(at<u64>(file, note + 20 + 112), 0x1000u) << "pc";
    }
    const auto ram = at<Elf64_Phdr>(file, header.e_phoff + 2 * sizeof(Elf64_Phdr));
    EXPECT_EQ(ram.p_paddr, kRam);
    EXPECT_EQ(ram.p_filesz, 16u << 20);
    EXPECT_EQ(ram.p_offset + ram.p_filesz, file.size());
    EXPECT_EQ(at<u64>(file, ram.p_offset + 0x5008), kPattern);
    EXPECT_EQ(at<u64>(file, ram.p_offset + 0x5010), 0u);
}

TEST_F(MemoryDumpTest, APartOfMemory) {
    const std::vector<u8> file = dump(kRam + 0x5008, 8);
    ASSERT_EQ(wrong, "");
    ASSERT_EQ(at<Elf64_Ehdr>(file, 0).e_phnum, 2u);
    const auto part = at<Elf64_Phdr>(file, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr));
    EXPECT_EQ(part.p_paddr, kRam + 0x5008);
    EXPECT_EQ(part.p_filesz, 8u);
    EXPECT_EQ(at<u64>(file, part.p_offset), kPattern);
}

TEST_F(MemoryDumpTest, WhatCannotBeIsSaid) {
    dump(0x10, 8);
    EXPECT_EQ(wrong, "there is no memory in that range");
    dump(kRam, ~u64{0});
    EXPECT_EQ(wrong, "begin and length go past the end of all memory");
    path = "/nowhere/dump";
    dump(0, 0);
    EXPECT_EQ(wrong, "/nowhere/dump: No such file or directory");
}

}  // namespace
}  // namespace dragoman::machine
