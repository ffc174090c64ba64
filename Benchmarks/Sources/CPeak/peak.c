// SPDX-License-Identifier: Apache-2.0

#include "CPeak.h"

#pragma STDC FP_CONTRACT OFF

// Enough independent chains to fill the pipes (x86-64: 2 of latency 4 or 5; aarch64: 4 of latency 4), few enough to stay
// in the registers (16 or 32) with the two constants.
#define TWELVE(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define TWENTY(DO) TWELVE(DO) DO(12) DO(13) DO(14) DO(15) DO(16) DO(17) DO(18) DO(19)

#define FUSED(n) chain##n = __builtin_elementwise_fma(chain##n, factor, term);
#define SEPARATE(n) chain##n = chain##n * factor + term;
#define START(n) vector chain##n = factor * (float)(n);
#define SUM(n) sum += chain##n;

// The chains tend to 1, so no value becomes infinite or subnormal.
#define PEAK_FUNCTION(NAME, LANES, CHAINS, STEP)                                  \
    static float NAME(size_t iterations) {                                        \
        typedef float vector __attribute__((vector_size(LANES * sizeof(float)))); \
        vector factor = (vector){0} + 0.999f;                                     \
        vector term = (vector){0} + 0.001f;                                       \
        CHAINS(START)                                                             \
        for (size_t i = 0; i < iterations; i++) { CHAINS(STEP) }                  \
        vector sum = (vector){0};                                                 \
        CHAINS(SUM)                                                               \
        float total = 0;                                                          \
        for (size_t lane = 0; lane < LANES; lane++) total += sum[lane];           \
        return total;                                                             \
    }

PEAK_FUNCTION(peak_baseline, 4, TWELVE, SEPARATE)
#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) PEAK_FUNCTION(peak_avx2, 8, TWELVE, FUSED)
__attribute__((target("avx512f"))) PEAK_FUNCTION(peak_avx512, 16, TWENTY, FUSED)
#elif defined(__aarch64__)
PEAK_FUNCTION(peak_neon, 4, TWENTY, FUSED)
#endif

size_t peak_operations(peak_level level) {
    switch (level) {
    case PEAK_BASELINE: return 2 * 12 * 4;
#if defined(__x86_64__)
    case PEAK_AVX2: return 2 * 12 * 8;
    case PEAK_AVX512: return 2 * 20 * 16;
#elif defined(__aarch64__)
    case PEAK_NEON: return 2 * 20 * 4;
#endif
    default: return 0;
    }
}

float peak_run(peak_level level, size_t iterations) {
    switch (level) {
    case PEAK_BASELINE: return peak_baseline(iterations);
#if defined(__x86_64__)
    case PEAK_AVX2: return peak_avx2(iterations);
    case PEAK_AVX512: return peak_avx512(iterations);
#elif defined(__aarch64__)
    case PEAK_NEON: return peak_neon(iterations);
#endif
    default: return 0;
    }
}
