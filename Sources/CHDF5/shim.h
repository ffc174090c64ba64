// SPDX-License-Identifier: Apache-2.0
#ifndef REPRISE_CHDF5_SHIM_H
#define REPRISE_CHDF5_SHIM_H

#include <hdf5.h>
#include <string.h>

// libhdf5's constants are macros that call H5open() first, and several of its functions are macros that choose a
// version of themselves. Swift imports neither, so each one that is needed has a function here.

#if !H5_VERSION_GE(1, 10, 3)
#error "libhdf5 1.10.3 or newer is needed"
#endif

// Types as they are on disk. Every supported platform is little-endian, so the LE types are also those in memory.
static inline hid_t reprise_h5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t reprise_h5_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t reprise_h5_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t reprise_h5_int32(void) { return H5T_STD_I32LE; }
static inline hid_t reprise_h5_int64(void) { return H5T_STD_I64LE; }
static inline hid_t reprise_h5_uint64(void) { return H5T_STD_U64LE; }
static inline hid_t reprise_h5_float32_big_endian(void) { return H5T_IEEE_F32BE; }
static inline hid_t reprise_h5_float64_big_endian(void) { return H5T_IEEE_F64BE; }
static inline hid_t reprise_h5_uint8_big_endian(void) { return H5T_STD_U8BE; }
static inline hid_t reprise_h5_int32_big_endian(void) { return H5T_STD_I32BE; }
static inline hid_t reprise_h5_int64_big_endian(void) { return H5T_STD_I64BE; }
static inline hid_t reprise_h5_c_string(void) { return H5T_C_S1; }

// Property list classes and "everything as usual".
static inline hid_t reprise_h5_default(void) { return H5P_DEFAULT; }
static inline hid_t reprise_h5_file_creation(void) { return H5P_FILE_CREATE; }
static inline hid_t reprise_h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t reprise_h5_group_creation(void) { return H5P_GROUP_CREATE; }
static inline hid_t reprise_h5_link_creation(void) { return H5P_LINK_CREATE; }
static inline hid_t reprise_h5_dataset_creation(void) { return H5P_DATASET_CREATE; }
static inline hid_t reprise_h5_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t reprise_h5_attribute_creation(void) { return H5P_ATTRIBUTE_CREATE; }

static inline hid_t reprise_h5_whole_space(void) { return H5S_ALL; }
static inline hsize_t reprise_h5_unlimited(void) { return H5S_UNLIMITED; }
static inline size_t reprise_h5_variable_length(void) { return H5T_VARIABLE; }
static inline unsigned reprise_h5_create_exclusive(void) { return H5F_ACC_EXCL; }
static inline unsigned reprise_h5_read_only(void) { return H5F_ACC_RDONLY; }

// Silences libhdf5's own printing on stderr for the calling thread, and forbids it to load code from plug-in folders.
static inline void reprise_h5_prepare(void) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
}

// Readers take no lock on a file: stored files never change and may lie on a file system without locks.
static inline herr_t reprise_h5_without_file_locking(hid_t file_access) {
#if (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 11, 0)) || H5_VERSION_GE(1, 12, 1)
    return H5Pset_file_locking(file_access, 0, 1);
#else
    (void)file_access;
    return 0;
#endif
}

// 1: an HDF5 file by its signature; 0: something else; negative: cannot be read.
static inline htri_t reprise_h5_is_hdf5(const char *path, hid_t file_access) {
#if H5_VERSION_GE(1, 12, 0)
    return H5Fis_accessible(path, file_access);
#else
    (void)file_access;
    return H5Fis_hdf5(path);
#endif
}

// What a link points to.
enum {
    reprise_h5_hard_link = 0,
    reprise_h5_soft_link = 1,
    reprise_h5_external_link = 2,
    reprise_h5_other_link = 3
};

// Called once for each link; a value other than 0 ends the visit.
typedef int (*reprise_h5_link_visitor)(const char *name, int kind, void *context);

typedef struct {
    reprise_h5_link_visitor visitor;
    void *context;
} reprise_h5_link_visit;

