// SPDX-License-Identifier: Apache-2.0
//
// The kernels of one level. Included by kernels.c with
//   LEVEL           the suffix of the names
//   TARGET          the function attribute that lets the compiler use the level's instructions
//   EMULATED_FMA    1 where there is no fma instruction
//   WIDE_REGISTERS  1 where a vector of 16 is one register of 32 (more columns are then summed at once)
//   PART            the lanes that the products kernel takes at once
// What differs between levels is only how many values are in flight.

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define NAME(base) JOIN(base, LEVEL)
#define PART_TYPE JOIN(part, LEVEL)
#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline)) TARGET

#if EMULATED_FMA
// The product of two floats is exact in double. The sum is made in double with its rounding error (Knuth's two-sum) and
// rounded to odd: when inexact, the neighbour whose last bit is 1 (Boldo and Melquiond, "Emulation of FMA and correctly
// rounded sums", 2008). 53 bits so rounded leave the final rounding to 24 as if from the exact value.
INLINE void NAME(fused4)(const float *a, const float *b, const float *c, float *out) {
    double4 product = __builtin_convertvector(*(const vector4 *)a, double4)
        * __builtin_convertvector(*(const vector4 *)b, double4);
    double4 addend = __builtin_convertvector(*(const vector4 *)c, double4);
    double4 sum = product + addend;
    double4 part = sum - product;
    double4 error = (product - (sum - part)) + (addend - part);
    long4 bits = (long4)sum;
    // An infinite or NaN sum has a NaN error, which compares false both ways: left as it is.
    long4 above = error > 0.0, below = error < 0.0;
    long4 inexact = (above | below) & ((bits & 1) - 1);
    long4 negative = bits >> 63;
    long4 away = above ^ negative; // all ones where the magnitude must grow
    long4 change = (away & 1) | (~away & -1);
    bits += inexact & change;
    *(vector4 *)out = __builtin_convertvector((double4)bits, vector4);
}
#define FMA(to, a, b, c)                                                                        \
    do {                                                                                        \
        __typeof__(to) fma_a = (a), fma_b = (b), fma_c = (c);                                   \
        for (size_t fma_i = 0; fma_i < sizeof(to) / sizeof(vector4); fma_i++)                   \
            NAME(fused4)((const float *)&fma_a + 4 * fma_i, (const float *)&fma_b + 4 * fma_i,  \
                         (const float *)&fma_c + 4 * fma_i, (float *)&fma_c + 4 * fma_i);       \
        (to) = fma_c;                                                                           \
    } while (0)
#else
#define FMA(to, a, b, c) ((to) = __builtin_elementwise_fma((a), (b), (c)))
#endif

#define SPLAT16(x) ((vector16)(float)(x))
#define LOAD16(p) (*(const vector16 *)(p))
#define STORE16(p, v) (*(vector16 *)(p) = (v))
#define LOADP(p) (*(const PART_TYPE *)(p))
#define STOREP(p, v) (*(PART_TYPE *)(p) = (v))
#define SELECT16(mask, yes, no) ((vector16)(((mask) & (mask16)(yes)) | (~(mask) & (mask16)(no))))

// --- Weighted sums -------------------------------------------------------------------------------------------------

