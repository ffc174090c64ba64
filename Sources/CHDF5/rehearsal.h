// SPDX-License-Identifier: Apache-2.0
//
// libhdf5 crashes, hangs or overruns its buffers on some damaged files, in its error paths above all. So a file is read
// once in a process of its own, which does what the reader will do: lists the groups, reads the attributes, opens the
// datasets and finds their chunks. What ends that process would have ended this one. The process is a fork that calls
// nothing but libhdf5 and ends by _exit; it is C, since Swift's runtime is not made to go on after a fork.
#ifndef REPRISE_CHDF5_REHEARSAL_H
#define REPRISE_CHDF5_REHEARSAL_H

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

enum {
    reprise_h5_rehearsed_depth = 64,
    reprise_h5_rehearsed_chunks = 1 << 16,
    reprise_h5_rehearsed_bytes = 256 << 20
};

/// The groups met so far.
typedef struct {
    unsigned long long *addresses;
    size_t count;
    size_t capacity;
    int depth;
} reprise_h5_rehearsal;

/// The type in memory that values of a type are read as; negative for types that are not read.
static inline hid_t reprise_h5_rehearsed_type(hid_t type) {
    switch (H5Tget_class(type)) {
    case H5T_STRING: return H5Tis_variable_str(type) > 0 ? H5Tcreate(H5T_OPAQUE, 16) : H5Tcopy(type);
    case H5T_INTEGER:
    case H5T_FLOAT:
    case H5T_ENUM: return H5Tcopy(type);
    default: return -1;
    }
}

/// Room for `count` values of a type; NULL where that is more than is ever read at once.
static inline void *reprise_h5_rehearsed_room(hid_t type, hssize_t count) {
    size_t width = H5Tget_size(type);
    if (count <= 0 || width == 0 || (size_t)count > reprise_h5_rehearsed_bytes / width) return NULL;
    return calloc((size_t)count, width);
}

static inline herr_t reprise_h5_rehearse_attribute(
    hid_t object, const char *name, const H5A_info_t *details, void *context) {
    (void)details, (void)context;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) return 0;
    hid_t stored = H5Aget_type(attribute);
    hid_t space = H5Aget_space(attribute);
    hid_t type = reprise_h5_rehearsed_type(stored);
    void *values = type < 0 ? NULL : reprise_h5_rehearsed_room(type, H5Sget_simple_extent_npoints(space));
    if (values != NULL) H5Aread(attribute, type, values);
    free(values);
    H5Tclose(type);
    H5Sclose(space);
    H5Tclose(stored);
    H5Aclose(attribute);
    return 0;
}

/// Reads a chunk whole where filters make it, else its first value, from `start` on.
static inline void reprise_h5_rehearse_chunk(
    hid_t dataset, hid_t type, hid_t space, int rank, const hsize_t *start, const hsize_t *count) {
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0) return;
    hid_t memory = H5Screate_simple(rank, count, NULL);
    void *values = reprise_h5_rehearsed_room(type, H5Sget_select_npoints(space));
    if (values != NULL) H5Dread(dataset, type, memory, space, H5P_DEFAULT, values);
    free(values);
    H5Sclose(memory);
}

static inline void reprise_h5_rehearse_chunks(hid_t dataset, hid_t type, hid_t space, hid_t creation) {
    hsize_t chunk[H5S_MAX_RANK + 1], extents[H5S_MAX_RANK], start[H5S_MAX_RANK], count[H5S_MAX_RANK];
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 1 || H5Pget_chunk(creation, H5S_MAX_RANK + 1, chunk) != rank) return;
    if (H5Sget_simple_extent_dims(space, extents, NULL) != rank) return;
    for (int axis = 0; axis < rank; axis += 1) {
        if (chunk[axis] == 0 || extents[axis] == 0) return;
        start[axis] = 0;
    }
    int is_filtered = H5Pget_nfilters(creation) > 0;
    for (int number = 0; number < reprise_h5_rehearsed_chunks; number += 1) {
        for (int axis = 0; axis < rank; axis += 1) {
            hsize_t rest = extents[axis] - start[axis];
            count[axis] = !is_filtered ? 1 : rest < chunk[axis] ? rest : chunk[axis];
        }
        reprise_h5_rehearse_chunk(dataset, type, space, rank, start, count);
        int axis = rank - 1;
        while (axis >= 0 && extents[axis] - start[axis] <= chunk[axis]) {
            start[axis] = 0;
            axis -= 1;
        }
        if (axis < 0) return;
        start[axis] += chunk[axis];
    }
}

/// Whether the stored bytes can hold what is declared, as the reader asks before it reads: 64 MB may never have been
/// written, and deflate yields at most 1032 bytes from one.
static inline int reprise_h5_is_plausible(hid_t dataset, hid_t type, hid_t space) {
    hsize_t extents[H5S_MAX_RANK];
    int rank = H5Sget_simple_extent_dims(space, extents, NULL);
    double bytes = (double)H5Tget_size(type);
    for (int axis = 0; axis < rank; axis += 1) bytes *= (double)extents[axis];
    return bytes <= 64.0 * (1 << 20) + 1032.0 * (double)H5Dget_storage_size(dataset);
}

