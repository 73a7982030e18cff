#include "CWebApp.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// `make web` generates the archive before `swift build`, and clang records it as a dependency, so a new one is picked up. Without
// it the package still builds: the node then says what is missing.
#if __has_embed("webapp.bin")
static const unsigned char archive[] = {
#embed "webapp.bin"
};
size_t cryptpeer_webapp_length(void) { return sizeof archive; }
#else
static const unsigned char archive[1];
size_t cryptpeer_webapp_length(void) { return 0; }
#endif

const unsigned char *cryptpeer_webapp_bytes(void) { return archive; }
