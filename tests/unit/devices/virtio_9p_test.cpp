// virtio-9p: a folder of the host's, and all the ways out of it that there are not.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "devices/virtio/p9.h"
#include "unit/devices/virtio_driver.h"

namespace dragoman::devices::virtio {
namespace {

constexpr u64 kRequest = TestDriver::kRam, kAnswer = TestDriver::kRam + 0x10000;
constexpr u32 kAnswerBytes = 8192;

struct Virtio9p : ::testing::Test {
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "dragoman-9p-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory = name;
        folder = directory / "shared";
        std::filesystem::create_directories(folder / "sub");
        std::ofstream(folder / "file") << "contents";
        std::ofstream(directory / "secret") << "secret";
        std::filesystem::create_symlink("../secret", folder / "out");
        std::filesystem::create_directory_symlink("..", folder / "outside");
    }
    void TearDown() override { std::filesystem::remove_all(directory); }

    void plug(P9Export options = {}) {
        options.path = folder;
        driver.slot.plug(std::make_unique<P9>(driver.space, options, "host"));
        driver.start(~u64{0});
        driver.setup(0, 16);
        driver.driver_ok();
        attach();
    }
    void attach() {
        EXPECT_EQ(call(kP9Version, [](P9Writer& out) { out.number(u32{65536}).text("9P2000.L"); }), 0u);
        EXPECT_EQ(call(kP9Attach,
                       [](P9Writer& out) { out.number(u32{0}).number(~u32{0}).text("u").text("").number(u32{0}); }),
                  0u);
    }
    /// Sends one message. @returns 0, or the error of the answer, whose rest is in `answer`
    template <class F>
    u32 call(u8 type, F fill) {
        std::vector<u8> message(7);
        P9Writer out(message);
        fill(out);
        u32 size = static_cast<u32>(message.size());
        std::memcpy(message.data(), &size, 4);
        message[4] = type;
        message[5] = 0x34;
        message[6] = 0x12;
        driver.put(kRequest, message.data(), message.size());
        u16 before = driver.used_index(0);
        driver.add(0, {{kRequest, size, false}, {kAnswer, 5, true}, {kAnswer + 5, kAnswerBytes - 5, true}});
        driver.notify(0);
        EXPECT_TRUE(driver.wait_used(0, static_cast<u16>(before + 1)));
        u32 bytes = driver.get_at<u32>(kAnswer);
        EXPECT_EQ(driver.used_length(0, before), bytes);
        EXPECT_EQ(driver.get_at<u16>(kAnswer + 5), 0x1234);
        answer = driver.text(kAnswer + 7, bytes - 7);
        u8 reply = driver.get_at<u8>(kAnswer + 4);
        if (reply == kP9Error + 1) return word(0);
        EXPECT_EQ(reply, type + 1);
        return 0;
    }
    u32 word(std::size_t at) {
        u32 value = 0;
        std::memcpy(&value, answer.data() + at, 4);
        return value;
    }
    u32 walk(u32 from, u32 to, const std::vector<std::string>& names) {
        return call(kP9Walk, [&](P9Writer& out) {
            out.number(from).number(to).number(static_cast<u16>(names.size()));
            for (const std::string& name : names) out.text(name);
        });
    }
    u32 fid_call(u8 type, u32 fid) {
        return call(type, [&](P9Writer& out) { out.number(fid); });
    }
    u32 open(u32 fid, u32 flags) {
        return call(kP9Open, [&](P9Writer& out) { out.number(fid).number(flags); });
    }
    u32 create(u32 fid, const std::string& name, u32 flags, u32 mode) {
        return call(kP9Create,
                    [&](P9Writer& out) { out.number(fid).text(name).number(flags).number(mode).number(u32{0}); });
    }
    std::string read(u32 fid, u64 offset, u32 count) {
        EXPECT_EQ(call(kP9Read, [&](P9Writer& out) { out.number(fid).number(offset).number(count); }), 0u);
        return answer.substr(4);
    }
    u32 write(u32 fid, u64 offset, const std::string& text) {
        return call(kP9Write, [&](P9Writer& out) {
            out.number(fid).number(offset).number(static_cast<u32>(text.size()));
            for (char c : text) out.number(c);
        });
    }
    u32 name_call(u8 type, u32 fid, const std::string& name, std::initializer_list<u32> rest) {
        return call(type, [&](P9Writer& out) {
            out.number(fid).text(name);
            for (u32 value : rest) out.number(value);
        });
    }

