// flags: -O1
/* io_setup, io_submit, io_getevents and their relatives. Runs natively too. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

static aio_context_t context;
static volatile sig_atomic_t alarms;

static long submit(struct iocb *block) { return syscall(SYS_io_submit, context, 1L, &block); }
static long events(long least, long most, struct io_event *e, struct timespec *timeout) {
    return syscall(SYS_io_getevents, context, least, most, e, timeout);
}
static struct iocb request(int opcode, int fd, void *buffer, size_t bytes, long offset) {
    return (struct iocb){.aio_data = 4711, .aio_lio_opcode = (uint16_t)opcode, .aio_fildes = (uint32_t)fd,
                         .aio_buf = (uintptr_t)buffer, .aio_nbytes = bytes, .aio_offset = offset};
}
static void on_alarm(int signal) {
    (void)signal;
    alarms++;
}
static void interrupted(int flags, long (*wait)(void)) {
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
    struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    alarms = 0;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &soon, NULL) == 0);
    CHECK(FAILS(wait(), EINTR) && alarms == 1);
}
static long wait_plain(void) {
    struct io_event e;
    return events(1, 1, &e, NULL);
}
static long wait_masked(void) {
    struct io_event e;
    sigset_t none;
    sigemptyset(&none);
    struct {
        sigset_t *set;
        size_t size;
    } mask = {&none, 8};
    return syscall(SYS_io_pgetevents, context, 1L, 1L, &e, NULL, &mask);
}

/* Code that has run in a page that the kernel then reads into. */
static void into_code(int fd) {
#ifdef __riscv
    static const uint32_t first[] = {0x00100513, 0x00008067}, second[] = {0x00200513, 0x00008067}; /* li a0, N; ret */
    uint32_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, first, sizeof first);
    __builtin___clear_cache((char *)page, (char *)page + 16);
    CHECK(((int (*)(void))page)() == 1);
    CHECK(pwrite(fd, second, sizeof second, 0) == sizeof second);
    struct iocb block = request(IOCB_CMD_PREAD, fd, page, sizeof second, 0);
    struct io_event e;
    CHECK(submit(&block) == 1 && events(1, 1, &e, NULL) == 1 && e.res == sizeof second);
    __builtin___clear_cache((char *)page, (char *)page + 16);
    CHECK(((int (*)(void))page)() == 2);
#else
    (void)fd;
#endif
}

int main(void) {
    char name[] = "/tmp/native_aio.XXXXXX", a[] = "hello, ", b[] = "world", buffer[32] = "";
    int fd = mkstemp(name), pipes[2];
    CHECK(fd >= 0 && unlink(name) == 0 && pipe(pipes) == 0);
    aio_context_t bad = 1;
    CHECK(FAILS(syscall(SYS_io_setup, 8, &bad), EINVAL) && FAILS(syscall(SYS_io_setup, 8, bad_pointer), EFAULT));
    CHECK(FAILS(syscall(SYS_io_setup, 0, &context), EINVAL) && FAILS(syscall(SYS_io_destroy, 4096L), EINVAL));
    CHECK(syscall(SYS_io_setup, 8, &context) == 0 && context != 0);
    /* Programs look into the ring: its header is id, size, head, tail, magic. */
    volatile uint32_t *ring = (volatile uint32_t *)context;
    CHECK(ring[1] >= 8 && ring[2] == ring[3] && ring[4] == 0xa10a10a1);

    struct iovec parts[] = {{a, 7}, {b, 5}};
    struct iocb write = request(IOCB_CMD_PWRITEV, fd, parts, 2, 0), read = request(IOCB_CMD_PREAD, fd, buffer, 32, 0);
    struct iocb *both[] = {&write, &read};
    struct io_event e[4];
    CHECK(syscall(SYS_io_submit, context, 1L, both) == 1 && events(1, 4, e, NULL) == 1 && e[0].res == 12 && e[0].data == 4711);
    CHECK(syscall(SYS_io_submit, context, 1L, both + 1) == 1 && events(1, 4, e, NULL) == 1);
    CHECK(e[0].res == 12 && e[0].obj == (uintptr_t)&read && !strcmp(buffer, "hello, world"));
    struct timespec none = {0, 0}, short_time = {0, 10000000};
    CHECK(events(0, 4, e, &none) == 0 && events(1, 4, e, &short_time) == 0);

    /* Poll, completion by eventfd, cancelling. */
    int event = eventfd(0, 0);
    struct iocb poll = request(IOCB_CMD_POLL, pipes[0], (void *)POLLIN, 0, 0);
    poll.aio_flags = IOCB_FLAG_RESFD;
    poll.aio_resfd = (uint32_t)event;
    CHECK(submit(&poll) == 1 && events(0, 1, e, &none) == 0);
    uint64_t count = 0;
    CHECK(pipes[1] >= 0 && syscall(SYS_write, pipes[1], "x", 1) == 1);
    CHECK(syscall(SYS_read, event, &count, sizeof count) == 8 && count == 1 && events(1, 1, e, NULL) == 1 && (e[0].res & POLLIN));

    struct iocb wrong = request(99, fd, buffer, 1, 0);
    CHECK(FAILS(submit(&wrong), EINVAL));
    wrong = request(IOCB_CMD_PREAD, -1, buffer, 1, 0);
    CHECK(FAILS(submit(&wrong), EBADF) && FAILS(submit(bad_pointer), EFAULT));
    CHECK(FAILS(syscall(SYS_io_cancel, context, &write, e), EINVAL));

    interrupted(0, wait_plain);
    interrupted(SA_RESTART, wait_plain);
    sigset_t block;
    sigemptyset(&block);
    sigaddset(&block, SIGALRM);
    CHECK(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
    interrupted(0, wait_masked);
    into_code(fd);
    CHECK(syscall(SYS_io_destroy, context) == 0 && FAILS(syscall(SYS_io_destroy, context), EINVAL));
    return 0;
}
