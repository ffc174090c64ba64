// SPDX-License-Identifier: Apache-2.0
//
// Calls every kernel of every level that the processor has, and its scalar twin of reference.c, on inputs that are the
// same on every machine, and prints a checksum of all values that came out:
//
//     LEVEL KERNEL VALUES CHECKSUM          for example: avx2 weighted_sums 1843216 9c21e5d7b1f40a3e
//
// Lines of one kernel must be equal in all but the level, whatever the processor, the compiler and its options.
// `Scripts/bits/kernels.sh` builds this for several of them and compares. Inputs come from a counter, so a case has the
// same numbers whoever computes the cases before it.
//
//     bits            everything
//     bits LEVEL      the kernels of one level
//     bits spoilt     everything, with one bit of a few inputs another one: all checksums must then be others
#include "CKernels.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#pragma STDC FP_CONTRACT OFF

// A kernel that is added to the table must be added here too.
_Static_assert(sizeof(reprise_kernels) == 9 * sizeof(void (*)(void)), "a kernel of the table is not compared here");

// --- Inputs and checksums --------------------------------------------------------------------------------------------

/// Random bits for place `place` of stream `stream`, by the mixing function of SplitMix64.
static uint64_t mixed(uint64_t stream, uint64_t place) {
    uint64_t z = (stream * 0x100000001B3u + place + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t stream;   // of the values that are drawn next
static uint64_t position; // in it
static bool spoils;       // one bit of a few values of each stream

static void start(uint64_t purpose, uint64_t number) {
    stream = purpose << 32 | number;
    position = 0;
}

/// A number from `low` to `high`.
static size_t draw(size_t low, size_t high) {
    return low + (size_t)(mixed(stream, position++) % (high - low + 1));
}

static float from_bits(uint32_t bits) {
    union { uint32_t bits; float value; } both = {bits};
    return both.value;
}

static uint32_t to_bits(float value) {
    union { float value; uint32_t bits; } both = {value};
    return both.bits;
}

/// A finite value: one in eight a zero of either sign, one in eight subnormal or nearly, the others 2^-13 to 2^13, so
/// that sums in another order, or with another rounding, come out otherwise.
static float value(void) {
    const uint64_t spoilt = spoils && position % 64 == 40 ? 1u << 22 : 0;
    const uint64_t bits = mixed(stream, position++) ^ spoilt;
    const uint32_t sign = (uint32_t)(bits >> 63) << 31, fraction = (uint32_t)bits & 0x7FFFFF;
    switch (bits >> 32 & 15) {
    case 0: case 1: return from_bits(sign);
    case 2: return from_bits(sign | fraction);
    case 3: return from_bits(sign | (uint32_t)(bits >> 36 & 31) << 23 | fraction);
    default: return from_bits(sign | (uint32_t)(114 + (bits >> 36 & 0xFF) % 27) << 23 | fraction);
    }
}

enum { ROOM = 1 << 18 };
static float memory[8][ROOM]; // inputs and outputs of one case

/// `count` values at the start of one of the memories.
static float *filled(size_t which, size_t count) {
    if (count > ROOM) __builtin_trap();
    for (size_t i = 0; i < count; i++) memory[which][i] = value();
    return memory[which];
}

typedef struct checksum {
    uint64_t state; // FNV-1a, a word at a time
    size_t values;
} checksum;

static checksum empty(void) { return (checksum){.state = 0xCBF29CE484222325u}; }

/// NaNs count as one value: which of them arises differs between processors, and none reaches a result.
static void add(checksum *d, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = values[i] != values[i] ? 0x7FC00000u : to_bits(values[i]);
        d->state = (d->state ^ bits) * 0x100000001B3u;
        d->state ^= d->state >> 29;
    }
    d->values += count;
}

static void say(const char *level, const char *kernel, checksum d) {
    printf("%s %s %zu %016llx\n", level, kernel, d.values, (unsigned long long)d.state);
}

// --- Cases ---------------------------------------------------------------------------------------------------------

enum { MOST_TAPS = 400, MOST_OUTPUTS = 64 };

/// The output keeps what stood between the rows: a kernel that writes there is found out.
static void sums_case(
    const reprise_kernels *kernels, checksum *d, size_t outputs, size_t taps, size_t rows, size_t columns) {
    static ptrdiff_t tap_offsets[MOST_TAPS], output_offsets[MOST_OUTPUTS];
    const ptrdiff_t input_column = REPRISE_LANES * (ptrdiff_t)draw(1, 3);
    const ptrdiff_t output_column = REPRISE_LANES * (ptrdiff_t)draw(1, 3);
    const ptrdiff_t input_row = (ptrdiff_t)draw(0, 200), spare = (ptrdiff_t)draw(0, 40);
    const ptrdiff_t output_row = (ptrdiff_t)columns * output_column + spare;
    const ptrdiff_t output_channel = (ptrdiff_t)rows * output_row + spare;
    for (size_t t = 0; t < taps; t++) tap_offsets[t] = (ptrdiff_t)draw(0, 3000);
    for (size_t o = 0; o < outputs; o++) output_offsets[o] = (ptrdiff_t)o * output_channel;
    const size_t extent = (size_t)output_channel * outputs;
    const size_t way = draw(0, 3); // no activation, one beside the sums, in their place, and one without biases
    reprise_sums sums = {
        .tap_offsets = tap_offsets, .taps = taps, .input_row = input_row, .input_column = input_column,
        .output_offsets = output_offsets, .outputs = outputs, .output_row = output_row,
        .output_column = output_column, .rows = rows, .columns = columns,
    };
    sums.input = filled(0, 3000 + rows * (size_t)input_row + columns * (size_t)input_column + REPRISE_LANES);
    sums.weights = filled(1, outputs * taps);
    sums.biases = filled(2, outputs);
    sums.slopes = filled(3, outputs);
    sums.output = filled(4, extent);
    float *activated = filled(5, extent);
    if (way == 1 || way == 3) sums.activated = activated;
    if (way == 2) sums.activated = sums.output;
    if (way == 3) sums.biases = NULL;
    kernels->weighted_sums(&sums);
    add(d, sums.output, extent);
    add(d, activated, extent);
}

/// Every count of outputs beside every count of columns, then lists of taps of any length, cut and whole.
static void weighted_sums(const reprise_kernels *kernels, checksum *d) {
    for (size_t outputs = 1; outputs <= 14; outputs++)
        for (size_t columns = 0; columns <= 18; columns++) {
            start(1, outputs * 100 + columns);
            sums_case(kernels, d, outputs, 3, 2, columns);
        }
    for (size_t number = 0; number < 120; number++) {
        start(2, number);
        const size_t taps = number % 4 == 0 ? draw(100, MOST_TAPS) : draw(1, 30);
        const size_t outputs = draw(1, taps > 30 ? 9 : 20), rows = draw(1, 3), columns = draw(1, 9);
        sums_case(kernels, d, outputs, taps, rows, columns);
    }
    start(3, 0);
    sums_case(kernels, d, 56, 25, 2, 3);
}

static void pixel_products(const reprise_kernels *kernels, checksum *d) {
    static ptrdiff_t tap_offsets[MOST_TAPS];
    for (size_t number = 0; number < 200; number++) {
        start(4, number);
        const size_t channels = draw(1, 9), taps = draw(1, 11), rows = draw(0, 6);
        const size_t columns = number % 10 == 0 ? draw(45, 60) : draw(0, 9);
        const ptrdiff_t input_column = REPRISE_LANES * (ptrdiff_t)draw(1, 3), input_row = (ptrdiff_t)draw(0, 300);
        const ptrdiff_t dense_row = (ptrdiff_t)(columns * REPRISE_LANES + draw(0, 40));
        const ptrdiff_t dense_channel = (ptrdiff_t)rows * dense_row + (ptrdiff_t)draw(0, 40);
        for (size_t t = 0; t < taps; t++) tap_offsets[t] = (ptrdiff_t)draw(0, 1000);
        reprise_products products = {
            .channels = channels, .dense_channel = dense_channel, .dense_row = dense_row,
            .tap_offsets = tap_offsets, .taps = taps, .input_row = input_row, .input_column = input_column,
            .rows = rows, .columns = columns,
        };
        products.dense = filled(0, channels * (size_t)dense_channel + REPRISE_LANES);
        products.input = filled(1, 1000 + rows * (size_t)input_row + columns * (size_t)input_column + REPRISE_LANES);
        products.sums = filled(2, channels * taps * REPRISE_LANES);
        kernels->pixel_products(&products);
        add(d, products.sums, channels * taps * REPRISE_LANES);
    }
}

static void lane_totals(const reprise_kernels *kernels, checksum *d) {
    for (size_t count = 0; count < 40; count++) {
        start(5, count);
        kernels->lane_totals(filled(0, count * REPRISE_LANES), count, memory[1]);
        add(d, memory[1], count);
    }
}

static void activation_gradient(const reprise_kernels *kernels, checksum *d) {
    for (size_t number = 0; number < 200; number++) {
        start(6, number);
        const size_t channels = draw(1, 6), rows = draw(0, 5), columns = draw(0, 9);
        const ptrdiff_t gradient_row = (ptrdiff_t)(columns * REPRISE_LANES + draw(0, 40));
        const ptrdiff_t values_row = (ptrdiff_t)(columns * REPRISE_LANES + draw(0, 40));
        const size_t extent = channels * rows * (size_t)gradient_row;
        reprise_activation_gradient gradient = {
            .gradient_channel = (ptrdiff_t)rows * gradient_row, .gradient_row = gradient_row,
            .values_channel = (ptrdiff_t)rows * values_row, .values_row = values_row, .channels = channels,
            .rows = rows, .columns = columns,
        };
        gradient.gradient = filled(0, extent);
        gradient.values = filled(1, channels * rows * (size_t)values_row);
        gradient.slopes = filled(2, channels);
        gradient.slope_sums = filled(3, channels * REPRISE_LANES);
        gradient.bias_sums = filled(4, channels * REPRISE_LANES);
        if (number % 4 == 0) gradient.values = NULL;
        kernels->activation_gradient(&gradient);
        add(d, gradient.gradient, extent);
        add(d, gradient.slope_sums, channels * REPRISE_LANES);
        add(d, gradient.bias_sums, channels * REPRISE_LANES);
    }
}

static void loss_case(const reprise_kernels *kernels, checksum *d, reprise_loss_kind kind, float epsilon) {
    const size_t channels = draw(1, 3), rows = draw(0, 6), columns = draw(0, 9);
    const ptrdiff_t row = (ptrdiff_t)(columns * REPRISE_LANES + draw(0, 40));
    const ptrdiff_t channel = (ptrdiff_t)rows * row;
    const size_t extent = channels * (size_t)channel;
    reprise_loss loss = {
        .kind = kind, .epsilon = epsilon, .output_channel = channel, .output_row = row, .label_channel = channel,
        .label_row = row, .gradient_channel = channel, .gradient_row = row, .channels = channels, .rows = rows,
        .columns = columns,
    };
    loss.output = filled(0, extent);
    loss.labels = filled(1, extent);
    loss.gradient = filled(2, extent);
    loss.scales = filled(3, REPRISE_LANES);
    loss.weights = filled(4, REPRISE_LANES);
    loss.sums = filled(5, REPRISE_LANES);
    kernels->loss(&loss);
    add(d, loss.gradient, extent);
    add(d, loss.sums, REPRISE_LANES);
}

static void squared_loss(const reprise_kernels *kernels, checksum *d) {
    for (size_t number = 0; number < 200; number++) {
        start(7, number);
        loss_case(kernels, d, REPRISE_SQUARED, 0.0f);
    }
}

static void absolute_loss(const reprise_kernels *kernels, checksum *d) {
    for (size_t number = 0; number < 200; number++) {
        start(15, number);
        loss_case(kernels, d, REPRISE_ABSOLUTE, 0.0f);
    }
}

/// Epsilons from where they matter beside the least differences to where they outweigh the largest.
static void charbonnier_loss(const reprise_kernels *kernels, checksum *d) {
    for (size_t number = 0; number < 200; number++) {
        start(16, number);
        loss_case(kernels, d, REPRISE_CHARBONNIER, from_bits((uint32_t)draw(70, 145) << 23 | 0x123456));
    }
}

static void adam(const reprise_kernels *kernels, checksum *d) {
    for (size_t count = 0; count < 150; count++) {
        start(8, count);
        reprise_adam step = {
            .count = count, .beta1 = 0.9f, .beta2 = 0.999f, .one_minus_beta1 = 0.1f, .one_minus_beta2 = 0.001f,
            .correction1 = 0.271f, .correction2 = 0.002997001f, .epsilon = 1e-8f,
        };
        step.parameters = filled(0, count);
        step.gradients = filled(1, count);
        step.first_moments = filled(2, count);
        step.second_moments = filled(3, count);
        step.rates = filled(4, count);
        for (size_t i = 0; i < count; i++) step.second_moments[i] = fabsf(step.second_moments[i]);
        kernels->adam(&step);
        add(d, step.parameters, count);
        add(d, step.first_moments, count);
        add(d, step.second_moments, count);
    }
}

static void momentum(const reprise_kernels *kernels, checksum *d) {
    for (size_t count = 0; count < 150; count++) {
        start(9, count);
        reprise_momentum step = {.count = count, .momentum = 0.9f, .nesterov = count % 2};
        step.parameters = filled(0, count);
        step.gradients = filled(1, count);
        step.velocities = filled(2, count);
        step.rates = filled(3, count);
        kernels->momentum(&step);
        add(d, step.parameters, count);
        add(d, step.velocities, count);
    }
}

static void rmsprop(const reprise_kernels *kernels, checksum *d) {
    for (size_t count = 0; count < 150; count++) {
        start(14, count);
        reprise_rmsprop step = {.count = count, .rho = 0.9f, .one_minus_rho = 0.1f, .epsilon = 1e-7f};
        step.parameters = filled(0, count);
        step.gradients = filled(1, count);
        step.squares = filled(2, count);
        step.rates = filled(3, count);
        for (size_t i = 0; i < count; i++) step.squares[i] = fabsf(step.squares[i]);
        kernels->rmsprop(&step);
        add(d, step.parameters, count);
        add(d, step.squares, count);
    }
}

/// Special values beside each other, then products that an addend nearly cancels, ties and any finite values.
static void fused(const reprise_kernels *kernels, checksum *d) {
    static const uint32_t special[] = {
        0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x3F800001, 0x3F7FFFFF, 0x00000001, 0x80000001, 0x007FFFFF,
        0x00800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x1A000000, 0x33800001, 0x40400000, 0x4B800000, 0x7F800000, 0xFF800000,
    };
    enum { SPECIAL = sizeof special / sizeof *special, COUNT = 48000 };
    float *a = memory[0], *b = memory[1], *c = memory[2];
    start(10, 0);
    for (size_t i = 0; i < COUNT; i++) {
        if (i < SPECIAL * SPECIAL * SPECIAL) {
            a[i] = from_bits(special[i % SPECIAL]);
            b[i] = from_bits(special[i / SPECIAL % SPECIAL]);
            c[i] = from_bits(special[i / SPECIAL / SPECIAL]);
            continue;
        }
        a[i] = value();
        b[i] = value();
        const volatile float product = a[i] * b[i];
        switch (draw(0, 2)) {
        case 0: c[i] = -product; break;
        case 1: c[i] = product * from_bits((uint32_t)draw(97, 157) << 23); break;
        default: c[i] = value(); break;
        }
    }
    kernels->fused(a, b, c, memory[3], COUNT);
    add(d, memory[3], COUNT);
}

static void interleave(checksum *d) {
    for (size_t number = 0; number < 100; number++) {
        start(11, number);
        const size_t count = draw(1, REPRISE_LANES), channels = draw(1, 3), rows = draw(1, 5), columns = draw(1, 7);
        const ptrdiff_t row = (ptrdiff_t)(columns * REPRISE_LANES + draw(0, 40)), channel = (ptrdiff_t)rows * row;
        float *samples = filled(0, count * channels * rows * columns);
        float *lanes = filled(1, channels * (size_t)channel);
        reprise_interleave(samples, count, channels, rows, columns, lanes, channel, row);
        add(d, lanes, channels * (size_t)channel);
    }
}

static void reference_convolution(checksum *d) {
    for (size_t number = 0; number < 40; number++) {
        start(12, number);
        const size_t inputs = draw(1, 3), outputs = draw(1, 4), height = draw(5, 8), width = draw(5, 9);
        const size_t kernel_height = draw(1, 5), kernel_width = draw(1, 5), stride = draw(1, 2), padding = draw(0, 2);
        const reprise_convolution_shape shape = {
            .inputs = inputs, .outputs = outputs, .height = height, .width = width, .kernel_height = kernel_height,
            .kernel_width = kernel_width, .stride = stride, .padding = padding, .replicate = number % 2,
        };
        const size_t rows = (shape.height + 2 * shape.padding - shape.kernel_height) / shape.stride + 1;
        const size_t columns = (shape.width + 2 * shape.padding - shape.kernel_width) / shape.stride + 1;
        const size_t taps = shape.inputs * shape.kernel_height * shape.kernel_width;
        const float *x = filled(0, 16 * shape.inputs * shape.height * shape.width);
        const float *w = filled(1, shape.outputs * taps), *b = filled(2, shape.outputs);
        reprise_reference_convolution(&shape, x, w, number % 3 ? b : NULL, memory[3]);
        add(d, memory[3], shape.outputs * rows * columns);
        const float *dy = filled(4, 16 * shape.outputs * rows * columns);
        reprise_reference_convolution_weight_gradient(&shape, x, dy, memory[3]);
        add(d, memory[3], shape.outputs * taps);
        if (shape.stride != 1) continue;
        reprise_reference_convolution_input_gradient(&shape, dy, w, memory[3], memory[5]);
        add(d, memory[3], shape.inputs * shape.height * shape.width);
    }
}

static void reference_transposed(checksum *d) {
    for (size_t number = 0; number < 40; number++) {
        start(13, number);
        const size_t inputs = draw(1, 3), outputs = draw(1, 2), height = draw(3, 5), width = draw(3, 6);
        const size_t kernel = draw(3, 9), stride = draw(1, 4), padding = draw(0, 2);
        const reprise_transposed_shape shape = {
            .inputs = inputs, .outputs = outputs, .height = height, .width = width, .kernel = kernel,
            .stride = stride, .padding = padding, .output_padding = (ptrdiff_t)draw(0, 2) - 1,
        };
        const size_t cut = 2 * shape.padding;
        const size_t rows = (shape.height - 1) * shape.stride + shape.kernel + (size_t)shape.output_padding - cut;
        const size_t columns = (shape.width - 1) * shape.stride + shape.kernel + (size_t)shape.output_padding - cut;
        const size_t weights = shape.inputs * shape.outputs * shape.kernel * shape.kernel;
        const float *x = filled(0, 16 * shape.inputs * shape.height * shape.width);
        const float *w = filled(1, weights), *b = filled(2, shape.outputs);
        reprise_reference_transposed(&shape, x, w, b, memory[3]);
        add(d, memory[3], shape.outputs * rows * columns);
        const float *dy = filled(4, 16 * shape.outputs * rows * columns);
        reprise_reference_transposed_input_gradient(&shape, dy, w, memory[3]);
        add(d, memory[3], shape.inputs * shape.height * shape.width);
        reprise_reference_transposed_weight_gradient(&shape, x, dy, memory[3]);
        add(d, memory[3], weights);
    }
}

// --- All of it -----------------------------------------------------------------------------------------------------

static void say_all(const char *level, const reprise_kernels *kernels) {
    static const struct {
        const char *name;
        void (*run)(const reprise_kernels *, checksum *);
    } all[] = {
        {"weighted_sums", weighted_sums}, {"pixel_products", pixel_products}, {"lane_totals", lane_totals},
        {"activation_gradient", activation_gradient}, {"squared_loss", squared_loss},
        {"absolute_loss", absolute_loss}, {"charbonnier_loss", charbonnier_loss}, {"adam", adam},
        {"momentum", momentum}, {"rmsprop", rmsprop}, {"fused", fused},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        checksum d = empty();
        all[i].run(kernels, &d);
        say(level, all[i].name, d);
    }
}

static bool same(const char *a, const char *b) {
    for (; *a && *a == *b; a++) b++;
    return *a == *b;
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        reprise_level level;
    } levels[] = {
        {"baseline", REPRISE_BASELINE}, {"avx2", REPRISE_AVX2}, {"avx512", REPRISE_AVX512}, {"neon", REPRISE_NEON},
    };
    const char *only = count > 1 ? arguments[1] : "";
    spoils = same(only, "spoilt");
    const bool all = spoils || !*only;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const reprise_kernels *kernels = reprise_kernels_of(levels[i].level);
        if (kernels && (all || same(only, levels[i].name))) say_all(levels[i].name, kernels);
    }
    if (!all) return 0;
    say_all("scalar", reprise_reference_kernels());
    checksum d = empty();
    interleave(&d);
    say("scalar", "interleave", d);
    d = empty();
    reference_convolution(&d);
    say("scalar", "reference_convolution", d);
    d = empty();
    reference_transposed(&d);
    say("scalar", "reference_transposed", d);
    return 0;
}
