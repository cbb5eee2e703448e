// flags: -O1
/* io_uring: requests, completions, waiting and signals. Runs natively too. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include "io_uring.h"

static struct ring ring;
static volatile sig_atomic_t alarms;

static void on_alarm(int signal) {
    (void)signal;
    alarms++;
}
static void alarm_soon(int flags) {
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
    struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    alarms = 0;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &soon, NULL) == 0);
}

static void errors(void) {
    struct io_uring_params params = {0};
    CHECK(FAILS(syscall(SYS_io_uring_setup, 0, &params), EINVAL) && FAILS(syscall(SYS_io_uring_setup, 4, bad_pointer), EFAULT));
    params.flags = 1u << 31;
    CHECK(FAILS(syscall(SYS_io_uring_setup, 4, &params), EINVAL));
    CHECK(FAILS(syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0), EBADF));
    CHECK(FAILS(syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0), EOPNOTSUPP) || errno == EBADF);
    CHECK(FAILS(syscall(SYS_io_uring_enter, ring.fd, 0, 0, 1u << 30, NULL, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_io_uring_register, ring.fd, 999, NULL, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, bad_pointer, 1), EFAULT));
    next_request(&ring, 250, 0, NULL, 0, 0);
    CHECK(complete(&ring) == -EINVAL);
    next_request(&ring, IORING_OP_READ, -1, NULL, 0, 0);
    CHECK(complete(&ring) == -EBADF);
}

static void files(void) {
    char name[] = "/tmp/io_uring.XXXXXX", path[40], buffer[32] = "", a[] = "hello, ", b[] = "world";
    int fd = mkstemp(name);
    struct iovec parts[] = {{a, 7}, {b, 5}};
    CHECK(fd >= 0 && close(fd) == 0);
    next_request(&ring, IORING_OP_OPENAT, AT_FDCWD, name, 0600, 0)->open_flags = O_RDWR;
    fd = complete(&ring);
    CHECK(fd >= 0);
    /* Two that are linked: the second begins when the first is done. */
    next_request(&ring, IORING_OP_WRITEV, fd, parts, 2, 0)->flags = IOSQE_IO_LINK;
    next_request(&ring, IORING_OP_READ, fd, buffer, sizeof buffer, 0);
    CHECK(enter(&ring, 2, 2, IORING_ENTER_GETEVENTS) == 2);
    struct completion first = take(&ring), second = take(&ring);
    CHECK(first.user_data >> 32 == IORING_OP_WRITEV && first.res == 12 && second.res == 12 && !strcmp(buffer, "hello, world"));
    next_request(&ring, IORING_OP_READ, fd, bad_pointer, 5, 0);
    CHECK(complete(&ring) == -EFAULT);
    struct statx status;
    struct io_uring_sqe *sqe = next_request(&ring, IORING_OP_STATX, AT_FDCWD, name, STATX_SIZE, 0);
    sqe->off = (uintptr_t)&status;
    CHECK(complete(&ring) == 0 && status.stx_size == 12);
    snprintf(path, sizeof path, "%s.new", name);
    sqe = next_request(&ring, IORING_OP_RENAMEAT, AT_FDCWD, name, (unsigned)AT_FDCWD, 0);
    sqe->off = (uintptr_t)path;
    CHECK(complete(&ring) == 0 && access(path, F_OK) == 0);
    next_request(&ring, IORING_OP_UNLINKAT, AT_FDCWD, path, 0, 0);
    CHECK(complete(&ring) == 0 && FAILS(access(path, F_OK), ENOENT));

    /* Registered buffers and files. */
    static char fixed[2 * 4096] __attribute__((aligned(4096)));
    struct iovec registered = {fixed, sizeof fixed};
    CHECK(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &registered, 1) == 0);
    CHECK(FAILS(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &registered, 1), EBUSY));
    CHECK(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, &fd, 1) == 0);
    next_request(&ring, IORING_OP_READ_FIXED, 0, fixed + 4090, 12, 0)->flags = IOSQE_FIXED_FILE;
    CHECK(complete(&ring) == 12 && !memcmp(fixed + 4090, "hello, world", 12));
    CHECK(syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_BUFFERS, NULL, 0) == 0);
    CHECK(syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_FILES, NULL, 0) == 0);
    next_request(&ring, IORING_OP_CLOSE, fd, NULL, 0, 0);
    CHECK(complete(&ring) == 0 && FAILS(fcntl(fd, F_GETFD), EBADF));
}

