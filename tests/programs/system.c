// flags: -O1
/* uname, sysinfo, limits, identities, prctl, random numbers, scheduling, terminals, refusals. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>
#include "check.h"

static void terminal(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    char name[64], text[16];
    CHECK(ptsname_r(master, name, sizeof name) == 0);
    int slave = open(name, O_RDWR | O_NOCTTY);
    struct termios t, back;
    CHECK(slave >= 0 && isatty(slave) && tcgetattr(slave, &t) == 0);
    CHECK(t.c_cc[VINTR] == 3 && t.c_cc[VEOF] == 4 && (t.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO) && cfgetospeed(&t) == B38400);
    cfmakeraw(&t);
    CHECK(tcsetattr(slave, TCSANOW, &t) == 0 && tcgetattr(slave, &back) == 0 && !(back.c_lflag & ICANON) && back.c_cc[VMIN] == 1);
    struct winsize size = {24, 80, 1, 2}, got;
    CHECK(ioctl(slave, TIOCSWINSZ, &size) == 0 && ioctl(master, TIOCGWINSZ, &got) == 0 && got.ws_row == 24 && got.ws_col == 80);
    CHECK(write(master, "in", 2) == 2 && read(slave, text, 16) == 2 && memcmp(text, "in", 2) == 0);
    CHECK(FAILS(ioctl(slave, TCGETS, bad_pointer), EFAULT) && FAILS(ioctl(slave, 0x12345678, 0), ENOTTY));
    close(slave), close(master);
}

int main(void) {
    struct utsname u;
    CHECK(uname(&u) == 0 && strcmp(u.sysname, "Linux") == 0);
#ifdef __riscv
    CHECK(strcmp(u.machine, "riscv64") == 0);
#endif
    struct sysinfo info;
    CHECK(sysinfo(&info) == 0 && info.totalram > 0 && info.mem_unit > 0 && info.procs > 0);
    struct rlimit limit, back;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 0);
    limit.rlim_cur = 100;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0 && getrlimit(RLIMIT_NOFILE, &back) == 0 && back.rlim_cur == 100);
    CHECK(FAILS(fcntl(0, F_DUPFD, 100), EINVAL));
    limit = (struct rlimit){1 << 30, 1 << 30};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0 && prlimit(0, RLIMIT_AS, NULL, &back) == 0 && back.rlim_cur == 1 << 30);
    CHECK(FAILS(getrlimit(99, &back), EINVAL));
    // A parent, session or group leader outside the PID namespace is reported as 0: containers and CI run that way.
    CHECK(getpid() > 0 && getppid() >= 0 && gettid() == getpid() && getsid(0) >= 0 && getpgid(0) == getpgrp());
    errno = 0;
    uid_t r, e, s;
    CHECK(getresuid(&r, &e, &s) == 0 && r == getuid() && e == geteuid() && getgroups(0, NULL) >= 0);
    CHECK(umask(022) != (mode_t)-1 && umask(077) == 022);
    char name[17] = "", random[32] = "";
    CHECK(prctl(PR_SET_NAME, "a name") == 0 && prctl(PR_GET_NAME, name) == 0 && strcmp(name, "a name") == 0);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    CHECK(prctl(PR_GET_DUMPABLE) >= 0 && FAILS(prctl(12345), EINVAL));
    CHECK(getrandom(random, 32, 0) == 32 && memcmp(random, (char[32]){0}, 32) != 0);
    cpu_set_t set;
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0 && sched_yield() == 0);
    CHECK(sched_getscheduler(0) == SCHED_OTHER && sched_get_priority_max(SCHED_FIFO) == 99);
    errno = 0;
    CHECK(getpriority(PRIO_PROCESS, 0) >= -20 && errno == 0 && getcpu(NULL, NULL) == 0);
    terminal();
#ifdef __riscv
    CHECK(FAILS(syscall(38, AT_FDCWD, "a", AT_FDCWD, "b"), ENOSYS) && FAILS(syscall(403), ENOSYS) && FAILS(syscall(999), ENOSYS));
    CHECK(FAILS(syscall(-1), ENOSYS) && FAILS(syscall(289 /* pkey_alloc */, 0, 0), ENOSYS));
#endif
    return 0;
}
