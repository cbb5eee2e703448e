// VNC: the protocol as RFC 6143 has it, spoken by a small client, and what comes of clients that speak otherwise.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#include <cstring>
#include <random>
#include <thread>

#include "base/big_endian.h"
#include "base/crypto/des.h"
#include "base/error.h"
#include "devices/display/vnc_server.h"
#include "unit/devices/fixture.h"

namespace dragoman::devices::display {
namespace {

constexpr std::array<u8, 16> kChallenge = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

struct Recorder final : RfbUser {
    std::string text;
    void key(u16 code, bool down) override { text += "k" + std::to_string(code) + (down ? "+ " : "- "); }
    void pointer(u32 x, u32 y, u8 buttons) override {
        text += "p" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(buttons) + " ";
    }
};

Frame gradient(u32 width, u32 height) {
    Frame frame;
    frame.resize(width, height);
    for (u32 i = 0; i < width * height; i++) frame.pixels[i] = i * 2654435761u >> 8;
    return frame;
}

struct Rfb : ::testing::Test {
    void start(RfbSession::Options options = {"desk", std::nullopt, false}) {
        session.emplace(user, std::move(options), kChallenge, frame);
    }
    bool send(const std::vector<u8>& bytes) { return session->receive(bytes); }
    bool send(std::string_view text) {
        return session->receive({reinterpret_cast<const u8*>(text.data()), text.size()});
    }
    std::vector<u8> take() { return std::exchange(session->out(), {}); }
    std::string take_text() {
        const std::vector<u8> bytes = take();
        return {bytes.begin(), bytes.end()};
    }
    void come_in() {
        start();
        send("RFB 003.008\n");
        send(std::vector<u8>{1, 1});
        take();
    }
    bool set_encodings(const std::vector<i32>& encodings) {
        std::vector<u8> message{2, 0};
        put_be16(message, static_cast<u32>(encodings.size()));
        for (i32 encoding : encodings) put_be32(message, static_cast<u32>(encoding));
        return send(message);
    }
    bool request(bool incremental) { return send(std::vector<u8>{3, incremental, 0, 0, 0, 0, 0, 0xff, 0, 0xff}); }

    struct Rectangle {
        Area area;
        i32 encoding;
    };
    /// Applies an update to `picture`. @returns its rectangles
    std::vector<Rectangle> apply(const std::vector<u8>& bytes) {
        std::vector<Rectangle> rectangles;
        std::size_t at = 4;
        EXPECT_EQ(bytes[0], 0);
        for (unsigned i = 0; i < get_be16(bytes, 2); i++) {
            const Area area{get_be16(bytes, at), get_be16(bytes, at + 2), get_be16(bytes, at + 4),
                            get_be16(bytes, at + 6)};
            const i32 encoding = static_cast<i32>(get_be32(bytes, at + 8));
            at += 12;
            rectangles.push_back({area, encoding});
            if (encoding == 0) at += read_raw(bytes, at, area);
            if (encoding == 16) at += read_zrle(bytes, at, area);
            if (encoding == -223) picture.resize(area.width, area.height);
        }
        EXPECT_EQ(at, bytes.size());
        return rectangles;
    }
    std::size_t read_raw(const std::vector<u8>& bytes, std::size_t at, const Area& area) {
        for (u32 i = 0; i < area.width * area.height; i++) {
            u32 pixel;
            std::memcpy(&pixel, &bytes[at + 4 * i], 4);
            set_pixel(area, i % area.width, i / area.width, pixel);
        }
        return 4 * area.width * area.height;
    }
    void set_pixel(const Area& area, u32 x, u32 y, u32 pixel) {
        picture.pixels[(area.y + y) * picture.width + area.x + x] = pixel;
    }
    std::size_t read_zrle(const std::vector<u8>& bytes, std::size_t at, const Area& area) {
        const u32 length = get_be32(bytes, at);
        if (!inflating) inflateInit(&inflate_stream);
        inflating = true;
        std::vector<u8> plain(area.width * area.height * 4 + 4096);
        inflate_stream.next_in = const_cast<u8*>(bytes.data()) + at + 4;
        inflate_stream.avail_in = length;
        inflate_stream.next_out = plain.data();
        inflate_stream.avail_out = static_cast<uInt>(plain.size());
        EXPECT_EQ(inflate(&inflate_stream, Z_SYNC_FLUSH), Z_OK);
        const u8* p = plain.data();
        auto pixel = [&p] {
            const u32 value = p[0] | u32{p[1]} << 8 | u32{p[2]} << 16;
            p += 3;
            return value;
        };
        for (u32 y = 0; y < area.height; y += 64) {
            for (u32 x = 0; x < area.width; x += 64) {
                const u32 width = std::min(64u, area.width - x), height = std::min(64u, area.height - y);
                const unsigned kind = *p++;
                EXPECT_LE(kind, 16u);
                std::vector<u32> palette;
                for (unsigned i = 0; i < kind; i++) palette.push_back(pixel());
                const unsigned bits = kind <= 2 ? 1 : kind <= 4 ? 2 : 4;
                for (u32 row = 0; row < height; row++) {
                    for (u32 column = 0; column < width; column++) {
                        u32 value;
                        if (kind == 0) value = pixel();
                        else if (kind == 1) value = palette[0];
                        else
                            value = palette[p[column * bits / 8] >> (8 - bits - column * bits % 8) & ((1 << bits) - 1)];
                        set_pixel(area, x + column, y + row, value);
                    }
                    if (kind > 1) p += (width * bits + 7) / 8;
                }
            }
        }
        EXPECT_EQ(p, inflate_stream.next_out);
        return 4 + length;
    }
    ~Rfb() override {
        if (inflating) inflateEnd(&inflate_stream);
    }

