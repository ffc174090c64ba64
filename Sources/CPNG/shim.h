// SPDX-License-Identifier: Apache-2.0
//
// libpng reports errors by longjmp, which must never cross a Swift frame. Two places arm a jump buffer, and what they
// are given calls libpng freely: `reprise_png_attempt` reads a file at once, and everything that libpng allocated is
// released whether the work came to its end or not; `reprise_png_attempt_step` does one step of a file that is written
// row by row and belongs to the caller. Results are reported by value: 1 for done, 0 for an error with its text.
#ifndef REPRISE_CPNG_SHIM_H
#define REPRISE_CPNG_SHIM_H

#include <png.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// What IHDR, PLTE and tRNS say, before any pixel is read.
typedef struct {
    uint32_t width;
    uint32_t height;
    /// As stored: 1, 2, 4, 8 or 16.
    int bit_depth;
    /// Samples of a pixel as stored: 1, 2, 3 or 4.
    int stored_channels;
    /// Whether pixels are indices into the palette.
    int has_palette;
    /// Whether pixels have red, green and blue; the palette's always do.
    int has_colour;
    /// Whether pixels, the palette's colours, or one colour by tRNS, have an alpha.
    int has_alpha;
    /// Colours of the palette, 0 where there is none.
    int palette_count;
} reprise_png_header;

/// The text of libpng's error, always terminated.
typedef struct {
    char text[128];
} reprise_png_message;

/// Bytes written so far; `bytes` belongs to malloc.
typedef struct {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
} reprise_png_buffer;

typedef struct {
    const uint8_t *bytes;
    size_t count;
    size_t position;
} reprise_png_source;

static inline void reprise_png_fail(png_structp png, png_const_charp text) {
    reprise_png_message *message = (reprise_png_message *)png_get_error_ptr(png);
    strncpy(message->text, text, sizeof message->text - 1);
    message->text[sizeof message->text - 1] = 0;
    png_longjmp(png, 1);
}

static inline void reprise_png_ignore_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

/// What may end in an error of libpng's at any line; owns nothing that libpng does not release.
typedef void (*reprise_png_work)(png_structp png, png_infop facts, void *context);

static inline int reprise_png_attempt(reprise_png_work work, void *context, reprise_png_message *message) {
    strcpy(message->text, "out of memory");
    png_structp png = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, message, reprise_png_fail, reprise_png_ignore_warning);
    if (png == NULL) {
        return 0;
    }
    // Reports failure by NULL, so that nothing jumps before the buffer is armed.
    png_infop facts = png_create_info_struct(png);
    int is_done = 0;
    if (facts != NULL) {
        if (setjmp(png_jmpbuf(png)) == 0) {
            work(png, facts, context);
            is_done = 1;
        }
    }
    png_destroy_read_struct(&png, &facts, NULL);
    return is_done;
}

// MARK: Reading

static inline void reprise_png_take(png_structp png, png_bytep out, size_t count) {
    reprise_png_source *source = (reprise_png_source *)png_get_io_ptr(png);
    if (count > source->count - source->position) {
        png_error(png, "the file ends too early");
    }
    memcpy(out, source->bytes + source->position, count);
    source->position += count;
}

/// Reads up to the first IDAT chunk. Every chunk but IHDR, PLTE, tRNS, IDAT and IEND is skipped (so that gamma and
/// colour profiles cannot reach the values and compressed texts cannot reach the memory); a wrong checksum in any chunk
/// is an error.
static inline void reprise_png_begin(png_structp png, png_infop facts, reprise_png_source *source) {
    png_set_read_fn(png, source, reprise_png_take);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_read_info(png, facts);
}

typedef struct {
    reprise_png_source source;
    reprise_png_header *header;
    uint8_t *palette;
} reprise_png_header_work;

/// palette: (count, 4) red, green, blue, alpha.
static inline void reprise_png_copy_palette(png_structp png, png_infop facts, reprise_png_header_work *work) {
    png_colorp colours = NULL;
    png_bytep alphas = NULL;
    int alpha_count = 0;
    png_get_PLTE(png, facts, &colours, &work->header->palette_count);
    png_get_tRNS(png, facts, &alphas, &alpha_count, NULL);
    for (int index = 0; index < work->header->palette_count && index < 256; index += 1) {
        work->palette[4 * index] = colours[index].red;
        work->palette[4 * index + 1] = colours[index].green;
        work->palette[4 * index + 2] = colours[index].blue;
        work->palette[4 * index + 3] = alphas != NULL && index < alpha_count ? alphas[index] : 255;
    }
}

