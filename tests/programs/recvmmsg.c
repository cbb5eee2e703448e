// flags: -O1
// options: -B 0x10000000000
/* Several messages by one call, with and without a time limit, where guest addresses are not the host's. */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { kCount = 4 };
static char text[kCount][16];
static struct iovec parts[kCount];
static struct mmsghdr messages[kCount];

static void prepare(void) {
    memset(messages, 0, sizeof messages);
    memset(text, 0, sizeof text);
    for (int i = 0; i < kCount; ++i) {
        parts[i] = (struct iovec){text[i], sizeof text[i]};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
}

int main(void) {
    int fds[2];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
    prepare();
    for (int i = 0; i < kCount; ++i) parts[i].iov_len = (size_t)snprintf(text[i], sizeof text[i], "message %d", i);
    CHECK(sendmmsg(fds[0], messages, kCount, 0) == kCount && messages[3].msg_len == 9);
    prepare();
    struct timespec limit = {100, 5};
    CHECK(recvmmsg(fds[1], messages, 3, 0, &limit) == 3 && strcmp(text[2], "message 2") == 0 && messages[1].msg_len == 9);
    CHECK(limit.tv_sec >= 90 && limit.tv_sec <= 100 && limit.tv_nsec >= 0 && limit.tv_nsec < 1000000000);
    /* The time is looked at when a message has come. */
    CHECK(send(fds[0], "more", 4, 0) == 4);
    limit = (struct timespec){0, 0};
    prepare();
    CHECK(recvmmsg(fds[1], messages, kCount, 0, &limit) == 1 && strcmp(text[0], "message 3") == 0);
    CHECK(limit.tv_sec == 0 && limit.tv_nsec == 0);
    prepare();
    limit = (struct timespec){50, 0};
    CHECK(recvmmsg(fds[1], messages, kCount, MSG_WAITFORONE, &limit) == 1 && strcmp(text[0], "more") == 0);
    CHECK(FAILS(recvmmsg(fds[1], messages, kCount, MSG_DONTWAIT, &limit), EAGAIN) && limit.tv_sec > 40);
    limit.tv_nsec = 1000000000;
    CHECK(FAILS(recvmmsg(fds[1], messages, kCount, 0, &limit), EINVAL));
    limit = (struct timespec){-1, 0};
    CHECK(FAILS(recvmmsg(fds[1], messages, kCount, 0, &limit), EINVAL));
    return 0;
}
