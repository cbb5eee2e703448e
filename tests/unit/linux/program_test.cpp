// Opening and mapping of programs: what is wrong with a file is said in one line, and never crashes.
#include "linux/program/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "base/error.h"
#include "linux/program/loader.h"

namespace dragoman::linux_abi {
namespace {

constexpr std::size_t kFileSize = 3 * 4096;

struct ElfFile {
    Elf64_Ehdr header{};
    Elf64_Phdr segments[2]{};

    ElfFile() {
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_type = ET_EXEC;
        header.e_machine = EM_RISCV;
        header.e_entry = 0x10000;
        header.e_phoff = sizeof header;
        header.e_phentsize = sizeof(Elf64_Phdr);
        header.e_phnum = 2;
        segments[0] = {PT_LOAD, PF_R | PF_X, 0, 0x10000, 0x10000, 4096, 4096, 4096};
        segments[1] = {PT_LOAD, PF_R | PF_W, 0x1100, 0x12100, 0x12100, 0x200, 0x3000, 4096};
    }
};

class ProgramTest : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/program_test.XXXXXX";
        int fd = ::mkstemp(name);
        ASSERT_GE(fd, 0);
        path_ = name;
        ::fchmod(fd, 0755);
        ::close(fd);
    }
    void TearDown() override { ::unlink(path_.c_str()); }

    void write(const void* data, std::size_t size, std::size_t pad_to = 0) {
        std::string bytes(static_cast<const char*>(data), size);
        if (bytes.size() < pad_to) bytes.resize(pad_to, 'x');
        FILE* file = std::fopen(path_.c_str(), "w");
        std::fwrite(bytes.data(), 1, bytes.size(), file);
        std::fclose(file);
    }
    void write(const ElfFile& file) { write(&file, sizeof file, kFileSize); }
    void write(const char* text) { write(text, std::strlen(text)); }

    std::string reason(int error = ENOEXEC) {
        Program program;
        ProgramError e = open_program(path_, {path_}, true, program);
        EXPECT_EQ(e.error, error);
        return e.text.substr(0, path_.size()) == path_ ? e.text.substr(path_.size() + 2) : e.text;
    }
    LoadedImage map(memory::UserSpace& space) {
        Program program;
        EXPECT_EQ(open_program(path_, {path_}, true, program).error, 0);
        return map_image(space, program.file.get(), path_, program.header, ImageRole::Program, MappingPolicy{});
    }
    std::string map_failure() {
        memory::UserSpace space(0);
        try {
            map(space);
        } catch (const FatalError& e) {
            EXPECT_EQ(e.status(), 126);
            return std::string(e.what()).substr(path_.size() + 2);
        }
        return "";
    }

    std::string path_;
};

TEST_F(ProgramTest, SaysWhatIsWrong) {
    write("");
    EXPECT_EQ(reason(), "file is empty");
    write("plain text\n");
    EXPECT_EQ(reason(), "not an ELF file or script");
    write("\177ELF\2\1");
    EXPECT_EQ(reason(), "truncated ELF header");
    ElfFile file;
    write("\177ELF\1\1");
    EXPECT_EQ(reason(), "truncated ELF header");
    file.header.e_ident[EI_CLASS] = ELFCLASS32;
    file.header.e_machine = EM_ARM;
    write(file);
    EXPECT_EQ(reason(), "32-bit program for arm: guest not supported");
    file = {};
    file.header.e_ident[EI_DATA] = ELFDATA2MSB;
    write(file);
    EXPECT_EQ(reason(), "big-endian program: guest not supported");
    file = {};
    file.header.e_type = ET_REL;
    write(file);
    EXPECT_EQ(reason(), "not an executable ELF file");
    ::chmod(path_.c_str(), 0644);
    EXPECT_EQ(reason(EACCES), "Permission denied");

    Program program;
    EXPECT_EQ(open_program("/nonexistent", {}, true, program).exit_status(), 127);
    EXPECT_EQ(open_program("/etc", {}, true, program).text, "/etc: Is a directory");
    EXPECT_EQ(open_program("/etc", {}, true, program).exit_status(), 126);
}

