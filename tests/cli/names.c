// Code whose names and lines names_test.py looks for.
#include <stdio.h>

__attribute__((noinline)) int twice(int n) {
    return n * 2;  // names_test.py knows this line
}

int main(int argc, char **argv) {
    printf("%s %d\n", argv[0], twice(argc));
    return 0;
}
