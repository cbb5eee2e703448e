// The server's side of one RFB connection (RFC 6143), without its socket: bytes of the client come in, bytes for it go
// out. A client may send anything: what is no message ends the session, and nothing that it says takes memory.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "devices/display/rfb_pixels.h"

namespace dragoman::devices::display {

/// What the user at the other end does. Called while bytes come in.
class RfbUser {
public:
    virtual void key(u16 code, bool down) = 0;
    /// @param buttons  a bit for each of RFB's buttons, the first is bit 0
    virtual void pointer(u32 x, u32 y, u8 buttons) = 0;

protected:
    ~RfbUser() = default;
};

class RfbSession {
public:
    struct Options {
        std::string name;                     ///< of the desktop
        std::optional<std::string> password;  ///< of which 8 bytes count; nothing: whoever comes may come in
        bool locked = false;                  ///< nobody may come in: a password is wanted, and there is none
    };

    /// @param challenge  random bytes
    RfbSession(RfbUser& user, Options options, const std::array<u8, 16>& challenge, const Frame& frame);
    ~RfbSession();

    /// Takes what the client has sent. @returns false when the session has ended; out() may still have something
    bool receive(std::span<const u8> bytes);
    /// Bytes for the client, which the caller removes from the front.
    std::vector<u8>& out() { return out_; }
    /// Whether the client has come in.
    bool running() const { return state_ == State::Running; }
    bool ended() const { return state_ == State::Ended; }
    /// Whether the client waits for news of the picture.
    bool wants_update() const { return running() && wanted_; }

    /// Brings the client up to what is shown, where that has changed and it has asked.
    void update(const Frame& frame);
    /// The pointer's shape has changed.
    void set_cursor(const Cursor& cursor);
    /// Lets go of all keys that are down.
    void release_keys();

private:
    enum class State : u8 { Version, Security, Response, Init, Running, Ended };

    std::size_t take(std::span<const u8> bytes);
    std::size_t take_version(std::span<const u8> bytes);
    std::size_t take_security(std::span<const u8> bytes);
    std::size_t take_response(std::span<const u8> bytes);
    std::size_t take_init();
    std::size_t take_message(std::span<const u8> bytes);
    void offer_security();
    void begin_security(u8 type);
    void end_security(bool accepted);
    std::size_t end();

    std::size_t set_format(std::span<const u8> message);
    std::size_t set_encodings(std::span<const u8> message);
    std::size_t take_encoding(std::span<const u8> bytes);
    std::size_t request_update(std::span<const u8> message);
    std::size_t take_key(std::span<const u8> message);
    std::size_t take_extended_key(std::span<const u8> message);
    std::size_t take_pointer(std::span<const u8> message);
    std::size_t take_cut_text(std::span<const u8> message);
    void press(u16 code, bool down);

    std::vector<Area> changes(const Frame& frame) const;
    void begin_update(std::size_t rectangles);
    void begin_rectangle(const Area& area, i32 encoding);
    void put_cursor();
    bool supports(i32 encoding) const { return encodings_.contains(encoding); }

    RfbUser& user_;
    const Options options_;
    const std::array<u8, 16> challenge_;
    State state_ = State::Version;
    unsigned minor_ = 8;      ///< of the protocol's version
    std::vector<u8> in_;      ///< the beginning of a message
    u64 skip_ = 0;            ///< bytes that do not count (cut text)
    u32 encodings_left_ = 0;  ///< of a SetEncodings that is on its way
    std::vector<u8> out_;
    PixelFormat format_;
    std::set<i32> encodings_;             ///< those of the client's that there are here
    Frame shown_;                         ///< what the client has
    bool wanted_ = false, whole_ = true;  ///< an update; of everything
    bool tell_extended_keys_ = false, cursor_changed_ = false;
    Cursor cursor_;
    std::set<u16> pressed_;
    ZrleEncoder zrle_;
};

}  // namespace dragoman::devices::display
