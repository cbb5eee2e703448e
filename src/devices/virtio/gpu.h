// virtio-gpu (virtio 1.2 §5.7): screens with pictures in two dimensions, and a pointer.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <optional>

#include "devices/display/screen.h"
#include "devices/virtio/gpu_resource.h"
#include "devices/virtio/virtio_device.h"

namespace dragoman::devices::virtio {

struct GpuOptions {
    u32 outputs = 1;                  ///< screens, 1 to 16; the first is connected
    u32 width = 1280, height = 800;   ///< the mode that it prefers; at most display::kEdidMaxSide
    bool edid = true;                 ///< whether screens tell what they are
    u64 max_memory = u64{256} << 20;  ///< bytes that the guest's pictures may have on the host
};

class Gpu final : public VirtioDevice {
public:
    Gpu(memory::PhysicalSpace& space, const GpuOptions& options);

    std::string describe() const override;
    u32 outputs() const { return options_.outputs; }
    display::Screen& screen(u32 head) { return *scanouts_[head]; }

private:
    static constexpr unsigned kControl = 0, kCursor = 1;

    /// What a screen shows.
    class Scanout final : public display::Screen {
    public:
        explicit Scanout(Gpu& gpu) : gpu_(gpu) {}
        void capture(display::Frame& frame) override;
        u64 generation() override { return generation_.load(std::memory_order_acquire); }
        display::Cursor cursor() override;
        u64 cursor_generation() override { return cursor_generation_.load(std::memory_order_acquire); }

        void changed() { generation_.fetch_add(1, std::memory_order_release); }
        void cursor_changed() { cursor_generation_.fetch_add(1, std::memory_order_release); }

        // The device's lock is held.
        u32 resource = 0;  ///< 0: none
        gpu::Rect rect{};
        display::Cursor pointer;
        u32 pointer_x = 0, pointer_y = 0;

    private:
        Gpu& gpu_;
        std::atomic<u64> generation_{1}, cursor_generation_{1};
    };

    u64 device_features() const override;
    void fill_config(std::span<u8> config) override DRAGOMAN_REQUIRES(lock());
    u32 config_bytes() const override;
    void config_written(std::span<const u8> config) override DRAGOMAN_REQUIRES(lock());
    void queue_notified(unsigned index) override DRAGOMAN_REQUIRES(lock());
    void device_reset() override DRAGOMAN_REQUIRES(lock());
    void visit_device(State& state) override DRAGOMAN_REQUIRES(lock());
    void visit_resources(State& state) DRAGOMAN_REQUIRES(lock());

    // Each takes its command from the chain. @returns the type of the answer
    template <class T>
    bool take(T& command) const DRAGOMAN_REQUIRES(lock());
    u64 execute() DRAGOMAN_REQUIRES(lock());
    u64 answer(const gpu::Header& request, u32 type) DRAGOMAN_REQUIRES(lock());
    u64 display_info(const gpu::Header& request) DRAGOMAN_REQUIRES(lock());
    u64 edid(const gpu::Header& request) DRAGOMAN_REQUIRES(lock());
    u32 run(u32 type) DRAGOMAN_REQUIRES(lock());
    u32 create() DRAGOMAN_REQUIRES(lock());
    u32 unref() DRAGOMAN_REQUIRES(lock());
    u32 set_scanout() DRAGOMAN_REQUIRES(lock());
    u32 flush() DRAGOMAN_REQUIRES(lock());
    u32 transfer() DRAGOMAN_REQUIRES(lock());
    u32 attach_backing() DRAGOMAN_REQUIRES(lock());
    u32 detach_backing() DRAGOMAN_REQUIRES(lock());
    void move_cursor() DRAGOMAN_REQUIRES(lock());
    gpu::Resource* find(u32 id) DRAGOMAN_REQUIRES(lock());

    const GpuOptions options_;
    std::vector<std::unique_ptr<Scanout>> scanouts_;
    std::map<u32, gpu::Resource> resources_ DRAGOMAN_GUARDED_BY(lock());
    u64 memory_ DRAGOMAN_GUARDED_BY(lock()) = 0;  ///< bytes of all resources
    Chain chain_ DRAGOMAN_GUARDED_BY(lock());
};

}  // namespace dragoman::devices::virtio
