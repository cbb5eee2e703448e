// Processes and threads: clone, futexes, robust lists, exec, waiting, times, limits, System V IPC.
#include "libc.h"

enum { CLONE_VM = 0x100, SIGCHLD = 17 };

static u8 stack[16384] __attribute__((aligned(16)));
static u32 alive;
static volatile int ran;
static struct robust {
    struct robust *next;
    int offset;
    struct robust *pending;
} head;
static struct {
    struct robust *next;
    u32 word;
} held;

static void thread_body(void) {
    ran = 1;
    head.offset = 4;
    head.next = (struct robust *)&held;
    held.next = &head;
    held.word = (u32)syscall(SYS_gettid);
    CHECK_EQUAL(syscall(SYS_set_robust_list, &head, 24), -EINVAL);
    CHECK_EQUAL(syscall(SYS_set_robust_list, &head, sizeof head), 0);
    struct robust *found = 0;
    u32 bytes = 0;
    CHECK_EQUAL(syscall(SYS_get_robust_list, 0, &found, &bytes), 0);
    CHECK(found == &head && bytes == sizeof head);
}

static void threads(void) {
    alive = 1;
    const long tid = start_thread(thread_body, stack + sizeof stack, &alive);
    CHECK_VALUE(tid > 0, tid);
    wait_until_clear(&alive);
    CHECK_EQUAL(ran, 1);
    CHECK_EQUAL(held.word, 0x40000000);  // FUTEX_OWNER_DIED
    const struct timespec soon = {0, 1000000}, bad = {-1, 0};
    u32 word = 7;
    CHECK_EQUAL(syscall(SYS_futex_time64, &word, 0, 7, &soon), -110);  // ETIMEDOUT
    CHECK_EQUAL(syscall(SYS_futex_time64, &word, 0, 8, &soon), -EAGAIN);
    CHECK_EQUAL(syscall(SYS_futex_time64, &word, 0, 7, &bad), -EINVAL);
    CHECK_EQUAL(syscall(SYS_futex, &word, 0, 8, 0), -ENOSYS);
}

static void children(char **argv) {
    const long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) syscall(SYS_exit, 42);
    struct {
        int signal, error, code, pid;
        u32 uid;
        int status;
        u32 rest[26];
    } info;
    memset(&info, 0xee, sizeof info);
    u32 usage[20];
    memset(usage, 0xee, sizeof usage);
    CHECK_EQUAL(syscall(SYS_waitid, 1, pid, &info, 4, usage), 0);
    CHECK(info.signal == SIGCHLD && info.code == 1 && info.pid == pid && info.status == 42);
    CHECK(info.rest[0] == 0xeeeeeeee && usage[18] == 0xeeeeeeee && usage[17] != 0xeeeeeeee);

    const long other = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (other == 0) {
        char *const arguments[] = {argv[0], "again", 0}, *const environment[] = {"A=1", 0};
        syscall(SYS_execve, argv[0], arguments, environment);
        syscall(SYS_exit, 1);
    }
    CHECK_EQUAL(syscall(SYS_waitid, 1, other, &info, 4, 0), 0);
    CHECK(info.code == 1 && info.status == 7);
    CHECK_EQUAL(syscall(SYS_execve, argv[0], (char **)16, 0), -EFAULT);
}

