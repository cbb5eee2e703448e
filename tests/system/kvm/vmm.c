// vmm IMAGE [INITRD [ARGUMENTS]]: runs a kernel in a virtual machine of KVM's: one hart, 256 MiB of memory, a UART that
// is polled. What the guest's UART sends goes to stdout. Exit status 0 when the guest powers off.
#include <asm/kvm.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAM 0x80000000ull
#define RAM_BYTES (256ull << 20)
#define KERNEL (RAM + (2 << 20))
#define INITRD (RAM + (64 << 20))
#define TREE (RAM + (120 << 20))
#define UART 0x10000000ull
#define TIMEBASE 10000000

static void fail(const char* what) {
    perror(what);
    exit(1);
}

static uint64_t load(const char* path, void* to, uint64_t room) {
    int fd = open(path, O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) fail(path);
    if ((uint64_t)status.st_size > room) {
        fprintf(stderr, "%s: too large\n", path);
        exit(1);
    }
    for (int64_t done = 0, n; done < status.st_size; done += n) {
        n = read(fd, (char*)to + done, status.st_size - done);
        if (n <= 0) fail(path);
    }
    close(fd);
    return status.st_size;
}

// --- a flattened device tree (Devicetree Specification, chapter 5) ---

static uint8_t structure[4096], names[1024];
static unsigned structure_bytes, names_bytes;

static uint32_t big(uint32_t value) { return __builtin_bswap32(value); }
static void put(uint32_t value) {
    value = big(value);
    memcpy(structure + structure_bytes, &value, 4);
    structure_bytes += 4;
}
static void put_bytes(const void* bytes, unsigned count) {
    memcpy(structure + structure_bytes, bytes, count);
    structure_bytes = (structure_bytes + count + 3) & ~3u;
}
static void begin(const char* name) {
    put(1);
    put_bytes(name, strlen(name) + 1);
}
static void end(void) { put(2); }
static void property(const char* name, const void* value, unsigned bytes) {
    put(3);
    put(bytes);
    put(names_bytes);
    strcpy((char*)names + names_bytes, name);
    names_bytes += strlen(name) + 1;
    put_bytes(value, bytes);
}
static void text(const char* name, const char* value) { property(name, value, strlen(value) + 1); }
static void cell(const char* name, uint32_t value) {
    value = big(value);
    property(name, &value, 4);
}
static void range(const char* name, uint64_t first, uint64_t bytes) {
    uint32_t cells[4] = {big(first >> 32), big(first), big(bytes >> 32), big(bytes)};
    property(name, cells, sizeof cells);
}
static void address(const char* name, uint64_t value) {
    uint32_t cells[2] = {big(value >> 32), big(value)};
    property(name, cells, sizeof cells);
}

static void make_tree(uint8_t* to, const char* arguments, uint64_t initrd_bytes) {
    begin("");
    cell("#address-cells", 2);
    cell("#size-cells", 2);
    text("compatible", "linux,dummy-virt");
    begin("chosen");
    text("bootargs", arguments);
    text("stdout-path", "/serial@10000000");
    if (initrd_bytes != 0) {
        address("linux,initrd-start", INITRD);
        address("linux,initrd-end", INITRD + initrd_bytes);
    }
    end();
    begin("memory@80000000");
    text("device_type", "memory");
    range("reg", RAM, RAM_BYTES);
    end();
    begin("cpus");
    cell("#address-cells", 1);
    cell("#size-cells", 0);
    cell("timebase-frequency", TIMEBASE);
    begin("cpu@0");
    text("device_type", "cpu");
    text("compatible", "riscv");
    cell("reg", 0);
    text("riscv,isa", "rv64imafdc_sstc_zicntr_zicsr_zifencei");
    text("mmu-type", "riscv,sv48");
    begin("interrupt-controller");
    text("compatible", "riscv,cpu-intc");
    cell("#interrupt-cells", 1);
    property("interrupt-controller", "", 0);
    cell("phandle", 1);
    end();
    end();
    end();
    begin("serial@10000000");
    text("compatible", "ns16550a");
    range("reg", UART, 0x100);
    cell("clock-frequency", 1843200);
    end();
    end();
    put(9);
    uint32_t header[10 + 4] = {big(0xd00dfeed),
                               big(sizeof header + structure_bytes + names_bytes),
                               big(sizeof header),
                               big(sizeof header + structure_bytes),
                               big(10 * 4),
                               big(17),
                               big(16),
                               0,
                               big(names_bytes),
                               big(structure_bytes)};
    memcpy(to, header, sizeof header);
    memmove(to + 56, structure, structure_bytes);
    memcpy(to + 56 + structure_bytes, names, names_bytes);
    // The memory reservations, which there are none of, lie behind the header's ten words.
    uint32_t offset = big(56);
    memcpy(to + 8, &offset, 4);
}