/// WIDTH outputs by COLUMNS vectors, all taps, in registers.
#define DEFINE_SUMS(WIDTH, COLUMNS)                                                                              \
    TARGET static void NAME(sums_##WIDTH##x##COLUMNS)(                                                           \
        const reprise_sums *s, const float *weights, size_t first, const float *input, ptrdiff_t place) {        \
        vector16 sum[WIDTH][COLUMNS];                                                                            \
        UNROLL for (int o = 0; o < WIDTH; o++) UNROLL for (int c = 0; c < COLUMNS; c++)                          \
            sum[o][c] = SPLAT16(s->biases ? s->biases[first + o] : 0.0f);                                        \
        const ptrdiff_t *offsets = s->tap_offsets;                                                               \
        const ptrdiff_t step = s->input_column;                                                                  \
        const size_t taps = s->taps;                                                                             \
        for (size_t t = 0; t < taps; t++) {                                                                      \
            const float *from = input + offsets[t];                                                              \
            vector16 x[COLUMNS];                                                                                 \
            UNROLL for (int c = 0; c < COLUMNS; c++) x[c] = LOAD16(from + c * step);                             \
            UNROLL for (int o = 0; o < WIDTH; o++) {                                                             \
                vector16 w = SPLAT16(weights[o]);                                                                \
                UNROLL for (int c = 0; c < COLUMNS; c++) FMA(sum[o][c], x[c], w, sum[o][c]);                     \
            }                                                                                                    \
            weights += WIDTH;                                                                                    \
        }                                                                                                        \
        UNROLL for (int o = 0; o < WIDTH; o++) {                                                                 \
            const ptrdiff_t to = place + s->output_offsets[first + o];                                           \
            UNROLL for (int c = 0; c < COLUMNS; c++) STORE16(s->output + to + c * s->output_column, sum[o][c]);  \
            if (s->activated) {                                                                                  \
                const vector16 slope = SPLAT16(s->slopes[first + o]);                                            \
                UNROLL for (int c = 0; c < COLUMNS; c++) {                                                       \
                    vector16 scaled = sum[o][c] * slope;                                                         \
                    mask16 positive = sum[o][c] > SPLAT16(0.0f);                                                 \
                    STORE16(s->activated + to + c * s->output_column, SELECT16(positive, sum[o][c], scaled));    \
                }                                                                                                \
            }                                                                                                    \
        }                                                                                                        \
    }

/// One row of one block of outputs: as many full groups of COLUMNS as fit, the rest one by one.
#define DEFINE_ROW(WIDTH, COLUMNS)                                                                               \
    TARGET static void NAME(sums_row_##WIDTH)(                                                                   \
        const reprise_sums *s, const float *weights, size_t first, const float *input, ptrdiff_t place) {        \
        size_t c = 0;                                                                                            \
        for (; c + COLUMNS <= s->columns; c += COLUMNS)                                                          \
            NAME(sums_##WIDTH##x##COLUMNS)(                                                                      \
                s, weights, first, input + (ptrdiff_t)c * s->input_column, place + (ptrdiff_t)c * s->output_column); \
        for (; c < s->columns; c++)                                                                              \
            NAME(sums_##WIDTH##x1)(                                                                              \
                s, weights, first, input + (ptrdiff_t)c * s->input_column, place + (ptrdiff_t)c * s->output_column); \
    }

DEFINE_SUMS(1, 1)
DEFINE_SUMS(2, 1)
DEFINE_SUMS(3, 1)
DEFINE_SUMS(4, 1)
DEFINE_SUMS(5, 1)
DEFINE_SUMS(6, 1)
#if WIDE_REGISTERS
DEFINE_SUMS(1, 8)
DEFINE_SUMS(2, 8)
DEFINE_SUMS(3, 6)
DEFINE_SUMS(4, 4)
DEFINE_SUMS(5, 4)
DEFINE_SUMS(6, 4)
DEFINE_ROW(1, 8)
DEFINE_ROW(2, 8)
DEFINE_ROW(3, 6)
DEFINE_ROW(4, 4)
DEFINE_ROW(5, 4)
DEFINE_ROW(6, 4)
#elif EMULATED_FMA
DEFINE_ROW(1, 1)
DEFINE_ROW(2, 1)
DEFINE_ROW(3, 1)
DEFINE_ROW(4, 1)
DEFINE_ROW(5, 1)
DEFINE_ROW(6, 1)
#else
DEFINE_SUMS(1, 4)
DEFINE_SUMS(2, 3)
DEFINE_SUMS(3, 2)
DEFINE_ROW(1, 4)
DEFINE_ROW(2, 3)
DEFINE_ROW(3, 2)
DEFINE_ROW(4, 1)
DEFINE_ROW(5, 1)
DEFINE_ROW(6, 1)
#endif

