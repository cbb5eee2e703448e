#include "linux/strace/flags.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/stat.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

namespace dragoman::linux_abi {

namespace {

// clang-format off
#define N(name) {static_cast<u64>(name), #name}

constexpr FlagName kOpen[] = {N(O_RDONLY), N(O_WRONLY), N(O_RDWR), N(O_CREAT), N(O_EXCL), N(O_NOCTTY), N(O_TRUNC),
    N(O_APPEND), N(O_NONBLOCK), N(O_SYNC), N(O_DSYNC), N(O_ASYNC), N(O_DIRECT), {0100000, "O_LARGEFILE"}, N(O_TMPFILE),
    N(O_DIRECTORY), N(O_NOFOLLOW), N(O_NOATIME), N(O_CLOEXEC), N(O_PATH)};
constexpr FlagName kAt[] = {N(AT_SYMLINK_NOFOLLOW), N(AT_SYMLINK_FOLLOW), N(AT_EACCESS), N(AT_EMPTY_PATH), N(AT_NO_AUTOMOUNT),
    N(AT_STATX_FORCE_SYNC), N(AT_STATX_DONT_SYNC), N(AT_RECURSIVE)};
constexpr FlagName kUnlink[] = {N(AT_REMOVEDIR)};
constexpr FlagName kAccess[] = {N(F_OK), N(R_OK), N(W_OK), N(X_OK)};
constexpr FlagName kFcntl[] = {N(F_DUPFD), N(F_GETFD), N(F_SETFD), N(F_GETFL), N(F_SETFL), N(F_GETLK), N(F_SETLK), N(F_SETLKW),
    N(F_SETOWN), N(F_GETOWN), N(F_SETSIG), N(F_GETSIG), N(F_SETOWN_EX), N(F_GETOWN_EX), N(F_OFD_GETLK), N(F_OFD_SETLK),
    N(F_OFD_SETLKW), N(F_SETLEASE), N(F_GETLEASE), N(F_NOTIFY), N(F_DUPFD_CLOEXEC), N(F_SETPIPE_SZ), N(F_GETPIPE_SZ),
    N(F_ADD_SEALS), N(F_GET_SEALS), N(F_GET_RW_HINT), N(F_SET_RW_HINT)};
constexpr FlagName kFlock[] = {N(LOCK_SH), N(LOCK_EX), N(LOCK_NB), N(LOCK_UN)};
constexpr FlagName kWhence[] = {N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE)};
constexpr FlagName kProt[] = {N(PROT_NONE), N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), N(PROT_GROWSDOWN), N(PROT_GROWSUP)};
constexpr FlagName kMmap[] = {N(MAP_SHARED), N(MAP_PRIVATE), N(MAP_SHARED_VALIDATE), N(MAP_FIXED), N(MAP_ANONYMOUS),
    N(MAP_GROWSDOWN), N(MAP_DENYWRITE), N(MAP_EXECUTABLE), N(MAP_LOCKED), N(MAP_NORESERVE), N(MAP_POPULATE), N(MAP_NONBLOCK),
    N(MAP_STACK), N(MAP_HUGETLB), N(MAP_SYNC), N(MAP_FIXED_NOREPLACE)};
constexpr FlagName kMremap[] = {N(MREMAP_MAYMOVE), N(MREMAP_FIXED), N(MREMAP_DONTUNMAP)};
constexpr FlagName kMsync[] = {N(MS_ASYNC), N(MS_INVALIDATE), N(MS_SYNC)};
constexpr FlagName kMadvise[] = {N(MADV_NORMAL), N(MADV_RANDOM), N(MADV_SEQUENTIAL), N(MADV_WILLNEED), N(MADV_DONTNEED),
    N(MADV_FREE), N(MADV_REMOVE), N(MADV_DONTFORK), N(MADV_DOFORK), N(MADV_MERGEABLE), N(MADV_UNMERGEABLE), N(MADV_HUGEPAGE),
    N(MADV_NOHUGEPAGE), N(MADV_DONTDUMP), N(MADV_DODUMP), N(MADV_WIPEONFORK), N(MADV_KEEPONFORK), N(MADV_COLD), N(MADV_PAGEOUT),
    N(MADV_POPULATE_READ), N(MADV_POPULATE_WRITE)};
