// flags: -O1
/* Stream and datagram sockets, options, messages with descriptors and credentials, several messages at once. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "check.h"

static void internet(void) {
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, peer;
    socklen_t size = sizeof a;
    CHECK(l >= 0 && setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    CHECK(bind(l, (void *)&a, sizeof a) == 0 && listen(l, 5) == 0 && getsockname(l, (void *)&a, &size) == 0);
    CHECK(size == sizeof a && a.sin_port != 0);
    int c = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(c, (void *)&a, sizeof a) == 0 && setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
    int s = accept4(l, (void *)&peer, &size, SOCK_CLOEXEC);
    CHECK(s >= 0 && peer.sin_family == AF_INET);
    char text[16];
    int pending = 0;
    CHECK(send(c, "hello", 5, MSG_NOSIGNAL) == 5 && recv(s, text, 5, MSG_WAITALL) == 5 && memcmp(text, "hello", 5) == 0);
    CHECK(send(s, "abc", 3, 0) == 3 && recv(c, text, 16, MSG_PEEK) == 3 && ioctl(c, FIONREAD, &pending) == 0 && pending == 3);
    struct timeval timeout = {0, 10000}, read_back;
    size = sizeof read_back;
    CHECK(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
    CHECK(getsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &read_back, &size) == 0 && size == sizeof read_back && read_back.tv_sec == 0);
    CHECK(FAILS(recv(s, text, 1, 0), EAGAIN));
    struct linger linger = {1, 0};
    CHECK(setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
    CHECK(shutdown(c, SHUT_WR) == 0 && recv(s, text, 1, 0) == 0);
    close(c), close(s), close(l);
}

static void local(void) {
    int p[2], on = 1, files[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0 && pipe(files) == 0);
    CHECK(setsockopt(p[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
    union {
        struct cmsghdr header;
        char space[256];
    } control = {0};
    char first[] = "two ", second[] = "parts", in[32];
    struct iovec out[2] = {{first, 4}, {second, 5}}, back = {in, sizeof in};
    struct msghdr m = {.msg_iov = out, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = CMSG_SPACE(sizeof(int))};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &files[1], sizeof(int));
    CHECK(sendmsg(p[0], &m, 0) == 9);
    m = (struct msghdr){.msg_iov = &back, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    CHECK(recvmsg(p[1], &m, MSG_CMSG_CLOEXEC) == 9 && memcmp(in, "two parts", 9) == 0);
    int received = -1, credentials = 0;
    for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_type == SCM_RIGHTS) memcpy(&received, CMSG_DATA(c), sizeof received);
        if (c->cmsg_type == SCM_CREDENTIALS) credentials = ((struct ucred *)CMSG_DATA(c))->pid == getpid();
    }
    CHECK(received >= 0 && credentials && write(received, "x", 1) == 1 && read(files[0], in, 1) == 1);
    struct ucred u;
    socklen_t size = sizeof u;
    CHECK(getsockopt(p[0], SOL_SOCKET, SO_PEERCRED, &u, &size) == 0 && u.pid == getpid());
    CHECK(FAILS(recvmsg(p[1], bad_pointer, 0), EFAULT));
    close(p[0]), close(p[1]);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, p) == 0);
    struct iovec one = {first, 4}, two = {second, 5}, x = {in, 16}, y = {in + 16, 16};
    struct mmsghdr many[2] = {{.msg_hdr = {.msg_iov = &one, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = &two, .msg_iovlen = 1}}};
    CHECK(sendmmsg(p[0], many, 2, 0) == 2 && many[0].msg_len == 4 && many[1].msg_len == 5);
    many[0].msg_hdr.msg_iov = &x, many[1].msg_hdr.msg_iov = &y;
    CHECK(recvmmsg(p[1], many, 2, MSG_DONTWAIT, NULL) == 2 && many[1].msg_len == 5 && memcmp(in + 16, "parts", 5) == 0);
    close(p[0]), close(p[1]);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "/tmp/socket-%d", getpid());
    int d = socket(AF_UNIX, SOCK_DGRAM, 0), e = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK(bind(d, (void *)&name, sizeof name) == 0 && sendto(e, "dgram", 5, 0, (void *)&name, sizeof name) == 5);
    CHECK(recvfrom(d, in, sizeof in, 0, NULL, NULL) == 5 && unlink(name.sun_path) == 0);
    CHECK(FAILS(socket(AF_INET, 77, 0), EINVAL));
}

int main(void) {
    internet();
    local();
    return 0;
}
