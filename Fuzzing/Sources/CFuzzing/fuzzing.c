// SPDX-License-Identifier: Apache-2.0

#include "CFuzzing.h"

#include <pthread.h>
#include <unistd.h>

// https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*test)(const uint8_t *bytes, size_t count));

void __sanitizer_set_death_callback(void (*callback)(void));

static reprise_fuzz_test chosen;

// A reader's own child process may die: that is no finding, and leaves no file.
static void forget_findings(void) { __sanitizer_set_death_callback(NULL); }

static int run_chosen(const uint8_t *bytes, size_t count) {
    chosen(bytes, count);
    return 0;
}

int reprise_fuzz(int count, char **arguments, reprise_fuzz_test test) {
    chosen = test;
    pthread_atfork(NULL, NULL, forget_findings);
    return LLVMFuzzerRunDriver(&count, &arguments, run_chosen);
}
