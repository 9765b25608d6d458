// Readers that share their files with another reader.

#ifndef CARCHIVE_READER_H
#define CARCHIVE_READER_H

#include "parts.h"

/// Decompresses `parts`, which must outlive the reader, from their place on, up to the first byte.
carchive_status reader_open_stream(parts *parts, carchive_reader **out);

/// Closes a reader but not its files; NULL is allowed.
void reader_free(carchive_reader *reader);

#endif // CARCHIVE_READER_H
