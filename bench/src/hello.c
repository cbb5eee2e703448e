// Group start-up: nothing but the start of a static program.
#include <stdio.h>

int main(void) {
    puts("hello");
    return 0;
}