static inline void reprise_h5_rehearse_dataset(hid_t dataset) {
    hid_t stored = H5Dget_type(dataset);
    hid_t space = H5Dget_space(dataset);
    hid_t creation = H5Dget_create_plist(dataset);
    hid_t type = reprise_h5_rehearsed_type(stored);
    H5D_layout_t layout = H5Pget_layout(creation);
    if (type >= 0 && !reprise_h5_is_plausible(dataset, stored, space)) {
        // Never read.
    } else if (type >= 0 && layout == H5D_CHUNKED) {
        reprise_h5_rehearse_chunks(dataset, type, space, creation);
    } else if (type >= 0 && (layout == H5D_COMPACT || layout == H5D_CONTIGUOUS)) {
        hssize_t count = H5Sget_simple_extent_npoints(space);
        // Values that lie in one piece are found at once; reading a few thousand tells enough.
        int is_read = count <= 1 << 12 && H5Pget_external_count(creation) == 0;
        void *values = is_read ? reprise_h5_rehearsed_room(type, count) : NULL;
        if (values != NULL) H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
        free(values);
    }
    H5Tclose(type);
    H5Pclose(creation);
    H5Sclose(space);
    H5Tclose(stored);
}

static inline void reprise_h5_rehearse_group(hid_t group, reprise_h5_rehearsal *rehearsal);

/// Whether an object is a group met before, which the reader refuses.
static inline int reprise_h5_is_known_group(const reprise_h5_object *object, reprise_h5_rehearsal *rehearsal) {
    for (size_t index = 0; index < rehearsal->count; index += 1) {
        if (rehearsal->addresses[index] == object->identity[0]) return 1;
    }
    if (rehearsal->count == rehearsal->capacity) {
        size_t capacity = 2 * rehearsal->capacity + 64;
        void *grown = realloc(rehearsal->addresses, capacity * sizeof *rehearsal->addresses);
        if (grown == NULL) return 1;
        rehearsal->addresses = (unsigned long long *)grown;
        rehearsal->capacity = capacity;
    }
    rehearsal->addresses[rehearsal->count] = object->identity[0];
    rehearsal->count += 1;
    return 0;
}

static inline herr_t reprise_h5_rehearse_link(
    hid_t group, const char *name, const reprise_h5_link_description *link, void *context) {
    reprise_h5_rehearsal *rehearsal = (reprise_h5_rehearsal *)context;
    reprise_h5_object object;
    if (link->type != H5L_TYPE_HARD) return 0;
    if (reprise_h5_describe_object(group, name, &object) < 0) return 0;
    if (object.type != H5O_TYPE_GROUP && object.type != H5O_TYPE_DATASET) return 0;
    if (object.type == H5O_TYPE_GROUP && reprise_h5_is_known_group(&object, rehearsal)) return 0;
    hid_t opened = H5Oopen(group, name, H5P_DEFAULT);
    if (opened < 0) return 0;
    H5Aiterate2(opened, H5_INDEX_NAME, H5_ITER_INC, NULL, reprise_h5_rehearse_attribute, NULL);
    if (object.type == H5O_TYPE_DATASET) {
        reprise_h5_rehearse_dataset(opened);
    } else if (rehearsal->depth < reprise_h5_rehearsed_depth) {
        rehearsal->depth += 1;
        reprise_h5_rehearse_group(opened, rehearsal);
        rehearsal->depth -= 1;
    }
    H5Oclose(opened);
    return 0;
}

static inline void reprise_h5_rehearse_group(hid_t group, reprise_h5_rehearsal *rehearsal) {
#if H5_VERSION_GE(1, 12, 0)
    H5Literate2(group, H5_INDEX_NAME, H5_ITER_INC, NULL, reprise_h5_rehearse_link, rehearsal);
#else
    H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, reprise_h5_rehearse_link, rehearsal);
#endif
}

static inline void reprise_h5_rehearse_file(const char *path, hid_t file_access) {
    if (reprise_h5_is_hdf5(path, file_access) <= 0) return;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, file_access);
    if (file < 0) return;
    hid_t root = H5Oopen(file, "/", H5P_DEFAULT);
    reprise_h5_rehearsal rehearsal = {NULL, 0, 0, 0};
    reprise_h5_object object;
    if (root >= 0 && reprise_h5_describe_object(file, ".", &object) >= 0) {
        reprise_h5_is_known_group(&object, &rehearsal);
        H5Aiterate2(root, H5_INDEX_NAME, H5_ITER_INC, NULL, reprise_h5_rehearse_attribute, NULL);
        reprise_h5_rehearse_group(root, &rehearsal);
    }
    free(rehearsal.addresses);
    H5Oclose(root);
    H5Fclose(file);
}

/// In the child: no core file, no words on stderr, every signal as the system has it, memory never as it was left, and
/// an end to loops.
static inline void reprise_h5_prepare_rehearsal(unsigned long long seconds) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGALRM};
    for (size_t index = 0; index < sizeof signals / sizeof *signals; index += 1) {
        signal(signals[index], SIG_DFL);
    }
    struct rlimit none = {0, 0};
    struct rlimit time = {(rlim_t)seconds, (rlim_t)seconds};
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_CPU, &time);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
#ifdef __GLIBC__
    mallopt(M_PERTURB, 0xA5);
#endif
}

/// Whether libhdf5 gets through a file, with errors or without; also where no process could be made to try. `seconds`
/// of processor time are enough for any file of that size.
static inline int reprise_h5_survives(const char *path, hid_t file_access, unsigned long long seconds) {
    pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) {
        reprise_h5_prepare_rehearsal(seconds);
        reprise_h5_rehearse_file(path, file_access);
        _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return 1;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#endif
