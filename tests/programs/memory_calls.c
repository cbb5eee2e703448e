// flags: -O1
/* What is resident, locked, bound to nodes and advised; memory of other processes; barriers. */
#define _GNU_SOURCE
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

#define NOBODY 0x3fffffff
#define PAGE 4096ul
static char *pages; /* four; the fourth is unmapped */

static void check_mincore(void) {
    unsigned char resident[4] = {9, 9, 9, 9};
    memset(pages, 1, PAGE);
    CHECK(mincore(pages, 3 * PAGE, resident) == 0 && (resident[0] & 1) && !(resident[2] & 1));
    CHECK(FAILS(mincore(pages + 1, PAGE, resident), EINVAL) && FAILS(mincore(pages, 4 * PAGE, resident), ENOMEM));
    CHECK(FAILS(mincore(pages, PAGE, bad_pointer), EFAULT) && mincore(pages, 0, resident) == 0);
}

static void check_locks(void) {
    if (mlock(pages, PAGE + 1) != 0) {
        CHECK(errno == ENOMEM || errno == EPERM || errno == EAGAIN);
        return;
    }
    CHECK(munlock(pages, 2 * PAGE) == 0);
    CHECK(FAILS(mlock(pages, 4 * PAGE), ENOMEM) && FAILS(munlock(pages, 4 * PAGE), ENOMEM));
    CHECK(syscall(SYS_mlock2, pages, PAGE, MLOCK_ONFAULT) == 0);
    CHECK(FAILS(syscall(SYS_mlock2, pages, PAGE, 2), EINVAL));
    CHECK(FAILS(syscall(SYS_mlockall, 0), EINVAL) && FAILS(syscall(SYS_mlockall, 8), EINVAL));
    CHECK(FAILS(syscall(SYS_mlockall, MCL_ONFAULT), EINVAL)); /* of what? */
    CHECK(munlock(pages, PAGE) == 0 && munlockall() == 0);
}

static void check_nodes(void) {
    int mode = -1;
    unsigned long nodes[16] = {0};
    if (syscall(SYS_get_mempolicy, &mode, nodes, 1024ul, NULL, 0ul) != 0) {
        CHECK(errno == ENOSYS || errno == EPERM);
        return;
    }
    CHECK(mode == 0 && nodes[0] == 0); /* MPOL_DEFAULT */
    CHECK(FAILS(syscall(SYS_get_mempolicy, &mode, nodes, 1024ul, NULL, 16ul), EINVAL));
    CHECK(FAILS(syscall(SYS_get_mempolicy, NULL, NULL, 0ul, bad_pointer, 2ul), EFAULT));
    CHECK(syscall(SYS_get_mempolicy, NULL, nodes, 1024ul, NULL, 4ul) == 0 && (nodes[0] & 1)); /* allowed ones */
    CHECK(FAILS(syscall(SYS_set_mempolicy, 99, NULL, 0ul), EINVAL));
    CHECK(syscall(SYS_set_mempolicy, 0, NULL, 0ul) == 0);
    unsigned long first = 1, none = 0;
    CHECK(syscall(SYS_mbind, pages, 2 * PAGE, 2, &first, 64ul, 0) == 0); /* MPOL_BIND */
    CHECK(syscall(SYS_get_mempolicy, &mode, NULL, 0ul, pages, 2ul) == 0 && mode == 2);
    CHECK(FAILS(syscall(SYS_mbind, pages, PAGE, 2, &none, 64ul, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_mbind, pages + 1, PAGE, 2, &first, 64ul, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_mbind, pages, 4 * PAGE, 2, &first, 64ul, 0), EFAULT));
    CHECK(FAILS(syscall(SYS_mbind, pages, PAGE, 2, bad_pointer, 64ul, 0), EFAULT));
    CHECK(FAILS(syscall(SYS_mbind, pages, PAGE, 2, &first, 64ul, 0x100), EINVAL));
    CHECK(FAILS(syscall(SYS_migrate_pages, NOBODY, 64ul, &first, &first), ESRCH));
    CHECK(syscall(SYS_migrate_pages, 0, 64ul, &first, &first) >= 0);
    void *addresses[2] = {pages, pages + 3 * PAGE};
    int status[2] = {77, 77};
    CHECK(syscall(SYS_move_pages, 0, 2ul, addresses, NULL, status, 0) == 0);
    CHECK(status[0] == 0 && (status[1] == -EFAULT || status[1] == -ENOENT));
    CHECK(FAILS(syscall(SYS_move_pages, 0, 1ul, addresses, NULL, status, 1), EINVAL));
    CHECK(FAILS(syscall(SYS_move_pages, NOBODY, 1ul, addresses, NULL, status, 0), ESRCH));
}

