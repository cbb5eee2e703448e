// The system calls of riscv64, Linux 6.12: one row each. Numbers are those of asm-generic/unistd.h; those missing from
// it (renameat, the 32-bit time calls 403..423, 295..402) give ENOSYS.
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

#include "linux/files/socket_timeout.h"
#include "linux/pass.h"
#include "linux/strace/strace.h"
#include "linux/syscalls.h"
#include "linux/syscalls_process.h"

// Newer than the headers of the build machine; x86-64 and riscv64 share the numbers from 424 on.
#ifndef SYS_cachestat
#define SYS_cachestat 451
#define SYS_fchmodat2 452
#define SYS_futex_wake 454
#define SYS_futex_wait 455
#define SYS_futex_requeue 456
#define SYS_statmount 457
#define SYS_listmount 458
#define SYS_lsm_get_self_attr 459
#define SYS_lsm_set_self_attr 460
#define SYS_lsm_list_modules 461
#endif

namespace dragoman::linux_abi {

namespace {

constexpr unsigned p(auto... positions) { return args_set(positions...); }
constexpr auto* no_sys = refuse<ENOSYS>;

constexpr SyscallInfo kTable[] = {
    // Asynchronous I/O: its ring would be mapped by the kernel behind the guest's address space.
    {0, "io_setup", no_sys, "uint ptr"},
    {1, "io_destroy", no_sys, "ptr"},
    {2, "io_submit", no_sys, "ptr long ptr"},
    {3, "io_cancel", no_sys, "ptr ptr ptr"},
    {4, "io_getevents", no_sys, "ptr long long ptr timespec"},
    // Extended attributes.
    {5, "setxattr", with_paths<SYS_setxattr, p(1, 2), follow(0)>, "path str in uint xattr"},
    {6, "lsetxattr", with_paths<SYS_lsetxattr, p(1, 2), nofollow(0)>, "path str in uint xattr"},
    {7, "fsetxattr", direct<SYS_fsetxattr, p(1, 2)>, "fd str in uint xattr"},
    {8, "getxattr", with_paths<SYS_getxattr, p(1, 2), follow(0)>, "path str out uint"},
    {9, "lgetxattr", with_paths<SYS_lgetxattr, p(1, 2), nofollow(0)>, "path str out uint"},
    {10, "fgetxattr", direct<SYS_fgetxattr, p(1, 2)>, "fd str out uint"},
    {11, "listxattr", with_paths<SYS_listxattr, p(1), follow(0)>, "path out uint"},
    {12, "llistxattr", with_paths<SYS_llistxattr, p(1), nofollow(0)>, "path out uint"},
    {13, "flistxattr", direct<SYS_flistxattr, p(1)>, "fd out uint"},
    {14, "removexattr", with_paths<SYS_removexattr, p(1), follow(0)>, "path str"},
    {15, "lremovexattr", with_paths<SYS_lremovexattr, p(1), nofollow(0)>, "path str"},
    {16, "fremovexattr", direct<SYS_fremovexattr, p(1)>, "fd str"},
    // Files and descriptors.
    {17, "getcwd", direct<SYS_getcwd, p(0)>, "outstr uint"},
    {18, "lookup_dcookie", no_sys, "ulong ptr uint"},
    {19, "eventfd2", direct<SYS_eventfd2>, "uint eventfd"},
    {20, "epoll_create1", direct<SYS_epoll_create1>, "epoll_create"},
    {21, "epoll_ctl", sys_epoll_ctl, "fd epoll_ctl fd epoll_event"},
    {22, "epoll_pwait", sys_epoll_pwait, "fd epoll_events int int sigset uint"},
    {23, "dup", sys_dup, "fd"},
    {24, "dup3", sys_dup3, "fd fd open"},
    {25, "fcntl", sys_fcntl, "fd fcntl fcntl_arg = fcntl_result"},
    {26, "inotify_init1", direct<SYS_inotify_init1>, "inotify_init"},
    {27, "inotify_add_watch", with_paths<SYS_inotify_add_watch, 0, follow_unless(1, 2, 0x02000000)>, "fd path inotify"},
    {28, "inotify_rm_watch", direct<SYS_inotify_rm_watch>, "fd int"},
    {29, "ioctl", sys_ioctl, "fd ioctl ioctl_arg"},
    {30, "ioprio_set", direct<SYS_ioprio_set>, "int int int"},
    {31, "ioprio_get", direct<SYS_ioprio_get>, "int int"},
    {32, "flock", blocking<SYS_flock>, "fd flock"},
    {33, "mknodat", with_paths<SYS_mknodat, 0, nofollow(1)>, "dirfd path mode dev"},
    {34, "mkdirat", with_paths<SYS_mkdirat, 0, nofollow(1)>, "dirfd path oct"},
    {35, "unlinkat", with_paths<SYS_unlinkat, 0, nofollow(1)>, "dirfd path unlink"},
    {36, "symlinkat", with_paths<SYS_symlinkat, p(0), nofollow(2)>, "path dirfd path"},
    {37, "linkat", with_paths<SYS_linkat, 0, follow_if(1, 4, AT_SYMLINK_FOLLOW), nofollow(3)>,
     "dirfd path dirfd path at"},
    {38, "renameat", no_sys, "dirfd path dirfd path"},
    {39, "umount2", with_paths<SYS_umount2, 0, follow_unless(0, 1, UMOUNT_NOFOLLOW)>, "path umount"},
    {40, "mount", with_paths<SYS_mount, p(0, 2, 4), follow(1)>, "str path str mount ptr"},
    {41, "pivot_root", sys_pivot_root, "path path"},
    {42, "nfsservctl", no_sys, "int ptr ptr"},
    {43, "statfs", with_paths<SYS_statfs, p(1), follow(0)>, "path statfs"},
    {44, "fstatfs", direct<SYS_fstatfs, p(1)>, "fd statfs"},
    {45, "truncate", sys_truncate, "path long"},
    {46, "ftruncate", direct<SYS_ftruncate>, "fd long"},
    {47, "fallocate", blocking<SYS_fallocate>, "fd fallocate long long"},
    {48, "faccessat", with_paths<SYS_faccessat, 0, follow(1)>, "dirfd path access"},
    {49, "chdir", sys_chdir, "path"},
    {50, "fchdir", direct<SYS_fchdir>, "fd"},
    {51, "chroot", sys_chroot, "path"},
    {52, "fchmod", direct<SYS_fchmod>, "fd oct"},
    {53, "fchmodat", with_paths<SYS_fchmodat, 0, follow(1)>, "dirfd path oct"},
    {54, "fchownat", with_paths<SYS_fchownat, 0, follow_unless(1, 4, AT_SYMLINK_NOFOLLOW)>, "dirfd path int int at"},
    {55, "fchown", direct<SYS_fchown>, "fd int int"},
    {56, "openat", sys_openat, "dirfd path open open_mode = fd"},
    {57, "close", sys_close, "fd"},
    {58, "vhangup", direct<SYS_vhangup>, ""},
    {59, "pipe2", direct<SYS_pipe2, p(0)>, "fdpair open"},
    {60, "quotactl", with_paths<SYS_quotactl, p(3), follow(1)>, "hex path int ptr"},
    {61, "getdents64", sys_getdents64, "fd dents uint"},
    {62, "lseek", direct<SYS_lseek>, "fd long whence"},
    {63, "read", on_socket<SYS_read, p(1), SO_RCVTIMEO>, "fd out ulong"},
    {64, "write", on_socket<SYS_write, p(1), SO_SNDTIMEO>, "fd in ulong"},
    {65, "readv", sys_readv, "fd iov_out int"},
    {66, "writev", sys_writev, "fd iov_in int"},
    {67, "pread64", blocking<SYS_pread64, p(1)>, "fd out ulong long"},
    {68, "pwrite64", blocking<SYS_pwrite64, p(1)>, "fd in ulong long"},
    {69, "preadv", sys_preadv, "fd iov_out int long"},
    {70, "pwritev", sys_pwritev, "fd iov_in int long"},
    {71, "sendfile", blocking<SYS_sendfile, p(2)>, "fd fd long_at ulong"},
    // Waiting for several descriptors.
    {72, "pselect6", sys_pselect6, "int fd_set fd_set fd_set timespec sigset_pair"},
    {73, "ppoll", sys_ppoll, "pollfds uint timespec sigset uint"},
    {74, "signalfd4", sys_signalfd4, "fd sigset uint signalfd"},
    {75, "vmsplice", sys_vmsplice, "fd iov_in ulong splice"},
    {76, "splice", blocking<SYS_splice, p(1, 3)>, "fd long_at fd long_at ulong splice"},
    {77, "tee", blocking<SYS_tee>, "fd fd ulong splice"},
    // File status.
    {78, "readlinkat", sys_readlinkat, "dirfd path out ulong"},
    {79, "newfstatat", sys_newfstatat, "dirfd path stat at"},
    {80, "fstat", sys_fstat, "fd stat"},
    {81, "sync", direct<SYS_sync>, ""},
    {82, "fsync", direct<SYS_fsync>, "fd"},
    {83, "fdatasync", direct<SYS_fdatasync>, "fd"},
    {84, "sync_file_range", direct<SYS_sync_file_range>, "fd long long hex"},
    {85, "timerfd_create", direct<SYS_timerfd_create>, "clock timerfd"},
    {86, "timerfd_settime", direct<SYS_timerfd_settime, p(2, 3)>, "fd timerfd_set itimerspec itimerspec_out"},
    {87, "timerfd_gettime", direct<SYS_timerfd_gettime, p(1)>, "fd itimerspec_out"},
    {88, "utimensat", with_paths<SYS_utimensat, p(2), follow_unless(1, 3, AT_SYMLINK_NOFOLLOW)>,
     "dirfd path timespec2 at"},
    {89, "acct", with_paths<SYS_acct, 0, follow(0)>, "path"},
    {90, "capget", direct<SYS_capget, p(0, 1)>, "ptr ptr"},
    {91, "capset", direct<SYS_capset, p(0, 1)>, "ptr ptr"},
    {92, "personality", sys_personality, "hex = hex"},
    // Processes, futexes, signals: syscalls_process.h.
    {93, "exit", sys_exit, "int = none"},
    {94, "exit_group", sys_exit_group, "int = none"},
    {95, "waitid", sys_waitid, "idtype int siginfo_out wait rusage"},
    {96, "set_tid_address", sys_set_tid_address, "ptr"},
    {97, "unshare", direct<SYS_unshare>, "clone"},
    {98, "futex", sys_futex, "ptr futex uint futex_timeout futex_second futex_third"},
    {99, "set_robust_list", sys_set_robust_list, "ptr ulong"},
    {100, "get_robust_list", sys_get_robust_list, "int ptr ptr"},
    // Time.
    {101, "nanosleep", sys_nanosleep, "timespec ptr"},
    {102, "getitimer", direct<SYS_getitimer, p(1)>, "itimer itimerval_out"},
    {103, "setitimer", direct<SYS_setitimer, p(1, 2)>, "itimer itimerval itimerval_out"},
    {104, "kexec_load", no_sys, "ptr ulong ptr hex"},
    {105, "init_module", no_sys, "ptr ulong str"},
    {106, "delete_module", no_sys, "str hex"},
    {107, "timer_create", direct<SYS_timer_create, p(1, 2)>, "clock sigevent uint_at"},
    {108, "timer_gettime", direct<SYS_timer_gettime, p(1)>, "int itimerspec_out"},
    {109, "timer_getoverrun", direct<SYS_timer_getoverrun>, "int"},
    {110, "timer_settime", direct<SYS_timer_settime, p(2, 3)>, "int timerfd_set itimerspec itimerspec_out"},
    {111, "timer_delete", direct<SYS_timer_delete>, "int"},
    {112, "clock_settime", direct<SYS_clock_settime, p(1)>, "clock timespec"},
    {113, "clock_gettime", sys_clock_gettime, "clock timespec_out"},
    {114, "clock_getres", direct<SYS_clock_getres, p(1)>, "clock timespec_out"},
    {115, "clock_nanosleep", sys_clock_nanosleep, "clock timer_flags timespec ptr"},
    {116, "syslog", blocking<SYS_syslog, p(1)>, "int ptr uint"},
    {117, "ptrace", no_sys, "int int ptr ptr"},
    // Scheduling.
    {118, "sched_setparam", direct<SYS_sched_setparam, p(1)>, "int sched_param"},
    {119, "sched_setscheduler", direct<SYS_sched_setscheduler, p(2)>, "int sched sched_param"},
    {120, "sched_getscheduler", direct<SYS_sched_getscheduler>, "int"},
    {121, "sched_getparam", direct<SYS_sched_getparam, p(1)>, "int sched_param_out"},
    {122, "sched_setaffinity", direct<SYS_sched_setaffinity, p(2)>, "int uint cpuset_in"},
    {123, "sched_getaffinity", direct<SYS_sched_getaffinity, p(2)>, "int uint cpuset"},
    {124, "sched_yield", direct<SYS_sched_yield>, ""},
    {125, "sched_get_priority_max", direct<SYS_sched_get_priority_max>, "sched"},
    {126, "sched_get_priority_min", direct<SYS_sched_get_priority_min>, "sched"},
    {127, "sched_rr_get_interval", direct<SYS_sched_rr_get_interval, p(1)>, "int timespec_out"},
    // Signals: syscalls_process.h.
    {128, "restart_syscall", sys_restart_syscall, ""},
    {129, "kill", sys_kill, "int signal"},
    {130, "tkill", sys_tkill, "int signal"},
    {131, "tgkill", sys_tgkill, "int int signal"},
    {132, "sigaltstack", sys_sigaltstack, "sigstack sigstack_out"},
    {133, "rt_sigsuspend", sys_rt_sigsuspend, "sigset uint"},
    {134, "rt_sigaction", sys_rt_sigaction, "signal sigaction sigaction_out uint"},
    {135, "rt_sigprocmask", sys_rt_sigprocmask, "sigmask_how sigset sigset_out uint"},
    {136, "rt_sigpending", sys_rt_sigpending, "sigset_out uint"},
    {137, "rt_sigtimedwait", sys_rt_sigtimedwait, "sigset siginfo_out timespec uint"},
    {138, "rt_sigqueueinfo", sys_rt_sigqueueinfo, "int signal siginfo"},
    {139, "rt_sigreturn", sys_rt_sigreturn, ""},
    // Identities and limits.
    {140, "setpriority", direct<SYS_setpriority>, "priority int int"},
    {141, "getpriority", direct<SYS_getpriority>, "priority int"},
    {142, "reboot", direct<SYS_reboot, p(3)>, "hex hex hex ptr"},
    {143, "setregid", direct<SYS_setregid>, "int int"},
    {144, "setgid", direct<SYS_setgid>, "int"},
    {145, "setreuid", direct<SYS_setreuid>, "int int"},
    {146, "setuid", direct<SYS_setuid>, "int"},
    {147, "setresuid", direct<SYS_setresuid>, "int int int"},
    {148, "getresuid", direct<SYS_getresuid, p(0, 1, 2)>, "int_at int_at int_at"},
    {149, "setresgid", direct<SYS_setresgid>, "int int int"},
    {150, "getresgid", direct<SYS_getresgid, p(0, 1, 2)>, "int_at int_at int_at"},
    {151, "setfsuid", direct<SYS_setfsuid>, "int"},
    {152, "setfsgid", direct<SYS_setfsgid>, "int"},
    {153, "times", direct<SYS_times, p(0)>, "ptr"},
    {154, "setpgid", direct<SYS_setpgid>, "int int"},
    {155, "getpgid", direct<SYS_getpgid>, "int"},
    {156, "getsid", direct<SYS_getsid>, "int"},
    {157, "setsid", direct<SYS_setsid>, ""},
    {158, "getgroups", direct<SYS_getgroups, p(1)>, "int gids"},
    {159, "setgroups", direct<SYS_setgroups, p(1)>, "int ptr"},
    {160, "uname", sys_uname, "utsname"},
    {161, "sethostname", direct<SYS_sethostname, p(0)>, "in ulong"},
    {162, "setdomainname", direct<SYS_setdomainname, p(0)>, "in ulong"},
    {163, "getrlimit", sys_getrlimit, "resource rlimit_out"},
    {164, "setrlimit", sys_setrlimit, "resource rlimit"},
    {165, "getrusage", direct<SYS_getrusage, p(1)>, "rusage_who rusage"},
    {166, "umask", direct<SYS_umask>, "oct = oct"},
    {167, "prctl", sys_prctl, "prctl prctl_arg hex hex hex"},
    {168, "getcpu", sys_getcpu, "int_at int_at ptr"},
    {169, "gettimeofday", sys_gettimeofday, "timeval_out ptr"},
    {170, "settimeofday", direct<SYS_settimeofday, p(0, 1)>, "timeval ptr"},
    {171, "adjtimex", direct<SYS_adjtimex, p(0)>, "ptr"},
    {172, "getpid", direct<SYS_getpid>, ""},
    {173, "getppid", direct<SYS_getppid>, ""},
    {174, "getuid", direct<SYS_getuid>, ""},
    {175, "geteuid", direct<SYS_geteuid>, ""},
    {176, "getgid", direct<SYS_getgid>, ""},
    {177, "getegid", direct<SYS_getegid>, ""},
    {178, "gettid", direct<SYS_gettid>, ""},
    {179, "sysinfo", direct<SYS_sysinfo, p(0)>, "sysinfo"},
    // Message queues, semaphores, shared memory.
    {180, "mq_open", direct<SYS_mq_open, p(0, 3)>, "str open oct mq_attr = fd"},
    {181, "mq_unlink", direct<SYS_mq_unlink, p(0)>, "str"},
    {182, "mq_timedsend", blocking<SYS_mq_timedsend, p(1, 4)>, "fd in ulong uint timespec"},
    {183, "mq_timedreceive", blocking<SYS_mq_timedreceive, p(1, 3, 4)>, "fd out ulong uint_at timespec"},
    {184, "mq_notify", sys_mq_notify, "fd sigevent"},
    {185, "mq_getsetattr", direct<SYS_mq_getsetattr, p(1, 2)>, "fd mq_attr mq_attr_out"},
    {186, "msgget", direct<SYS_msgget>, "ipc_key ipc_get"},
    {187, "msgctl", sys_msgctl, "int ipc_cmd ptr"},
    {188, "msgrcv", blocking<SYS_msgrcv, p(1), kRestartNoHand>, "int ptr ulong long ipc_get"},
    {189, "msgsnd", blocking<SYS_msgsnd, p(1), kRestartNoHand>, "int ptr ulong ipc_get"},
    {190, "semget", direct<SYS_semget>, "ipc_key int ipc_get"},
    {191, "semctl", sys_semctl, "int int ipc_cmd hex"},
    {192, "semtimedop", blocking<SYS_semtimedop, p(1, 3), -EINTR>, "int sembufs uint timespec"},
    {193, "semop", blocking<SYS_semop, p(1), -EINTR>, "int sembufs uint"},
    {194, "shmget", direct<SYS_shmget>, "ipc_key ulong ipc_get"},
    {195, "shmctl", sys_shmctl, "int ipc_cmd ptr"},
    {196, "shmat", sys_shmat, "int ptr shmat = hex"},
    {197, "shmdt", sys_shmdt, "ptr"},
    // Sockets.
    {198, "socket", direct<SYS_socket>, "domain socket_type socket_protocol = fd"},
    {199, "socketpair", direct<SYS_socketpair, p(3)>, "domain socket_type socket_protocol fdpair"},
    {200, "bind", direct<SYS_bind, p(1)>, "fd sockaddr uint"},
    {201, "listen", direct<SYS_listen>, "fd int"},
    {202, "accept", on_socket<SYS_accept, p(1, 2), SO_RCVTIMEO>, "fd sockaddr_out int_at = fd"},
    {203, "connect", on_socket<SYS_connect, p(1), SO_SNDTIMEO>, "fd sockaddr uint"},
    {204, "getsockname", direct<SYS_getsockname, p(1, 2)>, "fd sockaddr_out int_at"},
    {205, "getpeername", direct<SYS_getpeername, p(1, 2)>, "fd sockaddr_out int_at"},
    {206, "sendto", on_socket<SYS_sendto, p(1, 4), SO_SNDTIMEO>, "fd in ulong msg sockaddr uint"},
    {207, "recvfrom", on_socket<SYS_recvfrom, p(1, 4, 5), SO_RCVTIMEO>, "fd out ulong msg sockaddr_out int_at"},
    {208, "setsockopt", sys_setsockopt, "fd sol sockopt sockopt_value uint"},
    {209, "getsockopt", direct<SYS_getsockopt, p(3, 4)>, "fd sol sockopt sockopt_value_out int_at"},
    {210, "shutdown", direct<SYS_shutdown>, "fd shutdown"},
    {211, "sendmsg", sys_sendmsg, "fd msghdr msg"},
    {212, "recvmsg", sys_recvmsg, "fd msghdr_out msg"},
    {213, "readahead", direct<SYS_readahead>, "fd long ulong"},
    // Memory.
    {214, "brk", sys_brk, "ptr = hex"},
    {215, "munmap", sys_munmap, "ptr ulong"},
    {216, "mremap", sys_mremap, "ptr ulong ulong mremap ptr = hex"},
    {217, "add_key", direct<SYS_add_key, p(0, 1, 2)>, "str str in ulong int"},
    {218, "request_key", blocking<SYS_request_key, p(0, 1, 2)>, "str str str int"},
    {219, "keyctl", sys_keyctl, "int hex hex hex hex"},
    {220, "clone", sys_clone, "clone ptr ptr ptr ptr"},
    {221, "execve", sys_execve, "path argv env"},
    {222, "mmap", sys_mmap, "ptr ulong prot mmap fd hex = hex"},
    {223, "fadvise64", direct<SYS_fadvise64>, "fd long long fadvise"},
    {224, "swapon", with_paths<SYS_swapon, 0, follow(0)>, "path hex"},
    {225, "swapoff", with_paths<SYS_swapoff, 0, follow(0)>, "path"},
    {226, "mprotect", sys_mprotect, "ptr ulong prot"},
    {227, "msync", sys_msync, "ptr ulong msync"},
    {228, "mlock", direct<SYS_mlock, p(0)>, "ptr ulong"},
    {229, "munlock", direct<SYS_munlock, p(0)>, "ptr ulong"},
    {230, "mlockall", direct<SYS_mlockall>, "mlockall"},
    {231, "munlockall", direct<SYS_munlockall>, ""},
    {232, "mincore", direct<SYS_mincore, p(0, 2)>, "ptr ulong ptr"},
    {233, "madvise", sys_madvise, "ptr ulong madvise"},
    {234, "remap_file_pages", sys_remap_file_pages, "ptr ulong prot ulong hex"},
    {235, "mbind", direct<SYS_mbind, p(0, 3)>, "ptr ulong int ptr ulong hex"},
    {236, "get_mempolicy", direct<SYS_get_mempolicy, p(0, 1, 3)>, "ptr ptr ulong ptr hex"},
    {237, "set_mempolicy", direct<SYS_set_mempolicy, p(1)>, "int ptr ulong"},
    {238, "migrate_pages", direct<SYS_migrate_pages, p(2, 3)>, "int ulong ptr ptr"},
    {239, "move_pages", sys_move_pages, "int ulong ptr ptr ptr hex"},
    {240, "rt_tgsigqueueinfo", sys_rt_tgsigqueueinfo, "int int signal siginfo"},
    {241, "perf_event_open", no_sys, "ptr int int int hex"},
    {242, "accept4", on_socket<SYS_accept4, p(1, 2), SO_RCVTIMEO>, "fd sockaddr_out int_at socket_flags = fd"},
    {243, "recvmmsg", sys_recvmmsg, "fd ptr uint msg timespec"},
    // RISC-V.
    {258, "riscv_hwprobe", sys_riscv_hwprobe, "ptr ulong ulong ptr hex"},
    {259, "riscv_flush_icache", sys_riscv_flush_icache, "ptr ptr hex"},
    {260, "wait4", sys_wait4, "int wait_status wait rusage"},
    {261, "prlimit64", sys_prlimit64, "int resource rlimit rlimit_out"},
    {262, "fanotify_init", direct<SYS_fanotify_init>, "hex open"},
    {263, "fanotify_mark", with_paths<SYS_fanotify_mark, 0, follow_unless(4, 1, 4)>, "fd hex hex dirfd path"},
    {264, "name_to_handle_at", with_paths<SYS_name_to_handle_at, p(2, 3), follow_if(1, 4, AT_SYMLINK_FOLLOW)>,
     "dirfd path ptr int_at at"},
    {265, "open_by_handle_at", direct<SYS_open_by_handle_at, p(1)>, "fd ptr open = fd"},
    {266, "clock_adjtime", direct<SYS_clock_adjtime, p(1)>, "clock ptr"},
    {267, "syncfs", direct<SYS_syncfs>, "fd"},
    {268, "setns", sys_setns, "fd clone"},
    {269, "sendmmsg", sys_sendmmsg, "fd ptr uint msg"},
    {270, "process_vm_readv", sys_process_vm_readv, "int iov ulong ptr ulong ulong"},
    {271, "process_vm_writev", sys_process_vm_writev, "int iov ulong ptr ulong ulong"},
    {272, "kcmp", direct<SYS_kcmp>, "int int int hex hex"},
    {273, "finit_module", no_sys, "fd str hex"},
    {274, "sched_setattr", direct<SYS_sched_setattr, p(1)>, "int ptr hex"},
    {275, "sched_getattr", direct<SYS_sched_getattr, p(1)>, "int ptr uint hex"},
    {276, "renameat2", with_paths<SYS_renameat2, 0, nofollow(1), nofollow(3)>, "dirfd path dirfd path rename"},
    {277, "seccomp", no_sys, "int hex ptr"},
    {278, "getrandom", sys_getrandom, "out ulong getrandom"},
    {279, "memfd_create", direct<SYS_memfd_create, p(0)>, "str memfd = fd"},
    {280, "bpf", no_sys, "int ptr uint"},
    {281, "execveat", sys_execveat, "dirfd path argv env at"},
    {282, "userfaultfd", no_sys, "hex"},
    {283, "membarrier", direct<SYS_membarrier>, "membarrier hex int"},
    {284, "mlock2", direct<SYS_mlock2, p(0)>, "ptr ulong hex"},
    {285, "copy_file_range", blocking<SYS_copy_file_range, p(1, 3)>, "fd long_at fd long_at ulong hex"},
    {286, "preadv2", sys_preadv2, "fd iov_out int long long hex"},
    {287, "pwritev2", sys_pwritev2, "fd iov_in int long long hex"},
    // Protection keys: riscv64 has none.
    {288, "pkey_mprotect", no_sys, "ptr ulong prot int"},
    {289, "pkey_alloc", no_sys, "hex hex"},
    {290, "pkey_free", no_sys, "int"},
    {291, "statx", with_paths<SYS_statx, p(4), follow_unless(1, 2, AT_SYMLINK_NOFOLLOW)>,
     "dirfd path at statx_mask statx"},
    {292, "io_pgetevents", no_sys, "ptr long long ptr timespec ptr"},
    {293, "rseq", sys_rseq, "ptr uint hex hex"},
    {294, "kexec_file_load", no_sys, "fd fd ulong str hex"},
    // From here on all architectures have the same numbers.
    {424, "pidfd_send_signal", direct<SYS_pidfd_send_signal, p(2)>, "fd signal siginfo hex"},
    {425, "io_uring_setup", no_sys, "uint ptr"},
    {426, "io_uring_enter", no_sys, "fd uint uint hex ptr ulong"},
    {427, "io_uring_register", no_sys, "fd uint ptr uint"},
    {428, "open_tree", with_paths<SYS_open_tree, 0, follow_unless(1, 2, AT_SYMLINK_NOFOLLOW)>, "dirfd path hex = fd"},
    {429, "move_mount",
     with_paths<SYS_move_mount, 0, follow_if(1, 4, MOVE_MOUNT_F_SYMLINKS), follow_if(3, 4, MOVE_MOUNT_T_SYMLINKS)>,
     "dirfd path dirfd path hex"},
    {430, "fsopen", direct<SYS_fsopen, p(0)>, "str hex = fd"},
    {431, "fsconfig", direct<SYS_fsconfig, p(2, 3)>, "fd uint str ptr int"},
    {432, "fsmount", direct<SYS_fsmount>, "fd hex hex = fd"},
    {433, "fspick", with_paths<SYS_fspick, 0, follow_unless(1, 2, FSPICK_SYMLINK_NOFOLLOW)>, "dirfd path hex = fd"},
    {434, "pidfd_open", direct<SYS_pidfd_open>, "int pidfd = fd"},
    {435, "clone3", sys_clone3, "clone_args ulong"},
    {436, "close_range", sys_close_range, "fd fd close_range"},
    {437, "openat2", sys_openat2, "dirfd path open_how ulong = fd"},
    {438, "pidfd_getfd", direct<SYS_pidfd_getfd>, "fd int hex = fd"},
    {439, "faccessat2", with_paths<SYS_faccessat2, 0, follow_unless(1, 3, AT_SYMLINK_NOFOLLOW)>,
     "dirfd path access at"},
    {440, "process_madvise", sys_process_madvise, "fd iov ulong madvise hex"},
    {441, "epoll_pwait2", sys_epoll_pwait2, "fd epoll_events int timespec sigset uint"},
    {442, "mount_setattr", with_paths<SYS_mount_setattr, p(3), follow_unless(1, 2, AT_SYMLINK_NOFOLLOW)>,
     "dirfd path hex ptr ulong"},
    {443, "quotactl_fd", direct<SYS_quotactl_fd, p(3)>, "fd hex int ptr"},
    {444, "landlock_create_ruleset", no_sys, "ptr ulong hex"},
    {445, "landlock_add_rule", no_sys, "fd int ptr hex"},
    {446, "landlock_restrict_self", no_sys, "fd hex"},
    {447, "memfd_secret", direct<SYS_memfd_secret>, "hex = fd"},
    {448, "process_mrelease", direct<SYS_process_mrelease>, "fd hex"},
    {449, "futex_waitv", sys_futex_waitv, "ptr uint hex timespec clock"},
    {450, "set_mempolicy_home_node", direct<SYS_set_mempolicy_home_node, p(0)>, "ptr ulong ulong hex"},
    {451, "cachestat", direct<SYS_cachestat, p(1, 2)>, "fd ptr ptr hex"},
    {452, "fchmodat2", with_paths<SYS_fchmodat2, 0, follow_unless(1, 3, AT_SYMLINK_NOFOLLOW)>, "dirfd path oct at"},
    {453, "map_shadow_stack", no_sys, "ptr ulong hex"},
    {454, "futex_wake", direct<SYS_futex_wake, p(0)>, "ptr hex int hex"},
    {455, "futex_wait", blocking<SYS_futex_wait, p(0, 4)>, "ptr hex hex hex timespec clock"},
    {456, "futex_requeue", no_sys, "ptr hex int int"},
    {457, "statmount", direct<SYS_statmount, p(0, 1)>, "ptr ptr ulong hex"},
    {458, "listmount", direct<SYS_listmount, p(0, 1)>, "ptr ptr ulong hex"},
    {459, "lsm_get_self_attr", direct<SYS_lsm_get_self_attr, p(1, 2)>, "uint ptr ptr hex"},
    {460, "lsm_set_self_attr", direct<SYS_lsm_set_self_attr, p(1)>, "uint ptr uint hex"},
    {461, "lsm_list_modules", direct<SYS_lsm_list_modules, p(0, 1)>, "ptr ptr hex"},
    // Sealing would forbid the translator to protect pages of code.
    {462, "mseal", no_sys, "ptr ulong hex"},
};

constexpr unsigned kNumbers = 463;

/// Row of each number plus one, 0 for none.
constexpr auto kRowOf = [] {
    std::array<u16, kNumbers> rows{};
    for (unsigned i = 0; i < std::size(kTable); ++i) rows[kTable[i].number] = static_cast<u16>(i + 1);
    return rows;
}();

/// The functions alone, by number: all that a call without -strace touches.
constexpr auto kFunctions = [] {
    std::array<SyscallFunction, kNumbers> functions{};
    functions.fill(no_sys);
    for (const SyscallInfo& info : kTable) functions[info.number] = info.run;
    return functions;
}();

}  // namespace

const SyscallInfo* find_syscall(unsigned number) {
    if (number >= kNumbers || kRowOf[number] == 0) return nullptr;
    return &kTable[kRowOf[number] - 1];
}

std::span<const SyscallInfo> syscall_table() { return kTable; }

SyscallResult run_syscall(Task& task, unsigned number, const SyscallArgs& args) {
    if (task.process->options.strace) [[unlikely]]
        return trace_syscall(task, number, args);
    return number < kNumbers ? kFunctions[number](task, args) : -ENOSYS;
}

}  // namespace dragoman::linux_abi
