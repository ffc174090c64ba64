// SPDX-License-Identifier: Apache-2.0
#ifndef REPRISE_CHDF5_SHIM_H
#define REPRISE_CHDF5_SHIM_H
#include <hdf5.h>
#endif
