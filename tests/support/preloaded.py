"""A library for processes that is loaded before the C library, and simulates what a test cannot have or wait for."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

# Below $XACCT_MODELESS every file has mode 0777, and chmod does nothing or fails with EPERM. flock fails with the error
# number in $XACCT_FLOCK. The clock is ahead by as many seconds as the file $XACCT_CLOCK says. Programs built with an
# old C library call the __x functions.
_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int below(int fd, const char *path) {
    const char *top = getenv("XACCT_MODELESS");
    char link[64], whole[PATH_MAX * 2] = "";
    if (!top) return 0;
    if (!path || path[0] != '/') {
        snprintf(link, sizeof link, fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, whole, PATH_MAX);
        if (length < 0) return 0;
        whole[length] = 0;
        if (path && path[0]) { strcat(whole, "/"); strncat(whole, path, PATH_MAX - 1); }
    } else strncat(whole, path, PATH_MAX);
    size_t length = strlen(top);
    return !strncmp(whole, top, length) && (!whole[length] || whole[length] == '/');
}

#define OPEN(found, field, fd, path) \
    if (!result && below(fd, path) && !S_ISLNK((found)->field)) (found)->field |= 0777
#define NEXT(name) static __typeof__(&name) next; if (!next) next = dlsym(RTLD_NEXT, #name)

#define BY_PATH(name, type) int name(const char *path, struct type *found) { \
    NEXT(name); int result = next(path, found); OPEN(found, st_mode, AT_FDCWD, path); return result; }
#define BY_FD(name, type) int name(int fd, struct type *found) { \
    NEXT(name); int result = next(fd, found); OPEN(found, st_mode, fd, NULL); return result; }
#define AT(name, type) int name(int fd, const char *path, struct type *found, int flags) { \
    NEXT(name); int result = next(fd, path, found, flags); OPEN(found, st_mode, fd, path); return result; }
#define X_PATH(name, type) int name(int version, const char *path, struct type *found); \
    int name(int version, const char *path, struct type *found) { \
    NEXT(name); int result = next(version, path, found); OPEN(found, st_mode, AT_FDCWD, path); return result; }
#define X_FD(name, type) int name(int version, int fd, struct type *found); \
    int name(int version, int fd, struct type *found) { \
    NEXT(name); int result = next(version, fd, found); OPEN(found, st_mode, fd, NULL); return result; }
#define X_AT(name, type) int name(int version, int fd, const char *path, struct type *found, int flags); \
    int name(int version, int fd, const char *path, struct type *found, int flags) { \
    NEXT(name); int result = next(version, fd, path, found, flags); OPEN(found, st_mode, fd, path); return result; }

BY_PATH(stat, stat) BY_PATH(lstat, stat) BY_FD(fstat, stat) AT(fstatat, stat)
BY_PATH(stat64, stat64) BY_PATH(lstat64, stat64) BY_FD(fstat64, stat64) AT(fstatat64, stat64)
X_PATH(__xstat, stat) X_PATH(__lxstat, stat) X_FD(__fxstat, stat) X_AT(__fxstatat, stat)
X_PATH(__xstat64, stat64) X_PATH(__lxstat64, stat64) X_FD(__fxstat64, stat64) X_AT(__fxstatat64, stat64)

int statx(int fd, const char *path, int flags, unsigned mask, struct statx *found) {
    NEXT(statx); int result = next(fd, path, flags, mask, found); OPEN(found, stx_mode, fd, path); return result;
}

static int changed(void) {
    if (!getenv("XACCT_CHMOD_FAILS")) return 0;
    errno = EPERM;
    return -1;
}

int chmod(const char *path, mode_t mode) {
    NEXT(chmod); return below(AT_FDCWD, path) ? changed() : next(path, mode);
}
int fchmod(int fd, mode_t mode) {
    NEXT(fchmod); return below(fd, NULL) ? changed() : next(fd, mode);
}
int fchmodat(int fd, const char *path, mode_t mode, int flags) {
    NEXT(fchmodat); return below(fd, path) ? changed() : next(fd, path, mode, flags);
}

int fsync(int fd) {
    const char *fault = getenv("XACCT_FSYNC");
    NEXT(fsync);
    if (!fault) return next(fd);
    errno = atoi(fault);
    return -1;
}

int flock(int fd, int operation);
int flock(int fd, int operation) {
    const char *fault = getenv("XACCT_FLOCK");
    NEXT(flock);
    if (!fault) return next(fd, operation);
    errno = atoi(fault);
    return -1;
}

static int64_t ahead(void) {
    static volatile int64_t *seconds;
    const char *path = getenv("XACCT_CLOCK");
    if (!path) return 0;
    if (!seconds) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return 0;
        void *found = mmap(NULL, sizeof *seconds, PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
        if (found == MAP_FAILED) return 0;
        seconds = found;
    }
    return *seconds;
}

int clock_gettime(clockid_t clock, struct timespec *found) {
    NEXT(clock_gettime); int result = next(clock, found);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) found->tv_sec += ahead();
    return result;
}
int gettimeofday(struct timeval *found, void *zone) {
    NEXT(gettimeofday); int result = next(found, zone);
    if (!result) found->tv_sec += ahead();
    return result;
}
time_t time(time_t *found) {
    NEXT(time); time_t result = next(NULL) + ahead();
    if (found) *found = result;
    return result;
}
"""


@cache
def build_library() -> Path:
    """Return the library, or skip the test where there is no compiler."""
    if sys.platform != "linux":
        pytest.skip("a library for Linux")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler here to build the library that does this")
    directory = Path(tempfile.mkdtemp(prefix="xacct-tests-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    source, library = directory / "preloaded.c", directory / "preloaded.so"
    source.write_text(_SOURCE, encoding="utf-8")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-w", "-o", str(library), str(source), "-ldl"], check=True, timeout=60
    )
    return library