// --- the machine ---

/// A 16550 that is always ready to send and never receives.
static uint8_t uart_registers[8];
static uint8_t read_uart(unsigned number) {
    switch (number) {
        case 0: return 0;
        case 2: return 1;     // no interrupt
        case 5: return 0x60;  // transmitter empty
        case 6: return 0xb0;
        default: return uart_registers[number];
    }
}
static void write_uart(unsigned number, uint8_t value) {
    if (number == 0 && (uart_registers[3] & 0x80) == 0) {
        putchar(value);
        fflush(stdout);
    }
    uart_registers[number] = value;
}

static void set_register(int hart, uint64_t number, uint64_t value) {
    struct kvm_one_reg reg = {KVM_REG_RISCV | KVM_REG_SIZE_U64 | KVM_REG_RISCV_CORE | number, (uint64_t)&value};
    if (ioctl(hart, KVM_SET_ONE_REG, &reg) != 0) fail("KVM_SET_ONE_REG");
}

int main(int argc, char** argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: vmm IMAGE [INITRD [ARGUMENTS]]\n");
        return 2;
    }
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0) fail("/dev/kvm");
    int machine = ioctl(kvm, KVM_CREATE_VM, 0);
    if (machine < 0) fail("KVM_CREATE_VM");
    uint8_t* ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ram == MAP_FAILED) fail("mmap");
    struct kvm_userspace_memory_region region = {0, 0, RAM, RAM_BYTES, (uint64_t)ram};
    if (ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region) != 0) fail("KVM_SET_USER_MEMORY_REGION");
    load(argv[1], ram + (KERNEL - RAM), INITRD - KERNEL);
    uint64_t initrd_bytes = argc > 2 ? load(argv[2], ram + (INITRD - RAM), TREE - INITRD) : 0;
    make_tree(ram + (TREE - RAM), argc > 3 ? argv[3] : "", initrd_bytes);

    int hart = ioctl(machine, KVM_CREATE_VCPU, 0);
    if (hart < 0) fail("KVM_CREATE_VCPU");
    int run_bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    struct kvm_run* run = mmap(NULL, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, hart, 0);
    if (run == MAP_FAILED) fail("mmap of the hart");
    set_register(hart, KVM_REG_RISCV_CORE_REG(regs.pc), KERNEL);
    set_register(hart, KVM_REG_RISCV_CORE_REG(regs.a0), 0);
    set_register(hart, KVM_REG_RISCV_CORE_REG(regs.a1), TREE);

    for (;;) {
        if (ioctl(hart, KVM_RUN, 0) != 0) fail("KVM_RUN");
        switch (run->exit_reason) {
            case KVM_EXIT_MMIO: {
                uint64_t offset = run->mmio.phys_addr - UART;
                if (offset >= 8) {
                    fprintf(stderr, "access to 0x%llx\n", (unsigned long long)run->mmio.phys_addr);
                    return 1;
                }
                if (run->mmio.is_write) {
                    write_uart(offset, run->mmio.data[0]);
                } else {
                    memset(run->mmio.data, 0, sizeof run->mmio.data);
                    run->mmio.data[0] = read_uart(offset);
                }
                break;
            }
            case KVM_EXIT_RISCV_SBI: run->riscv_sbi.ret[0] = (unsigned long)-2; break;  // not supported
            case KVM_EXIT_SYSTEM_EVENT: return run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN ? 0 : 1;
            default: fprintf(stderr, "exit %u\n", run->exit_reason); return 1;
        }
    }
}
