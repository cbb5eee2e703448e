#include "devices/virtio/rng.h"

#include <sys/random.h>

#include <algorithm>

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kDeviceId = 4;
constexpr u16 kQueueSizes[] = {8};
constexpr u64 kMaxBytes = 64 << 10;  // a request gets at most so many; drivers ask again

}  // namespace

Rng::Rng(memory::PhysicalSpace& space) : VirtioDevice(space, kDeviceId, kQueueSizes) {}

void Rng::queue_notified(unsigned index) {
    do {
        while (pop(index, chain_)) {
            u64 filled = 0;
            for (const iovec& piece : chain_.writable.iov) {
                u64 bytes = std::min<u64>(piece.iov_len, kMaxBytes - filled);
                // Never short and never late at these sizes once the host has booted.
                for (u64 done = 0; done < bytes;) {
                    ssize_t got =
                        ::getrandom(static_cast<u8*>(piece.iov_base) + done, std::min<u64>(bytes - done, 256), 0);
                    if (got > 0) done += static_cast<u64>(got);
                }
                filled += bytes;
            }
            own_queue(index).push(chain_, filled);
        }
        publish(index);
    } while (request_notifications(index));
}

}  // namespace dragoman::devices::virtio