static void waiting(void) {
    int pair[2], event = eventfd(0, EFD_NONBLOCK);
    char byte;
    uint64_t count;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_EVENTFD, &event, 1) == 0);
    next_request(&ring, IORING_OP_POLL_ADD, pair[0], NULL, 0, 0)->poll32_events = POLLIN;
    CHECK(enter(&ring, 1, 0, 0) == 1 && *ring.cq_head == *ring.cq_tail && FAILS(read(event, &count, 8), EAGAIN));
    CHECK(write(pair[1], "x", 1) == 1 && enter(&ring, 0, 1, IORING_ENTER_GETEVENTS) == 0);
    CHECK((take(&ring).res & POLLIN) && read(event, &count, 8) == 8 && count == 1 && read(pair[0], &byte, 1) == 1);
    CHECK(syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_EVENTFD, NULL, 0) == 0);
    struct __kernel_timespec {
        int64_t seconds;
        long long nanoseconds;
    } soon = {0, 10000000};
    next_request(&ring, IORING_OP_TIMEOUT, -1, &soon, 1, 0);
    CHECK(complete(&ring) == -ETIME);
    struct {
        uint64_t mask;
        uint32_t size, pad;
        uint64_t timeout;
    } extended = {0, 8, 0, (uintptr_t)&soon};
    CHECK(FAILS(syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &extended, sizeof extended), ETIME));
    CHECK(FAILS(syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &extended, 8), EINVAL));

    /* A signal ends the wait, whatever SA_RESTART says; one that is blocked does not, but for the wait's own mask. */
    for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
        alarm_soon(flags);
        CHECK(FAILS(enter(&ring, 0, 1, IORING_ENTER_GETEVENTS), EINTR) && alarms == 1);
    }
    sigset_t block, none;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGALRM);
    CHECK(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
    alarm_soon(0);
    CHECK(FAILS(syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, &none, 8), EINTR) && alarms == 1);
    CHECK(FAILS(syscall(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, &none, 4), EINVAL));
    alarm_soon(0);
    soon.nanoseconds = 60000000;
    next_request(&ring, IORING_OP_TIMEOUT, -1, &soon, 1, 0);
    CHECK(complete(&ring) == -ETIME && alarms == 0 && sigprocmask(SIG_UNBLOCK, &block, NULL) == 0 && alarms == 1);
    /* What is sent while it waits goes on being waited for; cancelled, it ends. */
    next_request(&ring, IORING_OP_RECV, pair[0], &byte, 1, 0);
    CHECK(enter(&ring, 1, 0, 0) == 1);
    uint64_t waiting_one = ring.sqes[(*ring.sq_tail - 1) & *ring.sq_mask].user_data;
    next_request(&ring, IORING_OP_ASYNC_CANCEL, -1, (void *)waiting_one, 0, 0);
    CHECK(enter(&ring, 1, 2, IORING_ENTER_GETEVENTS) == 1);
    int a = take(&ring).res, b = take(&ring).res;
    CHECK((a == -ECANCELED && b == 0) || (b == -ECANCELED && a == 0));
    CHECK(close(pair[0]) == 0 && close(pair[1]) == 0 && close(event) == 0);
}

/* Its structure looks different on other architectures. */
static void epoll_by_ring(void) {
    int epoll = epoll_create1(0), event = eventfd(1, 0);
    struct epoll_event wanted = {.events = EPOLLIN, .data = {.u64 = 0x123456789abcdef0}}, got = {0};
    next_request(&ring, IORING_OP_EPOLL_CTL, epoll, &wanted, EPOLL_CTL_ADD, (uint64_t)event);
    CHECK(complete(&ring) == 0 && epoll_wait(epoll, &got, 1, 0) == 1);
    CHECK(got.events == EPOLLIN && got.data.u64 == 0x123456789abcdef0 && close(epoll) == 0 && close(event) == 0);
}

/* The kernel's own thread takes the requests: no system call. */
static void polled_queue(void) {
    struct ring polled;
    static char text[16];
    int fd = open("/proc/self/comm", O_RDONLY);
    if (open_ring(&polled, 8, IORING_SETUP_SQPOLL) != 0) return;
    next_request(&polled, IORING_OP_READ, fd, text, sizeof text - 1, 0);
    if (__atomic_load_n(polled.sq_flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP) enter(&polled, 0, 0, IORING_ENTER_SQ_WAKEUP);
    for (int i = 0; i < 5000 && __atomic_load_n(polled.cq_tail, __ATOMIC_ACQUIRE) == 0; i++) usleep(1000);
    CHECK(take(&polled).res > 0 && !strncmp(text, "io_uring", 8));
    close_ring(&polled);
}

static void *other_thread(void *unused) {
    (void)unused;
    next_request(&ring, IORING_OP_NOP, 0, NULL, 0, 0);
    return (void *)(long)complete(&ring);
}

/* Code that has run in a page whose end the kernel reads into. */
static void beside_code(void) {
#ifdef __riscv
    static const uint32_t code[] = {0x00100513, 0x00008067}; /* li a0, 1; ret */
    uint32_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct iovec registered = {page, 4096};
    memcpy(page, code, sizeof code);
    __builtin___clear_cache((char *)page, (char *)page + 16);
    CHECK(((int (*)(void))page)() == 1);
    CHECK(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &registered, 1) == 0);
    CHECK(syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_BUFFERS, NULL, 0) == 0);
    CHECK(((int (*)(void))page)() == 1);
#endif
}

int main(void) {
    if (open_ring(&ring, 8, 0) != 0) return 0;
    CHECK(ring.params.sq_entries == 8 && ring.params.cq_entries == 16);
    next_request(&ring, IORING_OP_NOP, 0, NULL, 0, 0);
    CHECK(complete(&ring) == 0);
    errors();
    files();
    waiting();
    epoll_by_ring();
    polled_queue();
    beside_code();
    pthread_t thread;
    void *result = (void *)1;
    CHECK(pthread_create(&thread, NULL, other_thread, NULL) == 0 && pthread_join(thread, &result) == 0 && result == NULL);
    /* A child has the parent's ring. */
    pid_t child = fork();
    if (child == 0) {
        next_request(&ring, IORING_OP_NOP, 0, NULL, 0, 0);
        _exit(complete(&ring) == 0 ? 3 : 4);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 3 << 8);
    close_ring(&ring);
    return 0;
}