constexpr FlagName kMlockall[] = {N(MCL_CURRENT), N(MCL_FUTURE), N(MCL_ONFAULT)};
constexpr FlagName kClone[] = {N(CLONE_VM), N(CLONE_FS), N(CLONE_FILES), N(CLONE_SIGHAND), N(CLONE_PIDFD), N(CLONE_PTRACE),
    N(CLONE_VFORK), N(CLONE_PARENT), N(CLONE_THREAD), N(CLONE_NEWNS), N(CLONE_SYSVSEM), N(CLONE_SETTLS), N(CLONE_PARENT_SETTID),
    N(CLONE_CHILD_CLEARTID), N(CLONE_DETACHED), N(CLONE_UNTRACED), N(CLONE_CHILD_SETTID), N(CLONE_NEWCGROUP), N(CLONE_NEWUTS),
    N(CLONE_NEWIPC), N(CLONE_NEWUSER), N(CLONE_NEWPID), N(CLONE_NEWNET), N(CLONE_IO)};
constexpr FlagName kFutex[] = {N(FUTEX_WAIT), N(FUTEX_WAKE), N(FUTEX_FD), N(FUTEX_REQUEUE), N(FUTEX_CMP_REQUEUE), N(FUTEX_WAKE_OP),
    N(FUTEX_LOCK_PI), N(FUTEX_UNLOCK_PI), N(FUTEX_TRYLOCK_PI), N(FUTEX_WAIT_BITSET), N(FUTEX_WAKE_BITSET),
    N(FUTEX_WAIT_REQUEUE_PI), N(FUTEX_CMP_REQUEUE_PI), N(FUTEX_LOCK_PI2)};
constexpr FlagName kClock[] = {N(CLOCK_REALTIME), N(CLOCK_MONOTONIC), N(CLOCK_PROCESS_CPUTIME_ID), N(CLOCK_THREAD_CPUTIME_ID),
    N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE), N(CLOCK_MONOTONIC_COARSE), N(CLOCK_BOOTTIME), N(CLOCK_REALTIME_ALARM),
    N(CLOCK_BOOTTIME_ALARM), N(CLOCK_TAI)};
constexpr FlagName kTimerFlags[] = {N(TIMER_ABSTIME)};
constexpr FlagName kTimerfd[] = {N(TFD_CLOEXEC), N(TFD_NONBLOCK)};
constexpr FlagName kTimerfdSet[] = {N(TFD_TIMER_ABSTIME), N(TFD_TIMER_CANCEL_ON_SET)};
constexpr FlagName kEventfd[] = {N(EFD_SEMAPHORE), N(EFD_CLOEXEC), N(EFD_NONBLOCK)};
constexpr FlagName kSignalfd[] = {N(SFD_CLOEXEC), N(SFD_NONBLOCK)};
constexpr FlagName kEpollCreate[] = {N(EPOLL_CLOEXEC)};
constexpr FlagName kEpollCtl[] = {N(EPOLL_CTL_ADD), N(EPOLL_CTL_DEL), N(EPOLL_CTL_MOD)};
constexpr FlagName kEpollEvents[] = {N(EPOLLIN), N(EPOLLPRI), N(EPOLLOUT), N(EPOLLERR), N(EPOLLHUP), N(EPOLLRDNORM),
    N(EPOLLRDBAND), N(EPOLLWRNORM), N(EPOLLWRBAND), N(EPOLLMSG), N(EPOLLRDHUP), N(EPOLLEXCLUSIVE), N(EPOLLWAKEUP),
    N(EPOLLONESHOT), N(EPOLLET)};
constexpr FlagName kPollEvents[] = {{1, "POLLIN"}, {2, "POLLPRI"}, {4, "POLLOUT"}, {8, "POLLERR"}, {16, "POLLHUP"}, {32, "POLLNVAL"},
    {64, "POLLRDNORM"}, {128, "POLLRDBAND"}, {256, "POLLWRNORM"}, {512, "POLLWRBAND"}, {1024, "POLLMSG"}, {8192, "POLLRDHUP"}};
