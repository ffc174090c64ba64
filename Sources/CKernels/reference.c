// SPDX-License-Identifier: Apache-2.0
//
// The scalar twins: of convolutions, which the kernels serve, and of each kernel. Every definition is written out, one
// value at a time: slow, and right.
#include "CKernels.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

float reprise_reference_fused(float a, float b, float c) {
    return fmaf(a, b, c);
}

static float lane_total(const float *lanes) {
    float sum[REPRISE_LANES];
    for (size_t l = 0; l < REPRISE_LANES; l++) sum[l] = lanes[l];
    for (size_t half = REPRISE_LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++) sum[l] = sum[l] + sum[l + half];
    return sum[0];
}

static ptrdiff_t nearest(ptrdiff_t i, size_t extent) {
    return i < 0 ? 0 : i >= (ptrdiff_t)extent ? (ptrdiff_t)extent - 1 : i;
}

/// x[channel][row][column], or what the padding puts there.
static float padded(
    const reprise_convolution_shape *s, const float *x, size_t channel, ptrdiff_t row, ptrdiff_t column) {
    const ptrdiff_t r = nearest(row, s->height), c = nearest(column, s->width);
    if (!s->replicate && (r != row || c != column)) return 0.0f;
    return x[(channel * s->height + (size_t)r) * s->width + (size_t)c];
}

static size_t convolved(size_t extent, size_t kernel, size_t stride, size_t padding) {
    return (extent + 2 * padding - kernel) / stride + 1;
}

void reprise_reference_convolution(
    const reprise_convolution_shape *s, const float *x, const float *w, const float *b, float *y) {
    const size_t rows = convolved(s->height, s->kernel_height, s->stride, s->padding);
    const size_t columns = convolved(s->width, s->kernel_width, s->stride, s->padding);
    for (size_t o = 0; o < s->outputs; o++)
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++) {
                float sum = b ? b[o] : 0.0f;
                for (size_t i = 0; i < s->inputs; i++)
                    for (size_t u = 0; u < s->kernel_height; u++)
                        for (size_t v = 0; v < s->kernel_width; v++)
                            sum = fmaf(
                                padded(s, x, i, (ptrdiff_t)(r * s->stride + u) - (ptrdiff_t)s->padding,
                                       (ptrdiff_t)(c * s->stride + v) - (ptrdiff_t)s->padding),
                                w[((o * s->inputs + i) * s->kernel_height + u) * s->kernel_width + v], sum);
                y[(o * rows + r) * columns + c] = sum;
            }
}

void reprise_reference_convolution_input_gradient(
    const reprise_convolution_shape *s, const float *dy, const float *w, float *dx, float *scratch) {
    const size_t rows = convolved(s->height, s->kernel_height, s->stride, s->padding);
    const size_t columns = convolved(s->width, s->kernel_width, s->stride, s->padding);
    const size_t margin = s->padding, height = s->height + 2 * margin, width = s->width + 2 * margin;
    for (size_t i = 0; i < s->inputs; i++) {
        float *plane = scratch + i * height * width;
        for (size_t r = 0; r < height; r++)
            for (size_t c = 0; c < width; c++) {
                float sum = 0.0f;
                for (size_t o = 0; o < s->outputs; o++)
                    for (size_t u = r % s->stride; u < s->kernel_height; u += s->stride)
                        for (size_t v = c % s->stride; v < s->kernel_width; v += s->stride) {
                            const size_t row = (r - u) / s->stride, column = (c - v) / s->stride;
                            const bool inside = u <= r && row < rows && v <= c && column < columns;
                            const float d = inside ? dy[(o * rows + row) * columns + column] : 0.0f;
                            sum = fmaf(d, w[((o * s->inputs + i) * s->kernel_height + u) * s->kernel_width + v], sum);
                        }
                plane[r * width + c] = sum;
            }
        if (s->replicate) {
            for (size_t r = 0; r < height; r++)
                for (size_t m = 1; m <= margin; m++) {
                    float *line = plane + r * width + margin;
                    line[0] += line[-(ptrdiff_t)m];
                    line[s->width - 1] += line[s->width - 1 + m];
                }
            for (size_t m = 1; m <= margin; m++)
                for (size_t c = 0; c < width; c++) {
                    plane[margin * width + c] += plane[(margin - m) * width + c];
                    plane[(margin + s->height - 1) * width + c] += plane[(margin + s->height - 1 + m) * width + c];
                }
        }
        for (size_t r = 0; r < s->height; r++)
            for (size_t c = 0; c < s->width; c++)
                dx[(i * s->height + r) * s->width + c] = plane[(r + margin) * width + c + margin];
    }
}

