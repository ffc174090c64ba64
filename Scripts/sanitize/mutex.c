// SPDX-License-Identifier: Apache-2.0

// Tells ThreadSanitizer of Swift's `Mutex`.
//
// Where nobody else wants it, a mutex of the module Synchronization is taken by an atomic operation in the code that
// takes it, which is instrumented. Where threads meet, the runtime's own code asks the kernel, and that is not: what one
// thread did before it gave the mutex up then looks as if it raced with what the next one does. This library comes before
// the runtime and says at these two places what has happened.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// Both come with the sanitizer; programs that are run beside the tests have none.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

typedef __attribute__((swiftcall)) void lock_slowly(uint32_t thread, __attribute__((swift_context)) void *handle);
typedef __attribute__((swiftcall)) void unlock_slowly(__attribute__((swift_context)) void *handle);

// Synchronization._MutexHandle._lockSlow(_:) and ._unlockSlow()
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

lock_slowly lock __asm__(LOCK);
unlock_slowly unlock __asm__(UNLOCK);

__attribute__((swiftcall)) void lock(uint32_t thread, __attribute__((swift_context)) void *handle) {
    ((lock_slowly *)dlsym(RTLD_NEXT, LOCK))(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

__attribute__((swiftcall)) void unlock(__attribute__((swift_context)) void *handle) {
    if (__tsan_release) __tsan_release(handle);
    ((unlock_slowly *)dlsym(RTLD_NEXT, UNLOCK))(handle);
}