constexpr FlagName kInotifyInit[] = {N(IN_CLOEXEC), N(IN_NONBLOCK)};
constexpr FlagName kInotify[] = {N(IN_ACCESS), N(IN_MODIFY), N(IN_ATTRIB), N(IN_CLOSE_WRITE), N(IN_CLOSE_NOWRITE), N(IN_OPEN),
    N(IN_MOVED_FROM), N(IN_MOVED_TO), N(IN_CREATE), N(IN_DELETE), N(IN_DELETE_SELF), N(IN_MOVE_SELF), N(IN_ONLYDIR),
    N(IN_DONT_FOLLOW), N(IN_EXCL_UNLINK), N(IN_MASK_ADD), N(IN_ISDIR), N(IN_ONESHOT)};
constexpr FlagName kXattr[] = {{1, "XATTR_CREATE"}, {2, "XATTR_REPLACE"}};
constexpr FlagName kUmount[] = {N(MNT_FORCE), N(MNT_DETACH), N(MNT_EXPIRE), N(UMOUNT_NOFOLLOW)};
constexpr FlagName kMount[] = {N(MS_RDONLY), N(MS_NOSUID), N(MS_NODEV), N(MS_NOEXEC), N(MS_SYNCHRONOUS), N(MS_REMOUNT),
    N(MS_MANDLOCK), N(MS_DIRSYNC), N(MS_NOATIME), N(MS_NODIRATIME), N(MS_BIND), N(MS_MOVE), N(MS_REC), N(MS_SILENT),
    N(MS_POSIXACL), N(MS_UNBINDABLE), N(MS_PRIVATE), N(MS_SLAVE), N(MS_SHARED), N(MS_RELATIME), N(MS_STRICTATIME), N(MS_LAZYTIME)};
constexpr FlagName kFallocate[] = {N(FALLOC_FL_KEEP_SIZE), N(FALLOC_FL_PUNCH_HOLE), N(FALLOC_FL_COLLAPSE_RANGE),
    N(FALLOC_FL_ZERO_RANGE), N(FALLOC_FL_INSERT_RANGE), N(FALLOC_FL_UNSHARE_RANGE)};
constexpr FlagName kFadvise[] = {N(POSIX_FADV_NORMAL), N(POSIX_FADV_RANDOM), N(POSIX_FADV_SEQUENTIAL), N(POSIX_FADV_WILLNEED),
    N(POSIX_FADV_DONTNEED), N(POSIX_FADV_NOREUSE)};
constexpr FlagName kSplice[] = {N(SPLICE_F_MOVE), N(SPLICE_F_NONBLOCK), N(SPLICE_F_MORE), N(SPLICE_F_GIFT)};
constexpr FlagName kCloseRange[] = {N(CLOSE_RANGE_UNSHARE), N(CLOSE_RANGE_CLOEXEC)};
constexpr FlagName kRename[] = {N(RENAME_NOREPLACE), N(RENAME_EXCHANGE), N(RENAME_WHITEOUT)};
constexpr FlagName kMemfd[] = {N(MFD_CLOEXEC), N(MFD_ALLOW_SEALING), N(MFD_HUGETLB), {8, "MFD_NOEXEC_SEAL"}, {16, "MFD_EXEC"}};
constexpr FlagName kGetrandom[] = {N(GRND_NONBLOCK), N(GRND_RANDOM), N(GRND_INSECURE)};
constexpr FlagName kPidfd[] = {N(O_NONBLOCK)};
constexpr FlagName kStatxMask[] = {N(STATX_ALL), N(STATX_BASIC_STATS), N(STATX_TYPE), N(STATX_MODE), N(STATX_NLINK), N(STATX_UID),
    N(STATX_GID), N(STATX_ATIME), N(STATX_MTIME), N(STATX_CTIME), N(STATX_INO), N(STATX_SIZE), N(STATX_BLOCKS), N(STATX_BTIME),
    N(STATX_MNT_ID)};
constexpr FlagName kDomain[] = {N(AF_UNSPEC), N(AF_UNIX), N(AF_INET), N(AF_INET6), N(AF_NETLINK), N(AF_PACKET), N(AF_ALG),
    N(AF_VSOCK), N(AF_BLUETOOTH), N(AF_CAN), N(AF_XDP)};