    Recorder user;
    Frame frame = gradient(100, 70), picture = frame;
    std::optional<RfbSession> session;
    z_stream inflate_stream{};
    bool inflating = false;
};

TEST_F(Rfb, ComesInWithoutAPassword) {
    start();
    EXPECT_EQ(take_text(), "RFB 003.008\n");
    EXPECT_TRUE(send("RFB 003.0"));
    EXPECT_TRUE(send("08\n"));
    EXPECT_EQ(take(), (std::vector<u8>{1, 1}));
    send(std::vector<u8>{1});
    EXPECT_EQ(take(), (std::vector<u8>{0, 0, 0, 0}));
    EXPECT_FALSE(session->running());
    send(std::vector<u8>{1});
    EXPECT_TRUE(session->running());
    EXPECT_EQ(take(), (std::vector<u8>{0,  100, 0, 70, 32, 24, 0, 1, 0, 255, 0,   255, 0,   255,
                                       16, 8,   0, 0,  0,  0,  0, 0, 0, 4,   'd', 'e', 's', 'k'}));
}

TEST_F(Rfb, SpeaksOlderVersions) {
    start();
    take();
    send("RFB 003.003\n");
    EXPECT_EQ(take(), (std::vector<u8>{0, 0, 0, 1}));
    send(std::vector<u8>{1});
    EXPECT_TRUE(session->running());
    start();
    take();
    send("RFB 003.007\n");
    EXPECT_EQ(take(), (std::vector<u8>{1, 1}));
    send(std::vector<u8>{1, 1});
    EXPECT_TRUE(session->running());
}

TEST_F(Rfb, WantsThePassword) {
    // The key is "secret" with the bits of each byte reversed.
    const std::array<u8, 8> key = {0xce, 0xa6, 0xc6, 0x4e, 0xa6, 0x2e, 0, 0};
    std::vector<u8> response;
    for (unsigned half = 0; half < 2; half++) {
        std::array<u8, 8> block;
        std::copy_n(kChallenge.begin() + 8 * half, 8, block.begin());
        for (u8 byte : crypto::des_encrypt(key, block)) response.push_back(byte);
    }
    for (bool right : {true, false}) {
        start({"desk", "secret", false});
        take();
        send("RFB 003.008\n");
        EXPECT_EQ(take(), (std::vector<u8>{1, 2}));
        send(std::vector<u8>{2});
        EXPECT_EQ(take(), std::vector<u8>(kChallenge.begin(), kChallenge.end()));
        std::vector<u8> answer = response;
        if (!right) answer[15] ^= 1;
        EXPECT_EQ(send(answer), right);
        EXPECT_EQ(take()[3], right ? 0 : 1);
        EXPECT_EQ(session->ended(), !right);
    }
    // Nobody comes in without one, nor with any while there is none.
    start({"desk", "secret", false});
    send("RFB 003.008\n");
    EXPECT_FALSE(send(std::vector<u8>{1}));
    start({"desk", std::nullopt, true});
    send("RFB 003.008\n");
    send(std::vector<u8>{2});
    EXPECT_FALSE(send(response));
    // In 3.3 the server decides.
    start({"desk", "secret", false});
    take();
    send("RFB 003.003\n");
    EXPECT_EQ(take()[3], 2);
    EXPECT_TRUE(send(response));
}

TEST_F(Rfb, ShowsChanges) {
    for (bool compressed : {false, true}) {
        come_in();
        if (compressed) set_encodings({16, 5, 0});
        picture.resize(100, 70);
        session->update(frame);
        EXPECT_TRUE(take().empty());  // not asked for
        request(false);
        session->update(frame);
        EXPECT_EQ(apply(take()).size(), 5u);
        EXPECT_EQ(picture, frame);
        session->update(frame);
        request(true);
        session->update(frame);
        EXPECT_TRUE(take().empty());
        frame.pixels[3 * 100 + 80] ^= 0xff;
        frame.pixels[69 * 100] ^= 0xff00;
        session->update(frame);
        const auto rectangles = apply(take());
        ASSERT_EQ(rectangles.size(), 2u);
        EXPECT_EQ(rectangles[0].area, (Area{64, 0, 36, 16}));
        EXPECT_EQ(rectangles[1].area, (Area{0, 64, 64, 6}));
        EXPECT_EQ(rectangles[0].encoding, compressed ? 16 : 0);
        EXPECT_EQ(picture, frame);
        if (inflating) inflateEnd(&inflate_stream), inflate_stream = {}, inflating = false;
    }
}

TEST_F(Rfb, CompressesFewColours) {
    come_in();
    set_encodings({16});
    frame.resize(200, 130);
    come_in();
    set_encodings({16});
    picture.resize(200, 130);
    std::minstd_rand random;
    for (unsigned colours : {1u, 2u, 3u, 4u, 5u, 16u, 17u, 1000u}) {
        for (u32& pixel : frame.pixels) pixel = static_cast<u32>(random() % colours) * 0x10305 & 0xffffff;
        request(false);
        session->update(frame);
        apply(take());
        EXPECT_EQ(picture, frame) << colours;
    }
}

TEST_F(Rfb, FollowsTheSize) {
    come_in();
    set_encodings({-223});
    request(false);
    session->update(frame);
    apply(take());
    const Frame large = gradient(120, 80);
    request(true);
    session->update(large);
    ASSERT_EQ(apply(take()).size(), 1u);
    EXPECT_EQ(picture.width, 120u);
    request(true);
    session->update(large);
    apply(take());
    EXPECT_EQ(picture, large);
    // Who cannot follow sees a part.
    come_in();
    request(false);
    picture = frame;
    session->update(large);
    apply(take());
    EXPECT_EQ(picture.pixels[100 + 99], large.pixels[120 + 99]);
}

TEST_F(Rfb, TakesThePixelsThatItLikes) {
    come_in();
    // 16 bits, big endian, 5:6:5
    send(std::vector<u8>{0, 0, 0, 0, 16, 16, 1, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0, 0, 0, 0});
    frame.resize(100, 70);
    frame.pixels[0] = 0xff8000;
    request(false);
    session->update(frame);
    std::vector<u8> bytes = take();
    EXPECT_EQ(get_be16(bytes, 16), 31 << 11 | 32 << 5);
    // 8 bits with a colour map, which there is not.
    EXPECT_FALSE(send(std::vector<u8>{0, 0, 0, 0, 8, 8, 0, 0, 0, 7, 0, 7, 0, 3, 0, 3, 6, 0, 0, 0}));
}

TEST_F(Rfb, GivesKeysAndPointer) {
    come_in();
    send(std::vector<u8>{4, 1, 0, 0, 0, 0, 0, 'a'});
    send(std::vector<u8>{4, 0, 0, 0, 0, 0, 0, 'A'});  // the same key
    send(std::vector<u8>{5, 3, 0, 10, 1, 0});
    send(std::vector<u8>{255, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x1c});
    send(std::vector<u8>{255, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xd3});
    send(std::vector<u8>{4, 1, 0, 0, 1, 2, 3, 4});  // no key that there is
    EXPECT_EQ(user.text, "k30+ k30- p10,256,3 k28+ k111+ ");
    session->release_keys();
    EXPECT_EQ(user.text, "k30+ k30- p10,256,3 k28+ k111+ k28- k111- ");
}

TEST_F(Rfb, TellsOfExtensionsOnce) {
    come_in();
    set_encodings({-258, -239});
    Cursor cursor{.width = 9, .height = 2, .hot_x = 1, .hot_y = 1, .pixels = std::vector<u32>(18, 0xff112233)};
    session->set_cursor(cursor);
    request(true);
    session->update(frame);
    std::vector<u8> bytes = take();
    EXPECT_EQ(get_be32(bytes, 12), static_cast<u32>(-258));
    EXPECT_EQ(get_be32(bytes, 24), static_cast<u32>(-239));
    EXPECT_EQ(get_be16(bytes, 20), 9);
    EXPECT_EQ(get_be32(bytes, 28), 0x33221100u);
    EXPECT_EQ(bytes[28 + 72], 0xff);
    EXPECT_EQ(bytes[28 + 73], 0x80);
    request(true);
    session->update(frame);
    EXPECT_TRUE(take().empty());
}

TEST_F(Rfb, LetsTextGo) {
    come_in();
    send(std::vector<u8>{6, 0, 0, 0, 0xff, 0xff, 0xff, 0xff});  // one byte, in the extended form
    send("x");
    send(std::vector<u8>{6, 0, 0, 0, 0, 0, 0, 3});
    send("ab");
    send("c");
    send(std::vector<u8>{4, 1, 0, 0, 0, 0, 0, 'b'});
    EXPECT_EQ(user.text, "k48+ ");
}

TEST_F(Rfb, EndsWithWhatIsNoMessage) {
    for (const char* garbage : {"GET / HTTP/1.1\r\n", "RFB 00x.008\n", "RFB 002.000\n"}) {
        start();
        EXPECT_FALSE(send(garbage)) << garbage;
    }
    come_in();
    EXPECT_FALSE(send(std::vector<u8>{99}));
    EXPECT_FALSE(send(std::vector<u8>{4, 1, 0, 0, 0, 0, 0, 'b'}));
    EXPECT_EQ(user.text, "");
}

TEST_F(Rfb, GarbageDoesNoHarm) {
    std::minstd_rand random(7);
    for (unsigned round = 0; round < 3000; round++) {
        if (round % 3 == 0) start({"desk", "secret", false});
        else come_in();
        for (unsigned step = 0; step < 40 && !session->ended(); step++) {
            std::vector<u8> bytes(random() % 64);
            for (u8& byte : bytes) byte = static_cast<u8>(random() % 3 == 0 ? random() % 7 : random());
            if (!bytes.empty()) bytes[0] = static_cast<u8>(random() % 8);
            send(bytes);
            session->update(frame);
            EXPECT_LT(take().size(), 1u << 20);
        }
    }
}

struct ServerTest : ::testing::Test {
    ServerTest() {
        screens.add("", 0, screen);
        options.path = testing::TempDir() + "/vnc-" + std::to_string(getpid());
        options.name = "desk";
        server.emplace(loop, screens, input, options);
        thread = std::thread([this] { loop.run(); });
    }
    ~ServerTest() override {
        loop.quit();
        thread.join();
        server.reset();
    }
    int connect() {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        options.path.copy(name.sun_path, sizeof name.sun_path - 1);
        EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
        return fd;
    }
    static std::string receive(int fd, std::size_t bytes) {
        std::string text(bytes, 0);
        EXPECT_EQ(recv(fd, text.data(), bytes, MSG_WAITALL), static_cast<ssize_t>(bytes));
        return text;
    }

