#include "debug/symbol_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "debug/image_symbols.h"

namespace dragoman::debug {
namespace {

int no_file(const std::string&) { return -1; }

std::unique_ptr<SymbolFile> read(const char* path) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    std::unique_ptr<SymbolFile> file = SymbolFile::read(fd, path, no_file);
    ::close(fd);
    return file;
}

}  // namespace

extern "C" __attribute__((noinline, used)) int symbol_file_test_function(int n) { return n + 1; }
extern "C" char __executable_start;

TEST(SymbolFile, NamesFunctionsOfThisProgram) {
    std::unique_ptr<SymbolFile> file = read("/proc/self/exe");
    ASSERT_NE(file, nullptr);
    // The program is position-independent: its first segment is at address 0 of the file.
    const u64 address = reinterpret_cast<u64>(&symbol_file_test_function) - reinterpret_cast<u64>(&__executable_start);
    EXPECT_EQ(file->name(address), "symbol_file_test_function");
    EXPECT_EQ(file->name(address + 1), "symbol_file_test_function+0x1");
    EXPECT_TRUE(file->contains(address));
    EXPECT_FALSE(file->contains(~u64{0}));
    EXPECT_EQ(file->name(~u64{0}), "");
    const SymbolFile::Function* function = file->function(address);
    ASSERT_NE(function, nullptr);
    EXPECT_EQ(function->address, address);
}

TEST(ImageSymbols, TakesTheFilesThatAreOnes) {
    auto symbols = make_image_symbols({"none", "", "/nowhere", "/dev/null", "/proc/self/exe"});
    const u64 address = reinterpret_cast<u64>(&symbol_file_test_function) - reinterpret_cast<u64>(&__executable_start);
    EXPECT_EQ(symbols->name(address), "symbol_file_test_function");
    EXPECT_EQ(symbols->name(~u64{0}), "");
    EXPECT_EQ(symbols->line(~u64{0}), engine::Symbols::Line());
}

TEST(SymbolFile, DemanglesNames) {
    std::unique_ptr<SymbolFile> file = read("/proc/self/exe");
    ASSERT_NE(file, nullptr);
    const u64 address = reinterpret_cast<u64>(&SymbolFile::read) - reinterpret_cast<u64>(&__executable_start);
    EXPECT_NE(file->name(address).find("dragoman::debug::SymbolFile::read("), std::string::npos) << file->name(address);
}

TEST(SymbolFile, OtherFilesAreNone) {
    EXPECT_EQ(read("/proc/self/maps"), nullptr);
    EXPECT_EQ(read("/dev/null"), nullptr);
    EXPECT_EQ(SymbolFile::read(-1, "/", no_file), nullptr);
}

}  // namespace dragoman::debug