    std::filesystem::path directory, folder;
    TestDriver driver;
    std::string answer;
};

TEST_F(Virtio9p, HasATag) {
    plug();
    EXPECT_EQ(driver.get(8), 9u);
    EXPECT_EQ(driver.config(0, 2), 4u);
    EXPECT_EQ(driver.config(2, 4), 0x74736f68u);
}

TEST_F(Virtio9p, BeginsANewSessionWhereItIsLoaded) {
    plug();
    ASSERT_EQ(walk(0, 1, {"file"}), 0u);
    ASSERT_EQ(open(1, O_RDONLY), 0u);
    TestDriver other;
    other.slot.plug(std::make_unique<P9>(other.space, P9Export{.path = folder}, "host"));
    driver.move_to(other);
    driver.move_to(driver);
    // The queue is where it was; the files of the session are not.
    EXPECT_EQ(fid_call(kP9Clunk, 1), u32{EBADF});
    attach();
    EXPECT_EQ(walk(0, 1, {"file"}), 0u);
    EXPECT_EQ(other.config(0, 2), 4u);
    EXPECT_EQ(other.get(TestDriver::kStatus), driver.get(TestDriver::kStatus));
}

TEST_F(Virtio9p, ReadsAndWritesFiles) {
    plug();
    ASSERT_EQ(walk(0, 1, {"file"}), 0u);
    EXPECT_EQ(open(1, O_RDWR), 0u);
    EXPECT_EQ(read(1, 0, 100), "contents");
    EXPECT_EQ(read(1, 3, 2), "te");
    EXPECT_EQ(read(1, 100, 2), "");
    EXPECT_EQ(write(1, 2, "XYZ"), 0u);
    EXPECT_EQ(read(1, 0, 100), "coXYZnts");
    EXPECT_EQ(fid_call(kP9Clunk, 1), 0u);
    EXPECT_EQ(fid_call(kP9Clunk, 1), u32{EBADF});
    ASSERT_EQ(walk(0, 1, {"sub"}), 0u);
    EXPECT_EQ(create(1, "new", O_RDWR | O_CREAT, 0640), 0u);
    EXPECT_EQ(write(1, 0, "made by the guest"), 0u);
    struct stat info;
    ASSERT_EQ(::stat((folder / "sub/new").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0640u);
    EXPECT_EQ(info.st_size, 17);
}

TEST_F(Virtio9p, FoldersLinksAndNames) {
    plug();
    EXPECT_EQ(name_call(kP9Mkdir, 0, "d", {0755, 0}), 0u);
    ASSERT_EQ(walk(0, 1, {"d"}), 0u);
    EXPECT_EQ(call(kP9Symlink, [](P9Writer& out) { out.number(u32{1}).text("l").text("../file").number(u32{0}); }), 0u);
    ASSERT_EQ(walk(1, 2, {"l"}), 0u);
    EXPECT_EQ(fid_call(kP9Readlink, 2), 0u);
    EXPECT_EQ(answer.substr(2), "../file");
    ASSERT_EQ(walk(0, 3, {"file"}), 0u);
    EXPECT_EQ(call(kP9Link, [](P9Writer& out) { out.number(u32{1}).number(u32{3}).text("hard"); }), 0u);
    EXPECT_EQ(std::filesystem::hard_link_count(folder / "file"), 2u);
    EXPECT_EQ(call(kP9Renameat, [](P9Writer& out) { out.number(u32{1}).text("hard").number(u32{0}).text("moved"); }),
              0u);
    EXPECT_TRUE(std::filesystem::exists(folder / "moved"));
    EXPECT_EQ(name_call(kP9Unlinkat, 0, "moved", {0}), 0u);
    EXPECT_EQ(name_call(kP9Unlinkat, 0, "d", {0x200}), u32{ENOTEMPTY});
    ASSERT_EQ(walk(0, 4, {}), 0u);
    ASSERT_EQ(open(4, O_RDONLY | O_DIRECTORY), 0u);
    EXPECT_EQ(call(kP9Readdir, [](P9Writer& out) { out.number(u32{4}).number(u64{0}).number(u32{8000}); }), 0u);
    for (const char* name : {"file", "sub", "out", "d"}) EXPECT_NE(answer.find(name), std::string::npos) << name;
    EXPECT_EQ(answer.find("moved"), std::string::npos);
}

TEST_F(Virtio9p, Attributes) {
    plug();
    ASSERT_EQ(walk(0, 1, {"file"}), 0u);
    auto set = [&](u32 valid, u32 mode, u64 size) {
        return call(kP9Setattr, [&](P9Writer& out) {
            out.number(u32{1}).number(valid).number(mode).number(u32{0}).number(u32{0}).number(size);
            for (unsigned i = 0; i < 4; i++) out.number(u64{1000});
        });
    };
    EXPECT_EQ(set(1 | 8 | 32 | 256, 0604, 3), 0u);
    EXPECT_EQ(call(kP9Getattr, [](P9Writer& out) { out.number(u32{1}).number(~u64{0}); }), 0u);
    EXPECT_EQ(answer.size(), 153u);
    EXPECT_EQ(word(21), u32{S_IFREG | 0604});
    EXPECT_EQ(word(49), 3u);
    struct stat info;
    ASSERT_EQ(::stat((folder / "file").c_str(), &info), 0);
    EXPECT_EQ(info.st_mtim.tv_sec, 1000);
    EXPECT_EQ(info.st_mtim.tv_nsec, 1000);
    EXPECT_EQ(fid_call(kP9Statfs, 1), 0u);
    EXPECT_EQ(answer.size(), 60u);
}

TEST_F(Virtio9p, NothingLeadsOut) {
    plug();
    EXPECT_EQ(walk(0, 1, {"..", "secret"}), 0u);  // ".." of the root is the root: one step of two done
    EXPECT_EQ(word(0) & 0xffff, 1u);
    EXPECT_EQ(walk(0, 1, {"../secret"}), u32{ENOENT});
    EXPECT_EQ(walk(0, 1, {"/etc"}), u32{ENOENT});
    EXPECT_EQ(walk(0, 1, {""}), u32{ENOENT});
    ASSERT_EQ(walk(0, 1, {"outside"}), 0u);
    EXPECT_EQ(walk(1, 2, {"secret"}), u32{ENOTDIR});
    EXPECT_EQ(open(1, O_RDONLY), u32{ELOOP});
    ASSERT_EQ(walk(0, 2, {"out"}), 0u);
    EXPECT_EQ(open(2, O_RDONLY), u32{ELOOP});
    ASSERT_EQ(walk(0, 3, {}), 0u);
    EXPECT_EQ(create(3, "../new", O_RDWR, 0600), u32{EINVAL});
    EXPECT_EQ(create(3, "out", O_RDWR | O_TRUNC, 0600), u32{ELOOP});
    EXPECT_EQ(name_call(kP9Mkdir, 3, "..", {0755, 0}), u32{EINVAL});
    EXPECT_EQ(name_call(kP9Unlinkat, 3, "../secret", {0}), u32{EINVAL});
    EXPECT_EQ(call(kP9Renameat, [](P9Writer& out) { out.number(u32{3}).text("file").number(u32{3}).text("../file"); }),
              u32{EINVAL});
    // A folder that moves away while the guest is in it
    ASSERT_EQ(walk(0, 4, {"sub"}), 0u);
    std::filesystem::rename(folder / "sub", directory / "sub");
    ASSERT_EQ(walk(4, 5, {".."}), 0u);
    EXPECT_EQ(walk(5, 6, {"secret"}), u32{ENOENT});
    EXPECT_EQ(walk(5, 6, {"file"}), 0u);
    EXPECT_EQ(std::ifstream(directory / "secret").get(), 's');
}

TEST_F(Virtio9p, ReadOnly) {
    plug({.read_only = true});
    ASSERT_EQ(walk(0, 1, {"file"}), 0u);
    EXPECT_EQ(open(1, O_RDWR), u32{EROFS});
    EXPECT_EQ(open(1, O_RDONLY | O_TRUNC), u32{EROFS});
    EXPECT_EQ(open(1, O_RDONLY), 0u);
    EXPECT_EQ(read(1, 0, 100), "contents");
    ASSERT_EQ(walk(0, 2, {}), 0u);
    EXPECT_EQ(create(2, "new", O_RDWR, 0600), u32{EROFS});
    EXPECT_EQ(name_call(kP9Unlinkat, 2, "file", {0}), u32{EROFS});
    EXPECT_EQ(name_call(kP9Mkdir, 2, "d", {0755, 0}), u32{EROFS});
}

TEST_F(Virtio9p, FifosOfTheHostAreNotOpened) {
    plug();
    ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
    ASSERT_EQ(walk(0, 1, {"fifo"}), 0u);
    EXPECT_EQ(open(1, O_RDONLY), u32{EPERM});
}

TEST_F(Virtio9p, ExtendedAttributes) {
    plug();
    ASSERT_EQ(walk(0, 1, {"file"}), 0u);
    ASSERT_EQ(walk(0, 2, {"file"}), 0u);
    u32 error =
        call(kP9XattrCreate, [](P9Writer& out) { out.number(u32{2}).text("user.a").number(u64{5}).number(u32{0}); });
    ASSERT_EQ(error, 0u);
    EXPECT_EQ(write(2, 0, "hello"), 0u);
    error = fid_call(kP9Clunk, 2);
    if (error == EOPNOTSUPP) GTEST_SKIP() << "the file system has no extended attributes";
    ASSERT_EQ(error, 0u);
    ASSERT_EQ(call(kP9XattrWalk, [](P9Writer& out) { out.number(u32{1}).number(u32{3}).text("user.a"); }), 0u);
    EXPECT_EQ(word(0), 5u);
    EXPECT_EQ(read(3, 0, 100), "hello");
    EXPECT_EQ(call(kP9XattrWalk, [](P9Writer& out) { out.number(u32{1}).number(u32{4}).text("user.b"); }),
              u32{ENODATA});
}

TEST_F(Virtio9p, MappedOwners) {
    plug({.security = P9Security::MappedXattr});
    ASSERT_EQ(walk(0, 1, {"sub"}), 0u);
    u32 error = call(kP9Mknod, [](P9Writer& out) {
        out.number(u32{1}).text("null").number(u32{S_IFCHR | 0666}).number(u32{1}).number(u32{3}).number(u32{7});
    });
    if (error == EOPNOTSUPP) GTEST_SKIP() << "the file system has no extended attributes";
    ASSERT_EQ(error, 0u);
    EXPECT_TRUE(std::filesystem::is_regular_file(folder / "sub/null"));
    ASSERT_EQ(walk(1, 2, {"null"}), 0u);
    EXPECT_EQ(call(kP9Getattr, [](P9Writer& out) { out.number(u32{2}).number(~u64{0}); }), 0u);
    EXPECT_EQ(word(21), u32{S_IFCHR | 0666});
    EXPECT_EQ(word(29), 7u);
    EXPECT_EQ(call(kP9Symlink, [](P9Writer& out) { out.number(u32{1}).text("l").text("/etc").number(u32{0}); }), 0u);
    EXPECT_TRUE(std::filesystem::is_regular_file(folder / "sub/l"));
    ASSERT_EQ(walk(1, 3, {"l"}), 0u);
    EXPECT_EQ(fid_call(kP9Readlink, 3), 0u);
    EXPECT_EQ(answer.substr(2), "/etc");
    EXPECT_EQ(call(kP9XattrWalk, [](P9Writer& out) { out.number(u32{2}).number(u32{4}).text("user.virtfs.mode"); }),
              u32{ENODATA});
}

TEST_F(Virtio9p, BadMessages) {
    plug();
    EXPECT_EQ(call(kP9Walk, [](P9Writer&) {}), u32{EPROTO});
    EXPECT_EQ(call(200, [](P9Writer&) {}), u32{EOPNOTSUPP});
    EXPECT_EQ(call(kP9Attach, [](P9Writer& out) { out.number(u32{9}).number(u16{60000}); }), u32{EPROTO});
    EXPECT_EQ(call(kP9Write, [](P9Writer& out) { out.number(u32{0}).number(u64{0}).number(~u32{0}); }), u32{EPROTO});
    EXPECT_EQ(walk(0, 0, {"nothing"}), u32{ENOENT});
    driver.add(0, {{kRequest, 7, false}, {kAnswer, 5, true}});
    driver.notify(0);
    for (unsigned i = 0; i < 10000 && !driver.needs_reset(); i++) ::usleep(1000);
    EXPECT_TRUE(driver.needs_reset());
}

TEST(P9Exports, AreChecked) {
    P9Exports exports;
    exports.add(Properties("-fsdev", "local,id=f,path=/tmp,security_model=none", "driver"));
    ASSERT_NE(exports.find("f"), nullptr);
    EXPECT_EQ(exports.find("g"), nullptr);
    EXPECT_THROW(exports.add(Properties("-fsdev", "local,id=f,path=/tmp", "driver")), FatalError);
    EXPECT_THROW(exports.add(Properties("-fsdev", "proxy,id=h,path=/tmp", "driver")), FatalError);
    EXPECT_THROW(P9Files({.path = "/nonexistent"}), FatalError);
}

}  // namespace
}  // namespace dragoman::devices::virtio
