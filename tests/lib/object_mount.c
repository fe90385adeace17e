/* An object store's mount, for LD_PRELOAD: below $OBJECT_MOUNT no file can be opened for appending, renamed or synced. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int below(int dir, const char* name) {
    char path[PATH_MAX] = "", link[64];
    const char* mount = getenv("OBJECT_MOUNT");
    if (!mount || !name) return 0;
    if (name[0] == '/') return strncmp(name, mount, strlen(mount)) == 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
    return readlink(link, path, sizeof path - 1) > 0 && strncmp(path, mount, strlen(mount)) == 0;
}

int openat(int dir, const char* name, int flags, ...) {
    int (*real)(int, const char*, int, ...) = dlsym(RTLD_NEXT, "openat");
    va_list rest;
    va_start(rest, flags);
    int mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, int) : 0;
    va_end(rest);
    if ((flags & O_APPEND) && below(dir, name)) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return real(dir, name, flags, mode);
}

int renameat(int from_dir, const char* from, int to_dir, const char* to) {
    int (*real)(int, const char*, int, const char*) = dlsym(RTLD_NEXT, "renameat");
    if (below(to_dir, to)) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return real(from_dir, from, to_dir, to);
}

int fsync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    if (below(fd, ".")) {
        errno = EINVAL;
        return -1;
    }
    return real(fd);
}
