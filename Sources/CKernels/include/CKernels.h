// SPDX-License-Identifier: Apache-2.0
#ifndef REPRISE_CKERNELS_H
#define REPRISE_CKERNELS_H
#endif
