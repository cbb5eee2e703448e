#include "devices/virtio/rng.h"

#include <algorithm>

#include "base/random.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kDeviceId = 4;
constexpr u16 kQueueSizes[] = {8};
constexpr u64 kMaxBytes = 64 << 10;  // a request gets at most so many; drivers ask again

}  // namespace

Rng::Rng(memory::PhysicalSpace& space, Inputs* inputs) : VirtioDevice(space, kDeviceId, kQueueSizes), inputs_(inputs) {}

void Rng::queue_notified(unsigned index) {
    do {
        while (pop(index, chain_)) {
            u64 filled = 0;
            for (const iovec& piece : chain_.writable.iov) {
                u64 bytes = std::min<u64>(piece.iov_len, kMaxBytes - filled);
                const std::span<u8> to(static_cast<u8*>(piece.iov_base), bytes);
                inputs_ != nullptr ? inputs_->ask(to, fill_random) : fill_random(to);
                filled += bytes;
            }
            own_queue(index).push(chain_, filled);
        }
        publish(index);
    } while (request_notifications(index));
}

}  // namespace dragoman::devices::virtio