void reprise_reference_convolution_weight_gradient(
    const reprise_convolution_shape *s, const float *x, const float *dy, float *dw) {
    const size_t rows = convolved(s->height, s->kernel_height, s->stride, s->padding);
    const size_t columns = convolved(s->width, s->kernel_width, s->stride, s->padding);
    const size_t x_sample = s->inputs * s->height * s->width, y_sample = s->outputs * rows * columns;
    for (size_t o = 0; o < s->outputs; o++)
        for (size_t i = 0; i < s->inputs; i++)
            for (size_t u = 0; u < s->kernel_height; u++)
                for (size_t v = 0; v < s->kernel_width; v++) {
                    float lanes[REPRISE_LANES] = {0};
                    for (size_t l = 0; l < REPRISE_LANES; l++)
                        for (size_t r = 0; r < rows; r++)
                            for (size_t c = 0; c < columns; c++)
                                lanes[l] = fmaf(
                                    dy[l * y_sample + (o * rows + r) * columns + c],
                                    padded(s, x + l * x_sample, i,
                                           (ptrdiff_t)(r * s->stride + u) - (ptrdiff_t)s->padding,
                                           (ptrdiff_t)(c * s->stride + v) - (ptrdiff_t)s->padding),
                                    lanes[l]);
                    dw[((o * s->inputs + i) * s->kernel_height + u) * s->kernel_width + v] = lane_total(lanes);
                }
}

static size_t expanded(const reprise_transposed_shape *s, size_t extent) {
    const size_t full = (extent - 1) * s->stride + s->kernel;
    return (size_t)((ptrdiff_t)full + s->output_padding) - 2 * s->padding;
}

/// x[channel][row][column], or what the border puts there.
static float bordered(
    const reprise_transposed_shape *s, const float *x, size_t channel, ptrdiff_t row, ptrdiff_t column) {
    const ptrdiff_t r = nearest(row, s->height), c = nearest(column, s->width);
    if (!s->replicate && (r != row || c != column)) return 0.0f;
    return x[(channel * s->height + (size_t)r) * s->width + (size_t)c];
}

/// How far beyond an extent the sums of a replicated border read.
typedef struct reach { ptrdiff_t before, after; } reach;

static reach beyond(const reprise_transposed_shape *s, size_t extent) {
    const ptrdiff_t stride = (ptrdiff_t)s->stride, padding = (ptrdiff_t)s->padding;
    const ptrdiff_t taps = ((ptrdiff_t)s->kernel + stride - 1) / stride;
    const ptrdiff_t before = taps - 1 - padding / stride;
    const ptrdiff_t after = ((ptrdiff_t)expanded(s, extent) - 1 + padding) / stride + 1 - (ptrdiff_t)extent;
    return s->replicate ? (reach){before > 0 ? before : 0, after > 0 ? after : 0} : (reach){0, 0};
}