constexpr FlagName kSocketType[] = {N(SOCK_STREAM), N(SOCK_DGRAM), N(SOCK_RAW), N(SOCK_RDM), N(SOCK_SEQPACKET), N(SOCK_PACKET),
    N(SOCK_CLOEXEC), N(SOCK_NONBLOCK)};
constexpr FlagName kSocketFlags[] = {N(SOCK_CLOEXEC), N(SOCK_NONBLOCK)};
constexpr FlagName kMsg[] = {N(MSG_OOB), N(MSG_PEEK), N(MSG_DONTROUTE), N(MSG_CTRUNC), N(MSG_TRUNC), N(MSG_DONTWAIT), N(MSG_EOR),
    N(MSG_WAITALL), N(MSG_CONFIRM), N(MSG_ERRQUEUE), N(MSG_NOSIGNAL), N(MSG_MORE), N(MSG_WAITFORONE), N(MSG_FASTOPEN),
    N(MSG_CMSG_CLOEXEC), N(MSG_ZEROCOPY)};
constexpr FlagName kSol[] = {{0, "SOL_IP"}, N(SOL_SOCKET), {6, "SOL_TCP"}, {17, "SOL_UDP"}, {41, "SOL_IPV6"}, {270, "SOL_NETLINK"},
    {263, "SOL_PACKET"}};
constexpr FlagName kSockopt[] = {N(SO_DEBUG), N(SO_REUSEADDR), N(SO_TYPE), N(SO_ERROR), N(SO_DONTROUTE), N(SO_BROADCAST),
    N(SO_SNDBUF), N(SO_RCVBUF), N(SO_KEEPALIVE), N(SO_OOBINLINE), N(SO_PRIORITY), N(SO_LINGER), N(SO_REUSEPORT), N(SO_PASSCRED),
    N(SO_PEERCRED), N(SO_RCVLOWAT), N(SO_SNDLOWAT), N(SO_RCVTIMEO), N(SO_SNDTIMEO), N(SO_BINDTODEVICE), N(SO_ATTACH_FILTER),
    N(SO_TIMESTAMP), N(SO_ACCEPTCONN), N(SO_SNDBUFFORCE), N(SO_RCVBUFFORCE), N(SO_PROTOCOL), N(SO_DOMAIN), N(SO_INCOMING_CPU),
    N(SO_COOKIE), N(SO_ZEROCOPY)};
constexpr FlagName kShutdown[] = {N(SHUT_RD), N(SHUT_WR), N(SHUT_RDWR)};
constexpr FlagName kSigmaskHow[] = {N(SIG_BLOCK), N(SIG_UNBLOCK), N(SIG_SETMASK)};
constexpr FlagName kSaFlags[] = {N(SA_NOCLDSTOP), N(SA_NOCLDWAIT), N(SA_SIGINFO), N(SA_ONSTACK), N(SA_RESTART), N(SA_NODEFER),
    N(SA_RESETHAND)};
constexpr FlagName kSsFlags[] = {N(SS_ONSTACK), N(SS_DISABLE), {1u << 31, "SS_AUTODISARM"}};
constexpr FlagName kWait[] = {N(WNOHANG), N(WSTOPPED), N(WEXITED), N(WCONTINUED), N(WNOWAIT), {0x20000000, "__WNOTHREAD"},
    {0x40000000, "__WALL"}, {0x80000000, "__WCLONE"}};
constexpr FlagName kIdtype[] = {N(P_ALL), N(P_PID), N(P_PGID), N(P_PIDFD)};
constexpr FlagName kItimer[] = {N(ITIMER_REAL), N(ITIMER_VIRTUAL), N(ITIMER_PROF)};
constexpr FlagName kSched[] = {N(SCHED_OTHER), N(SCHED_FIFO), N(SCHED_RR), N(SCHED_BATCH), N(SCHED_IDLE), N(SCHED_DEADLINE),
    N(SCHED_RESET_ON_FORK)};