static void times_and_limits(void) {
    struct timespec now = {0, 0};
    CHECK_EQUAL(syscall(SYS_clock_gettime64, 0, &now), 0);
    CHECK(now.seconds > 1500000000 && now.nanoseconds < 1000000000);
    CHECK_EQUAL(syscall(SYS_clock_gettime, 0, &now), -ENOSYS);
    const struct timespec short_time = {0, 1000};
    CHECK_EQUAL(syscall(SYS_clock_nanosleep_time64, 1, 0, &short_time, 0), 0);
    int used[5] = {-1, -1, -1, -1, 99};
    CHECK(syscall(SYS_times, used) != -EFAULT && used[0] >= 0 && used[3] >= 0 && used[4] == 99);
    int timer[5] = {0, 0, 100, 5, 99}, old[5] = {-1, -1, -1, -1, 99};
    CHECK_EQUAL(syscall(SYS_setitimer, 0, timer, old), 0);
    CHECK(old[2] == 0 && old[4] == 99);
    CHECK_EQUAL(syscall(SYS_getitimer, 0, old), 0);
    CHECK(old[2] >= 98 && old[2] <= 100 && old[4] == 99);
    timer[2] = timer[3] = 0;
    CHECK_EQUAL(syscall(SYS_setitimer, 0, timer, 0), 0);
    struct {
        int uptime;
        u32 loads[3], total, free_, rest[4];
        u16 processes, padding;
        u32 high[2], unit;
        u8 unused[8];
        u32 behind;
    } info;
    info.behind = 0x1234;
    CHECK_EQUAL(syscall(SYS_sysinfo, &info), 0);
    CHECK(info.total != 0 && info.unit != 0 && info.behind == 0x1234);
    u64 limits[2];
    CHECK_EQUAL(syscall(SYS_prlimit64, 0, 3, 0, limits), 0);
    CHECK(limits[0] >= 65536);
    u32 usage[19];
    usage[18] = 77;
    CHECK_EQUAL(syscall(SYS_getrusage, 0, usage), 0);
    CHECK(usage[4] != 0 && usage[18] == 77);
    struct {
        u32 value;
        int signal, notify;
        u8 rest[52];
    } event = {5, 10, 1, {}};  // SIGEV_NONE
    int id = -1;
    CHECK_EQUAL(syscall(SYS_timer_create, 1, &event, &id), 0);
    CHECK(id >= 0);
}

static void ipc(void) {
    const int queue = syscall(SYS_msgget, 0, 0600);
    struct {
        int type;
        char text[8];
    } message = {-1, "message"}, got = {};
    CHECK_EQUAL(syscall(SYS_msgsnd, queue, &message, 8, 0), -EINVAL);
    message.type = 0x7fffffff;
    CHECK_EQUAL(syscall(SYS_msgsnd, queue, &message, 8, 0), 0);
    u32 queue_state[22];
    CHECK_EQUAL(syscall(SYS_msgctl, queue, 2, queue_state), 0);
    CHECK_EQUAL(queue_state[16], 1);  // msg_qnum
    CHECK_EQUAL(syscall(SYS_msgrcv, queue, &got, 8, -0x7fffffff, 0), 8);
    CHECK(got.type == 0x7fffffff && same_text(got.text, "message"));
    CHECK_EQUAL(syscall(SYS_msgctl, queue, 0, 0), 0);
    const int segment = syscall(SYS_shmget, 0, 8192, 0600);
    char *at = (char *)syscall(SYS_shmat, segment, 0, 0);
    CHECK(!is_error(at));
    at[8191] = 1;
    u32 segment_state[21] = {};
    CHECK_EQUAL(syscall(SYS_shmctl, segment, 2, segment_state), 0);
    CHECK_EQUAL(segment_state[9], 8192);
    CHECK_EQUAL(segment_state[18], 1);  // shm_nattch
    CHECK_EQUAL(syscall(SYS_shmdt, at), 0);
    CHECK_EQUAL(syscall(SYS_shmctl, segment, 0, 0), 0);
    const int semaphores = syscall(SYS_semget, 0, 3, 0600);
    u32 semaphore_state[16] = {};
    CHECK_EQUAL(syscall(SYS_semctl, semaphores, 0, 2, semaphore_state), 0);
    CHECK_EQUAL(semaphore_state[13], 3);  // sem_nsems
    CHECK_EQUAL(syscall(SYS_semctl, semaphores, 0, 0, 0), 0);
}

int main_program(int argc, char **argv, char **envp, const u32 *auxv) {
    (void)auxv;
    if (argc == 2) return same_text(argv[1], "again") && same_text(envp[0], "A=1") ? 7 : 8;
    threads();
    children(argv);
    times_and_limits();
    ipc();
    return 0;
}