void reprise_reference_transposed(
    const reprise_transposed_shape *s, const float *x, const float *w, const float *b, float *y) {
    const size_t rows = expanded(s, s->height), columns = expanded(s, s->width);
    for (size_t o = 0; o < s->outputs; o++)
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++) {
                // The full output starts `padding` before the kept one; x[a] reaches `kernel` rows from a * stride.
                const size_t full_r = r + s->padding, full_c = c + s->padding;
                float sum = b ? b[o] : 0.0f;
                for (size_t i = 0; i < s->inputs; i++)
                    for (size_t u = full_r % s->stride; u < s->kernel; u += s->stride)
                        for (size_t v = full_c % s->stride; v < s->kernel; v += s->stride) {
                            const ptrdiff_t row = ((ptrdiff_t)full_r - (ptrdiff_t)u) / (ptrdiff_t)s->stride;
                            const ptrdiff_t column = ((ptrdiff_t)full_c - (ptrdiff_t)v) / (ptrdiff_t)s->stride;
                            const float weight = w[((i * s->outputs + o) * s->kernel + u) * s->kernel + v];
                            sum = fmaf(bordered(s, x, i, row, column), weight, sum);
                        }
                y[(o * rows + r) * columns + c] = sum;
            }
}

/// dy of the full output's row and column, 0 outside what is kept.
static float kept(const reprise_transposed_shape *s, const float *dy, size_t o, ptrdiff_t full_r, ptrdiff_t full_c) {
    const ptrdiff_t rows = (ptrdiff_t)expanded(s, s->height), columns = (ptrdiff_t)expanded(s, s->width);
    const ptrdiff_t r = full_r - (ptrdiff_t)s->padding, c = full_c - (ptrdiff_t)s->padding;
    return r >= 0 && r < rows && c >= 0 && c < columns ? dy[((ptrdiff_t)o * rows + r) * columns + c] : 0.0f;
}

/// dy where place (u, v) of the kernel puts input pixel (r, c), which may lie beyond the edges.
static float met(
    const reprise_transposed_shape *s, const float *dy, size_t o, ptrdiff_t r, ptrdiff_t c, size_t u, size_t v) {
    const ptrdiff_t stride = (ptrdiff_t)s->stride;
    return kept(s, dy, o, r * stride + (ptrdiff_t)u, c * stride + (ptrdiff_t)v);
}

/// The gradient of input pixel (r, c), which may lie beyond the edges.
static float spread(
    const reprise_transposed_shape *s, const float *dy, const float *w, size_t i, ptrdiff_t r, ptrdiff_t c) {
    float sum = 0.0f;
    for (size_t o = 0; o < s->outputs; o++)
        for (size_t u = 0; u < s->kernel; u++)
            for (size_t v = 0; v < s->kernel; v++)
                sum = fmaf(met(s, dy, o, r, c, u, v), w[((i * s->outputs + o) * s->kernel + u) * s->kernel + v], sum);
    return sum;
}

/// One row's gradient of column c, with what the columns beyond the edges add to it.
static float spread_row(
    const reprise_transposed_shape *s, const float *dy, const float *w, size_t i, ptrdiff_t r, size_t c) {
    const reach columns = beyond(s, s->width);
    float sum = spread(s, dy, w, i, r, (ptrdiff_t)c);
    for (ptrdiff_t m = 1; m <= columns.before || m <= columns.after; m++) {
        if (c == 0 && m <= columns.before) sum += spread(s, dy, w, i, r, -m);
        if (c == s->width - 1 && m <= columns.after) sum += spread(s, dy, w, i, r, (ptrdiff_t)c + m);
    }
    return sum;
}

void reprise_reference_transposed_input_gradient(
    const reprise_transposed_shape *s, const float *dy, const float *w, float *dx) {
    const reach rows = beyond(s, s->height);
    for (size_t i = 0; i < s->inputs; i++)
        for (size_t r = 0; r < s->height; r++)
            for (size_t c = 0; c < s->width; c++) {
                float sum = spread_row(s, dy, w, i, (ptrdiff_t)r, c);
                for (ptrdiff_t m = 1; m <= rows.before || m <= rows.after; m++) {
                    if (r == 0 && m <= rows.before) sum += spread_row(s, dy, w, i, -m, c);
                    if (r == s->height - 1 && m <= rows.after) sum += spread_row(s, dy, w, i, (ptrdiff_t)r + m, c);
                }
                dx[(i * s->height + r) * s->width + c] = sum;
            }
}

