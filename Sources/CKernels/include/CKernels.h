// SPDX-License-Identifier: Apache-2.0
//
// Float32 kernels whose results have the same bits at every SIMD level.
//
// Two layouts share one code: a vector of 16 lanes is either one pixel of 16 samples (training: memory is
// [channel][row][column][16]) or 16 neighbouring columns of one image (inference: [channel][row][column]).
// Strides and offsets are in floats. Every multiply-add is an fma in a fixed order that depends on the shape only:
// blocking, vector width and thread count choose who computes a value, never how. Nothing here allocates.
#ifndef REPRISE_CKERNELS_H
#define REPRISE_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPRISE_LANES = 16 };

typedef enum reprise_level {
    REPRISE_BASELINE = 0,
    REPRISE_AVX2 = 1,
    REPRISE_AVX512 = 2,
    REPRISE_NEON = 3,
} reprise_level;

/// Weighted sums over a list of taps, the core of convolution, transposed convolution and their input gradients:
/// out[o][r][c] = bias[o]
///     + sum over t = 0, 1, ... of weight[t][o] * input[tap_offsets[t] + r * input_row + c * input_column],
/// one fma per tap in the order of the list. `c` counts vectors.
typedef struct reprise_sums {
    const float *input;
    const ptrdiff_t *tap_offsets;
    size_t taps;
    ptrdiff_t input_row, input_column;
    float *output;
    const ptrdiff_t *output_offsets; // one an output
    size_t outputs;
    ptrdiff_t output_row, output_column;
    size_t rows, columns;
    const float *weights;  // packed: for each block of reprise_block_width outputs, [tap][output of the block]
    const float *biases;   // one an output, or NULL for zero
    const float *slopes;   // PReLU slopes, one an output; read when `activated` is not NULL
    float *activated;      // NULL, or where slope * min(x, 0) + max(x, 0) of the sums goes, strided like `output`
} reprise_sums;

/// Products summed over pixels, the core of all weight gradients:
/// sums[ch][t][lane] += sum over r, c of dense[ch * dense_channel + r * dense_row + c * 16 + lane]
///                                   * input[tap_offsets[t] + r * input_row + c * input_column + lane].
typedef struct reprise_products {
    const float *dense;
    size_t channels;
    ptrdiff_t dense_channel, dense_row;
    const float *input;
    const ptrdiff_t *tap_offsets;
    size_t taps;
    ptrdiff_t input_row, input_column;
    size_t rows, columns;
    float *sums; // (channels, taps, 16)
} reprise_products;

/// The way back through PReLU and bias, in place on `gradient` (lane layout, rows of `columns` vectors):
/// gradient *= (value > 0 ? 1 : slope), slope_sums[ch][lane] += gradient * min(value, 0) before that,
/// bias_sums[ch][lane] += gradient after it. With `values` NULL only the bias sums are made.
typedef struct reprise_activation_gradient {
    float *gradient;
    ptrdiff_t gradient_channel, gradient_row;
    const float *values;
    ptrdiff_t values_channel, values_row;
    size_t channels, rows, columns;
    const float *slopes; // one a channel
    float *slope_sums;   // (channels, 16)
    float *bias_sums;    // (channels, 16)
} reprise_activation_gradient;

typedef enum reprise_loss_kind {
    REPRISE_SQUARED = 0,
    REPRISE_ABSOLUTE = 1,
    REPRISE_CHARBONNIER = 2,
} reprise_loss_kind;

/// A loss of pixels and its slope in lane layout, with d = output - label rounded, scale and weight those of the lane,
/// and these roundings, one for each operator, fma and square root:
///     squared      gradient = scale * d                        sums[lane] = fma(weight * d, d, sums[lane])
///     absolute     gradient = scale, 0 or -scale, as d is      sums[lane] = fma(weight, |d|, sums[lane])
///                  above, at (either zero) or below 0
///     charbonnier  gradient = scale * (d / r)                  sums[lane] = fma(weight, r, sums[lane])
///                  with r = sqrt(fma(d, d, epsilon * epsilon))
/// The gradient of `squared` is that of half the loss. A d that is NaN gives a gradient and a sum that are NaN.
/// `charbonnier` is that of Lai et al., "Deep Laplacian Pyramid Networks for Fast and Accurate Super-Resolution" (2017,
/// arXiv 1704.03915), section 3.2; epsilon * epsilon must be more than 0. From |d| of 2^64 on r is infinite, as is the
/// sum then.
typedef struct reprise_loss {
    reprise_loss_kind kind;
    float epsilon; // of charbonnier
    const float *output;
    ptrdiff_t output_channel, output_row;
    const float *labels;
    ptrdiff_t label_channel, label_row;
    float *gradient;
    ptrdiff_t gradient_channel, gradient_row;
    size_t channels, rows, columns;
    const float *scales;  // 16
    const float *weights; // 16
    float *sums;          // 16
} reprise_loss;

/// One step of Adam on `count` parameters: m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g g;
/// p -= rate * (m / correction1) / (sqrt(v / correction2) + epsilon).
typedef struct reprise_adam {
    float *parameters;
    const float *gradients;
    float *first_moments, *second_moments;
    const float *rates;
    size_t count;
    float beta1, beta2, one_minus_beta1, one_minus_beta2, correction1, correction2, epsilon;
} reprise_adam;