TARGET static void NAME(weighted_sums)(const reprise_sums *s) {
    for (size_t row = 0; row < s->rows; row++) {
        const float *input = s->input + (ptrdiff_t)row * s->input_row;
        const ptrdiff_t place = (ptrdiff_t)row * s->output_row;
        const float *weights = s->weights;
        size_t first = 0;
        while (first < s->outputs) {
            const size_t width = reprise_block_width(s->outputs - first);
            switch (width) {
            case 1: NAME(sums_row_1)(s, weights, first, input, place); break;
            case 2: NAME(sums_row_2)(s, weights, first, input, place); break;
            case 3: NAME(sums_row_3)(s, weights, first, input, place); break;
            case 4: NAME(sums_row_4)(s, weights, first, input, place); break;
            case 5: NAME(sums_row_5)(s, weights, first, input, place); break;
            default: NAME(sums_row_6)(s, weights, first, input, place); break;
            }
            weights += width * s->taps;
            first += width;
        }
    }
}

// --- Products over pixels ------------------------------------------------------------------------------------------

/// CHANNELS by TAPS sums over the rows [row, row_end), the lanes in parts so that all sums stay in registers.
#define DEFINE_PRODUCTS(CHANNELS, TAPS)                                                                          \
    TARGET static void NAME(products_##CHANNELS##x##TAPS)(                                                       \
        const reprise_products *p, size_t channel, size_t tap, size_t row, size_t row_end) {                     \
        const size_t columns = p->columns;                                                                       \
        const ptrdiff_t dense_column = p->dense_column, input_column = p->input_column;                          \
        for (size_t part = 0; part < REPRISE_LANES; part += PART) {                                              \
            PART_TYPE sum[CHANNELS][TAPS];                                                                       \
            float *sums = p->sums + (channel * p->taps + tap) * REPRISE_LANES + part;                            \
            UNROLL for (int a = 0; a < CHANNELS; a++) UNROLL for (int b = 0; b < TAPS; b++)                      \
                sum[a][b] = LOADP(sums + ((size_t)a * p->taps + (size_t)b) * REPRISE_LANES);                     \
            for (size_t r = row; r < row_end; r++) {                                                             \
                const float *dense[CHANNELS], *input[TAPS];                                                      \
                UNROLL for (int a = 0; a < CHANNELS; a++) dense[a] = p->dense                                    \
                    + (ptrdiff_t)(channel + (size_t)a) * p->dense_channel + (ptrdiff_t)r * p->dense_row + part;  \
                UNROLL for (int b = 0; b < TAPS; b++) input[b] = p->input + p->tap_offsets[tap + (size_t)b]      \
                    + (ptrdiff_t)r * p->input_row + part;                                                        \
                for (size_t c = 0; c < columns; c++) {                                                           \
                    PART_TYPE x[TAPS];                                                                           \
                    UNROLL for (int b = 0; b < TAPS; b++) x[b] = LOADP(input[b] + (ptrdiff_t)c * input_column);  \
                    UNROLL for (int a = 0; a < CHANNELS; a++) {                                                  \
                        PART_TYPE d = LOADP(dense[a] + (ptrdiff_t)c * dense_column);                             \
                        UNROLL for (int b = 0; b < TAPS; b++) FMA(sum[a][b], d, x[b], sum[a][b]);                \
                    }                                                                                            \
                }                                                                                                \
            }                                                                                                    \
            UNROLL for (int a = 0; a < CHANNELS; a++) UNROLL for (int b = 0; b < TAPS; b++)                      \
                STOREP(sums + ((size_t)a * p->taps + (size_t)b) * REPRISE_LANES, sum[a][b]);                     \
        }                                                                                                        \
    }

