// How -strace shows structures, given as values or as guest addresses.
#pragma once

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>

#include <csignal>
#include <ctime>
#include <string>

#include "linux/task.h"

struct flock;
struct mq_attr;
struct statx;

namespace dragoman::linux_abi {

std::string timespec_text(const timespec& t);
std::string timeval_text(const timeval& t);
std::string itimerspec_text(const itimerspec& t);
std::string itimerval_text(const itimerval& t);
/// utimensat's times.
std::string file_time_text(const timespec& t);

std::string mode_text(u32 mode);
std::string stat_text(const struct stat& s);
std::string statx_text(const struct statx& s);
std::string statfs_text(const struct statfs& s);
std::string flock_text(const struct flock& l);

std::string sigset_text(SignalSet set);
std::string sigaction_text(const GuestSigaction& action);
std::string sigevent_text(const sigevent& event);
/// "{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10}"
std::string siginfo_text(const siginfo_t& info);
std::string stack_at(const Task& task, u64 address);

std::string wait_status_text(i32 status);
std::string limit_text(const rlimit64& limit);
std::string rusage_text(const rusage& r);
std::string mq_attr_text(const mq_attr& a);

std::string sockaddr_at(const Task& task, u64 address, u64 length);
/// `available`: how many bytes the buffers hold.
std::string iovec_at(const Task& task, u64 address, u64 count, u64 available);
std::string msghdr_at(const Task& task, u64 address, u64 available);

/// The events asked for, or those that have come.
std::string pollfds_at(const Task& task, u64 address, u64 count, bool after);
std::string fd_set_at(const Task& task, u64 address, u64 count);
std::string epoll_events_at(const Task& task, u64 address, i64 count);

/// argv.
std::string strings_at(const Task& task, u64 address);
/// envp: how many there are.
std::string environment_at(const Task& task, u64 address);

}  // namespace dragoman::linux_abi
