#include "CBoringSSLInternals.h"
