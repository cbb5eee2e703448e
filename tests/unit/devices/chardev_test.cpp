#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/error.h"
#include "devices/chardev/factory.h"
#include "devices/chardev/files.h"
#include "devices/chardev/pty.h"
#include "devices/chardev/socket.h"
#include "devices/chardev/telnet.h"

namespace dragoman::devices {
namespace {

/// A directory for sockets and files of one test.
struct Chardevs : testing::Test {
    std::string directory;
    EventLoop loop;

    void SetUp() override {
        char name[] = "/tmp/dragoman-chardev-XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        directory = name;
    }
    void TearDown() override {
        std::string command = "rm -rf " + directory;
        ASSERT_EQ(system(command.c_str()), 0);
    }
    /// Runs the loop until `done`, which only the loop's own events make true.
    void run_until(std::function<bool()> done) {
        unsigned source = loop.add_source([&]() -> u64 {
            if (done()) loop.quit();
            return ~u64{0};
        });
        loop.run();
        loop.remove_source(source);
    }
    int connect_to(const std::string& path) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        path.copy(name.sun_path, sizeof name.sun_path - 1);
        EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
        return fd;
    }
    std::string contents(const std::string& path) {
        std::ifstream file(path);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }
};

/// A front end that takes `room` bytes and remembers what happened.
struct Reader {
    std::string text;
    std::size_t room = ~std::size_t{0};
    int connects = 0, disconnects = 0, breaks = 0;
    bool focus = false;

