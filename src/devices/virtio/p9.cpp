#include "devices/virtio/p9.h"

#include "base/error.h"
#include "devices/wake_scope.h"

namespace dragoman::devices::virtio {

namespace {

constexpr u32 kDeviceId = 9;
constexpr u16 kQueueSizes[] = {128};
constexpr u64 kMountTag = feature(0);

}  // namespace

P9::P9(memory::PhysicalSpace& space, const P9Export& options, std::string tag)
    : VirtioDevice(space, kDeviceId, kQueueSizes),
      path_(options.path),
      tag_(std::move(tag)),
      server_(options),
      worker_("virtio-9p", [this] { work(); }) {}

P9::~P9() {
    UniqueLock held(lock());
    set_status(0, held);
}

std::string P9::describe() const { return "virtio-9p, tag " + tag_ + ", path " + path_; }

u64 P9::device_features() const { return kMountTag; }

u32 P9::config_bytes() const { return static_cast<u32>(2 + tag_.size()); }

void P9::fill_config(std::span<u8> config) {
    config[0] = static_cast<u8>(tag_.size());
    tag_.copy(reinterpret_cast<char*>(config.data() + 2), tag_.size());
}

void P9::work() {
    WakeScope wakes;
    UniqueLock held(lock());
    do {
        own_queue(0).suppress_notifications();
        while (pop(0, chain_)) {
            begin_work();
            held.unlock();
            WakeScope::flush();
            u64 written = server_.answer(chain_);
            held.lock();
            if (written == 0) fail("9p message without room for an answer");
            own_queue(0).push(chain_, written);
            publish(0);
            end_work();
        }
    } while (request_notifications(0));
}

void P9Exports::add(Properties properties) {
    properties.take_choice("driver", {"local"}, 0);
    P9Export made;
    made.id = properties.take("id", "");
    if (made.id.empty()) properties.fail("no id=");
    if (find(made.id) != nullptr) properties.fail("there is a folder '" + made.id + "' already");
    made.path = properties.take("path", "");
    if (made.path.empty()) properties.fail("no path=");
    std::size_t security =
        properties.take_choice("security_model", {"none", "passthrough", "mapped-xattr", "mapped"}, 0);
    made.security = security == 0   ? P9Security::None
                    : security == 1 ? P9Security::Passthrough
                                    : P9Security::MappedXattr;
    made.read_only = properties.take_bool("readonly", false);
    properties.take_choice("multidevs", {"remap", "warn"}, 0);
    properties.finish();
    exports_.push_back(std::move(made));
}

const P9Export* P9Exports::find(std::string_view id) const {
    for (const P9Export& one : exports_) {
        if (one.id == id) return &one;
    }
    return nullptr;
}

}  // namespace dragoman::devices::virtio
