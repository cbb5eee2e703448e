// Group integer: a backtracking matcher over sets of characters, and the C library's regexec.
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "random.h"

struct Node {
    char set[128];
    int least, most;
};

/// One item of `pattern` ("x", ".", "[a-z]"; then nothing, '*', '+' or '?') to `node`. @returns what follows it
static const char* compile_item(const char* pattern, struct Node* node) {
    memset(node->set, *pattern == '.', sizeof node->set);
    if (*pattern == '[') {
        for (pattern++; *pattern != ']'; pattern++) {
            if (pattern[1] == '-') {
                for (int c = pattern[0]; c <= pattern[2]; c++) node->set[c] = 1;
                pattern += 2;
            } else {
                node->set[(unsigned char)*pattern] = 1;
            }
        }
    } else if (*pattern != '.') {
        node->set[(unsigned char)*pattern] = 1;
    }
    node->set[0] = 0;
    node->least = node->most = 1;
    switch (*++pattern) {
        case '*': node->least = 0, node->most = 1 << 20; return pattern + 1;
        case '+': node->most = 1 << 20; return pattern + 1;
        case '?': node->least = 0; return pattern + 1;
        default: return pattern;
    }
}

static int matches(const struct Node* node, const struct Node* end, const char* text) {
    if (node == end) return 1;
    int count = 0;
    while (count < node->most && node->set[(unsigned char)text[count]]) count++;
    for (; count >= node->least; count--)
        if (matches(node + 1, end, text + count)) return 1;
    return 0;
}

static int search(const char* pattern, const char* text) {
    struct Node nodes[32], *end = nodes;
    while (*pattern) pattern = compile_item(pattern, end++);
    for (; *text; text++)
        if (matches(nodes, end, text)) return 1;
    return 0;
}

int main(void) {
    static const char* const patterns[] = {"[0-9]+.[0-9]+.[0-9]+.[0-9]+ ", "GET /[a-z]*/x[a-z]+q", "a.*b.*c.*d.*z",
                                           "[45]0[0-9]$?"};
    uint64_t state = 9;
    long found[5] = {0};
    regex_t compiled;
    if (regcomp(&compiled, "\"(GET|POST) /[a-z]+/([a-z]+)\" [45][0-9][0-9]", REG_EXTENDED) != 0) return 1;
    for (int line = 0; line < 50000; line++) {
        char text[160], word[2][24] = {{0}};
        for (int w = 0; w < 2; w++)
            for (unsigned i = 0, n = 3 + random_next(&state) % 18; i < n; i++)
                word[w][i] = (char)('a' + random_next(&state) % 26);
        uint64_t x = random_next(&state);
        sprintf(text, "%u.%u.%u.%u - \"%s /%s/%s\" %u", (unsigned)(x & 255), (unsigned)(x >> 8 & 255),
                (unsigned)(x >> 16 & 255), (unsigned)(x >> 24 & 255), x >> 33 & 1 ? "GET" : "POST", word[0], word[1],
                (unsigned)(200 + x % 4 * 100));
        for (int p = 0; p < 4; p++) found[p] += search(patterns[p], text);
        found[4] += regexec(&compiled, text, 0, NULL, 0) == 0;
    }
    regfree(&compiled);
    printf("%ld %ld %ld %ld %ld\n", found[0], found[1], found[2], found[3], found[4]);
    return 0;
}
