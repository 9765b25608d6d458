// A gzip stream over parts. libarchive reads gzip too, but does not verify its checksum.

#ifndef CARCHIVE_GZIP_H
#define CARCHIVE_GZIP_H

#include "parts.h"

typedef struct gzip gzip;

/// Whether the first bytes are those of gzip; the place stays where it is.
carchive_status gzip_recognize(parts *parts, int *out);

/// Decompresses `parts`, which must outlive it, from its place on; the caller closes.
carchive_status gzip_open(parts *parts, gzip **out);

/// The next decompressed bytes; `*out_count` is 0 at the end only. A stream that is damaged, cut
/// off, or followed by something else is a failure.
carchive_status gzip_read(gzip *gzip, void *bytes, size_t capacity, size_t *out_count);

/// Closes; NULL is allowed.
void gzip_close(gzip *gzip);

#endif // CARCHIVE_GZIP_H
