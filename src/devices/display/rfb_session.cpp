#include "devices/display/rfb_session.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/big_endian.h"
#include "base/crypto/des.h"
#include "devices/input/keys.h"

namespace dragoman::devices::display {

namespace {

constexpr std::string_view kVersion = "RFB 003.008\n";
enum SecurityType : u8 { kNoSecurity = 1, kVncAuthentication = 2 };
enum ClientMessage : u8 {
    kSetPixelFormat = 0,
    kSetEncodings = 2,
    kUpdateRequest = 3,
    kKeyEvent = 4,
    kPointerEvent = 5,
    kCutText = 6,
    kQemu = 255,
};
enum Encoding : i32 {
    kRaw = 0,
    kZrle = 16,
    kDesktopSize = -223,
    kCursorShape = -239,
    kExtendedKeys = -258,  // QEMU's: keys come with their numbers, whatever layout the client has
};
constexpr i32 kKnownEncodings[] = {kZrle, kDesktopSize, kCursorShape, kExtendedKeys};

constexpr std::size_t kMostAreas = 4096;  // of an update
/// How finely the picture is compared.
constexpr u32 kTileWidth = 64, kTileHeight = 16;

/// §7.2.2: the password's bytes with their bits in the reverse order are the key.
std::array<u8, 8> key_of(const std::string& password) {
    std::array<u8, 8> key{};
    for (std::size_t i = 0; i < std::min<std::size_t>(password.size(), 8); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            if ((password[i] >> bit & 1) != 0) key[i] |= static_cast<u8>(0x80 >> bit);
        }
    }
    return key;
}

bool is_answer(const std::string& password, const std::array<u8, 16>& challenge, std::span<const u8> response) {
    for (std::size_t half = 0; half < 16; half += 8) {
        std::array<u8, 8> block;
        std::copy_n(challenge.begin() + static_cast<std::ptrdiff_t>(half), 8, block.begin());
        const std::array<u8, 8> expected = crypto::des_encrypt(key_of(password), block);
        if (std::memcmp(expected.data(), response.data() + half, 8) != 0) return false;
    }
    return true;
}

void put_text(std::vector<u8>& out, std::string_view text) {
    put_be32(out, static_cast<u32>(text.size()));
    out.insert(out.end(), text.begin(), text.end());
}

/// The part of `frame` that a client sees whose screen cannot change its size.
Frame fit(const Frame& frame, u32 width, u32 height) {
    Frame part;
    part.resize(width, height);
    for (u32 y = 0; y < std::min(height, frame.height); y++) {
        std::copy_n(frame.pixels.begin() + static_cast<std::ptrdiff_t>(u64{y} * frame.width),
                    std::min(width, frame.width), part.pixels.begin() + static_cast<std::ptrdiff_t>(u64{y} * width));
    }
    return part;
}

}  // namespace

RfbSession::RfbSession(RfbUser& user, Options options, const std::array<u8, 16>& challenge, const Frame& frame)
    : user_(user), options_(std::move(options)), challenge_(challenge), shown_(frame) {
    out_.assign(kVersion.begin(), kVersion.end());
}

RfbSession::~RfbSession() = default;

bool RfbSession::receive(std::span<const u8> bytes) {
    in_.insert(in_.end(), bytes.begin(), bytes.end());
    std::size_t done = 0;
    while (state_ != State::Ended) {
        const std::size_t taken = take({in_.data() + done, in_.size() - done});
        if (taken == 0) break;
        done += taken;
    }
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(done));
    return state_ != State::Ended;
}

/// Takes the next message. @returns its bytes; 0 when it is not there as a whole, or the session has ended
std::size_t RfbSession::take(std::span<const u8> bytes) {
    switch (state_) {
        case State::Version: return take_version(bytes);
        case State::Security: return take_security(bytes);
        case State::Response: return take_response(bytes);
        case State::Init: return bytes.empty() ? 0 : take_init();
        case State::Running: return take_message(bytes);
        case State::Ended: return 0;
    }
    return 0;
}

std::size_t RfbSession::end() {
    release_keys();
    state_ = State::Ended;
    return 0;
}

/// §7.1.1. Versions that are none of the three are taken for 3.3, as it asks for, and later ones for 3.8.
std::size_t RfbSession::take_version(std::span<const u8> bytes) {
    if (bytes.size() < kVersion.size()) {
        const bool garbage = !std::equal(
            bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(bytes.size(), 4)),
            kVersion.begin());
        return garbage ? end() : 0;
    }
    const std::string text(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kVersion.size()));
    int major = 0, minor = 0;
    if (std::sscanf(text.c_str(), "RFB %3d.%3d\n", &major, &minor) != 2 || major < 3) return end();
    minor_ = major > 3 || minor >= 8 ? 8 : minor == 7 ? 7 : 3;
    offer_security();
    return kVersion.size();
}