TEST_F(ProgramTest, FollowsScripts) {
    ElfFile file;
    write(file);
    std::string script = path_ + ".sh", text = "#! " + path_ + "  one two \n";
    int fd = ::open(script.c_str(), O_CREAT | O_WRONLY, 0755);
    ASSERT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(fd);
    Program program;
    EXPECT_EQ(open_program(script, {"name", "last"}, true, program).error, 0);
    EXPECT_EQ(program.name, script);
    EXPECT_EQ(program.host_path, path_);
    EXPECT_EQ(program.arguments, (std::vector<std::string>{path_, "one two", script, "last"}));
    ::unlink(script.c_str());

    write(("#!" + path_ + "\n").c_str());
    EXPECT_EQ(reason(ELOOP), "too many levels of script interpreters");
    write("#!/nonexistent\n");
    EXPECT_EQ(reason(ENOENT), "script interpreter /nonexistent: No such file or directory");
}

TEST_F(ProgramTest, MapsSegmentsAndClearsBss) {
    write(ElfFile());
    memory::UserSpace space(0);
    LoadedImage image = map(space);
    EXPECT_EQ(image.entry, 0x10000u);
    EXPECT_EQ(image.phdr, 0x10000 + sizeof(Elf64_Ehdr));
    EXPECT_EQ(image.brk, 0x15100u);
    EXPECT_EQ(space.flags(0x10000), memory::PageFlags::Read | memory::PageFlags::Exec);
    EXPECT_EQ(space.flags(0x11000), memory::PageFlags::None);
    EXPECT_EQ(space.host(0x12100)[0x1ff], 'x');
    EXPECT_EQ(space.host(0x12100)[0x200], 0);
    EXPECT_EQ(space.host(0x15000)[0], 0);
}

TEST_F(ProgramTest, RefusesCorruptHeaders) {
    auto with = [&](auto change) {
        ElfFile file;
        change(file);
        write(file);
        return map_failure();
    };
    EXPECT_EQ(with([](ElfFile& f) { f.header.e_phnum = 0; }), "corrupt ELF file: no program headers");
    EXPECT_EQ(with([](ElfFile& f) { f.header.e_phentsize = 8; }), "corrupt ELF file: bad size of program headers");
    EXPECT_EQ(with([](ElfFile& f) { f.header.e_phoff = ~u64{0}; }), "truncated ELF file");
    EXPECT_EQ(with([](ElfFile& f) { f.segments[1].p_vaddr = u64{1} << 63; }), "corrupt ELF file: segment address");
    EXPECT_EQ(with([](ElfFile& f) { f.segments[1].p_memsz = ~u64{0}; }), "corrupt ELF file: segment address");
    EXPECT_EQ(with([](ElfFile& f) { f.segments[1].p_vaddr++; }), "corrupt ELF file: segment alignment");
    EXPECT_EQ(with([](ElfFile& f) { f.segments[1].p_offset = 0x100100; }), "truncated ELF file");
}

TEST_F(ProgramTest, KeepsWhatIsMapped) {
    ElfFile file;
    file.segments[1].p_memsz = u64{1} << 40;
    write(file);
    memory::UserSpace space(0);
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    ASSERT_GE(space.mmap(u64{1} << 38, 4096, PROT_READ | PROT_WRITE, flags, -1, 0), 0);
    try {
        map(space);
        FAIL() << "mapped over what was there";
    } catch (const FatalError& e) {
        EXPECT_NE(std::string(e.what()).find("cannot map segment"), std::string::npos) << e.what();
    }
}

TEST_F(ProgramTest, SurvivesRandomChanges) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "damaged programs lie where the sanitizer has no shadow";
#endif
    std::mt19937 random(7);
    for (int i = 0; i < 300; ++i) {
        ElfFile file;
        auto* bytes = reinterpret_cast<u8*>(&file);
        for (unsigned n = random() % 6 + 1; n-- > 0;) bytes[24 + random() % (sizeof file - 24)] = random() & 0xff;
        write(file);
        Program program;
        if (open_program(path_, {path_}, true, program).error != 0) continue;
        memory::UserSpace space(0);
        try {
            map_image(space, program.file.get(), path_, program.header, ImageRole::Program, MappingPolicy{});
        } catch (const FatalError&) {
        }
    }
}

}  // namespace
}  // namespace dragoman::linux_abi
