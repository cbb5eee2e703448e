// What forks_test.py debugs: a child that goes its own way, and a program that executes itself.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

volatile int steps;

__attribute__((noinline)) void in_child(int value) { steps = value; }
__attribute__((noinline)) void in_parent(int value) { steps = value; }
__attribute__((noinline)) void executed(int value) { steps = value; }

static void on_usr1(int signal) { steps = signal; }

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "again") == 0) {
        executed(3);
        puts("executed");
        return 5;
    }
    if (argc > 1 && strcmp(argv[1], "exec") == 0) {
        execl(argv[0], argv[0], "again", NULL);
        return 1;
    }
    if (argc > 1 && strcmp(argv[1], "signal") == 0) {
        signal(SIGUSR1, on_usr1);
        union sigval value = {.sival_int = 77};
        sigqueue(getpid(), SIGUSR1, value);
        volatile char *page = malloc(3 << 20);
        page[1 << 20] = 1;
        in_parent(1);
        return 0;
    }
    const int shares = argc > 1 && strcmp(argv[1], "vfork") == 0;
    // The last one of these has its state where the others had theirs.
    for (int i = 0; shares && i < 20; i++) {
        pid_t other = vfork();
        if (other == 0) _exit(0);
        waitpid(other, NULL, 0);
        in_parent(i);
    }
    pid_t child = fork();
    if (child == 0) {
        in_child(1);
        _exit(7);
    }
    in_parent(2);
    int status;
    waitpid(child, &status, 0);
    printf("the child ended with %d\n", WEXITSTATUS(status));
    return 6;
}
