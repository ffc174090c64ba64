// SPDX-License-Identifier: Apache-2.0
//
// libpng reports errors by longjmp, which must never cross a Swift frame. Each function below arms its own jump buffer,
// owns everything libpng allocates between its first and its last line, and reports by value: 1 for done, 0 for an
// error with its text.
#ifndef REPRISE_CPNG_SHIM_H
#define REPRISE_CPNG_SHIM_H

#include <png.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// What IHDR and tRNS say, before any pixel is read.
typedef struct {
    uint32_t width;
    uint32_t height;
    /// 1, 2, 4, 8 or 16
    int bit_depth;
    /// 1, 2, 3 or 4: the samples of a pixel as `reprise_png_read_pixels` writes them
    int channels;
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

static inline void reprise_png_take(png_structp png, png_bytep out, size_t count) {
    reprise_png_source *source = (reprise_png_source *)png_get_io_ptr(png);
    if (count > source->count - source->position) {
        png_error(png, "the file ends too early");
    }
    memcpy(out, source->bytes + source->position, count);
    source->position += count;
}

/// A reader that skips every chunk but IHDR, PLTE, tRNS, IDAT and IEND (so that gamma and colour profiles cannot reach
/// the values and compressed texts cannot reach the memory) and treats a wrong checksum in any chunk as an error.
static inline png_structp reprise_png_reader(reprise_png_message *message) {
    png_structp png = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, message, reprise_png_fail, reprise_png_ignore_warning);
    return png;
}

static inline void reprise_png_configure(png_structp png, reprise_png_source *source) {
    png_set_read_fn(png, source, reprise_png_take);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
}

/// Reads up to the first IDAT chunk.
static inline int reprise_png_read_header(
    const uint8_t *bytes, size_t count, reprise_png_header *header, reprise_png_message *message) {
    reprise_png_source source = {bytes, count, 0};
    png_structp volatile png = NULL;
    png_infop volatile facts = NULL;
    memset(header, 0, sizeof *header);
    strcpy(message->text, "out of memory");
    png = reprise_png_reader(message);
    if (png == NULL) {
        return 0;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_structp png_to_free = png;
        png_infop facts_to_free = facts;
        png_destroy_read_struct(&png_to_free, &facts_to_free, NULL);
        return 0;
    }
    facts = png_create_info_struct(png);
    if (facts == NULL) {
        png_error(png, "out of memory");
    }
    reprise_png_configure(png, &source);
    png_read_info(png, facts);
    header->width = png_get_image_width(png, facts);
    header->height = png_get_image_height(png, facts);
    header->bit_depth = png_get_bit_depth(png, facts);
    int colour_type = png_get_color_type(png, facts);
    header->channels = (colour_type & PNG_COLOR_MASK_COLOR) ? 3 : 1;
    if ((colour_type & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, facts, PNG_INFO_tRNS)) {
        header->channels += 1;
    }
    png_structp png_to_free = png;
    png_infop facts_to_free = facts;
    png_destroy_read_struct(&png_to_free, &facts_to_free, NULL);
    return 1;
}

/// Reads all pixels as 8-bit samples, `header.channels` a pixel (grey, grey and alpha, RGB, RGBA), and the file to its
/// end. out: (height, width, channels), `capacity` bytes.
static inline int reprise_png_read_pixels(
    const uint8_t *bytes, size_t count, uint8_t *out, size_t capacity, reprise_png_message *message) {
    reprise_png_source source = {bytes, count, 0};
    png_structp volatile png = NULL;
    png_infop volatile facts = NULL;
    strcpy(message->text, "out of memory");
    png = reprise_png_reader(message);
    if (png == NULL) {
        return 0;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_structp png_to_free = png;
        png_infop facts_to_free = facts;
        png_destroy_read_struct(&png_to_free, &facts_to_free, NULL);
        return 0;
    }
    facts = png_create_info_struct(png);
    if (facts == NULL) {
        png_error(png, "out of memory");
    }
    reprise_png_configure(png, &source);
    png_read_info(png, facts);
    png_set_expand(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, facts);
    size_t stride = png_get_rowbytes(png, facts);
    size_t height = png_get_image_height(png, facts);
    if (stride == 0 || capacity / stride < height || stride * height != capacity) {
        png_error(png, "the header does not fit the pixels");
    }
    for (int pass = 0; pass < passes; pass += 1) {
        for (size_t row = 0; row < height; row += 1) {
            png_read_row(png, out + row * stride, NULL);
        }
    }
    png_read_end(png, NULL);
    png_structp png_to_free = png;
    png_infop facts_to_free = facts;
    png_destroy_read_struct(&png_to_free, &facts_to_free, NULL);
    return 1;
}

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

/// Writes 8-bit grey (1 channel) or RGB (3 channels) pixels as a PNG file without ancillary chunks: Paeth filter, zlib
/// level 6. in: (height, width, channels). The caller frees `buffer->bytes` in both outcomes.
static inline int reprise_png_write(
    const uint8_t *in, uint32_t height, uint32_t width, int channels, reprise_png_buffer *buffer,
    reprise_png_message *message) {
    png_structp volatile png = NULL;
    png_infop volatile facts = NULL;
    memset(buffer, 0, sizeof *buffer);
    strcpy(message->text, "out of memory");
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, reprise_png_fail, reprise_png_ignore_warning);
    if (png == NULL) {
        return 0;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_structp png_to_free = png;
        png_infop facts_to_free = facts;
        png_destroy_write_struct(&png_to_free, &facts_to_free);
        return 0;
    }
    facts = png_create_info_struct(png);
    if (facts == NULL) {
        png_error(png, "out of memory");
    }
    png_set_write_fn(png, buffer, reprise_png_append, reprise_png_flush_nothing);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_set_IHDR(
        png, facts, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
    png_set_compression_level(png, 6);
    png_set_compression_strategy(png, 1); // Z_FILTERED
    png_set_compression_mem_level(png, 8);
    png_set_compression_window_bits(png, 15);
    png_write_info(png, facts);
    size_t stride = (size_t)width * (size_t)channels;
    for (size_t row = 0; row < height; row += 1) {
        png_write_row(png, in + row * stride);
    }
    png_write_end(png, NULL);
    png_structp png_to_free = png;
    png_infop facts_to_free = facts;
    png_destroy_write_struct(&png_to_free, &facts_to_free);
    return 1;
}

#endif