void reprise_reference_transposed_weight_gradient(
    const reprise_transposed_shape *s, const float *x, const float *dy, float *dw) {
    const size_t x_sample = s->inputs * s->height * s->width;
    const size_t y_sample = s->outputs * expanded(s, s->height) * expanded(s, s->width);
    const reach rows = beyond(s, s->height), columns = beyond(s, s->width);
    for (size_t i = 0; i < s->inputs; i++)
        for (size_t o = 0; o < s->outputs; o++)
            for (size_t u = 0; u < s->kernel; u++)
                for (size_t v = 0; v < s->kernel; v++) {
                    float lanes[REPRISE_LANES] = {0};
                    for (size_t l = 0; l < REPRISE_LANES; l++)
                        for (ptrdiff_t r = -rows.before; r < (ptrdiff_t)s->height + rows.after; r++)
                            for (ptrdiff_t c = -columns.before; c < (ptrdiff_t)s->width + columns.after; c++)
                                lanes[l] = fmaf(bordered(s, x + l * x_sample, i, r, c),
                                                met(s, dy + l * y_sample, o, r, c, u, v), lanes[l]);
                    dw[((i * s->outputs + o) * s->kernel + u) * s->kernel + v] = lane_total(lanes);
                }
}

// --- The kernels themselves ----------------------------------------------------------------------------------------

static void weighted_sums(const reprise_sums *s) {
    size_t block = 0; // where the weights of the output's block start
    for (size_t first = 0; first < s->outputs;) {
        const size_t width = reprise_block_width(s->outputs - first);
        for (size_t o = first; o < first + width; o++)
            for (size_t r = 0; r < s->rows; r++)
                for (size_t c = 0; c < s->columns; c++)
                    for (ptrdiff_t lane = 0; lane < REPRISE_LANES; lane++) {
                        const ptrdiff_t from = (ptrdiff_t)r * s->input_row + (ptrdiff_t)c * s->input_column + lane;
                        const ptrdiff_t to = s->output_offsets[o] + (ptrdiff_t)r * s->output_row
                            + (ptrdiff_t)c * s->output_column + lane;
                        float sum = s->biases ? s->biases[o] : 0.0f;
                        for (size_t t = 0; t < s->taps; t++)
                            sum = fmaf(
                                s->weights[block + t * width + o - first], s->input[s->tap_offsets[t] + from], sum);
                        s->output[to] = sum;
                        if (s->activated) s->activated[to] = sum > 0.0f ? sum : sum * s->slopes[o];
                    }
        block += width * s->taps;
        first += width;
    }
}

static void pixel_products(const reprise_products *p) {
    for (size_t channel = 0; channel < p->channels; channel++)
        for (size_t t = 0; t < p->taps; t++)
            for (ptrdiff_t lane = 0; lane < REPRISE_LANES; lane++) {
                const float *dense = p->dense + (ptrdiff_t)channel * p->dense_channel;
                float *sum = p->sums + (channel * p->taps + t) * REPRISE_LANES + lane;
                for (ptrdiff_t r = 0; r < (ptrdiff_t)p->rows; r++)
                    for (ptrdiff_t c = 0; c < (ptrdiff_t)p->columns; c++)
                        *sum = fmaf(
                            dense[r * p->dense_row + c * REPRISE_LANES + lane],
                            p->input[p->tap_offsets[t] + r * p->input_row + c * p->input_column + lane], *sum);
            }
}

static void lane_totals(const float *sums, size_t count, float *totals) {
    for (size_t i = 0; i < count; i++) totals[i] = lane_total(sums + i * REPRISE_LANES);
}

static void activation_gradient(const reprise_activation_gradient *g) {
    for (size_t channel = 0; channel < g->channels; channel++)
        for (ptrdiff_t r = 0; r < (ptrdiff_t)g->rows; r++)
            for (ptrdiff_t i = 0; i < (ptrdiff_t)g->columns * REPRISE_LANES; i++) {
                const size_t lane = channel * REPRISE_LANES + (size_t)i % REPRISE_LANES;
                float *gradient = g->gradient + (ptrdiff_t)channel * g->gradient_channel + r * g->gradient_row + i;
                if (g->values) {
                    const float x = g->values[(ptrdiff_t)channel * g->values_channel + r * g->values_row + i];
                    g->slope_sums[lane] = fmaf(*gradient, x > 0.0f ? 0.0f : x, g->slope_sums[lane]);
                    if (!(x > 0.0f)) *gradient = *gradient * g->slopes[channel];
                }
                g->bias_sums[lane] = g->bias_sums[lane] + *gradient;
            }
}

