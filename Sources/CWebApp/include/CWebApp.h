#pragma once
#include <stddef.h>

/// The web app's archive, embedded in the executable: its first byte and its length in bytes, 0 if it was not built.
const unsigned char *cryptpeer_webapp_bytes(void);
size_t cryptpeer_webapp_length(void);