void RfbSession::offer_security() {
    const u8 type = options_.password || options_.locked ? kVncAuthentication : kNoSecurity;
    if (minor_ == 3) {
        put_be32(out_, type);
        begin_security(type);
        return;
    }
    out_.push_back(1);
    out_.push_back(type);
    state_ = State::Security;
}

std::size_t RfbSession::take_security(std::span<const u8> bytes) {
    if (bytes.empty()) return 0;
    const u8 type = options_.password || options_.locked ? kVncAuthentication : kNoSecurity;
    if (bytes[0] != type) {
        end_security(false);
        return 0;
    }
    begin_security(type);
    return 1;
}

void RfbSession::begin_security(u8 type) {
    if (type == kVncAuthentication) {
        out_.insert(out_.end(), challenge_.begin(), challenge_.end());
        state_ = State::Response;
    } else if (minor_ == 8) {
        end_security(true);
    } else {
        state_ = State::Init;
    }
}

std::size_t RfbSession::take_response(std::span<const u8> bytes) {
    if (bytes.size() < challenge_.size()) return 0;
    const bool right = options_.password && is_answer(*options_.password, challenge_, bytes);
    end_security(right);
    return right ? challenge_.size() : 0;
}

void RfbSession::end_security(bool accepted) {
    put_be32(out_, accepted ? 0 : 1);
    state_ = State::Init;
    if (accepted) return;
    if (minor_ == 8) put_text(out_, "Authentication failed");
    end();
}

std::size_t RfbSession::take_init() {
    put_be16(out_, shown_.width);
    put_be16(out_, shown_.height);
    format_.put_to(out_);
    put_text(out_, options_.name);
    state_ = State::Running;
    return 1;
}

std::size_t RfbSession::take_message(std::span<const u8> bytes) {
    if (bytes.empty()) return 0;
    if (skip_ != 0) {
        const u64 skipped = std::min<u64>(skip_, bytes.size());
        skip_ -= skipped;
        return skipped;
    }
    if (encodings_left_ != 0) return take_encoding(bytes);
    struct Kind {
        u8 type;
        std::size_t bytes;
        std::size_t (RfbSession::*take)(std::span<const u8> message);
    };
    static constexpr Kind kKinds[] = {
        {kSetPixelFormat, 20, &RfbSession::set_format},    {kSetEncodings, 4, &RfbSession::set_encodings},
        {kUpdateRequest, 10, &RfbSession::request_update}, {kKeyEvent, 8, &RfbSession::take_key},
        {kPointerEvent, 6, &RfbSession::take_pointer},     {kCutText, 8, &RfbSession::take_cut_text},
        {kQemu, 12, &RfbSession::take_extended_key},
    };
    for (const Kind& kind : kKinds) {
        if (kind.type != bytes[0]) continue;
        return bytes.size() < kind.bytes ? 0 : (this->*kind.take)(bytes.first(kind.bytes));
    }
    return end();
}

std::size_t RfbSession::set_format(std::span<const u8> message) {
    const std::optional<PixelFormat> format = PixelFormat::parse(message.subspan(4, PixelFormat::kBytes));
    if (!format) return end();
    format_ = *format;
    whole_ = true;
    return message.size();
}

std::size_t RfbSession::set_encodings(std::span<const u8> message) {
    encodings_left_ = get_be16(message, 2);
    encodings_.clear();
    return message.size();
}

std::size_t RfbSession::take_encoding(std::span<const u8> bytes) {
    if (bytes.size() < 4) return 0;
    const i32 encoding = static_cast<i32>(get_be32(bytes, 0));
    if (std::find(std::begin(kKnownEncodings), std::end(kKnownEncodings), encoding) != std::end(kKnownEncodings))
        encodings_.insert(encoding);
    if (encoding == kExtendedKeys) tell_extended_keys_ = true;
    if (encoding == kCursorShape) cursor_changed_ = true;
    encodings_left_--;
    return 4;
}

std::size_t RfbSession::request_update(std::span<const u8> message) {
    if (message[1] == 0) whole_ = true;
    wanted_ = true;
    return message.size();
}

void RfbSession::press(u16 code, bool down) {
    if (down) pressed_.insert(code);
    else pressed_.erase(code);
    user_.key(code, down);
}

void RfbSession::release_keys() {
    while (!pressed_.empty()) press(*pressed_.begin(), false);
}

std::size_t RfbSession::take_key(std::span<const u8> message) {
    if (const input::Key* key = input::find_key_by_keysym(get_be32(message, 4))) press(key->code, message[1] != 0);
    return message.size();
}

