// SPDX-License-Identifier: Apache-2.0

// A disk that fails and a clock that jumps, for a program that is started with this library in LD_PRELOAD.
//
// Calls that change what lies below FAULT_FOLDER (absolute) are counted, over all processes, in the eight bytes of the
// file FAULT_COUNTER. From FAULT_FIRST up to FAULT_LAST (counted from 1; 0: none) they do nothing and fail with the
// number FAULT_REASON; where that is 0, writes are cut short instead, as the system is free to do. What failed first is
// told in FAULT_STORY, where it is named. A call on a path in which FAULT_HANG occurs is told there too and never comes
// back. CLOCK_SHIFT is what the clock of the day is off by, in seconds. STAMP_SECONDS is how coarse the times of files
// are, as on file systems that date by the second.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char *folder, *hang;
static long first, last;
static int reason;
static time_t clock_shift;
static time_t stamp_seconds;
static _Atomic long *counter;

// The C library's own function of this name.
#define OWN(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

__attribute__((constructor)) static void begin(void) {
    clock_shift = number("CLOCK_SHIFT");
    stamp_seconds = number("STAMP_SECONDS");
    const char *file = getenv("FAULT_COUNTER");
    if (!file || !getenv("FAULT_FOLDER")) return;
    first = number("FAULT_FIRST");
    last = number("FAULT_LAST");
    reason = (int)number("FAULT_REASON");
    int descriptor = OWN(open)(file, O_RDWR | O_CLOEXEC);
    void *memory = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    OWN(close)(descriptor);
    if (memory == MAP_FAILED) abort();
    counter = memory;
    folder = getenv("FAULT_FOLDER");
    hang = getenv("FAULT_HANG");
}

static bool is_below(const char *path) {
    size_t count = strlen(folder);
    return strncmp(path, folder, count) == 0 && (path[count] == '/' || path[count] == 0);
}

static bool is_open_below(int descriptor) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count < 0) return false;
    path[count] = 0;
    return is_below(path);
}

static bool is_named_below(int base, const char *path) {
    if (path[0] == '/') return is_below(path);
    char place[PATH_MAX], whole[2 * PATH_MAX];
    if (base == AT_FDCWD) {
        if (!getcwd(place, sizeof place)) return false;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", base);
        ssize_t count = readlink(link, place, sizeof place - 1);
        if (count < 0) return false;
        place[count] = 0;
    }
    if (path[0] == '.' && path[1] == '/') path += 2;
    snprintf(whole, sizeof whole, "%s/%s", place, path);
    return is_below(whole);
}

static void tell(const char *call, const char *what) {
    const char *file = getenv("FAULT_STORY");
    if (!file) return;
    int descriptor = OWN(open)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    char line[PATH_MAX + 64];
    int count = snprintf(line, sizeof line, "%s %s\n", call, what);
    if (OWN(write)(descriptor, line, (size_t)count) != count) abort();
    OWN(close)(descriptor);
}

// Counts a call, and says whether it is one of those that fail.
static bool is_struck(const char *call, const char *what) {
    int before = errno;
    long index = atomic_fetch_add(counter, 1) + 1;
    bool is_hit = first > 0 && first <= index && index <= last;
    if (is_hit && index == first) tell(call, what);
    errno = before;
    return is_hit;
}

static void hang_at(const char *call, const char *path) {
    if (!hang || !strstr(path, hang)) return;
    tell(call, path);
    for (;;) pause();
}

static bool is_path_struck(const char *call, int base, const char *path) {
    if (!folder || !is_named_below(base, path)) return false;
    hang_at(call, path);
    if (!is_struck(call, path) || reason == 0) return false;
    errno = reason;
    return true;
}

static bool is_descriptor_struck(const char *call, int descriptor) {
    if (!folder) return false;
    int before = errno;
    bool is_ours = is_open_below(descriptor);
    errno = before;
    if (!is_ours || !is_struck(call, "") || reason == 0) return false;
    errno = reason;
    return true;
}

static bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT); }

static mode_t mode_of(int flags, va_list rest) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; }

