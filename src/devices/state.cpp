// The stream: a magic number, a checksum of what follows, then what the devices visit.
#include "devices/state.h"

#include <zlib.h>

#include <cstring>

#include "devices/device.h"

namespace dragoman::devices {

namespace {

constexpr char kMagic[8] = {'D', 'R', 'A', 'G', 'S', 'T', 'A', '1'};
constexpr std::size_t kHeaderBytes = sizeof kMagic + 4;

u32 checksum(std::span<const u8> bytes) {
    return static_cast<u32>(::crc32_z(::crc32_z(0, nullptr, 0), bytes.data(), bytes.size()));
}

}  // namespace

void visit_devices(State& state, std::span<const NamedState> devices) {
    for (const NamedState& named : devices) {
        state.section(named.name, [&] { named.device.visit(state); });
    }
}

void resume_devices(std::span<const NamedState> devices) {
    for (const NamedState& named : devices) named.device.resume();
}

std::vector<u8> save_state(std::span<const NamedState> devices) {
    StateWriter writer;
    visit_devices(writer, devices);
    resume_devices(devices);
    std::vector<u8> body = writer.take(), stream(kMagic, kMagic + sizeof kMagic);
    const u32 sum = checksum(body);
    for (unsigned i = 0; i < 4; ++i) stream.push_back(static_cast<u8>(sum >> (8 * i)));
    stream.insert(stream.end(), body.begin(), body.end());
    return stream;
}

std::string load_state(std::span<const u8> stream, std::span<const NamedState> devices) {
    if (stream.size() < kHeaderBytes || std::memcmp(stream.data(), kMagic, sizeof kMagic) != 0) {
        return "is no saved state of a machine";
    }
    u32 sum = 0;
    std::memcpy(&sum, stream.data() + sizeof kMagic, sizeof sum);
    std::span<const u8> body = stream.subspan(kHeaderBytes);
    if (sum != checksum(body)) return "is damaged";
    StateReader check(State::Walk::Check, body);
    visit_devices(check, devices);
    std::string wrong = check.finish();
    if (wrong.empty()) {
        StateReader load(State::Walk::Load, body);
        visit_devices(load, devices);
        wrong = load.finish();
    }
    resume_devices(devices);
    return wrong;
}

}  // namespace dragoman::devices
