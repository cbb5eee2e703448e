/* CHECK for the test programs: says which condition failed and exits. */
#pragma once
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(cond)                                                                          \
    do {                                                                                     \
        if (!(cond)) {                                                                       \
            fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #cond, errno);     \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)
/* Nothing is mapped there, and the compiler does not know. */
static void *volatile bad_pointer __attribute__((unused)) = (void *)8;
#define FAILS(call, error) (errno = 0, (call) == -1 && errno == (error))
