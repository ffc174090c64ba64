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

#define PART_MASK JOIN(part_mask, LEVEL)
#define PARTS (REPRISE_LANES / PART)
/// The v-th part of columns `step` apart.
#define PLACE(v, step) ((ptrdiff_t)((v) / PARTS) * (step) + (v) % PARTS * PART)
#define SPLATP(x) ((PART_TYPE)(float)(x))
#define SELECTP(mask, yes, no) ((PART_TYPE)(((mask) & (PART_MASK)(yes)) | (~(mask) & (PART_MASK)(no))))
#define SPLAT16(x) ((vector16)(float)(x))
#define LOAD16(p) (*(const vector16 *)(p))
#define STORE16(p, v) (*(vector16 *)(p) = (v))
#define LOADP(p) (*(const PART_TYPE *)(p))
#define STOREP(p, v) (*(PART_TYPE *)(p) = (v))
#define SELECT16(mask, yes, no) ((vector16)(((mask) & (mask16)(yes)) | (~(mask) & (mask16)(no))))

// --- Weighted sums -------------------------------------------------------------------------------------------------

/// A part of the taps for one row of one block of outputs. The first part starts from the biases, the others from what
/// the parts before left in the output; the last one activates.
typedef struct NAME(row) {
    const reprise_sums *sums;
    const float *weights; // of the block, from the first tap of the part on
    size_t first;         // output of the block
    size_t tap, tap_end;
    const float *input;
    ptrdiff_t place;
} NAME(row);

/// The taps of WIDTH outputs by VECTORS parts, with the weights in registers and the inputs passing by, or the other
/// way round: whichever are fewer.
#define SUM_TAPS_WEIGHTS_KEPT(WIDTH, VECTORS)                                                                    \
    PART_TYPE w[WIDTH];                                                                                          \
    UNROLL for (int o = 0; o < WIDTH; o++) w[o] = SPLATP(weights[o]);                                            \
    UNROLL for (int v = 0; v < VECTORS; v++) {                                                                   \
        PART_TYPE x = LOADP(from + PLACE(v, step));                                                              \
        UNROLL for (int o = 0; o < WIDTH; o++) FMA(sum[o][v], x, w[o], sum[o][v]);                               \
    }
#define SUM_TAPS_INPUTS_KEPT(WIDTH, VECTORS)                                                                     \
    PART_TYPE x[VECTORS];                                                                                        \
    UNROLL for (int v = 0; v < VECTORS; v++) x[v] = LOADP(from + PLACE(v, step));                                \
    UNROLL for (int o = 0; o < WIDTH; o++) {                                                                     \
        PART_TYPE w = SPLATP(weights[o]);                                                                        \
        UNROLL for (int v = 0; v < VECTORS; v++) FMA(sum[o][v], x[v], w, sum[o][v]);                             \
    }

/// WIDTH outputs by COLUMNS vectors in registers, from column `c` on as long as COLUMNS are left. Returns the next
/// column.
#define DEFINE_SUMS(WIDTH, COLUMNS, SUM_TAPS)                                                                    \
    TARGET static size_t NAME(sums_##WIDTH##x##COLUMNS)(const NAME(row) *row, size_t c) {                        \
        enum { VECTORS = COLUMNS * PARTS };                                                                      \
        const reprise_sums *s = row->sums;                                                                       \
        const ptrdiff_t *offsets = s->tap_offsets;                                                               \
        const ptrdiff_t step = s->input_column, output_step = s->output_column;                                  \
        const size_t tap = row->tap, tap_end = row->tap_end, columns = s->columns;                               \
        const bool starts = tap == 0, activates = s->activated != NULL && tap_end == s->taps;                    \
        for (; c + COLUMNS <= columns; c += COLUMNS) {                                                           \
            const float *input = row->input + (ptrdiff_t)c * step;                                               \
            const ptrdiff_t place = row->place + (ptrdiff_t)c * output_step;                                     \
            const float *weights = row->weights;                                                                 \
            PART_TYPE sum[WIDTH][VECTORS];                                                                       \
            if (starts) {                                                                                        \
                UNROLL for (int o = 0; o < WIDTH; o++) UNROLL for (int v = 0; v < VECTORS; v++)                  \
                    sum[o][v] = SPLATP(s->biases ? s->biases[row->first + o] : 0.0f);                            \
            } else {                                                                                             \
                UNROLL for (int o = 0; o < WIDTH; o++) UNROLL for (int v = 0; v < VECTORS; v++) sum[o][v] =      \
                    LOADP(s->output + place + s->output_offsets[row->first + o] + PLACE(v, output_step));        \
            }                                                                                                    \
            for (size_t t = tap; t < tap_end; t++) {                                                             \
                const float *from = input + offsets[t];                                                          \
                SUM_TAPS(WIDTH, VECTORS)                                                                         \
                weights += WIDTH;                                                                                \
            }                                                                                                    \
            UNROLL for (int o = 0; o < WIDTH; o++) {                                                             \
                float *to = s->output + place + s->output_offsets[row->first + o];                               \
                UNROLL for (int v = 0; v < VECTORS; v++) STOREP(to + PLACE(v, output_step), sum[o][v]);          \
            }                                                                                                    \
            if (activates) {                                                                                     \
                UNROLL for (int o = 0; o < WIDTH; o++) {                                                         \
                    float *to = s->activated + place + s->output_offsets[row->first + o];                        \
                    const PART_TYPE slope = SPLATP(s->slopes[row->first + o]);                                   \
                    UNROLL for (int v = 0; v < VECTORS; v++) {                                                   \
                        PART_TYPE scaled = sum[o][v] * slope;                                                    \
                        PART_MASK positive = sum[o][v] > SPLATP(0.0f);                                           \
                        STOREP(to + PLACE(v, output_step), SELECTP(positive, sum[o][v], scaled));                \
                    }                                                                                            \
                }                                                                                                \
            }                                                                                                    \
        }                                                                                                        \
        return c;                                                                                                \
    }

