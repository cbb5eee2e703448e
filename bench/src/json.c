// Group integer: parses a JSON text into a tree and prints it again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

enum Kind { kNumber, kString, kArray, kObject, kWord };
struct Value {
    enum Kind kind;
    long number;
    char *name, *text;  // name: of an object's member
    struct Value *first, *next;
};

static const char* input;

static void skip_spaces(void) {
    while (*input == ' ' || *input == '\n') input++;
}

static char* parse_string(void) {
    const char* end = ++input;
    while (*end != '"') end += *end == '\\' ? 2 : 1;
    char *text = malloc((size_t)(end - input) + 1), *out = text;
    while (input < end) {
        if (*input == '\\') input++;
        *out++ = *input++;
    }
    *out = 0;
    input++;
    return text;
}

static struct Value* parse(void) {
    struct Value* value = calloc(1, sizeof *value);
    skip_spaces();
    if (*input == '"') {
        value->kind = kString;
        value->text = parse_string();
    } else if (*input == '[' || *input == '{') {
        const char close = *input++ == '[' ? ']' : '}';
        value->kind = close == ']' ? kArray : kObject;
        struct Value** last = &value->first;
        for (skip_spaces(); *input != close; skip_spaces()) {
            char* name = NULL;
            if (close == '}') {
                name = parse_string();
                skip_spaces();
                input++;
            }
            *last = parse();
            (*last)->name = name;
            last = &(*last)->next;
            skip_spaces();
            if (*input == ',') input++;
        }
        input++;
    } else if (*input == '-' || (*input >= '0' && *input <= '9')) {
        char* end;
        value->number = strtol(input, &end, 10);
        input = end;
    } else {
        value->kind = kWord;
        value->number = *input;
        while (*input >= 'a' && *input <= 'z') input++;
    }
    return value;
}

static char* put_string(char* out, const char* text) {
    *out++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') *out++ = '\\';
        *out++ = *text;
    }
    *out++ = '"';
    return out;
}

static char* print(char* out, const struct Value* value) {
    if (value->name != NULL) {
        out = put_string(out, value->name);
        *out++ = ':';
    }
    switch (value->kind) {
        case kNumber: return out + sprintf(out, "%ld", value->number);
        case kString: return put_string(out, value->text);
        case kWord: return stpcpy(out, value->number == 't' ? "true" : value->number == 'f' ? "false" : "null");
        default: break;
    }
    *out++ = value->kind == kArray ? '[' : '{';
    for (const struct Value* v = value->first; v != NULL; v = v->next) {
        out = print(out, v);
        if (v->next != NULL) *out++ = ',';
    }
    *out++ = value->kind == kArray ? ']' : '}';
    return out;
}

static void release(struct Value* value) {
    while (value != NULL) {
        struct Value* next = value->next;
        release(value->first);
        free(value->name);
        free(value->text);
        free(value);
        value = next;
    }
}

int main(void) {
    static char text[1 << 20];
    uint64_t state = 5;
    char* out = text;
    *out++ = '[';
    for (int i = 0; i < 2000; i++) {
        const unsigned long x = random_next(&state);
        out += sprintf(out,
                       "%s{\"id\": %d, \"name\": \"n%lx \\\"q\\\"\", \"tags\": [\"a%lu\", \"b\", true, null], \"at\": "
                       "{\"x\": %ld}}",
                       i ? ", " : "", i, x, x % 100, (long)(x * 31));
    }
    strcpy(out, "]");
    unsigned long hash = 0;
    static char again[1 << 20];
    for (int round = 0; round < 60; round++) {
        input = text;
        struct Value* tree = parse();
        char* end = print(again, tree);
        for (char* p = again; p < end; p += 7) hash = hash * 31 + (unsigned char)*p;
        release(tree);
    }
    printf("%lx\n", hash);
    return 0;
}
