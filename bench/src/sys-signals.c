// Group system calls: signals sent to itself, with and without information, and faults that a handler mends.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile long seen;
static char* page;

static void count(int number) { seen += number == SIGUSR1; }
static void count_more(int number, siginfo_t* info, void* context) {
    seen += number == SIGUSR2 && info->si_pid != 0 && context != NULL;
}
static void mend(int number, siginfo_t* info, void* context) {
    (void)number, (void)context;
    seen += info->si_addr == page;
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

int main(void) {
    struct sigaction simple = {.sa_handler = count}, informed = {.sa_sigaction = count_more, .sa_flags = SA_SIGINFO};
    struct sigaction fault = {.sa_sigaction = mend, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &simple, NULL);
    sigaction(SIGUSR2, &informed, NULL);
    sigaction(SIGSEGV, &fault, NULL);
    page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 40000; i++) {
        raise(SIGUSR1);
        kill(getpid(), SIGUSR2);
        if (i % 2 == 0) {
            *(volatile char*)page = 1;
            mprotect(page, 4096, PROT_READ);
        }
    }
    printf("%ld\n", seen);
    return 0;
}
