// flags: -O1
/* userfaultfd: faults that another thread answers. Runs natively too. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "check.h"

enum { kPage = 4096, kPages = 16 };
static int fd;
static volatile int faults, protected_faults;
static volatile char *area;
static sigjmp_buf back;

static void *answers(void *unused) {
    static char page[kPage] __attribute__((aligned(kPage)));
    struct uffd_msg message;
    (void)unused;
    while (read(fd, &message, sizeof message) == sizeof message) {
        CHECK(message.event == UFFD_EVENT_PAGEFAULT);
        uint64_t address = message.arg.pagefault.address & -(uint64_t)kPage;
        CHECK(address >= (uintptr_t)area && address < (uintptr_t)area + kPages * kPage);
        if (message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP) {
            struct uffdio_writeprotect allow = {{address, kPage}, 0};
            protected_faults++;
            CHECK(ioctl(fd, UFFDIO_WRITEPROTECT, &allow) == 0);
            continue;
        }
        faults++;
        memset(page, (int)((address - (uintptr_t)area) / kPage) + 1, kPage);
        struct uffdio_copy copy = {address, (uintptr_t)page, kPage, 0, 0};
        CHECK(ioctl(fd, UFFDIO_COPY, &copy) == 0 && copy.copy == kPage);
    }
    return NULL;
}

static void on_bus_error(int signal, siginfo_t *info, void *context) {
    (void)context;
    CHECK(signal == SIGBUS && info->si_addr == (void *)area);
    siglongjmp(back, 1);
}

static long open_fd(int flags) { return syscall(SYS_userfaultfd, flags); }

int main(void) {
    CHECK(FAILS(open_fd(1 << 20), EINVAL));
    fd = (int)open_fd(O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (fd < 0) return 0;
    struct uffdio_api api = {.api = 1};
    CHECK(FAILS(ioctl(fd, UFFDIO_API, &api), EINVAL));
    api = (struct uffdio_api){.api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP};
    CHECK(ioctl(fd, UFFDIO_API, &api) == 0 && (api.ioctls & 1ull << _UFFDIO_REGISTER));
    area = mmap(NULL, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_register range = {.range = {(uintptr_t)area, kPages * kPage}, .mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP};
    if (ioctl(fd, UFFDIO_REGISTER, &range) != 0) {
        range.mode = UFFDIO_REGISTER_MODE_MISSING;
        CHECK(ioctl(fd, UFFDIO_REGISTER, &range) == 0);
    }
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, answers, NULL) == 0);
    long sum = 0;
    for (int i = 0; i < kPages - 1; i++) sum += area[i * kPage + i];
    CHECK(sum == (kPages - 1) * kPages / 2 && faults == kPages - 1);
    area[kPage] = 99; /* there already */
    CHECK(faults == kPages - 1);
    if (range.mode & UFFDIO_REGISTER_MODE_WP) {
        struct uffdio_writeprotect forbid = {{(uintptr_t)area, kPage}, UFFDIO_WRITEPROTECT_MODE_WP};
        CHECK(ioctl(fd, UFFDIO_WRITEPROTECT, &forbid) == 0 && area[0] == 1 && protected_faults == 0);
        area[0] = 5;
        CHECK(area[0] == 5 && protected_faults == 1);
    }
    /* An atomic store is a fault like any other. */
    CHECK(__atomic_fetch_add((int *)(area + (kPages - 1) * kPage), 1, __ATOMIC_SEQ_CST) == 0x10101010 && faults == kPages);
    CHECK(ioctl(fd, UFFDIO_UNREGISTER, &range.range) == 0 && munmap((void *)area, kPages * kPage) == 0);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    close(fd);

    /* SIGBUS instead of a message. */
    fd = (int)open_fd(O_CLOEXEC | UFFD_USER_MODE_ONLY);
    api = (struct uffdio_api){.api = UFFD_API, .features = UFFD_FEATURE_SIGBUS};
    area = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    range = (struct uffdio_register){.range = {(uintptr_t)area, kPage}, .mode = UFFDIO_REGISTER_MODE_MISSING};
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    CHECK(ioctl(fd, UFFDIO_API, &api) == 0 && ioctl(fd, UFFDIO_REGISTER, &range) == 0 && sigaction(SIGBUS, &action, NULL) == 0);
    if (sigsetjmp(back, 1) == 0) {
        CHECK(*(volatile char *)area == 0);
        CHECK(!"a fault");
    }
    struct uffdio_zeropage zero = {.range = range.range};
    CHECK(ioctl(fd, UFFDIO_ZEROPAGE, &zero) == 0 && area[0] == 0);
    return 0;
}