static inline int reprise_h5_link_kind(H5L_type_t type) {
    switch (type) {
    case H5L_TYPE_HARD: return reprise_h5_hard_link;
    case H5L_TYPE_SOFT: return reprise_h5_soft_link;
    case H5L_TYPE_EXTERNAL: return reprise_h5_external_link;
    default: return reprise_h5_other_link;
    }
}

#if H5_VERSION_GE(1, 12, 0)
typedef H5L_info2_t reprise_h5_link_description;
#else
typedef H5L_info_t reprise_h5_link_description;
#endif

static inline herr_t reprise_h5_visit_link(
    hid_t group, const char *name, const reprise_h5_link_description *link, void *data) {
    (void)group;
    const reprise_h5_link_visit *visit = (const reprise_h5_link_visit *)data;
    return visit->visitor(name, reprise_h5_link_kind(link->type), visit->context);
}

// Visits the links of one group in the order of their names.
static inline herr_t reprise_h5_visit_links(hid_t group, reprise_h5_link_visitor visitor, void *context) {
    reprise_h5_link_visit visit = {visitor, context};
#if H5_VERSION_GE(1, 12, 0)
    return H5Literate2(group, H5_INDEX_NAME, H5_ITER_INC, NULL, reprise_h5_visit_link, &visit);
#else
    return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, reprise_h5_visit_link, &visit);
#endif
}

// The kind of a named object and 16 bytes that tell it from every other object of its file.
typedef struct {
    H5O_type_t type;
    unsigned long long identity[2];
} reprise_h5_object;

static inline herr_t reprise_h5_describe_object(hid_t location, const char *name, reprise_h5_object *object) {
    memset(object, 0, sizeof *object);
#if H5_VERSION_GE(1, 12, 0)
    H5O_info2_t details;
    herr_t status = H5Oget_info_by_name3(location, name, &details, H5O_INFO_BASIC, H5P_DEFAULT);
    if (status < 0) return status;
    memcpy(object->identity, &details.token, sizeof details.token);
#else
    H5O_info_t details;
    herr_t status = H5Oget_info_by_name2(location, name, &details, H5O_INFO_BASIC, H5P_DEFAULT);
    if (status < 0) return status;
    object->identity[0] = (unsigned long long)details.addr;
#endif
    object->type = details.type;
    return status;
}

typedef struct {
    char *text;
    size_t capacity;
} reprise_h5_text;

static inline herr_t reprise_h5_copy_cause(unsigned depth, const H5E_error2_t *error, void *data) {
    reprise_h5_text *cause = (reprise_h5_text *)data;
    if (depth == 0 && error->desc != NULL) {
        strncpy(cause->text, error->desc, cause->capacity - 1);
        cause->text[cause->capacity - 1] = 0;
    }
    return 0;
}

// The innermost cause of the last failed call of this thread; an empty text where libhdf5 names none.
static inline void reprise_h5_last_cause(char *text, size_t capacity) {
    reprise_h5_text cause = {text, capacity};
    text[0] = 0;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, reprise_h5_copy_cause, &cause);
}

// A conversion that changes nothing: from references to strings of any length, as they are in the file, to opaque bytes
// of their size. Where the sizes differ (references in memory are pointers) it does not apply.
static inline herr_t reprise_h5_keep_references(
    hid_t source, hid_t target, H5T_cdata_t *conversion, size_t count, size_t stride, size_t background_stride,
    void *values, void *background, hid_t transfer) {
    (void)count, (void)stride, (void)background_stride, (void)values, (void)background, (void)transfer;
    if (conversion->command != H5T_CONV_INIT) return 0;
    conversion->need_bkg = H5T_BKG_NO;
    return H5Tget_size(source) == H5Tget_size(target) ? 0 : -1;
}

// Lets references to strings be read without libhdf5's following them; once in a process.
static inline herr_t reprise_h5_allow_references(void) {
    hid_t text = H5Tcopy(H5T_C_S1);
    hid_t bytes = H5Tcreate(H5T_OPAQUE, 16);
    herr_t status = H5Tset_size(text, H5T_VARIABLE);
    if (status >= 0) status = H5Tregister(H5T_PERS_SOFT, "references", text, bytes, reprise_h5_keep_references);
    H5Tclose(bytes);
    H5Tclose(text);
    return status;
}

#include "rehearsal.h"

#endif
