#include "AllocationCounter.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

// These definitions stand before the C library's, which keeps its own under other names.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static _Thread_local unsigned long long count;
static _Thread_local long long bytes;

unsigned long long allocation_count(void) { return count; }

long long allocated_bytes(void) { return bytes; }

static void *counted(void *memory) {
    count++;
    if (memory != NULL) bytes += (long long)malloc_usable_size(memory);
    return memory;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t number, size_t size) { return counted(__libc_calloc(number, size)); }

void *realloc(void *memory, size_t size) {
    if (memory != NULL) bytes -= (long long)malloc_usable_size(memory);
    return counted(__libc_realloc(memory, size));
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    *memory = counted(__libc_memalign(alignment, size));
    return *memory == NULL ? ENOMEM : 0;
}

void *aligned_alloc(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

void free(void *memory) {
    if (memory != NULL) bytes -= (long long)malloc_usable_size(memory);
    __libc_free(memory);
}
