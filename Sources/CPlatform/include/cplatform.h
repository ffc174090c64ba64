// SPDX-License-Identifier: Apache-2.0
//
// Calls of the operating system that Swift's view of the C library leaves out: those that are no part of POSIX, and
// those that are macros.
#ifndef REPRISE_CPLATFORM_H
#define REPRISE_CPLATFORM_H

#include <stddef.h>

/// Starts a program in a folder, as the leader of a process group of its own, with no signal blocked or ignored.
///
/// A null `environment` is that of this process. `input`, `output` and `error` become its first three descriptors; one
/// below 0 is /dev/null. All others must be closed on exec. Returns 0 and the process, or the reason as in errno.
int reprise_spawn(
    int *process, const char *program, char *const arguments[], char *const environment[], const char *folder,
    int input, int output, int error);

/// Makes a pipe whose ends, to read from and to write to, no other program inherits. Returns 0, or -1 with errno.
int reprise_pipe(int ends[2]);

/// Makes `target`, a new and empty file, share the bytes of `source` until one of them is written to.
///
/// Returns 0, or the reason as in errno: EOPNOTSUPP and EXDEV where the file system cannot do it.
int reprise_share_bytes(int source, int target);

/// Copies at most `count` bytes between the places of two files without bringing them into this process.
///
/// Returns how many, 0 at the end of `source`, or -1 with the reason in errno: ENOSYS where the system cannot do it.
ptrdiff_t reprise_copy_bytes(int source, int target, size_t count);

/// Gives this thread a name of at most 15 bytes in lists of threads, where the system has such; that of the first
/// thread is the name of the process in lists of processes.
void reprise_name_thread(const char *name);

/// What a disk has left for this process.
struct reprise_disk_room {
    unsigned long long bytes;
    /// How many more files it takes.
    unsigned long long files;
    /// Whether the file system counts bytes, and files; one without a limit does not.
    int counts_bytes;
    int counts_files;
    /// Whether what is written may be refused later than by the call that writes.
    int is_remote;
};

/// Returns 0, or the reason as in errno.
int reprise_look_at_disk(const char *path, struct reprise_disk_room *room);

/// Waits until all that was written to the file system of an open file is on the disk. Returns 0, or -1 with errno.
int reprise_sync_file_system(int descriptor);

/// Makes a file in a folder that has no name and goes when it is closed, which changes nothing in the folder.
///
/// Returns its descriptor, or -1 with errno: EOPNOTSUPP and EISDIR where the file system cannot do it.
int reprise_unnamed_file(const char *folder);

/// Makes a file in memory, dated by the kernel's clock. Returns its descriptor, or -1 with errno.
int reprise_memory_file(void);

/// Who dates the files of a file system.
enum reprise_file_system {
    /// Not known.
    reprise_file_system_other,
    /// A server, by a clock of its own.
    reprise_file_system_of_server,
    /// The kernel, by its own clock.
    reprise_file_system_of_kernel,
    /// The kernel too, but for bytes that are written through memory, as on tmpfs.
    reprise_file_system_in_memory,
};

/// The file system that a path leads to.
enum reprise_file_system reprise_file_system_at(const char *path);

/// Opens a folder by its path, links followed, to reach what lies in it. Returns the descriptor, or -1 with errno.
int reprise_open_folder(const char *path);

/// Opens a folder below an open one, to reach what lies in it, following no link on the way. `path` has no `..` in it.
/// Returns the descriptor, or -1 with errno: ELOOP or ENOTDIR where a part of `path` is a link.
int reprise_open_folder_beneath(int folder, const char *path);

/// Opens, for reading, a path below an open folder. No symbolic link is followed, and a pipe does not block.
/// `flags` may add O_DIRECTORY. Returns the descriptor, or -1 with errno as above.
int reprise_open_beneath(int folder, const char *path, int flags);

/// From now on, each Ctrl-C and each request to end (SIGINT, SIGTERM) is a byte that can be read, the signal's number,
/// and nothing else; to be called once. Returns the descriptor to read from, which no other program inherits, or -1
/// with errno.
int reprise_end_requests(void);

#endif
