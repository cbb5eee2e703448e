// Group integer: follows random cycles of pointers through memory that fits each level of cache, and none.
#include <stdio.h>
#include <stdlib.h>

#include "random.h"

struct Node {
    struct Node* next;
    uint64_t value, unused[2];
};

static uint64_t follow(size_t count, long steps, uint64_t seed) {
    struct Node* nodes = malloc(count * sizeof *nodes);
    size_t* order = malloc(count * sizeof *order);
    for (size_t i = 0; i < count; i++) order[i] = i;
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = random_next(&seed) % (i + 1), kept = order[i];
        order[i] = order[j], order[j] = kept;
    }
    for (size_t i = 0; i < count; i++) {
        nodes[order[i]].next = &nodes[order[(i + 1) % count]];
        nodes[order[i]].value = i;
    }
    uint64_t sum = 0;
    const struct Node* node = nodes;
    for (long i = 0; i < steps; i++) sum += node->value, node = node->next;
    free(order);
    free(nodes);
    return sum;
}

int main(void) {
    printf("%lu ", (unsigned long)follow(800, 30000000, 1));
    printf("%lu ", (unsigned long)follow(40000, 6000000, 2));
    printf("%lu\n", (unsigned long)follow(1000000, 600000, 3));
    return 0;
}
