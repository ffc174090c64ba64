// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// Tells ThreadSanitizer what it cannot see. Linked into the tests and into the program that they run.

// Swift's runtime writes the count of the one empty array again, which is 0, whenever an array is made with room for
// nothing: all threads write what is there already.
const char *__tsan_default_suppressions(void) { return "race:_swiftEmptyArrayStorage\n"; }

// Swift's `Mutex`: where nobody else wants it, one is taken by an atomic operation in the code that takes it, which is
// instrumented. Where threads meet, the runtime's own code asks the kernel, and that is not: what one thread did before
// it gave the mutex up then looks as if it raced with what the next one does. The two functions below come before the
// runtime's and say what has happened.

extern void __tsan_acquire(void *address);
extern void __tsan_release(void *address);

typedef __attribute__((swiftcall)) void lock_slowly(uint32_t thread, __attribute__((swift_context)) void *handle);
typedef __attribute__((swiftcall)) void unlock_slowly(__attribute__((swift_context)) void *handle);

// Synchronization._MutexHandle._lockSlow(_:) and ._unlockSlow()
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

lock_slowly lock __asm__(LOCK);
unlock_slowly unlock __asm__(UNLOCK);

__attribute__((swiftcall)) void lock(uint32_t thread, __attribute__((swift_context)) void *handle) {
    ((lock_slowly *)dlsym(RTLD_NEXT, LOCK))(thread, handle);
    __tsan_acquire(handle);
}

__attribute__((swiftcall)) void unlock(__attribute__((swift_context)) void *handle) {
    __tsan_release(handle);
    ((unlock_slowly *)dlsym(RTLD_NEXT, UNLOCK))(handle);
}