DEFINE_SUMS(1, 1, SUM_TAPS_INPUTS_KEPT)
DEFINE_SUMS(2, 1, SUM_TAPS_INPUTS_KEPT)
DEFINE_SUMS(3, 1, SUM_TAPS_INPUTS_KEPT)
DEFINE_SUMS(4, 1, SUM_TAPS_INPUTS_KEPT)
DEFINE_SUMS(5, 1, SUM_TAPS_INPUTS_KEPT)
DEFINE_SUMS(6, 1, SUM_TAPS_INPUTS_KEPT)
#if WIDE_REGISTERS
DEFINE_SUMS(1, 8, SUM_TAPS_WEIGHTS_KEPT)
DEFINE_SUMS(2, 8, SUM_TAPS_WEIGHTS_KEPT)
DEFINE_SUMS(3, 6, SUM_TAPS_WEIGHTS_KEPT)
DEFINE_SUMS(4, 4, SUM_TAPS_WEIGHTS_KEPT)
DEFINE_SUMS(5, 4, SUM_TAPS_WEIGHTS_KEPT)
DEFINE_SUMS(6, 4, SUM_TAPS_WEIGHTS_KEPT)
#elif !EMULATED_FMA
DEFINE_SUMS(1, 4, SUM_TAPS_WEIGHTS_KEPT)
DEFINE_SUMS(2, 3, SUM_TAPS_WEIGHTS_KEPT)
DEFINE_SUMS(3, 2, SUM_TAPS_WEIGHTS_KEPT)
#endif

/// Groups of columns first, the rest one by one.
TARGET static void NAME(sums_row)(const NAME(row) *row, size_t width) {
    size_t c = 0;
    switch (width) {
#if WIDE_REGISTERS
    case 1: c = NAME(sums_1x8)(row, c); break;
    case 2: c = NAME(sums_2x8)(row, c); break;
    case 3: c = NAME(sums_3x6)(row, c); break;
    case 4: c = NAME(sums_4x4)(row, c); break;
    case 5: c = NAME(sums_5x4)(row, c); break;
    default: c = NAME(sums_6x4)(row, c); break;
#elif !EMULATED_FMA
    case 1: c = NAME(sums_1x4)(row, c); break;
    case 2: c = NAME(sums_2x3)(row, c); break;
    case 3: c = NAME(sums_3x2)(row, c); break;
#endif
    }
    switch (width) {
    case 1: NAME(sums_1x1)(row, c); break;
    case 2: NAME(sums_2x1)(row, c); break;
    case 3: NAME(sums_3x1)(row, c); break;
    case 4: NAME(sums_4x1)(row, c); break;
    case 5: NAME(sums_5x1)(row, c); break;
    default: NAME(sums_6x1)(row, c); break;
    }
}

/// Long lists of taps are cut, so that the rows which a part reads stay in the nearest cache from block to block.
enum { NAME(taps_whole) = 160, NAME(taps_part) = 108 };


