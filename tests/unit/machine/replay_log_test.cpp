// Logs of recorded runs: what is read is what was written; what is damaged is refused.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <random>

#include "base/error.h"
#include "machine/replay/log.h"

namespace dragoman::machine {
namespace {

class ReplayLogTest : public testing::Test {
protected:
    ReplayLogTest() : path_(testing::TempDir() + "replay_log_test") {}
    ~ReplayLogTest() override { std::remove(path_.c_str()); }

    std::string contents() {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::string wrong_with(const std::string& bytes) {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
        try {
            (void)read_log(path_);
        } catch (const FatalError& error) {
            return error.what();
        }
        return "";
    }
    /// Records of all kinds, enough for several blocks.
    std::vector<ReplayRecord> write() {
        std::vector<ReplayRecord> records;
        std::mt19937 random(1);
        ReplayPosition position;
        for (unsigned i = 0; i < 300; i++) {
            ReplayRecord record{.kind = static_cast<RecordKind>(1 + i % 4), .position = position, .source = i % 7};
            const bool has_number = record.kind == RecordKind::Warp || record.kind == RecordKind::Check;
            record.bytes.resize(has_number ? 8 : random() % 2000);
            for (u8& byte : record.bytes) byte = static_cast<u8>(random());
            records.push_back(record);
            position.insns += u64{random()} << (random() % 20);
            position.events += random() % 3;
        }
        records.push_back({.kind = RecordKind::End, .position = position});
        LogWriter log(path_);
        log.put(records[0]);  // what devices ask for while they are made
        log.begin("machine test\n");
        for (std::size_t i = 1; i < records.size(); i++) log.put(records[i]);
        log.flush();
        EXPECT_EQ(log.error(), 0);
        return records;
    }

    std::string path_;
};

TEST_F(ReplayLogTest, IsReadAsItWasWritten) {
    const std::vector<ReplayRecord> records = write();
    const ReplayLog log = read_log(path_);
    EXPECT_EQ(log.configuration, "machine test\n");
    ASSERT_EQ(log.records.size(), records.size());
    for (std::size_t i = 0; i < records.size(); i++) {
        EXPECT_EQ(log.records[i].kind, records[i].kind);
        EXPECT_EQ(log.records[i].position, records[i].position);
        EXPECT_EQ(log.records[i].source, records[i].source);
        EXPECT_EQ(log.records[i].bytes, records[i].bytes);
    }
}

TEST_F(ReplayLogTest, NumbersAreLittleEndian) {
    const ReplayRecord record{.kind = RecordKind::Warp, .bytes = {1, 2, 0, 0, 0, 0, 0, 0x80}};
    EXPECT_EQ(record.number(), 0x8000000000000201u);
}

TEST_F(ReplayLogTest, WhatIsDamagedIsRefused) {
    write();
    const std::string whole = contents();
    EXPECT_EQ(wrong_with(whole), "");
    std::mt19937 random(2);
    for (unsigned i = 0; i < 300; i++) {
        std::string bytes = whole;
        bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
        EXPECT_NE(wrong_with(bytes), "");
        EXPECT_NE(wrong_with(whole.substr(0, random() % whole.size())), "");
    }
    EXPECT_NE(wrong_with(whole + whole.substr(12)), "");
    EXPECT_NE(wrong_with(whole + "x"), "");
}

TEST_F(ReplayLogTest, AFileThatCannotBeWrittenIsSaid) {
    EXPECT_THROW(LogWriter("/no/such/folder/log"), FatalError);
    EXPECT_THROW((void)read_log("/no/such/folder/log"), FatalError);
}

}  // namespace
}  // namespace dragoman::machine
