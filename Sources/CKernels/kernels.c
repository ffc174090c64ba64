// SPDX-License-Identifier: Apache-2.0
//
// One source, `level_body.h`, compiled once per SIMD level; and the one place where a level is looked up.
#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

typedef float vector16 __attribute__((ext_vector_type(16), aligned(4), may_alias));
typedef int32_t mask16 __attribute__((ext_vector_type(16), aligned(4), may_alias));
typedef float vector8 __attribute__((ext_vector_type(8), aligned(4), may_alias));
typedef float vector4 __attribute__((ext_vector_type(4), aligned(4), may_alias));
typedef int32_t mask8 __attribute__((ext_vector_type(8), aligned(4), may_alias));
typedef int32_t mask4 __attribute__((ext_vector_type(4), aligned(4), may_alias));
typedef double double4 __attribute__((ext_vector_type(4)));
typedef int64_t long4 __attribute__((ext_vector_type(4)));

size_t reprise_block_width(size_t remaining) {
    switch (remaining) {
    case 0: case 1: case 2: case 3: case 4: case 5: case 6: return remaining;
    case 7: case 8: return 4;
    case 9: return 3;
    case 10: return 5;
    default: return 6;
    }
}

/// Hides where a pointer came from, so that the compiler addresses memory by it and a common index instead of keeping a
/// running pointer for each stream, which are more than there are registers.
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))

// Baseline: no fma instruction is assumed.
#define LEVEL baseline
#define TARGET
#define EMULATED_FMA 1
#define WIDE_REGISTERS 0
#define PART 4
typedef vector4 part_baseline;
typedef mask4 part_mask_baseline;
#include "level_body.h"
#undef LEVEL
#undef TARGET
#undef EMULATED_FMA
#undef WIDE_REGISTERS
#undef PART

#if defined(__x86_64__)
#define LEVEL avx2
#define TARGET __attribute__((target("avx2,fma")))
#define EMULATED_FMA 0
#define WIDE_REGISTERS 0
#define PART 8
typedef vector8 part_avx2;
typedef mask8 part_mask_avx2;
#include "level_body.h"
#undef LEVEL
#undef TARGET
#undef EMULATED_FMA
#undef WIDE_REGISTERS
#undef PART

#define LEVEL avx512
#define TARGET __attribute__((target("avx512f,avx2,fma"), min_vector_width(512)))
#define EMULATED_FMA 0
#define WIDE_REGISTERS 1
#define PART 16
typedef vector16 part_avx512;
typedef mask16 part_mask_avx512;
#include "level_body.h"
#undef LEVEL
#undef TARGET
#undef EMULATED_FMA
#undef WIDE_REGISTERS
#undef PART
#endif

#if defined(__aarch64__)
#define LEVEL neon
#define TARGET
#define EMULATED_FMA 0
#define WIDE_REGISTERS 0
#define PART 8
typedef vector8 part_neon;
typedef mask8 part_mask_neon;
#include "level_body.h"
#undef LEVEL
#undef TARGET
#undef EMULATED_FMA
#undef WIDE_REGISTERS
#undef PART
#endif

const reprise_kernels *reprise_kernels_of(reprise_level level) {
    switch (level) {
    case REPRISE_BASELINE:
        return &kernels_baseline;
#if defined(__x86_64__)
    case REPRISE_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels_avx2 : NULL;
    case REPRISE_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma") ? &kernels_avx512 : NULL;
#endif
#if defined(__aarch64__)
    case REPRISE_NEON:
        return &kernels_neon;
#endif
    default:
        return NULL;
    }
}

void reprise_interleave(
    const float *samples, size_t count, size_t channels, size_t rows, size_t columns,
    float *lanes, ptrdiff_t lane_channel, ptrdiff_t lane_row) {
    const size_t pixels = channels * rows * columns;
    for (size_t channel = 0; channel < channels; channel++)
        for (size_t row = 0; row < rows; row++) {
            const float *from = samples + (channel * rows + row) * columns;
            float *to = lanes + (ptrdiff_t)channel * lane_channel + (ptrdiff_t)row * lane_row;
            for (size_t column = 0; column < columns; column++)
                for (size_t lane = 0; lane < REPRISE_LANES; lane++)
                    to[column * REPRISE_LANES + lane] = lane < count ? from[lane * pixels + column] : 0.0f;
        }
}

const char *reprise_compiler_version(void) { return __VERSION__; }