TARGET static void NAME(weighted_sums)(const reprise_sums *s) {
    const size_t part = s->taps > NAME(taps_whole) ? NAME(taps_part) : s->taps;
    for (size_t r = 0; r < s->rows; r++) {
        NAME(row) row = {.sums = s};
        row.input = s->input + (ptrdiff_t)r * s->input_row;
        row.place = (ptrdiff_t)r * s->output_row;
        do {
            row.tap_end = s->taps - row.tap > part ? row.tap + part : s->taps;
            const float *block = s->weights;
            for (row.first = 0; row.first < s->outputs;) {
                const size_t width = reprise_block_width(s->outputs - row.first);
                row.weights = block + row.tap * width;
                NAME(sums_row)(&row, width);
                block += width * s->taps;
                row.first += width;
            }
            row.tap = row.tap_end;
        } while (row.tap < s->taps);
    }
}

// --- Products over pixels ------------------------------------------------------------------------------------------

/// CHANNELS by TAPS sums over the rows [row, row_end), the lanes in parts so that all sums stay in registers.
#define DEFINE_PRODUCTS(CHANNELS, TAPS)                                                                          \
    TARGET static void NAME(products_##CHANNELS##x##TAPS)(                                                       \
        const reprise_products *p, size_t channel, size_t tap, size_t row, size_t row_end) {                     \
        const ptrdiff_t end = (ptrdiff_t)p->columns * REPRISE_LANES;                                             \
        const ptrdiff_t input_column = p->input_column;                                                          \
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
                UNROLL for (int a = 0; a < CHANNELS; a++) OPAQUE(dense[a]);                                      \
                UNROLL for (int b = 0; b < TAPS; b++) OPAQUE(input[b]);                                          \
                for (ptrdiff_t i = 0, j = 0; i < end; i += REPRISE_LANES, j += input_column) {                   \
                    PART_TYPE x[TAPS];                                                                           \
                    UNROLL for (int b = 0; b < TAPS; b++) x[b] = LOADP(input[b] + j);                            \
                    UNROLL for (int a = 0; a < CHANNELS; a++) {                                                  \
                        PART_TYPE d = LOADP(dense[a] + i);                                                       \
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
    DEFINE_WIDEST_PRODUCTS(CHANNELS)                                                                             \
    TARGET static void NAME(products_##CHANNELS)(                                                                \
        const reprise_products *p, size_t channel, size_t tap, size_t taps, size_t row, size_t row_end) {        \
        switch (taps) {                                                                                          \
        case 1: NAME(products_##CHANNELS##x1)(p, channel, tap, row, row_end); break;                             \
        case 2: NAME(products_##CHANNELS##x2)(p, channel, tap, row, row_end); break;                             \
        case 3: NAME(products_##CHANNELS##x3)(p, channel, tap, row, row_end); break;                             \
        default: WIDEST_PRODUCTS(CHANNELS)(p, channel, tap, row, row_end); break;                                \
        }                                                                                                        \
    }

// What one block sums: 24 of 32 registers, or 12 of 16.
#if WIDE_REGISTERS
enum { NAME(block_channels) = 6, NAME(block_taps) = 4 };
#define DEFINE_WIDEST_PRODUCTS(CHANNELS) DEFINE_PRODUCTS(CHANNELS, 4)
#define WIDEST_PRODUCTS(CHANNELS) NAME(products_##CHANNELS##x4)
#else
enum { NAME(block_channels) = 4, NAME(block_taps) = 3 };
#define DEFINE_WIDEST_PRODUCTS(CHANNELS)
#define WIDEST_PRODUCTS(CHANNELS) NAME(products_##CHANNELS##x3)
#endif

DEFINE_PRODUCT_ROW(1)
DEFINE_PRODUCT_ROW(2)
DEFINE_PRODUCT_ROW(3)
DEFINE_PRODUCT_ROW(4)
#if WIDE_REGISTERS
DEFINE_PRODUCT_ROW(5)
DEFINE_PRODUCT_ROW(6)
#endif

TARGET static void NAME(products_block)(
    const reprise_products *p, size_t channel, size_t channels, size_t tap, size_t row, size_t row_end) {
    const size_t left = p->taps - tap, taps = left < NAME(block_taps) ? left : NAME(block_taps);
    switch (channels) {
    case 1: NAME(products_1)(p, channel, tap, taps, row, row_end); break;
    case 2: NAME(products_2)(p, channel, tap, taps, row, row_end); break;
    case 3: NAME(products_3)(p, channel, tap, taps, row, row_end); break;
    case 4: NAME(products_4)(p, channel, tap, taps, row, row_end); break;
#if WIDE_REGISTERS
    case 5: NAME(products_5)(p, channel, tap, taps, row, row_end); break;
    default: NAME(products_6)(p, channel, tap, taps, row, row_end); break;
#endif
    }
}

/// A few rows at a time, so that what the blocks read again is still in the nearest cache; few enough for the channels
/// of a block.
TARGET static void NAME(pixel_products)(const reprise_products *p) {
    const size_t rows_at_once = p->columns < 50 ? 50 / (p->columns ? p->columns : 1) : 1;
    for (size_t row = 0; row < p->rows; row += rows_at_once) {
        const size_t row_end = row + rows_at_once < p->rows ? row + rows_at_once : p->rows;
        for (size_t channel = 0; channel < p->channels; channel += NAME(block_channels)) {
            const size_t left = p->channels - channel;
            const size_t channels = left < NAME(block_channels) ? left : NAME(block_channels);
            for (size_t tap = 0; tap < p->taps; tap += NAME(block_taps))
                NAME(products_block)(p, channel, channels, tap, row, row_end);
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

/// The loss of one kind, a constant where this is called, so that no loop asks for it.
INLINE void NAME(loss_of)(const reprise_loss *l, reprise_loss_kind kind) {
    const vector16 scale = LOAD16(l->scales), weight = LOAD16(l->weights), zero = SPLAT16(0.0f);
    const vector16 squared_epsilon = SPLAT16(l->epsilon * l->epsilon);
    vector16 sum = LOAD16(l->sums);
    for (size_t channel = 0; channel < l->channels; channel++)
        for (size_t row = 0; row < l->rows; row++) {
            const float *output = l->output + (ptrdiff_t)channel * l->output_channel + (ptrdiff_t)row * l->output_row;
            const float *label = l->labels + (ptrdiff_t)channel * l->label_channel + (ptrdiff_t)row * l->label_row;
            float *gradient = l->gradient + (ptrdiff_t)channel * l->gradient_channel + (ptrdiff_t)row * l->gradient_row;
            for (size_t c = 0; c < l->columns; c++) {
                vector16 difference = LOAD16(output + c * REPRISE_LANES) - LOAD16(label + c * REPRISE_LANES), slope;
                if (kind == REPRISE_SQUARED) {
                    vector16 weighted = weight * difference;
                    slope = scale * difference;
                    FMA(sum, weighted, difference, sum);
                } else if (kind == REPRISE_ABSOLUTE) {
                    // What is neither above nor below nor at zero is NaN and stays so.
                    slope = SELECT16(difference == zero, zero, difference);
                    slope = SELECT16(difference > zero, scale, slope);
                    slope = SELECT16(difference < zero, -scale, slope);
                    FMA(sum, weight, __builtin_elementwise_abs(difference), sum);
                } else {
                    vector16 root;
                    FMA(root, difference, difference, squared_epsilon);
                    root = __builtin_elementwise_sqrt(root);
                    slope = scale * (difference / root);
                    FMA(sum, weight, root, sum);
                }
                STORE16(gradient + c * REPRISE_LANES, slope);
            }
        }
    STORE16(l->sums, sum);
}

TARGET static void NAME(loss)(const reprise_loss *l) {
    switch (l->kind) {
    case REPRISE_SQUARED: NAME(loss_of)(l, REPRISE_SQUARED); break;
    case REPRISE_ABSOLUTE: NAME(loss_of)(l, REPRISE_ABSOLUTE); break;
    case REPRISE_CHARBONNIER: NAME(loss_of)(l, REPRISE_CHARBONNIER); break;
    }
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
        m->parameters[i] -= m->nesterov ? m->momentum * velocity + m->rates[i] * m->gradients[i] : velocity;
    }
}

TARGET static void NAME(rmsprop)(const reprise_rmsprop *r) {
    for (size_t i = 0; i < r->count; i++) {
        const float g = r->gradients[i];
        const float v = r->rho * r->squares[i] + r->one_minus_rho * (g * g);
        r->squares[i] = v;
        r->parameters[i] -= (r->rates[i] * g) / __builtin_sqrtf(v + r->epsilon);
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
    NAME(loss), NAME(adam), NAME(momentum), NAME(rmsprop), NAME(fused),
};

#undef FMA
#undef JOIN2
#undef JOIN
#undef NAME
#undef PART_TYPE
#undef UNROLL
#undef INLINE
#undef PART_MASK
#undef PARTS
#undef PLACE
#undef SPLATP
#undef SELECTP
#undef SUM_TAPS_WEIGHTS_KEPT
#undef SUM_TAPS_INPUTS_KEPT
#undef SPLAT16
#undef LOAD16
#undef STORE16
#undef LOADP
#undef STOREP
#undef SELECT16
#undef DEFINE_SUMS
#undef DEFINE_PRODUCTS
#undef DEFINE_PRODUCT_ROW
#undef DEFINE_WIDEST_PRODUCTS
#undef WIDEST_PRODUCTS
