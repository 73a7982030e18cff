// Counts what the calling thread allocates, for tests that say a path allocates nothing, or so much and no more.
#pragma once

/// How often this thread has asked for memory since it began.
unsigned long long allocation_count(void);

/// How many bytes this thread has got and not given back.
long long allocated_bytes(void);
