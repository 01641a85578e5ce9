// AddressSanitizer's words for memory that nobody may touch; nothing where there is no such thing.
#ifndef HOLLOW_KERNELS_CPU_POISON_H_
#define HOLLOW_KERNELS_CPU_POISON_H_

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, bytes)
#define ASAN_UNPOISON_MEMORY_REGION(memory, bytes)
#endif

#endif  // HOLLOW_KERNELS_CPU_POISON_H_
