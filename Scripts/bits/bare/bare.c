// SPDX-License-Identifier: Apache-2.0
//
// What bits.c needs of a C library, on a processor with nothing else: text goes to port 0xe9, which Bochs copies to its
// own output. Only the AVX-512 level is run: an emulator takes its time.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

int main(int count, char **arguments);
int __cpu_indicator_init(void);

static void out(uint16_t port, uint8_t byte) {
    __asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"(port));
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t count) {
    for (size_t i = 0; i < count; i++) ((volatile uint8_t *)to)[i] = (uint8_t)value;
    return to;
}

static void put(const char *text) {
    while (*text) out(0xe9, (uint8_t)*text++);
}

/// A number in `base`, with zeros in front up to `width` digits.
static void put_number(uint64_t number, unsigned base, int width) {
    char digits[24];
    int place = 23;
    digits[place] = 0;
    for (; number || width > 0; number /= base, width--) digits[--place] = "0123456789abcdef"[number % base];
    put(digits + place);
}

/// Of all formats those that `say` in bits.c uses: %s, %zu, %016llx.
int printf(const char *format, ...) {
    va_list values;
    va_start(values, format);
    for (; *format; format++) {
        if (*format != '%') {
            out(0xe9, (uint8_t)*format);
        } else if (*++format == 's') {
            put(va_arg(values, const char *));
        } else if (*format == 'z') {
            format += 1;
            put_number(va_arg(values, size_t), 10, 1);
        } else {
            format += 5;
            put_number(va_arg(values, unsigned long long), 16, 16);
        }
    }
    va_end(values);
    return 0;
}

void bare_main(void) {
    extern uint8_t bare_zero[], bare_end[];
    memset(bare_zero, 0, (size_t)(bare_end - bare_zero));
    __cpu_indicator_init();
    char program[] = "bits", level[] = "avx512";
    main(2, (char *[]){program, level, NULL});
    for (const char *word = "Shutdown"; *word; word++) out(0x8900, (uint8_t)*word);
}
