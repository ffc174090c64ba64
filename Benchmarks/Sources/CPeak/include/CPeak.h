// SPDX-License-Identifier: Apache-2.0
//
// How many multiply-adds one core can do at most: independent chains of them on registers, nothing read or written.
#ifndef REPRISE_CPEAK_H
#define REPRISE_CPEAK_H

#include <stddef.h>

typedef enum peak_level {
    PEAK_BASELINE = 0, // multiply, then add, on 4 lanes
    PEAK_AVX2 = 1,     // fma on 8 lanes
    PEAK_AVX512 = 2,   // fma on 16 lanes
    PEAK_NEON = 3,     // fma on 4 lanes
} peak_level;

/// Floating-point operations of one iteration, a multiply-add counted as two; 0 where this build lacks the level.
size_t peak_operations(peak_level level);

/// Runs the chains and returns their sum, so that they cannot be left out. The processor must have the level.
float peak_run(peak_level level, size_t iterations);

#endif
