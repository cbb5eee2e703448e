// Minimal drivers, as of a teaching kernel, for every virtio device of the board: disk, network card, random numbers,
// console, balloon, shared folder. Devices that are not there are left out. Runs on both versions of virtio-mmio.
#include "virtio.h"

static struct Rings rings[MAX_QUEUES];
static uint8_t data[4096] __attribute__((aligned(4096))), more[4096] __attribute__((aligned(4096)));

static int same(const void* a, const void* b, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) {
        if (((const uint8_t*)a)[i] != ((const uint8_t*)b)[i]) return 0;
    }
    return 1;
}

static void fill(void* to, int value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) ((volatile uint8_t*)to)[i] = (uint8_t)value;
}

static unsigned disk(struct Virtio* v, uint32_t type, uint64_t sector, void* block, uint32_t bytes) {
    static struct {
        uint32_t type, reserved;
        uint64_t sector;
    } header;
    static volatile uint8_t status;
    header.type = type;
    header.sector = sector;
    status = 0xff;
    struct Buffer chain[] = {{&header, sizeof header, 0}, {block, bytes, type == 0}, {(void*)&status, 1, 1}};
    uint32_t written = virtio_transact(v, 0, chain, 3);
    CHECK(written == (type == 0 ? bytes + 1 : 1));
    return status;
}

static void test_disk(struct Virtio* v) {
    // Neither read-only, SCSI, flush, write cache, several queues nor ring features.
    virtio_start(v, ~(1u << 5 | 1 << 7 | 1 << 9 | 1 << 11 | 1 << 12 | 1 << 27 | 1 << 28 | 1 << 29), 1, rings);
    CHECK(*reg(v, CONFIG) == 2048 && *reg(v, CONFIG + 4) == 0);
    for (unsigned round = 0; round < 20; round++) {
        fill(data, (int)round + 1, 1024);
        CHECK(disk(v, 1, 2 * round, data, 1024) == 0);
    }
    for (unsigned round = 0; round < 20; round++) {
        fill(data, (int)round + 1, 1024);
        CHECK(disk(v, 0, 2 * round, more, 1024) == 0);
        CHECK(same(data, more, 1024));
    }
    CHECK(disk(v, 0, 2048, data, 512) == 1);
}

/// Asks who has the user network's gateway. The header in front of a frame has ten bytes.
static void test_net(struct Virtio* v) {
    static const uint8_t question[] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                                                   // header
        255, 255, 255, 255, 255, 255, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 8, 6,            // Ethernet: ARP to all
        0, 1, 8, 0, 6, 4, 0, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 10, 0, 2, 15,          // from 10.0.2.15
        0, 0, 0, 0, 0, 0, 10, 0, 2, 2,                                                  // for 10.0.2.2
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t us[] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
    virtio_start(v, 1u << 5, 2, rings);
    CHECK(same((const void*)(v->base + CONFIG), us, 6));
    virtio_submit(v, 0, &(struct Buffer){data, 2048, 1}, 1, 0);
    CHECK(virtio_transact(v, 1, &(struct Buffer){(void*)question, sizeof question, 0}, 1) == 0);
    CHECK(virtio_wait(v, 0, 0) >= 10 + 42);
    CHECK(same(data + 10, us, 6) && data[10 + 12] == 8 && data[10 + 13] == 6);
    CHECK(data[10 + 21] == 2 && same(data + 10 + 28, question + 10 + 38, 4));  // the answer of 10.0.2.2
}

static void test_rng(struct Virtio* v) {
    virtio_start(v, 0, 1, rings);
    fill(data, 0, 64);
    fill(more, 0, 64);
    CHECK(virtio_transact(v, 0, &(struct Buffer){data, 64, 1}, 1) == 64);
    CHECK(!same(data, more, 64));
}

static void test_console(struct Virtio* v) {
    static const char text[] = "over the console\n";
    virtio_start(v, 0, 2, rings);
    virtio_transact(v, 1, &(struct Buffer){(void*)text, sizeof text - 1, 0}, 1);
}

static void test_balloon(struct Virtio* v) {
    virtio_start(v, 0, 2, rings);
    fill(more, 1, 4096);
    uint32_t page = (uint32_t)((uintptr_t)more / 4096);
    virtio_transact(v, 0, &(struct Buffer){&page, 4, 0}, 1);
    fill(data, 0, 4096);
    CHECK(same(data, more, 4096));
    virtio_transact(v, 1, &(struct Buffer){&page, 4, 0}, 1);
}

static void test_folder(struct Virtio* v) {
    static const char question[] = "\x15\0\0\0\x64\xff\xff\0\0\1\0\x8\0" "9P2000.L";
    virtio_start(v, 1, 1, rings);
    CHECK(same((const void*)(v->base + CONFIG), "\x4\0host", 6));
    struct Buffer chain[] = {{(void*)question, 21, 0}, {data, 512, 1}};
    CHECK(virtio_transact(v, 0, chain, 2) == 21);
    CHECK(data[4] == 0x65 && same(data + 13, question + 13, 8));
}

void kmain(unsigned hart) {
    static const struct {
        uint32_t id;
        const char* name;
        void (*test)(struct Virtio*);
    } kinds[] = {{2, "disk", test_disk},       {1, "net", test_net},         {4, "rng", test_rng},
                 {3, "console", test_console}, {5, "balloon", test_balloon}, {9, "folder", test_folder}};
    if (hart != 0) return;
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct Virtio v;
        if (!virtio_find(&v, kinds[i].id, -1)) continue;
        plic_enable(v.irq, 0);
        fill(rings, 0, sizeof rings);
        print(kinds[i].name);
        print(*reg(&v, VERSION) == 1 ? " version 1\n" : " version 2\n");
        kinds[i].test(&v);
        *reg(&v, STATUS) = 0;
    }
    power_off(0);
}
