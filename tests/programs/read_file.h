/* For tests of files under /proc: `text` holds the last one that was read. */
#pragma once
#include <fcntl.h>
#include <unistd.h>
#include "check.h"

static char text[1 << 20];

/* @returns its length */
static long read_file(const char *path) {
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0);
    long size = 0, got;
    while ((got = read(fd, text + size, sizeof text - 1 - size)) > 0) size += got;
    close(fd);
    text[size] = 0;
    return size;
}
