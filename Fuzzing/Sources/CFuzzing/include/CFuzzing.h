// SPDX-License-Identifier: Apache-2.0
#ifndef REPRISE_CFUZZING_H
#define REPRISE_CFUZZING_H

#include <stddef.h>
#include <stdint.h>

/// What is done with each input; a crash, a time-out and too much memory are what libFuzzer looks for.
typedef void (*reprise_fuzz_test)(const uint8_t *bytes, size_t count);

/// Runs libFuzzer with its own arguments and returns its exit status.
int reprise_fuzz(int count, char **arguments, reprise_fuzz_test test);

#endif