static void check_other_process(void) {
    char from[8] = "seventy", to[8] = {0};
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    struct iovec local[2] = {{from, 3}, {from + 3, 5}}, remote[2] = {{to, 8}, {pages + 3 * PAGE, 8}};
    CHECK(process_vm_writev(child, local, 2, remote, 1, 0) == 8 && to[0] == 0); /* its memory, not ours */
    struct iovec back = {to, 8};
    CHECK(process_vm_readv(child, &back, 1, remote, 1, 0) == 8 && strcmp(to, "seventy") == 0);
    CHECK(FAILS(process_vm_writev(child, local, 1, remote + 1, 1, 0), EFAULT));
    remote[0].iov_len = 3;
    CHECK(process_vm_writev(child, local, 2, remote, 2, 0) == 3); /* as far as it goes */
    CHECK(FAILS(process_vm_writev(child, local, 1, remote, 1, 1), EINVAL));
    CHECK(FAILS(process_vm_writev(child, local, 1025, remote, 1, 0), EINVAL));
    CHECK(FAILS(process_vm_writev(child, bad_pointer, 1, remote, 1, 0), EFAULT));
    CHECK(FAILS(process_vm_writev(NOBODY, local, 1, remote, 1, 0), ESRCH));
    CHECK(process_vm_writev(child, local, 0, remote, 0, 0) == 0);
    int fd = (int)syscall(SYS_pidfd_open, child, 0);
    remote[0] = (struct iovec){pages, PAGE};
    CHECK(syscall(SYS_process_madvise, fd, remote, 1, MADV_COLD, 0) == (long)PAGE || errno == EPERM || errno == ENOSYS);
    CHECK(FAILS(syscall(SYS_process_madvise, fd, remote, 1, MADV_COLD, 1), EINVAL) || errno == ENOSYS);
    CHECK(FAILS(syscall(SYS_process_madvise, -1, remote, 1, MADV_COLD, 0), EBADF) || errno == ENOSYS);
    CHECK(close(fd) == 0 && kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
}

static void check_advice(void) {
    memset(pages, 5, 3 * PAGE);
    CHECK(madvise(pages, PAGE, MADV_DONTNEED) == 0 && pages[0] == 0 && pages[PAGE] == 5);
    CHECK(FAILS(madvise(pages + 1, PAGE, MADV_DONTNEED), EINVAL) && FAILS(madvise(pages, PAGE, 9999), EINVAL));
    CHECK(FAILS(madvise(pages, 4 * PAGE, MADV_DONTNEED), ENOMEM) && pages[PAGE] == 0); /* what there is, is done */
    CHECK(madvise(pages, PAGE, MADV_DONTFORK) == 0 && madvise(pages + PAGE, PAGE, MADV_WIPEONFORK) == 0);
    pages[0] = pages[PAGE] = pages[2 * PAGE] = 6;
    pid_t child = fork();
    if (child == 0) {
        unsigned char resident;
        CHECK(FAILS(mincore(pages, PAGE, &resident), ENOMEM)); /* it has not come along */
        CHECK(pages[PAGE] == 0 && pages[2 * PAGE] == 6);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(madvise(pages, PAGE, MADV_DOFORK) == 0 && madvise(pages + PAGE, PAGE, MADV_KEEPONFORK) == 0);
    CHECK(madvise(pages, 2 * PAGE, MADV_POPULATE_WRITE) == 0 || errno == EINVAL);
}

static void check_barriers(void) {
    const long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    if (commands < 0) {
        CHECK(errno == ENOSYS);
        return;
    }
    CHECK(FAILS(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 1, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_membarrier, 1 << 20, 0, 0), EINVAL));
    if (!(commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
    CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0);
    CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0);
}

int main(void) {
    pages = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && munmap(pages + 3 * PAGE, PAGE) == 0);
    check_mincore();
    check_locks();
    check_nodes();
    check_other_process();
    check_advice();
    check_barriers();
    return 0;
}
