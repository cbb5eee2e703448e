#include "devices/virtio/balloon.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "devices/state.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kDeviceId = 5;
constexpr u16 kQueueSizes[] = {128, 128, 32};
constexpr u64 kPage = 4096;
constexpr u64 kDeflateOnOom = feature(2), kPageReporting = feature(5);

struct Config {  // §5.5.4
    u32 pages;
    u32 actual;
};

}  // namespace

// Queues are numbered without those of features that are not offered: reporting comes third.
Balloon::Balloon(memory::PhysicalSpace& space, const BalloonOptions& options)
    : VirtioDevice(space, kDeviceId, std::span(kQueueSizes).first(options.free_page_reporting ? 3 : 2)),
      options_(options) {}

u64 Balloon::device_features() const {
    return (options_.deflate_on_oom ? kDeflateOnOom : 0) | (options_.free_page_reporting ? kPageReporting : 0);
}

u32 Balloon::config_bytes() const { return sizeof(Config); }

void Balloon::fill_config(std::span<u8> bytes) {
    Config config{target_, actual_};
    std::memcpy(bytes.data(), &config, sizeof config);
}

void Balloon::config_written(std::span<const u8> bytes) {
    Config config;
    std::memcpy(&config, bytes.data(), sizeof config);
    actual_ = config.actual;
}

void Balloon::visit_device(State& state) {
    state.field("target", target_);
    state.field("actual", actual_);
}

void Balloon::set_target(u64 bytes) {
    LockGuard held(lock());
    target_ = static_cast<u32>(std::min<u64>(bytes / kPage, ~u32{0}));
    config_changed();
}

u64 Balloon::given_up() {
    LockGuard held(lock());
    return actual_ * kPage;
}

/// Whole pages of [address, address+bytes) read as zeros afterwards, and take no host memory until they are used.
void Balloon::give_back(u64 address, u64 bytes) {
    u8* host = space().ram(address, bytes);
    if (host == nullptr) return;  // a driver may put what it likes on the list
    auto start = align_up(reinterpret_cast<u64>(host), kPage),
         end = align_down(reinterpret_cast<u64>(host) + bytes, kPage);
    if (start >= end || ::madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED) != 0) return;
    space().wrote(address + (start - reinterpret_cast<u64>(host)), end - start);
}

/// chain_ is a list of page numbers.
void Balloon::give_back_pages() {
    std::array<u32, 256> pages;
    u64 at = 0;
    while (u64 bytes = chain_.readable.copy_to(at, pages.data(), sizeof pages)) {
        for (u64 i = 0; i < bytes / 4; i++) give_back(pages[i] * kPage, kPage);
        at += bytes;
    }
}

void Balloon::queue_notified(unsigned index) {
    do {
        while (pop(index, chain_)) {
            if (index == kInflate) give_back_pages();
            if (index == kReporting) {
                for (std::size_t i = 0; i < chain_.writable.iov.size(); i++) {
                    give_back(chain_.writable.addresses[i], chain_.writable.iov[i].iov_len);
                }
            }
            own_queue(index).push(chain_, 0);
        }
        publish(index);
    } while (request_notifications(index));
}

}  // namespace dragoman::devices::virtio