constexpr FlagName kPriority[] = {N(PRIO_PROCESS), N(PRIO_PGRP), N(PRIO_USER)};
constexpr FlagName kResource[] = {N(RLIMIT_CPU), N(RLIMIT_FSIZE), N(RLIMIT_DATA), N(RLIMIT_STACK), N(RLIMIT_CORE), N(RLIMIT_RSS),
    N(RLIMIT_NPROC), N(RLIMIT_NOFILE), N(RLIMIT_MEMLOCK), N(RLIMIT_AS), N(RLIMIT_LOCKS), N(RLIMIT_SIGPENDING), N(RLIMIT_MSGQUEUE),
    N(RLIMIT_NICE), N(RLIMIT_RTPRIO), N(RLIMIT_RTTIME)};
constexpr FlagName kRusageWho[] = {N(RUSAGE_SELF), N(RUSAGE_CHILDREN), N(RUSAGE_THREAD)};
constexpr FlagName kPrctl[] = {N(PR_SET_PDEATHSIG), N(PR_GET_PDEATHSIG), N(PR_GET_DUMPABLE), N(PR_SET_DUMPABLE), N(PR_GET_KEEPCAPS),
    N(PR_SET_KEEPCAPS), N(PR_SET_NAME), N(PR_GET_NAME), N(PR_GET_SECCOMP), N(PR_SET_SECCOMP), N(PR_CAPBSET_READ),
    N(PR_CAPBSET_DROP), N(PR_GET_SECUREBITS), N(PR_SET_SECUREBITS), N(PR_SET_TIMERSLACK), N(PR_GET_TIMERSLACK), N(PR_SET_MM),
    N(PR_SET_CHILD_SUBREAPER), N(PR_GET_CHILD_SUBREAPER), N(PR_SET_NO_NEW_PRIVS), N(PR_GET_NO_NEW_PRIVS), N(PR_GET_TID_ADDRESS),
    N(PR_SET_THP_DISABLE), N(PR_GET_THP_DISABLE), N(PR_CAP_AMBIENT), N(PR_SET_PTRACER), N(PR_SET_VMA), N(PR_SET_TAGGED_ADDR_CTRL),
    N(PR_GET_TAGGED_ADDR_CTRL)};
constexpr FlagName kSeccomp[] = {N(SECCOMP_SET_MODE_STRICT), N(SECCOMP_SET_MODE_FILTER), N(SECCOMP_GET_ACTION_AVAIL),
    N(SECCOMP_GET_NOTIF_SIZES)};
constexpr FlagName kSeccompFlags[] = {N(SECCOMP_FILTER_FLAG_TSYNC), N(SECCOMP_FILTER_FLAG_LOG), N(SECCOMP_FILTER_FLAG_SPEC_ALLOW),
    N(SECCOMP_FILTER_FLAG_NEW_LISTENER), N(SECCOMP_FILTER_FLAG_TSYNC_ESRCH), {32, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}};
constexpr FlagName kIpcGet[] = {N(IPC_CREAT), N(IPC_EXCL), N(IPC_NOWAIT)};
constexpr FlagName kIpcCmd[] = {N(IPC_RMID), N(IPC_SET), N(IPC_STAT), N(IPC_INFO), N(GETPID), N(GETVAL), N(GETALL), N(GETNCNT),
    N(GETZCNT), N(SETVAL), N(SETALL)};
constexpr FlagName kShmat[] = {N(SHM_RDONLY), N(SHM_RND), N(SHM_REMAP), N(SHM_EXEC)};
constexpr FlagName kMembarrier[] = {N(MEMBARRIER_CMD_QUERY), N(MEMBARRIER_CMD_GLOBAL), N(MEMBARRIER_CMD_GLOBAL_EXPEDITED),
    N(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED), N(MEMBARRIER_CMD_PRIVATE_EXPEDITED),
    N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED), N(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE),
    N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE), N(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ),
    N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ)};