#define OPEN(name)                                                                          \
    int name(const char *path, int flags, ...) {                                            \
        va_list rest;                                                                       \
        va_start(rest, flags);                                                              \
        mode_t mode = mode_of(flags, rest);                                                 \
        va_end(rest);                                                                       \
        if (writes(flags) && is_path_struck("open", AT_FDCWD, path)) return -1;             \
        return OWN(name)(path, flags, mode);                                                \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                        \
    int name(int base, const char *path, int flags, ...) {                                  \
        va_list rest;                                                                       \
        va_start(rest, flags);                                                              \
        mode_t mode = mode_of(flags, rest);                                                 \
        va_end(rest);                                                                       \
        if (writes(flags) && is_path_struck("open", base, path)) return -1;                 \
        return OWN(name)(base, path, flags, mode);                                          \
    }
OPENAT(openat)
OPENAT(openat64)

// Where the reason is 0, half of the bytes are taken.
static bool is_write_struck(int descriptor, size_t *count) {
    if (!folder) return false;
    int before = errno;
    bool is_hit = is_open_below(descriptor) && is_struck("write", "");
    errno = before;
    if (is_hit && reason == 0 && *count > 1) *count /= 2;
    if (!is_hit || reason == 0) return false;
    errno = reason;
    return true;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    return is_write_struck(descriptor, &count) ? -1 : OWN(write)(descriptor, bytes, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t place) {
    return is_write_struck(descriptor, &count) ? -1 : OWN(pwrite)(descriptor, bytes, count, place);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t place) {
    return is_write_struck(descriptor, &count) ? -1 : OWN(pwrite64)(descriptor, bytes, count, place);
}

int rename(const char *path, const char *target) {
    return is_path_struck("rename", AT_FDCWD, target) ? -1 : OWN(rename)(path, target);
}

int renameat(int base, const char *path, int target_base, const char *target) {
    return is_path_struck("rename", target_base, target) ? -1 : OWN(renameat)(base, path, target_base, target);
}

int link(const char *path, const char *target) {
    return is_path_struck("link", AT_FDCWD, target) ? -1 : OWN(link)(path, target);
}

int linkat(int base, const char *path, int target_base, const char *target, int flags) {
    if (is_path_struck("link", target_base, target)) return -1;
    return OWN(linkat)(base, path, target_base, target, flags);
}

int symlink(const char *target, const char *path) {
    return is_path_struck("symlink", AT_FDCWD, path) ? -1 : OWN(symlink)(target, path);
}

int mkdir(const char *path, mode_t mode) {
    return is_path_struck("mkdir", AT_FDCWD, path) ? -1 : OWN(mkdir)(path, mode);
}

int mkdirat(int base, const char *path, mode_t mode) {
    return is_path_struck("mkdir", base, path) ? -1 : OWN(mkdirat)(base, path, mode);
}

int chmod(const char *path, mode_t mode) {
    return is_path_struck("chmod", AT_FDCWD, path) ? -1 : OWN(chmod)(path, mode);
}

int fchmod(int descriptor, mode_t mode) {
    return is_descriptor_struck("chmod", descriptor) ? -1 : OWN(fchmod)(descriptor, mode);
}

int fchmodat(int base, const char *path, mode_t mode, int flags) {
    return is_path_struck("chmod", base, path) ? -1 : OWN(fchmodat)(base, path, mode, flags);
}

int utimensat(int base, const char *path, const struct timespec times[2], int flags) {
    if (path && is_path_struck("touch", base, path)) return -1;
    return OWN(utimensat)(base, path, times, flags);
}

int futimens(int descriptor, const struct timespec times[2]) {
    return is_descriptor_struck("touch", descriptor) ? -1 : OWN(futimens)(descriptor, times);
}

int fsync(int descriptor) { return is_descriptor_struck("sync", descriptor) ? -1 : OWN(fsync)(descriptor); }

int fdatasync(int descriptor) { return is_descriptor_struck("sync", descriptor) ? -1 : OWN(fdatasync)(descriptor); }

int syncfs(int descriptor) { return is_descriptor_struck("sync", descriptor) ? -1 : OWN(syncfs)(descriptor); }

int ftruncate(int descriptor, off_t count) {
    return is_descriptor_struck("truncate", descriptor) ? -1 : OWN(ftruncate)(descriptor, count);
}

int ftruncate64(int descriptor, off64_t count) {
    return is_descriptor_struck("truncate", descriptor) ? -1 : OWN(ftruncate64)(descriptor, count);
}

int posix_fallocate(int descriptor, off_t start, off_t count) {
    return is_descriptor_struck("allocate", descriptor) ? reason : OWN(posix_fallocate)(descriptor, start, count);
}

ssize_t copy_file_range(
    int source, off64_t *source_place, int target, off64_t *target_place, size_t count, unsigned flags) {
    if (is_descriptor_struck("copy", target)) return -1;
    return OWN(copy_file_range)(source, source_place, target, target_place, count, flags);
}

int ioctl(int descriptor, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (request == FICLONE && is_descriptor_struck("clone", descriptor)) return -1;
    return OWN(ioctl)(descriptor, request, argument);
}

// A failed close has closed all the same.
int close(int descriptor) {
    if (!folder) return OWN(close)(descriptor);
    int before = errno;
    int flags = fcntl(descriptor, F_GETFL);
    errno = before;
    bool is_hit = flags >= 0 && writes(flags) && is_descriptor_struck("close", descriptor);
    int status = OWN(close)(descriptor);
    if (!is_hit) return status;
    errno = reason;
    return -1;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int status = OWN(clock_gettime)(clock, time);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += clock_shift;
    return status;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int status = OWN(gettimeofday)(time, zone);
    if (status == 0) time->tv_sec += clock_shift;
    return status;
}

time_t time(time_t *result) {
    time_t now = OWN(time)(NULL) + clock_shift;
    if (result) *result = now;
    return now;
}

static void coarsen_time(struct timespec *time) {
    time->tv_sec -= time->tv_sec % stamp_seconds;
    time->tv_nsec = 0;
}

static int coarsened(int result, struct stat *status) {
    if (result == 0 && stamp_seconds > 0) {
        coarsen_time(&status->st_mtim);
        coarsen_time(&status->st_ctim);
    }
    return result;
}

int stat(const char *path, struct stat *status) { return coarsened(OWN(stat)(path, status), status); }

int lstat(const char *path, struct stat *status) { return coarsened(OWN(lstat)(path, status), status); }

int fstat(int descriptor, struct stat *status) { return coarsened(OWN(fstat)(descriptor, status), status); }

int fstatat(int base, const char *path, struct stat *status, int flags) {
    return coarsened(OWN(fstatat)(base, path, status, flags), status);
}