std::size_t RfbSession::take_extended_key(std::span<const u8> message) {
    if (message[1] != 0) return end();  // sound, which there is not
    const u32 number = get_be32(message, 8);
    const input::Key* key = input::find_key_by_number(number > 0xff ? (number & 0x7f) | 0x80 : number);
    if (key == nullptr) key = input::find_key_by_keysym(get_be32(message, 4));
    if (key != nullptr) press(key->code, get_be16(message, 2) != 0);
    return message.size();
}

std::size_t RfbSession::take_pointer(std::span<const u8> message) {
    user_.pointer(get_be16(message, 2), get_be16(message, 4), message[1]);
    return message.size();
}

/// There is nobody who takes text.
std::size_t RfbSession::take_cut_text(std::span<const u8> message) {
    const i32 length = static_cast<i32>(get_be32(message, 4));
    skip_ = static_cast<u64>(length < 0 ? -i64{length} : i64{length});
    return message.size();
}

void RfbSession::set_cursor(const Cursor& cursor) {
    cursor_ = cursor;
    cursor_changed_ = true;
}

void RfbSession::begin_update(std::size_t rectangles) {
    out_.push_back(0);
    out_.push_back(0);
    put_be16(out_, static_cast<u32>(rectangles));
}

void RfbSession::begin_rectangle(const Area& area, i32 encoding) {
    for (u32 value : {area.x, area.y, area.width, area.height}) put_be16(out_, value);
    put_be32(out_, static_cast<u32>(encoding));
}

/// §7.8.1: pixels, and a mask of those that count.
void RfbSession::put_cursor() {
    begin_rectangle({cursor_.hot_x, cursor_.hot_y, cursor_.width, cursor_.height}, kCursorShape);
    for (u32 pixel : cursor_.pixels) format_.put_pixel(out_, pixel);
    for (u32 y = 0; y < cursor_.height; y++) {
        for (u32 x = 0; x < cursor_.width; x += 8) {
            u8 mask = 0;
            for (u32 bit = 0; bit < 8 && x + bit < cursor_.width; bit++) {
                if (cursor_.pixels[y * cursor_.width + x + bit] >> 31 != 0) mask |= static_cast<u8>(0x80 >> bit);
            }
            out_.push_back(mask);
        }
    }
}

/// What differs from what the client has, as rows of tiles. The client's size is the frame's.
std::vector<Area> RfbSession::changes(const Frame& frame) const {
    std::vector<Area> areas;
    for (u32 y = 0; y < frame.height; y += kTileHeight) {
        const u32 height = std::min(kTileHeight, frame.height - y);
        u32 run = 0;  // where a run of changed tiles began
        bool in_run = false;
        for (u32 x = 0; x < frame.width; x += kTileWidth) {
            const u32 width = std::min(kTileWidth, frame.width - x);
            bool same = !whole_;
            for (u32 row = y; same && row < y + height; row++) {
                const u64 at = u64{row} * frame.width + x;
                same = std::memcmp(&frame.pixels[at], &shown_.pixels[at], width * sizeof(u32)) == 0;
            }
            if (!same && !in_run) run = x;
            if (same && in_run) areas.push_back({run, y, x - run, height});
            in_run = !same;
        }
        if (in_run) areas.push_back({run, y, frame.width - run, height});
    }
    return areas;
}

void RfbSession::update(const Frame& frame) {
    if (!wants_update()) return;
    const bool other_size = frame.width != shown_.width || frame.height != shown_.height;
    if (other_size && !supports(kDesktopSize)) return update(fit(frame, shown_.width, shown_.height));
    if (other_size) {
        // On its own: what follows is about the new screen.
        begin_update(1);
        begin_rectangle({0, 0, frame.width, frame.height}, kDesktopSize);
        shown_.resize(frame.width, frame.height);
        whole_ = true;
        wanted_ = false;
        return;
    }
    std::vector<Area> areas = changes(frame);
    if (areas.size() > kMostAreas) areas = {{0, 0, frame.width, frame.height}};
    const bool cursor = cursor_changed_ && supports(kCursorShape);
    if (areas.empty() && !cursor && !tell_extended_keys_) return;
    begin_update(areas.size() + (cursor ? 1 : 0) + (tell_extended_keys_ ? 1 : 0));
    if (tell_extended_keys_) begin_rectangle({0, 0, frame.width, frame.height}, kExtendedKeys);
    if (cursor) put_cursor();
    for (const Area& area : areas) {
        const bool compressed = supports(kZrle);
        begin_rectangle(area, compressed ? kZrle : kRaw);
        if (compressed) zrle_.encode(frame, area, format_, out_);
        else encode_raw(frame, area, format_, out_);
    }
    shown_ = frame;
    wanted_ = whole_ = cursor_changed_ = tell_extended_keys_ = false;
}

}  // namespace dragoman::devices::display