constexpr FlagName kIoctls[] = {N(TCGETS), N(TCSETS), N(TCSETSW), N(TCSETSF), N(TCGETA), N(TCSBRK), N(TCXONC), N(TCFLSH), N(TIOCEXCL),
    N(TIOCSCTTY), N(TIOCGPGRP), N(TIOCSPGRP), N(TIOCOUTQ), N(TIOCSTI), N(TIOCGWINSZ), N(TIOCSWINSZ), N(TIOCNOTTY), N(TIOCGETD),
    N(TIOCSETD), N(TCSBRKP), N(TIOCGSID), N(TIOCGPTN), N(TIOCSPTLCK), {0x5441, "TIOCGPTPEER"}, N(FIONREAD), N(FIONBIO), N(FIOASYNC),
    N(FIOCLEX), N(FIONCLEX), N(BLKGETSIZE64), N(BLKGETSIZE), N(BLKSSZGET), N(FICLONE), N(FS_IOC_GETFLAGS), N(FS_IOC_SETFLAGS),
    {0x802c542a, "TCGETS2"}, {0x402c542b, "TCSETS2"}, {0x8912, "SIOCGIFCONF"}, {0x8913, "SIOCGIFFLAGS"}, {0x8915, "SIOCGIFADDR"},
    {0x8927, "SIOCGIFHWADDR"}, {0x8933, "SIOCGIFINDEX"}, {0x400454ca, "TUNSETIFF"}};
constexpr FlagName kSiCodes[] = {{0, "SI_USER"}, {0x80, "SI_KERNEL"}, {static_cast<u64>(-1), "SI_QUEUE"}, {static_cast<u64>(-2), "SI_TIMER"},
    {static_cast<u64>(-3), "SI_MESGQ"}, {static_cast<u64>(-4), "SI_ASYNCIO"}, {static_cast<u64>(-6), "SI_TKILL"}};
#undef N
// clang-format on

constexpr FlagSet kSets[] = {
    {"open", false, O_ACCMODE, kOpen, "O_???"},
    {"at", false, 0, kAt, "AT_???"},
    {"unlink", false, 0, kUnlink, "AT_???"},
    {"access", false, 0, kAccess, "?_OK"},
    {"fcntl", true, 0, kFcntl, "F_???"},
    {"flock", false, 0, kFlock, "LOCK_???"},
    {"whence", true, 0, kWhence, "SEEK_???"},
    {"prot", false, 0, kProt, "PROT_???"},
    {"mmap", false, 3, kMmap, "MAP_???"},
    {"mremap", false, 0, kMremap, "MREMAP_???"},
    {"msync", false, 0, kMsync, "MS_???"},
    {"madvise", true, 0, kMadvise, "MADV_???"},
    {"mlockall", false, 0, kMlockall, "MCL_???"},
    {"clone_bits", false, 0, kClone, "CLONE_???"},
    {"futex_command", true, 0, kFutex, "FUTEX_???"},
    {"clock", true, 0, kClock, "CLOCK_???"},
    {"timer_flags", false, 0, kTimerFlags, "TIMER_???"},
    {"timerfd", false, 0, kTimerfd, "TFD_???"},
    {"timerfd_set", false, 0, kTimerfdSet, "TFD_???"},
    {"eventfd", false, 0, kEventfd, "EFD_???"},
    {"signalfd", false, 0, kSignalfd, "SFD_???"},
    {"epoll_create", false, 0, kEpollCreate, "EPOLL_???"},
    {"epoll_ctl", true, 0, kEpollCtl, "EPOLL_CTL_???"},
    {"epoll_bits", false, 0, kEpollEvents, "EPOLL???"},
    {"poll_bits", false, 0, kPollEvents, "POLL???"},
    {"inotify_init", false, 0, kInotifyInit, "IN_???"},
    {"inotify", false, 0, kInotify, "IN_???"},
    {"xattr", false, 0, kXattr, "XATTR_???"},
    {"umount", false, 0, kUmount, "MNT_???"},
    {"mount", false, 0, kMount, "MS_???"},
    {"fallocate", false, 0, kFallocate, "FALLOC_FL_???"},
    {"fadvise", true, 0, kFadvise, "POSIX_FADV_???"},
    {"splice", false, 0, kSplice, "SPLICE_F_???"},
    {"close_range", false, 0, kCloseRange, "CLOSE_RANGE_???"},
    {"rename", false, 0, kRename, "RENAME_???"},
    {"memfd", false, 0, kMemfd, "MFD_???"},
    {"getrandom", false, 0, kGetrandom, "GRND_???"},
    {"pidfd", false, 0, kPidfd, "PIDFD_???"},
    {"statx_mask", false, 0, kStatxMask, "STATX_???"},
    {"domain", true, 0, kDomain, "AF_???"},
    {"socket_type", false, 15, kSocketType, "SOCK_???"},
    {"socket_flags", false, 0, kSocketFlags, "SOCK_???"},
    {"msg", false, 0, kMsg, "MSG_???"},
    {"sol", true, 0, kSol, "SOL_???"},
    {"sockopt", true, 0, kSockopt, "SO_???"},
    {"shutdown", true, 0, kShutdown, "SHUT_???"},
    {"sigmask_how", true, 0, kSigmaskHow, "SIG_???"},
    {"sa_flags", false, 0, kSaFlags, "SA_???"},
    {"ss_flags", false, 0, kSsFlags, "SS_???"},
    {"wait", false, 0, kWait, "W???"},
    {"idtype", true, 0, kIdtype, "P_???"},
    {"itimer", true, 0, kItimer, "ITIMER_???"},
    {"sched", false, 0xf, kSched, "SCHED_???"},
    {"priority", true, 0, kPriority, "PRIO_???"},
    {"resource", true, 0, kResource, "RLIMIT_???"},
    {"rusage_who", true, 0, kRusageWho, "RUSAGE_???"},
    {"prctl", true, 0, kPrctl, "PR_???"},
    {"seccomp", true, 0, kSeccomp, "SECCOMP_???"},
    {"seccomp_flags", false, 0, kSeccompFlags, "SECCOMP_FILTER_FLAG_???"},
    {"ipc_cmd", true, 0, kIpcCmd, "IPC_???"},
    {"ipc_bits", false, 0, kIpcGet, "IPC_???"},
    {"shmat", false, 0, kShmat, "SHM_???"},
    {"membarrier", true, 0, kMembarrier, "MEMBARRIER_CMD_???"},
    {"ioctl", true, 0, kIoctls, "ioctl ???"},
    {"si_code", true, 0, kSiCodes, "SI_???"},
};