#define DEFINE_PRODUCT_ROW(CHANNELS)                                                                             \
    DEFINE_PRODUCTS(CHANNELS, 1)                                                                                 \
    DEFINE_PRODUCTS(CHANNELS, 2)                                                                                 \
    DEFINE_PRODUCTS(CHANNELS, 3)                                                                                 \
    TARGET static void NAME(products_##CHANNELS)(                                                                \
        const reprise_products *p, size_t channel, size_t tap, size_t taps, size_t row, size_t row_end) {        \
        switch (taps) {                                                                                          \
        case 1: NAME(products_##CHANNELS##x1)(p, channel, tap, row, row_end); break;                             \
        case 2: NAME(products_##CHANNELS##x2)(p, channel, tap, row, row_end); break;                             \
        default: NAME(products_##CHANNELS##x3)(p, channel, tap, row, row_end); break;                            \
        }                                                                                                        \
    }

DEFINE_PRODUCT_ROW(1)
DEFINE_PRODUCT_ROW(2)
DEFINE_PRODUCT_ROW(3)
DEFINE_PRODUCT_ROW(4)

TARGET static void NAME(products_block)(
    const reprise_products *p, size_t channel, size_t tap, size_t row, size_t row_end) {
    const size_t taps = p->taps - tap < 3 ? p->taps - tap : 3;
    switch (p->channels - channel) {
    case 1: NAME(products_1)(p, channel, tap, taps, row, row_end); break;
    case 2: NAME(products_2)(p, channel, tap, taps, row, row_end); break;
    case 3: NAME(products_3)(p, channel, tap, taps, row, row_end); break;
    default: NAME(products_4)(p, channel, tap, taps, row, row_end); break;
    }
}

/// A few rows at a time, so that what the blocks read again is still in the nearest cache.
TARGET static void NAME(pixel_products)(const reprise_products *p) {
    size_t rows_at_once = p->columns < 32 ? 32 / (p->columns ? p->columns : 1) : 1;
    for (size_t row = 0; row < p->rows; row += rows_at_once) {
        const size_t row_end = row + rows_at_once < p->rows ? row + rows_at_once : p->rows;
        if (p->channels > p->taps) {
            for (size_t channel = 0; channel < p->channels; channel += 4)
                for (size_t tap = 0; tap < p->taps; tap += 3) NAME(products_block)(p, channel, tap, row, row_end);
        } else {
            for (size_t tap = 0; tap < p->taps; tap += 3)
                for (size_t channel = 0; channel < p->channels; channel += 4)
                    NAME(products_block)(p, channel, tap, row, row_end);
        }
    }
}

TARGET static void NAME(lane_totals)(const float *sums, size_t count, float *totals) {
    for (size_t i = 0; i < count; i++) {
        const float *l = sums + i * REPRISE_LANES;
        vector8 eight = *(const vector8 *)l + *(const vector8 *)(l + 8);
        vector4 four = eight.lo + eight.hi;
        totals[i] = (four.x + four.z) + (four.y + four.w);
    }
}

// --- Activation, loss, optimizers ----------------------------------------------------------------------------------

TARGET static void NAME(activation_gradient)(const reprise_activation_gradient *g) {
    for (size_t channel = 0; channel < g->channels; channel++) {
        vector16 bias_sum = LOAD16(g->bias_sums + channel * REPRISE_LANES);
        vector16 slope_sum = SPLAT16(0.0f), slope = SPLAT16(0.0f);
        if (g->values) {
            slope_sum = LOAD16(g->slope_sums + channel * REPRISE_LANES);
            slope = SPLAT16(g->slopes[channel]);
        }
        for (size_t row = 0; row < g->rows; row++) {
            float *gradient = g->gradient + (ptrdiff_t)channel * g->gradient_channel + (ptrdiff_t)row * g->gradient_row;
            if (!g->values) {
                for (size_t c = 0; c < g->columns; c++) bias_sum += LOAD16(gradient + c * REPRISE_LANES);
                continue;
            }
            const float *values = g->values + (ptrdiff_t)channel * g->values_channel + (ptrdiff_t)row * g->values_row;
            for (size_t c = 0; c < g->columns; c++) {
                vector16 d = LOAD16(gradient + c * REPRISE_LANES), v = LOAD16(values + c * REPRISE_LANES);
                mask16 positive = v > SPLAT16(0.0f);
                vector16 negative_part = SELECT16(positive, SPLAT16(0.0f), v);
                FMA(slope_sum, d, negative_part, slope_sum);
                vector16 scaled = d * slope;
                d = SELECT16(positive, d, scaled);
                bias_sum += d;
                STORE16(gradient + c * REPRISE_LANES, d);
            }
        }
        STORE16(g->bias_sums + channel * REPRISE_LANES, bias_sum);
        if (g->values) STORE16(g->slope_sums + channel * REPRISE_LANES, slope_sum);
    }
}

TARGET static void NAME(squared_error)(const reprise_squared_error *e) {
    const vector16 scale = LOAD16(e->scales), weight = LOAD16(e->weights);
    vector16 sum = LOAD16(e->sums);
    const float *label = e->labels;
    for (size_t channel = 0; channel < e->channels; channel++)
        for (size_t row = 0; row < e->rows; row++) {
            const float *output = e->output + (ptrdiff_t)channel * e->output_channel + (ptrdiff_t)row * e->output_row;
            float *gradient = e->gradient + (ptrdiff_t)channel * e->gradient_channel + (ptrdiff_t)row * e->gradient_row;
            for (size_t c = 0; c < e->columns; c++, label += REPRISE_LANES) {
                vector16 difference = LOAD16(output + c * REPRISE_LANES) - LOAD16(label);
                vector16 weighted = weight * difference;
                STORE16(gradient + c * REPRISE_LANES, scale * difference);
                FMA(sum, weighted, difference, sum);
            }
        }
    STORE16(e->sums, sum);
}

TARGET static void NAME(adam)(const reprise_adam *a) {
    for (size_t i = 0; i < a->count; i++) {
        const float g = a->gradients[i];
        const float m = a->beta1 * a->first_moments[i] + a->one_minus_beta1 * g;
        const float v = a->beta2 * a->second_moments[i] + a->one_minus_beta2 * (g * g);
        a->first_moments[i] = m;
        a->second_moments[i] = v;
        const float denominator = __builtin_sqrtf(v / a->correction2) + a->epsilon;
        a->parameters[i] -= a->rates[i] * ((m / a->correction1) / denominator);
    }
}

TARGET static void NAME(momentum)(const reprise_momentum *m) {
    for (size_t i = 0; i < m->count; i++) {
        const float velocity = m->momentum * m->velocities[i] + m->rates[i] * m->gradients[i];
        m->velocities[i] = velocity;
        m->parameters[i] -= velocity;
    }
}

TARGET static void NAME(fused)(const float *a, const float *b, const float *c, float *out, size_t count) {
    for (size_t i = 0; i < count; i += REPRISE_LANES) {
        vector16 result;
        FMA(result, LOAD16(a + i), LOAD16(b + i), LOAD16(c + i));
        STORE16(out + i, result);
    }
}

static const reprise_kernels NAME(kernels) = {
    NAME(weighted_sums), NAME(pixel_products), NAME(lane_totals), NAME(activation_gradient),
    NAME(squared_error), NAME(adam), NAME(momentum), NAME(fused),
};

#undef FMA
#undef JOIN2
#undef JOIN
#undef NAME
#undef PART_TYPE
#undef UNROLL
#undef INLINE
#undef SPLAT16
#undef LOAD16
#undef STORE16
#undef LOADP
#undef STOREP
#undef SELECT16
#undef DEFINE_SUMS
#undef DEFINE_ROW
#undef DEFINE_PRODUCTS
#undef DEFINE_PRODUCT_ROW
