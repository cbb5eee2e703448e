// What programs share that cut off the files in which their translations are kept: the files of a directory, children
// that have another program's image or none, a directory that goes.
#pragma once
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Under the translator, with a cache for translations: files are there to be cut off. (Natively nothing is kept.) */
static inline int translations_are_kept(void) { return getenv("TRANSLATIONS_ARE_KEPT") != NULL; }

/* Cuts each file off at size(its length, argument), if it is longer. @returns how many were */
static inline int cut_files(const char *directory, off_t (*size)(off_t length, long argument), long argument) {
    int count = 0;
    DIR *list = opendir(directory);
    CHECK(list != NULL);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        char path[512];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        CHECK(stat(path, &info) == 0);
        if (!S_ISREG(info.st_mode) || info.st_size <= size(info.st_size, argument)) continue;
        CHECK(chmod(path, 0600) == 0 && truncate(path, size(info.st_size, argument)) == 0);
        ++count;
    }
    closedir(list);
    return count;
}

/* This program again, with other arguments. @returns its wait status */
static inline int run_again(char *const *arguments) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK(freopen("/dev/null", "w", stdout) != NULL);
        execv("/proc/self/exe", arguments);
        _exit(99);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

static inline void remove_directory(const char *directory) {
    DIR *list = opendir(directory);
    CHECK(list != NULL);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        unlink(path);
    }
    closedir(list);
    CHECK(rmdir(directory) == 0);
}