std::string hex(u64 value) {
    char text[20];
    std::snprintf(text, sizeof text, "%#llx", static_cast<unsigned long long>(value));
    return text;
}

const FlagName* find_value(std::span<const FlagName> names, u64 value) {
    for (const FlagName& name : names) {
        if (static_cast<u32>(name.value) == static_cast<u32>(value)) return &name;
    }
    return nullptr;
}

}  // namespace

const FlagSet* find_flag_set(std::string_view word) {
    for (const FlagSet& set : kSets) {
        if (set.word == word) return &set;
    }
    return nullptr;
}

std::string format_flags(const FlagSet& set, u64 value) {
    value = static_cast<u32>(value);
    if (set.is_enum) {
        if (const FlagName* name = find_value(set.names, value)) return std::string(name->name);
        return hex(value) + " /* " + set.prefix + " */";
    }
    std::string text;
    auto add = [&text](std::string_view name) {
        if (!text.empty()) text += '|';
        text += name;
    };
    u64 rest = value;
    if (set.field) {
        // O_RDONLY, FUTEX_WAIT: the value 0 of the enumerated part has a name of its own, if any.
        const FlagName* name = find_value(set.names, value & set.field);
        if (name) {
            add(name->name);
            rest &= ~set.field;
        }
    } else if (value == 0) {
        if (const FlagName* name = find_value(set.names, 0)) return std::string(name->name);
    }
    for (const FlagName& flag : set.names) {
        u64 bits = static_cast<u32>(flag.value);
        if (bits == 0 || (bits & set.field) || (rest & bits) != bits) continue;
        add(flag.name);
        rest &= ~bits;
    }
    if (rest || text.empty()) {
        bool unknown = text.empty() && rest;
        add(rest ? hex(rest) : "0");
        if (unknown) text.append(" /* ").append(set.prefix).append(" */");
    }
    return text;
}

std::string signal_name(int signal) {
    if (signal >= 32 && signal <= 64) return "SIGRT_" + std::to_string(signal - 32);
    const char* name = signal > 0 ? sigabbrev_np(signal) : nullptr;
    return name ? std::string("SIG") + name : std::to_string(signal);
}

std::string_view errno_name(int error) {
    const char* name = strerrorname_np(error);
    return name ? name : "";
}

std::string_view ioctl_name(u64 request) {
    const FlagName* name = find_value(kIoctls, request);
    return name ? name->name : std::string_view{};
}

}  // namespace dragoman::linux_abi
