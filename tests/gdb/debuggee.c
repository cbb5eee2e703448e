// What gdb_test.py debugs. Expects SIGUSR1 to be delivered and the debugger to leave the result alone.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

volatile long counter;
volatile double ratio = 1.5;
volatile struct { int first, second; } pair;

static void on_usr1(int signal) { counter += 100; }

__attribute__((noinline)) long leaf(long x) {
    counter += x;
    return counter;
}

static void* thread_main(void* argument) {
    leaf(5);
    return argument;
}

int main(int argc, char** argv) {
    signal(SIGUSR1, on_usr1);
    for (int i = 1; i <= 3; i++) leaf(i);
    raise(SIGUSR1);
    pthread_t thread;
    pthread_create(&thread, 0, thread_main, 0);
    pthread_join(thread, 0);
    pair.second = 7;
    ratio *= 2;
    if (argc > 1) {  // for the interrupt: an endless loop that the debugger ends
        for (volatile int go_on = 1; go_on;) counter++;
    }
    printf("counter %ld ratio %g\n", counter, ratio);
    return 42;
}
