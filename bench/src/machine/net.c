// net send|receive|ping ADDRESS PORT COUNT: over TCP, COUNT MiB to or from a peer, or COUNT times a byte there and back.
// Prints MiB or round trips per second.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[3]))};
    inet_pton(AF_INET, argv[2], &to.sin_addr);
    int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(s, (struct sockaddr *)&to, sizeof to)) {
        perror("connect");
        return 1;
    }
    static char buffer[1 << 17];
    long count = atol(argv[4]);
    double start = now();
    if (argv[1][0] == 's') {
        for (long left = count << 20; left > 0;) {
            ssize_t n = write(s, buffer, left < (long)sizeof buffer ? (size_t)left : sizeof buffer);
            if (n <= 0) return 1;
            left -= n;
        }
        shutdown(s, SHUT_WR);
        read(s, buffer, 1);  // until the peer has it all
    } else if (argv[1][0] == 'r') {
        long got = 0;
        for (ssize_t n; (n = read(s, buffer, sizeof buffer)) > 0;) got += n;
        if (got != count << 20) return 1;
    } else {
        for (long i = 0; i < count; i++) {
            if (write(s, buffer, 1) != 1 || read(s, buffer, 1) != 1) return 1;
        }
    }
    printf("rate=%.1f\n", count / (now() - start));
}
