// A program of picolibc's semihosting library and start-up code, which nobody here wrote.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv) {
    char name[300], text[64] = "";
    printf("%d arguments, last %s\n", argc, argv[argc - 1]);
    if (argc < 2) return 2;  // the start-up code puts a name of its own in front
    snprintf(name, sizeof name, "%s/picolibc", argv[argc - 1]);
    FILE *file = fopen(name, "w");
    if (file == NULL) return 3;
    fprintf(file, "%.3f\n", 22 / 7.0);
    fclose(file);
    file = fopen(name, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL) return 4;
    fclose(file);
    if (remove(name) != 0) return 5;
    char *copy = malloc(1 << 20);
    if (copy == NULL) return 6;
    strcpy(copy, text);
    printf("file: %s", copy);
    exit(time(NULL) > 1600000000 ? 17 : 7);
}