static inline void reprise_png_header_steps(png_structp png, png_infop facts, void *context) {
    reprise_png_header_work *work = (reprise_png_header_work *)context;
    reprise_png_begin(png, facts, &work->source);
    int colour_type = png_get_color_type(png, facts);
    work->header->width = png_get_image_width(png, facts);
    work->header->height = png_get_image_height(png, facts);
    work->header->bit_depth = png_get_bit_depth(png, facts);
    work->header->stored_channels = png_get_channels(png, facts);
    work->header->has_palette = colour_type == PNG_COLOR_TYPE_PALETTE;
    work->header->has_colour = (colour_type & PNG_COLOR_MASK_COLOR) != 0;
    work->header->has_alpha =
        (colour_type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, facts, PNG_INFO_tRNS) != 0;
    if (work->header->has_palette) {
        reprise_png_copy_palette(png, facts, work);
    }
}

/// palette: room for 1024 bytes, see `reprise_png_copy_palette`.
static inline int reprise_png_read_header(
    const uint8_t *bytes, size_t count, reprise_png_header *header, uint8_t *palette, reprise_png_message *message) {
    memset(header, 0, sizeof *header);
    reprise_png_header_work work = {{bytes, count, 0}, header, palette};
    return reprise_png_attempt(reprise_png_header_steps, &work, message);
}

typedef struct {
    reprise_png_source source;
    uint8_t *out;
    size_t capacity;
} reprise_png_pixel_work;

/// A sample a byte, or two bytes in the machine's order; grey of few bits spread over 0...255, tRNS as alpha; indices
/// of a palette as they are.
static inline void reprise_png_set_sample_format(png_structp png, png_infop facts) {
    if (png_get_color_type(png, facts) == PNG_COLOR_TYPE_PALETTE) {
        png_set_packing(png);
    } else {
        png_set_expand(png);
    }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (png_get_bit_depth(png, facts) == 16) {
        png_set_swap(png);
    }
#endif
}

static inline void reprise_png_pixel_steps(png_structp png, png_infop facts, void *context) {
    reprise_png_pixel_work *work = (reprise_png_pixel_work *)context;
    reprise_png_begin(png, facts, &work->source);
    reprise_png_set_sample_format(png, facts);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, facts);
    size_t stride = png_get_rowbytes(png, facts);
    size_t height = png_get_image_height(png, facts);
    if (stride == 0 || work->capacity / stride < height || stride * height != work->capacity) {
        png_error(png, "the header does not fit the pixels");
    }
    for (int pass = 0; pass < passes; pass += 1) {
        for (size_t row = 0; row < height; row += 1) {
            png_read_row(png, work->out + row * stride, NULL);
        }
    }
    png_read_end(png, NULL);
}

/// Reads all pixels and the file to its end. out: (height, width, samples of a pixel), `capacity` bytes; see
/// `reprise_png_set_sample_format`.
static inline int reprise_png_read_pixels(
    const uint8_t *bytes, size_t count, void *out, size_t capacity, reprise_png_message *message) {
    reprise_png_pixel_work work = {{bytes, count, 0}, (uint8_t *)out, capacity};
    return reprise_png_attempt(reprise_png_pixel_steps, &work, message);
}

// MARK: Writing

static inline void reprise_png_append(png_structp png, png_bytep bytes, size_t count) {
    reprise_png_buffer *buffer = (reprise_png_buffer *)png_get_io_ptr(png);
    if (count > buffer->capacity - buffer->count) {
        size_t capacity = buffer->capacity * 2 > buffer->count + count ? buffer->capacity * 2 : buffer->count + count;
        uint8_t *grown = (uint8_t *)realloc(buffer->bytes, capacity);
        if (grown == NULL) {
            png_error(png, "out of memory");
        }
        buffer->bytes = grown;
        buffer->capacity = capacity;
    }
    memcpy(buffer->bytes + buffer->count, bytes, count);
    buffer->count += count;
}

static inline void reprise_png_flush_nothing(png_structp png) { (void)png; }

/// A PNG file in the making, row by row. It stays where it was made: libpng points into it.
typedef struct {
    png_structp png;
    png_infop facts;
    /// What libpng has written and nobody has taken yet.
    reprise_png_buffer buffer;
    reprise_png_message message;
    /// Bytes of a row of samples.
    size_t stride;
} reprise_png_writer;