    struct TestScreen final : Screen {
        void capture(Frame& frame) override { frame = gradient(640, 480); }
        u64 generation() override { return 1; }
    };
    TestScreen screen;
    EventLoop loop;
    Screens screens;
    input::Input input;
    VncOptions options;
    std::optional<VncServer> server;
    std::thread thread;
};

TEST_F(ServerTest, ServesSeveralClients) {
    int fds[3];
    for (int& fd : fds) {
        fd = connect();
        EXPECT_EQ(receive(fd, 12), "RFB 003.008\n");
        ASSERT_EQ(send(fd, "RFB 003.008\n\x01\x01", 14, 0), 14);
        receive(fd, 6 + 24 + 4);
        const char request[] = {3, 0, 0, 0, 0, 0, 2, '\x80', 1, '\xe0'};
        ASSERT_EQ(send(fd, request, 10, 0), 10);
    }
    // The first does not read; the others get their picture all the same.
    for (int fd : {fds[1], fds[2]}) {
        const std::string header = receive(fd, 4);
        EXPECT_EQ(header[0], 0);
        receive(fd, 640 * 480 * 4);
    }
    for (int fd : fds) close(fd);
}

TEST_F(ServerTest, ThrowsOutWhoSendsGarbage) {
    const int fd = connect();
    receive(fd, 12);
    ASSERT_EQ(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
    char byte;
    EXPECT_LE(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

TEST_F(ServerTest, HasRoomForSomeOnly) {
    std::vector<int> fds;
    for (std::size_t i = 0; i < VncServer::kMaxClients; i++) {
        fds.push_back(connect());
        EXPECT_EQ(receive(fds.back(), 12).size(), 12u);
    }
    const int more = connect();
    char byte;
    EXPECT_LE(recv(more, &byte, 1, 0), 0);
    close(more);
    for (int fd : fds) close(fd);
}

TEST(Vnc, SaysWhatItCannotListenOn) {
    EventLoop loop;
    Screens screens;
    input::Input input;
    VncOptions options;
    options.path = "/nowhere/socket";
    EXPECT_THROW(VncServer(loop, screens, input, options), FatalError);
    options.path = std::string(200, 'x');
    EXPECT_THROW(VncServer(loop, screens, input, options), FatalError);
}

}  // namespace
}  // namespace dragoman::devices::display
