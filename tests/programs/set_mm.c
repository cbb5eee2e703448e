// flags: -O1
/* prctl(PR_SET_MM): a program that moves its title elsewhere. Runs natively too. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static char text[4096];

static long read_file(const char *who, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/%s", who, name);
    int fd = open(path, O_RDONLY);
    long got = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    close(fd);
    text[got > 0 ? got : 0] = 0;
    return got;
}

/* As the kernel has them now: fields 26 to 28 and 45 to 51 of stat. */
static void current(struct prctl_mm_map *map) {
    unsigned long f[53] = {0};
    CHECK(read_file("self", "stat") > 0);
    char *at = strrchr(text, ')') + 1;
    for (int i = 3; i < 53 && at; i++, at = strchr(at + 1, ' ')) f[i] = strtoul(at + (i == 3 ? 2 : 0), NULL, 10);
    *map = (struct prctl_mm_map){.start_code = f[26], .end_code = f[27], .start_stack = f[28], .start_data = f[45], .end_data = f[46],
                                 .start_brk = f[47], .brk = (uintptr_t)sbrk(0), .arg_start = f[48], .arg_end = f[49],
                                 .env_start = f[50], .env_end = f[51], .exe_fd = (unsigned)-1};
}

int main(int argc, char **argv) {
    struct prctl_mm_map map;
    unsigned size = 0;
    char parent[16];
    (void)argc;
    CHECK(prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) == 0 && size == sizeof map);
    current(&map);
    CHECK(map.arg_start == (uintptr_t)argv[0]);
    char *title = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static const char kTitle[] = "a title that is longer than what it was before";
    memcpy(title, kTitle, sizeof kTitle);
    map.arg_start = (uintptr_t)title;
    map.arg_end = map.arg_start + sizeof kTitle;
    CHECK(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) == 0);
    CHECK(read_file("self", "cmdline") == sizeof kTitle && !strcmp(text, kTitle));
    snprintf(parent, sizeof parent, "%d", getpid());
    pid_t pid = fork();
    int status;
    if (pid == 0) _exit(read_file(parent, "cmdline") != sizeof kTitle || strcmp(text, kTitle) != 0 || read_file("self", "cmdline") != sizeof kTitle);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    memcpy(title, "another", 8);
    CHECK(read_file("self", "cmdline") == sizeof kTitle && !strcmp(text, "another"));
    map.arg_end = map.arg_start - 1;
    CHECK(FAILS(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0), EINVAL));
    map.arg_end = map.arg_start + sizeof kTitle;
    map.start_code = 0;
    CHECK(FAILS(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0), EINVAL));
    CHECK(FAILS(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, 8, 0), EINVAL) && FAILS(prctl(PR_SET_MM, PR_SET_MM_MAP, bad_pointer, sizeof map, 0), EFAULT));
    CHECK(read_file("self", "auxv") > 16 && getauxval(AT_ENTRY) != 0);
    char *first = NULL;
    for (int i = 0; i < 5; i++) CHECK((first = malloc(1 << 20)) != NULL);
    memset(first, 1, 1 << 20);
    return 0;
}
