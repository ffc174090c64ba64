// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE

#include "cplatform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <sys/mount.h>
#include <sys/param.h>
#endif

#if defined(__linux__)
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif

extern char **environ;

static int redirect(posix_spawn_file_actions_t *actions, int from, int to, int flags) {
    if (from < 0) return posix_spawn_file_actions_addopen(actions, to, "/dev/null", flags, 0);
    return posix_spawn_file_actions_adddup2(actions, from, to);
}

static int prepare(posix_spawnattr_t *attributes) {
    sigset_t signals;
    sigemptyset(&signals);
    int reason = posix_spawnattr_setsigmask(attributes, &signals);
    if (reason) return reason;
    sigfillset(&signals);
    reason = posix_spawnattr_setsigdefault(attributes, &signals);
    if (reason) return reason;
    reason = posix_spawnattr_setpgroup(attributes, 0);
    if (reason) return reason;
    return posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

int reprise_spawn(
    int *process, const char *program, char *const arguments[], char *const environment[], const char *folder,
    int input, int output, int error) {
    posix_spawnattr_t attributes;
    int reason = posix_spawnattr_init(&attributes);
    if (reason) return reason;
    posix_spawn_file_actions_t actions;
    reason = posix_spawn_file_actions_init(&actions);
    if (!reason) {
        reason = prepare(&attributes);
        if (!reason) reason = redirect(&actions, input, STDIN_FILENO, O_RDONLY);
        if (!reason) reason = redirect(&actions, output, STDOUT_FILENO, O_WRONLY);
        if (!reason) reason = redirect(&actions, error, STDERR_FILENO, O_WRONLY);
        if (!reason) reason = posix_spawn_file_actions_addchdir_np(&actions, folder);
        char *const *variables = environment ? environment : environ;
        if (!reason) reason = posix_spawn(process, program, &actions, &attributes, arguments, variables);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return reason;
}

int reprise_pipe(int ends[2]) {
#if defined(__linux__)
    return pipe2(ends, O_CLOEXEC);
#else
    if (pipe(ends)) return -1;
    for (int end = 0; end < 2; end++) fcntl(ends[end], F_SETFD, FD_CLOEXEC);
    return 0;
#endif
}

int reprise_share_bytes(int source, int target) {
#if defined(__linux__) && defined(FICLONE)
    return ioctl(target, FICLONE, source) == 0 ? 0 : errno;
#else
    (void)source;
    (void)target;
    return EOPNOTSUPP;
#endif
}

ptrdiff_t reprise_copy_bytes(int source, int target, size_t count) {
#if defined(__linux__)
    return copy_file_range(source, NULL, target, NULL, count, 0);
#else
    (void)source;
    (void)target;
    (void)count;
    errno = ENOSYS;
    return -1;
#endif
}

void reprise_name_thread(const char *name) {
#if defined(__linux__)
    prctl(PR_SET_NAME, name);
#else
    (void)name;
#endif
}

#if defined(__linux__)
// By their numbers in statfs(2), of which headers name few.
static enum reprise_file_system kind_of(const struct statfs *disk) {
    switch ((unsigned)disk->f_type) {
    case 0x01021994: // tmpfs
    case 0x858458f6: // ramfs
        return reprise_file_system_in_memory;
    case 0xef53:     // ext2, ext3, ext4
    case 0x58465342: // XFS
    case 0x9123683e: // btrfs
    case 0xf2f52010: // F2FS
    case 0x2fc12fc1: // ZFS
    case 0xca451a4e: // bcachefs
    case 0x3153464a: // JFS
    case 0x52654973: // ReiserFS
    case 0x794c7630: // overlay
    case 0x73717368: // squashfs
    case 0x9660:     // ISO 9660
        return reprise_file_system_of_kernel;
    case 0x6969:     // NFS
    case 0x517b:     // SMB
    case 0xff534d42: // CIFS
    case 0xfe534d42: // SMB 2
    case 0x65735546: // FUSE
    case 0x00c36400: // Ceph
    case 0x5346414f: // AFS
    case 0x01021997: // 9P
    case 0x0bd00bd0: // Lustre
        return reprise_file_system_of_server;
    default: return reprise_file_system_other;
    }
}
#elif defined(__APPLE__)
static enum reprise_file_system kind_of(const struct statfs *disk) {
    return disk->f_flags & MNT_LOCAL ? reprise_file_system_of_kernel : reprise_file_system_of_server;
}
#endif

enum reprise_file_system reprise_file_system_at(const char *path) {
    struct statfs disk;
    return statfs(path, &disk) ? reprise_file_system_other : kind_of(&disk);
}

#if defined(__linux__)
// Whether this process may use what file systems keep for the administrator; not in a user namespace of its own, whose
// number is another than that of the first one.
static int uses_reserve(void) {
    // Asked once: 0 not yet, 1 no, 2 yes.
    static atomic_int answer;
    int known = atomic_load(&answer);
    if (known) return known == 2;
    struct stat space;
    int uses = geteuid() == 0 && stat("/proc/self/ns/user", &space) == 0 && space.st_ino == 0xEFFFFFFDu;
    atomic_store(&answer, uses ? 2 : 1);
    return uses;
}

// What ext4 keeps for itself and counts as free all the same: ext4_calculate_resv_clusters in fs/ext4/super.c.
static unsigned long long own_reserve(const struct statfs *disk) {
    if (disk->f_type != 0xEF53) return 0;
    unsigned long long part = (unsigned long long)disk->f_blocks / 50;
    return part < 4096 ? part : 4096;
}

static unsigned long long free_blocks(const struct statfs *disk) {
    if (!uses_reserve()) return disk->f_bavail;
    unsigned long long own = own_reserve(disk);
    return disk->f_bfree > own ? disk->f_bfree - own : 0;
}
#elif defined(__APPLE__)
static unsigned long long free_blocks(const struct statfs *disk) { return disk->f_bavail; }
#endif

int reprise_look_at_disk(const char *path, struct reprise_disk_room *room) {
    struct statfs disk;
    if (statfs(path, &disk)) return errno;
    room->bytes = free_blocks(&disk) * (unsigned long long)disk.f_bsize;
    room->files = disk.f_ffree;
    room->counts_bytes = disk.f_blocks > 0;
    room->counts_files = disk.f_files > 0;
    room->is_remote = kind_of(&disk) == reprise_file_system_of_server;
    return 0;
}

int reprise_sync_file_system(int descriptor) {
#if defined(__linux__)
    return syncfs(descriptor);
#else
    return fsync(descriptor);
#endif
}

int reprise_unnamed_file(const char *folder) {
#if defined(__linux__) && defined(O_TMPFILE)
    return open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
#else
    (void)folder;
    errno = EOPNOTSUPP;
    return -1;
#endif
}

int reprise_memory_file(void) {
#if defined(__linux__)
    return memfd_create("reprise", MFD_CLOEXEC);
#else
    errno = ENOSYS;
    return -1;
#endif
}

// Where the system has it, a descriptor that only serves to reach what lies in the folder.
#if defined(O_PATH)
static const int reach = O_PATH | O_DIRECTORY;
#else
static const int reach = O_RDONLY | O_DIRECTORY;
#endif

// Opens part after part.
static int walk_beneath(int folder, const char *path, int flags) {
    int parent = folder;
    char part[256];
    while (1) {
        const char *end = strchr(path, '/');
        size_t count = end ? (size_t)(end - path) : strlen(path);
        int is_last = !end;
        if (count >= sizeof part) {
            errno = ENAMETOOLONG;
            break;
        }
        memcpy(part, path, count);
        part[count] = 0;
        if (strcmp(part, "..") == 0) {
            errno = EXDEV;
            break;
        }
        int next = openat(parent, part, (is_last ? flags : reach) | O_NOFOLLOW | O_CLOEXEC);
        int reason = errno;
        if (parent != folder) close(parent);
        if (next < 0) errno = reason;
        if (next < 0 || is_last) return next;
        parent = next;
        path = end + 1;
    }
    int reason = errno;
    if (parent != folder) close(parent);
    errno = reason;
    return -1;
}

#if defined(__linux__) && defined(SYS_openat2)
// As in <linux/openat2.h>, which not all systems have.
struct how {
    unsigned long long flags, mode, resolve;
};
enum { no_magic_links = 0x02, no_symbolic_links = 0x04, beneath = 0x08 };

static int open_beneath(int folder, const char *path, int flags) {
    static _Atomic int is_missing;
    if (!is_missing) {
        struct how how = {
            .flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
            .resolve = no_magic_links | no_symbolic_links | beneath,
        };
        int descriptor = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
        // Sandboxes that do not know the call forbid it.
        if (descriptor >= 0 || (errno != ENOSYS && errno != EPERM && errno != EAGAIN)) return descriptor;
        if (errno == ENOSYS) is_missing = 1;
    }
    return walk_beneath(folder, path, flags);
}
#else
static int open_beneath(int folder, const char *path, int flags) { return walk_beneath(folder, path, flags); }
#endif

int reprise_open_folder(const char *path) { return open(path, reach | O_CLOEXEC); }

int reprise_open_folder_beneath(int folder, const char *path) { return open_beneath(folder, path, reach); }

int reprise_open_beneath(int folder, const char *path, int flags) {
    return open_beneath(folder, path, flags | O_RDONLY | O_NONBLOCK);
}

// Written once, before a handler that reads it is installed.
static int end_request_target = -1;

static void pass_end_request_on(int signal) {
    int reason = errno;
    unsigned char number = (unsigned char)signal;
    // A full pipe holds requests enough.
    ssize_t count = write(end_request_target, &number, 1);
    (void)count;
    errno = reason;
}

int reprise_end_requests(void) {
    int ends[2];
    if (reprise_pipe(ends)) return -1;
    fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK);
    end_request_target = ends[1];
    struct sigaction action = {0};
    action.sa_handler = pass_end_request_on;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL)) return -1;
    return ends[0];
}