/// One step of gradient descent with momentum: v = momentum v + rate g; p -= v, or with Nesterov's look ahead
/// p -= momentum v + rate g.
typedef struct reprise_momentum {
    float *parameters;
    const float *gradients;
    float *velocities;
    const float *rates;
    size_t count;
    float momentum;
    bool nesterov;
} reprise_momentum;

/// One step of RMSprop on `count` parameters: v = rho v + (1 - rho) (g g); p -= (rate g) / sqrt(v + epsilon).
typedef struct reprise_rmsprop {
    float *parameters;
    const float *gradients;
    float *squares;
    const float *rates;
    size_t count;
    float rho, one_minus_rho, epsilon;
} reprise_rmsprop;

/// The kernels of one level, or their scalar twins.
typedef struct reprise_kernels {
    void (*weighted_sums)(const reprise_sums *);
    void (*pixel_products)(const reprise_products *);
    /// totals[i] = the 16 lanes of sums[i], added by halves: (l, l + 8), (l, l + 4), (l, l + 2), (l, l + 1).
    void (*lane_totals)(const float *sums, size_t count, float *totals);
    void (*activation_gradient)(const reprise_activation_gradient *);
    void (*loss)(const reprise_loss *);
    void (*adam)(const reprise_adam *);
    void (*momentum)(const reprise_momentum *);
    void (*rmsprop)(const reprise_rmsprop *);
    /// out[i] = a[i] * b[i] + c[i] with one rounding, for `count` a multiple of 16.
    void (*fused)(const float *a, const float *b, const float *c, float *out, size_t count);
} reprise_kernels;

/// The kernels of a level, or NULL where this processor or this build lacks it.
const reprise_kernels *reprise_kernels_of(reprise_level level);

/// The width of the next block of outputs when `remaining` are left: 1 to 6. Weights are packed by it at all levels.
size_t reprise_block_width(size_t remaining);

/// samples (count <= 16; rows of `pixels` floats) -> lanes (pixels, 16) with row strides; the missing samples are 0.
void reprise_interleave(
    const float *samples, size_t count, size_t channels, size_t rows, size_t columns,
    float *lanes, ptrdiff_t lane_channel, ptrdiff_t lane_row);

/// The scalar twin of each kernel: its definition written out, one value at a time, for the same arguments. All levels
/// have its bits, but which NaN a NaN is.
const reprise_kernels *reprise_reference_kernels(void);

/// a * b + c with one rounding, by the processor or the C library.
float reprise_reference_fused(float a, float b, float c);

// Scalar twins of what the kernels are for: plain loops over row-major (channel, row, column) planes, in the
// definition's own order. Padding is by zeros when `replicate` is false, else by the nearest pixel.

typedef struct reprise_convolution_shape {
    size_t inputs, outputs;              // channels
    size_t height, width;                // of the input
    size_t kernel_height, kernel_width;
    size_t stride, padding;
    bool replicate;
} reprise_convolution_shape;

typedef struct reprise_transposed_shape {
    size_t inputs, outputs;
    size_t height, width;                // of the input
    size_t kernel;
    size_t stride, padding;
    ptrdiff_t output_padding;            // negative: more is cut off at the end
    bool replicate;                      // beyond its edges the input is the nearest pixel, else zero
} reprise_transposed_shape;

/// x (inputs, height, width), w (outputs, inputs, kh, kw), b (outputs) or NULL -> y; order: bias, then input,
/// row, column.
void reprise_reference_convolution(
    const reprise_convolution_shape *shape, const float *x, const float *w, const float *b, float *y);
/// dy, w -> dx; order: output, then the kernel's rows and columns of this pixel's phase, ascending; the replicated
/// border is then folded back, columns before rows, nearest first. `scratch` holds
/// inputs * (height + 2 padding) * (width + 2 padding) floats.
void reprise_reference_convolution_input_gradient(
    const reprise_convolution_shape *shape, const float *dy, const float *w, float *dx, float *scratch);
/// 16 samples of x and dy -> dw; each sample sums over rows and columns, then the lanes by halves.
void reprise_reference_convolution_weight_gradient(
    const reprise_convolution_shape *shape, const float *x, const float *dy, float *dw);
/// x, w (inputs, outputs, k, k), b -> y of (height - 1) * stride - 2 padding + k + output_padding rows; order: bias,
/// then input, then the kernel's rows and columns of this output's phase, ascending.
void reprise_reference_transposed(
    const reprise_transposed_shape *shape, const float *x, const float *w, const float *b, float *y);
/// dy, w -> dx; order: output, row, column of the kernel; the replicated border is then folded back as above.
void reprise_reference_transposed_input_gradient(
    const reprise_transposed_shape *shape, const float *dy, const float *w, float *dx);
/// 16 samples of x and dy -> dw (inputs, outputs, k, k).
void reprise_reference_transposed_weight_gradient(
    const reprise_transposed_shape *shape, const float *x, const float *dy, float *dw);

/// Name and version of the compiler that made this library.
const char *reprise_compiler_version(void);

#endif