/// What a file in the making holds: samples are (height, width, channels), bytes or 16-bit words in the machine's
/// order.
typedef struct {
    uint32_t height;
    uint32_t width;
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    int channels;
    /// 8 or 16.
    int bit_depth;
} reprise_png_form;

/// Rows of samples that follow those before.
typedef struct {
    const uint8_t *samples;
    size_t count;
} reprise_png_rows;

/// What may end in an error of libpng's at any line.
typedef void (*reprise_png_step)(reprise_png_writer *writer, const void *context);

/// Arms the jump buffer for one step, so that no jump leads to a frame that is gone.
static inline int reprise_png_attempt_step(reprise_png_writer *writer, reprise_png_step step, const void *context) {
    if (setjmp(png_jmpbuf(writer->png)) != 0) {
        return 0;
    }
    step(writer, context);
    return 1;
}

static inline int reprise_png_colour_type(int channels) {
    switch (channels) {
    case 1: return PNG_COLOR_TYPE_GRAY;
    case 2: return PNG_COLOR_TYPE_GRAY_ALPHA;
    case 3: return PNG_COLOR_TYPE_RGB;
    default: return PNG_COLOR_TYPE_RGB_ALPHA;
    }
}

static inline void reprise_png_begin_step(reprise_png_writer *writer, const void *context) {
    const reprise_png_form *form = (const reprise_png_form *)context;
    png_structp png = writer->png;
    png_set_write_fn(png, &writer->buffer, reprise_png_append, reprise_png_flush_nothing);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_IHDR(
        png, writer->facts, form->width, form->height, form->bit_depth, reprise_png_colour_type(form->channels),
        PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
    png_set_compression_level(png, 6);
    png_set_compression_strategy(png, 1); // Z_FILTERED
    png_set_compression_mem_level(png, 8);
    png_set_compression_window_bits(png, 15);
    png_write_info(png, writer->facts);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (form->bit_depth == 16) {
        png_set_swap(png);
    }
#endif
    writer->stride = (size_t)form->width * (size_t)form->channels * (size_t)(form->bit_depth / 8);
}

static inline void reprise_png_row_steps(reprise_png_writer *writer, const void *context) {
    const reprise_png_rows *rows = (const reprise_png_rows *)context;
    for (size_t row = 0; row < rows->count; row += 1) {
        png_write_row(writer->png, rows->samples + row * writer->stride);
    }
}

static inline void reprise_png_end_step(reprise_png_writer *writer, const void *context) {
    (void)context;
    png_write_end(writer->png, NULL);
}

/// NULL where memory ran out.
static inline reprise_png_writer *reprise_png_writer_make(void) {
    reprise_png_writer *writer = (reprise_png_writer *)calloc(1, sizeof *writer);
    if (writer == NULL) {
        return NULL;
    }
    strcpy(writer->message.text, "out of memory");
    writer->png = png_create_write_struct(
        PNG_LIBPNG_VER_STRING, &writer->message, reprise_png_fail, reprise_png_ignore_warning);
    // Reports failure by NULL, so that nothing jumps before the buffer is armed.
    writer->facts = writer->png == NULL ? NULL : png_create_info_struct(writer->png);
    return writer;
}

/// A PNG file without ancillary chunks: Paeth filter, zlib level 6. After a failure nothing but the release may follow.
static inline int reprise_png_writer_begin(reprise_png_writer *writer, const reprise_png_form *form) {
    return writer->facts != NULL && reprise_png_attempt_step(writer, reprise_png_begin_step, form);
}

/// No more rows in all than the form says.
static inline int reprise_png_writer_append(reprise_png_writer *writer, const void *samples, size_t count) {
    const reprise_png_rows rows = {(const uint8_t *)samples, count};
    return reprise_png_attempt_step(writer, reprise_png_row_steps, &rows);
}

/// After the last row.
static inline int reprise_png_writer_end(reprise_png_writer *writer) {
    return reprise_png_attempt_step(writer, reprise_png_end_step, NULL);
}

static inline void reprise_png_writer_release(reprise_png_writer *writer) {
    png_destroy_write_struct(&writer->png, &writer->facts);
    free(writer->buffer.bytes);
    free(writer);
}

#endif