    Chardev::Frontend frontend() {
        return {.can_receive = [this] { return room; },
                .receive =
                    [this](std::span<const u8> bytes) {
                        ASSERT_LE(bytes.size(), room);
                        text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                        if (room != ~std::size_t{0}) room -= bytes.size();
                    },
                .connected = [this](bool open) { ++(open ? connects : disconnects); },
                .focused = [this](bool in) { focus = in; },
                .line_break = [this] { ++breaks; }};
    }
};

std::span<const u8> bytes(std::string_view text) { return {reinterpret_cast<const u8*>(text.data()), text.size()}; }

std::string read_some(int fd) {
    char buffer[256];
    ssize_t n = read(fd, buffer, sizeof buffer);
    return std::string(buffer, n > 0 ? static_cast<std::size_t>(n) : 0);
}

/// Reads what comes until `count` bytes are there.
std::string read_all(int fd, std::size_t count) {
    std::string text;
    while (text.size() < count) {
        std::string more = read_some(fd);
        if (more.empty()) break;
        text += more;
    }
    return text;
}

TEST_F(Chardevs, FileGetsOutputAtTheLatestWhenItIsClosed) {
    std::string path = directory + "/out";
    {
        PathChardev file(loop, PathChardev::Kind::File, path);
        EXPECT_EQ(file.write(bytes("hello ")), 6u);
        EXPECT_EQ(file.write(bytes("world")), 5u);
    }
    EXPECT_EQ(contents(path), "hello world");
    { PathChardev(loop, PathChardev::Kind::Append, path).write(bytes("!")); }
    EXPECT_EQ(contents(path), "hello world!");
    { PathChardev(loop, PathChardev::Kind::File, path); }
    EXPECT_EQ(contents(path), "");
}

TEST_F(Chardevs, FileThatCannotBeOpenedIsAnError) {
    try {
        PathChardev file(loop, PathChardev::Kind::File, directory + "/no/such");
        FAIL();
    } catch (const FatalError& error) {
        EXPECT_NE(std::string(error.what()).find("/no/such"), std::string::npos);
        EXPECT_EQ(error.status(), 1);
    }
}

TEST_F(Chardevs, FullDiskDropsOutput) {
    PathChardev full(loop, PathChardev::Kind::File, "/dev/full");
    EXPECT_EQ(full.write(bytes("x")), 1u);
    testing::internal::CaptureStderr();
    std::size_t taken = 0;
    run_until([&] {
        taken = full.write(std::vector<u8>(100'000));
        return taken == 100'000;  // nobody listens any more
    });
    EXPECT_NE(testing::internal::GetCapturedStderr().find("/dev/full"), std::string::npos);
}

TEST_F(Chardevs, PipeBothWays) {
    std::string path = directory + "/p";
    ASSERT_EQ(mkfifo((path + ".in").c_str(), 0600), 0);
    ASSERT_EQ(mkfifo((path + ".out").c_str(), 0600), 0);
    PathChardev pipe(loop, PathChardev::Kind::Pipe, path);
    Reader reader;
    pipe.attach(reader.frontend());
    int to = open((path + ".in").c_str(), O_WRONLY), from = open((path + ".out").c_str(), O_RDWR);
    ASSERT_EQ(write(to, "ping", 4), 4);
    run_until([&] { return reader.text == "ping"; });
    pipe.write(bytes("pong"));
    run_until([&] {
        pollfd state{from, POLLIN, 0};
        return poll(&state, 1, 0) == 1;
    });
    EXPECT_EQ(read_some(from), "pong");
    EXPECT_EQ(reader.connects, 1);
    close(to);
    close(from);
}

TEST_F(Chardevs, HostThatDoesNotReadStopsTheWriterAndLosesNothing) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    SocketChardev::Options options;
    options.address.fd = ends[0];
    SocketChardev chardev(loop, options);
    bool writable = false;
    chardev.set_on_writable([&] { writable = true; });
    std::string sent, chunk(10'000, 'x');
    run_until([&] {
        for (char& c : chunk) c = static_cast<char>('a' + sent.size() % 26);
        std::size_t n = chardev.write(bytes(chunk));
        sent += chunk.substr(0, n);
        if (n == chunk.size()) loop.wake();
        // Full in the kernel, and then here.
        return n < chunk.size() && !std::exchange(writable, false);
    });
    std::string got;
    std::string rest = "the end";
    run_until([&] {
        pollfd state{ends[1], POLLIN, 0};
        while (poll(&state, 1, 0) == 1) got += read_some(ends[1]);
        if (writable && !rest.empty() && chardev.write(bytes(rest)) == rest.size()) sent += std::exchange(rest, "");
        return got.size() == sent.size() && rest.empty();
    });
    EXPECT_EQ(got, sent);
    close(ends[1]);
}

TEST_F(Chardevs, FrontEndWithoutRoomStopsInput) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    SocketChardev::Options options;
    options.address.fd = ends[0];
    SocketChardev chardev(loop, options);
    Reader reader;
    reader.room = 3;
    chardev.attach(reader.frontend());
    ASSERT_EQ(write(ends[1], "abcdefgh", 8), 8);
    run_until([&] { return reader.text == "abc"; });
    reader.room = 2;
    chardev.accept_input();
    run_until([&] { return reader.text == "abcde"; });
    reader.room = 100;
    chardev.accept_input();
    run_until([&] { return reader.text == "abcdefgh"; });
    close(ends[1]);
    run_until([&] { return reader.disconnects == 1; });
    EXPECT_EQ(chardev.write(bytes("nobody")), 6u);
}

TEST_F(Chardevs, UnixServerServesOneAfterTheOther) {
    std::string path = directory + "/s";
    {
        SocketChardev::Options options;
        options.address.path = path;
        options.server = true;
        options.wait = false;
        SocketChardev chardev(loop, options);
        Reader reader;
        chardev.attach(reader.frontend());
        int first = connect_to(path), second = connect_to(path);
        ASSERT_EQ(write(first, "one", 3), 3);
        ASSERT_EQ(write(second, "two", 3), 3);
        run_until([&] { return reader.text == "one"; });
        close(first);
        run_until([&] { return reader.text == "onetwo"; });
        EXPECT_EQ(reader.connects, 2);
        EXPECT_EQ(reader.disconnects, 1);
        close(second);
    }
    EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST_F(Chardevs, ClientComesBackWhenTheServerIsThere) {
    std::string path = directory + "/s";
    SocketChardev::Options options;
    options.address.path = path;
    options.reconnect = 1'000'000;
    SocketChardev client(loop, options);
    Reader reader;
    client.attach(reader.frontend());
    options = {};
    options.address.path = path;
    options.server = true;
    options.wait = false;
    SocketChardev server(loop, options);
    Reader other;
    server.attach(other.frontend());
    run_until([&] { return reader.connects == 1 && other.connects == 1; });
    client.write(bytes("hi"));
    run_until([&] { return other.text == "hi"; });
}

TEST_F(Chardevs, TcpByNumber) {
    SocketChardev::Options options;
    options.address.host = "127.0.0.1";
    options.address.port = "1";
    try {
        SocketChardev client(loop, options);
        FAIL();
    } catch (const FatalError& error) {
        EXPECT_NE(std::string(error.what()).find("tcp:127.0.0.1:1"), std::string::npos) << error.what();
    }
}

TEST_F(Chardevs, PtyDropsOutputUntilItIsOpened) {
    PtyChardev pty(loop);
    Reader reader;
    pty.attach(reader.frontend());
    EXPECT_EQ(pty.write(std::vector<u8>(100'000)), 100'000u);
    int fd = open(pty.path().c_str(), O_RDWR | O_NOCTTY);
    ASSERT_GE(fd, 0);
    run_until([&] { return reader.connects == 1; });
    pty.write(bytes("to you"));
    ASSERT_EQ(write(fd, "to me", 5), 5);
    run_until([&] {
        pollfd state{fd, POLLIN, 0};
        return reader.text == "to me" && poll(&state, 1, 0) == 1;
    });
    EXPECT_EQ(read_all(fd, 6), "to you");
    close(fd);
    run_until([&] { return reader.disconnects == 1; });
}

TEST(Telnet, CommandsAreNotData) {
    TelnetFilter filter;
    int breaks = 0;
    std::vector<u8> data = {'a', 255, 253, 1, 'b', 255, 255, 255, 243, 255};
    filter.filter(data, [&] { ++breaks; });
    EXPECT_EQ(std::string(data.begin(), data.end()), "ab\xFF");
    EXPECT_EQ(breaks, 1);
    data = {251, 3, 'c', 255, 250, 31, 0, 80, 255, 240, 'd'};
    filter.filter(data, [&] { ++breaks; });
    EXPECT_EQ(std::string(data.begin(), data.end()), "cd");
}

std::string legacy(const std::string& text) {
    Properties properties = parse_legacy_chardev("-serial", text);
    std::string out;
    for (const auto& [key, value] : properties.rest()) out += key + "=" + value + " ";
    return out;
}

TEST(LegacyChardev, ShortForms) {
    EXPECT_EQ(legacy("stdio"), "backend=stdio ");
    EXPECT_EQ(legacy("stdio,signal=off"), "backend=stdio signal=off ");
    EXPECT_EQ(legacy("mon:stdio"), "backend=stdio mux=on signal=off ");
    EXPECT_EQ(legacy("null"), "backend=null ");
    EXPECT_EQ(legacy("pty"), "backend=pty ");
    EXPECT_EQ(legacy("file:/tmp/a,b"), "backend=file path=/tmp/a,b ");
    EXPECT_EQ(legacy("pipe:/tmp/p"), "backend=pipe path=/tmp/p ");
    EXPECT_EQ(legacy("/dev/ttyS0"), "backend=serial path=/dev/ttyS0 ");
    EXPECT_EQ(legacy("unix:/s,server=on,wait=off"), "path=/s server=on wait=off backend=socket ");
    EXPECT_EQ(legacy("unix:/s,server,nowait"), "path=/s server=on nowait=on backend=socket ");
    EXPECT_EQ(legacy("tcp:localhost:4444,server=on"), "server=on host=localhost port=4444 backend=socket ");
    EXPECT_EQ(legacy("tcp::4444"), "host= port=4444 backend=socket ");
    EXPECT_EQ(legacy("tcp:[::1]:4444"), "host=::1 port=4444 backend=socket ");
    EXPECT_EQ(legacy("telnet:h:23,server"), "server=on host=h port=23 backend=socket telnet=on ");
    EXPECT_THROW(legacy("tcp:4444"), FatalError);
}

TEST_F(Chardevs, FactoryRefusesWhatItDoesNotKnow) {
    ChardevSet set(loop, {});
    auto error_of = [&](auto&& function) {
        try {
            function();
        } catch (const FatalError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    auto add = [&](const char* text) { return error_of([&] { set.add(Properties("-chardev", text, "backend")); }); };
    EXPECT_EQ(add("null,id=a"), "");
    EXPECT_NE(add("null,id=a").find("'a'"), std::string::npos);
    EXPECT_NE(add("null").find("'id'"), std::string::npos);
    EXPECT_NE(add("vc,id=b").find("display"), std::string::npos);
    EXPECT_NE(add("braille,id=b").find("'braille'"), std::string::npos);
    EXPECT_NE(add("null,id=b,colour=red").find("colour"), std::string::npos);
    EXPECT_NE(add("file,id=b").find("'path'"), std::string::npos);
    EXPECT_NE(add("socket,id=b,path=/x,wait=perhaps").find("perhaps"), std::string::npos);
    EXPECT_EQ(error_of([&] { set.use("-serial", "a"); }), "");
    EXPECT_NE(error_of([&] { set.use("-serial", "a"); }).find("in use"), std::string::npos);
    EXPECT_NE(error_of([&] { set.open("-serial", "chardev:q", "serial0"); }).find("'q'"), std::string::npos);
    EXPECT_EQ(set.open("-serial", "none", "serial0").chardev, nullptr);
    EXPECT_NE(set.open("-serial", "null", "serial1").chardev, nullptr);
    ASSERT_EQ(set.list().size(), 2u);
    EXPECT_EQ(set.list()[1].id, "serial1");
}

TEST_F(Chardevs, LogFile) {
    std::string path = directory + "/log";
    for (const char* append : {"off", "on"}) {
        ChardevSet set(loop, {});
        set.add(Properties("-chardev", "null,id=a,logfile=" + path + ",logappend=" + append, "backend"));
        EXPECT_EQ(set.use("-serial", "a")->write(bytes("line\n")), 5u);
    }
    EXPECT_EQ(contents(path), "line\nline\n");
}

/// A mux whose back end is a socket pair.
struct Mux : Chardevs {
    int ends[2];
    int quits = 0, commits = 0;
    ChardevSet set{loop, {.quit = [this] { ++quits; }, .commit = [this] { ++commits; }}};
    std::shared_ptr<Chardev> serial, monitor;
    Reader console, prompt;

    void SetUp() override {
        Chardevs::SetUp();
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        set.add(Properties("-chardev", "socket,id=m,mux=on,fd=" + std::to_string(ends[0]), "backend"));
        serial = set.use("-serial", "m");
        monitor = set.use("-mon", "m");
        serial->attach(console.frontend());
        monitor->attach(prompt.frontend());
    }
    void TearDown() override {
        close(ends[1]);
        Chardevs::TearDown();
    }
    void type(std::string_view text) {
        ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
};

TEST_F(Mux, ControlAKeys) {
    type(
        "ls\x01"
        "cinfo\x01"
        "cexit\x01\x01\x01"
        "b\x01"
        "s\x01"
        "x");
    run_until([&] { return quits == 1; });
    EXPECT_EQ(console.text, "lsexit\x01");
    EXPECT_EQ(prompt.text, "info");
    EXPECT_EQ(console.breaks, 1);
    EXPECT_EQ(commits, 1);
    EXPECT_TRUE(console.focus);
    EXPECT_FALSE(prompt.focus);
    EXPECT_EQ(console.connects, 1);
    EXPECT_EQ(prompt.connects, 1);
}

TEST_F(Mux, OutputOfAllPorts) {
    serial->write(bytes("one "));
    monitor->write(bytes("two"));
    run_until([&] {
        pollfd state{ends[1], POLLIN, 0};
        return poll(&state, 1, 0) == 1;
    });
    EXPECT_EQ(read_all(ends[1], 7), "one two");
}

TEST_F(Mux, TimeStampsAtLineStarts) {
    type(
        "\x01"
        "t.");
    run_until([&] { return console.text == "."; });
    serial->write(bytes("rest\nline\n"));
    const std::string expected = "rest\n[00:00:00.000] line\n";
    run_until([&] {
        pollfd state{ends[1], POLLIN, 0};
        return poll(&state, 1, 0) == 1;
    });
    std::string got = read_all(ends[1], expected.size());
    ASSERT_EQ(got.size(), expected.size());
    EXPECT_EQ(got.substr(0, 6), "rest\n[");
    EXPECT_EQ(got.substr(18), "] line\n");
}

TEST_F(Mux, StalledPortKeepsItsInput) {
    console.room = 2;
    type("abcdef");
    run_until([&] { return console.text == "ab"; });
    type(
        "\x01"
        "cinfo");
    run_until([&] { return prompt.text == "info"; });
    console.room = 100;
    serial->accept_input();
    run_until([&] { return console.text == "abcdef"; });
}

}  // namespace
}  // namespace dragoman::devices
