// What a program sees of its command line: arguments, environment, kernel release, AT_RANDOM.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sys/auxv.h>
#include <sys/utsname.h>

extern char** environ;

int main(int argc, char** argv) {
    if (argc > 1 && strcmp(argv[1], "spawn") == 0) { /* the same program once more, in a process of its own */
        if (fork() == 0) return execl("/proc/self/exe", "child", (char *)0);
        return wait(0) < 0;
    }
    if (argc > 1 && strcmp(argv[1], "eat") == 0) { /* takes all memory that it may have */
        for (char *block; (block = malloc(1 << 20)) != NULL;) *block = 1;
        if (errno != ENOMEM) return 1;
    }
    struct utsname name;
    for (int i = 0; i < argc; i++) printf("argv[%d] = %s\n", i, argv[i]);
    for (char** e = environ; *e; e++) printf("env %s\n", *e);
    uname(&name);
    printf("release %s\n", name.release);
    const unsigned char* random = (const unsigned char*)getauxval(AT_RANDOM);
    for (int i = 0; i < 16; i++) printf("%02x", random[i]);
    printf("\n");
    return 0;
}