static void loss(const reprise_loss *l) {
    for (ptrdiff_t channel = 0; channel < (ptrdiff_t)l->channels; channel++)
        for (ptrdiff_t r = 0; r < (ptrdiff_t)l->rows; r++)
            for (ptrdiff_t i = 0; i < (ptrdiff_t)l->columns * REPRISE_LANES; i++) {
                const float scale = l->scales[i % REPRISE_LANES], weight = l->weights[i % REPRISE_LANES];
                float *gradient = l->gradient + channel * l->gradient_channel + r * l->gradient_row + i;
                float *sum = l->sums + i % REPRISE_LANES;
                const float d = l->output[channel * l->output_channel + r * l->output_row + i]
                    - l->labels[channel * l->label_channel + r * l->label_row + i];
                const float root = sqrtf(fmaf(d, d, l->epsilon * l->epsilon));
                switch (l->kind) {
                case REPRISE_SQUARED:
                    *gradient = scale * d;
                    *sum = fmaf(weight * d, d, *sum);
                    break;
                case REPRISE_ABSOLUTE:
                    *gradient = d > 0.0f ? scale : d < 0.0f ? -scale : d == 0.0f ? 0.0f : d;
                    *sum = fmaf(weight, fabsf(d), *sum);
                    break;
                case REPRISE_CHARBONNIER:
                    *gradient = scale * (d / root);
                    *sum = fmaf(weight, root, *sum);
                    break;
                }
            }
}

// Every rounding of the optimizers is a store: no compiler can join what stands in two of them.
static void adam(const reprise_adam *a) {
    for (size_t i = 0; i < a->count; i++) {
        const float g = a->gradients[i];
        volatile float kept = a->beta1 * a->first_moments[i], fresh = a->one_minus_beta1 * g;
        const float m = kept + fresh;
        volatile float square = g * g;
        kept = a->beta2 * a->second_moments[i];
        fresh = a->one_minus_beta2 * square;
        const float v = kept + fresh;
        a->first_moments[i] = m;
        a->second_moments[i] = v;
        const float root = sqrtf(v / a->correction2) + a->epsilon, direction = (m / a->correction1) / root;
        volatile float change = a->rates[i] * direction;
        a->parameters[i] = a->parameters[i] - change;
    }
}

static void momentum(const reprise_momentum *m) {
    for (size_t i = 0; i < m->count; i++) {
        volatile float kept = m->momentum * m->velocities[i], fresh = m->rates[i] * m->gradients[i];
        m->velocities[i] = kept + fresh;
        volatile float change = m->velocities[i];
        if (m->nesterov) {
            kept = m->momentum * m->velocities[i];
            change = kept + fresh;
        }
        m->parameters[i] = m->parameters[i] - change;
    }
}

static void rmsprop(const reprise_rmsprop *r) {
    for (size_t i = 0; i < r->count; i++) {
        const float g = r->gradients[i];
        volatile float square = g * g, kept = r->rho * r->squares[i], fresh = r->one_minus_rho * square;
        r->squares[i] = kept + fresh;
        volatile float change = (r->rates[i] * g) / sqrtf(r->squares[i] + r->epsilon);
        r->parameters[i] = r->parameters[i] - change;
    }
}

static void fused(const float *a, const float *b, const float *c, float *out, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = reprise_reference_fused(a[i], b[i], c[i]);
}

const reprise_kernels *reprise_reference_kernels(void) {
    static const reprise_kernels kernels = {
        weighted_sums, pixel_products, lane_totals, activation_gradient, loss, adam, momentum, rmsprop, fused,
    };
    return &kernels;
}
