// SPDX-License-Identifier: Apache-2.0
//
// Linked into the tests and the program when they are watched for their use of memory: tests start the program without
// the variables that they were started with, so what the sanitizer is to do stands here.

// What lives as long as the program is held by pointers with marks in them, which would be told as leaks.
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }
