// The names of entries as the bytes that are stored. libarchive brings names of the formats that
// say UTF-8 (pax, and zip with its flag) into Unicode normal form C, so that two entries may share
// one name, and the name of a record is not found.

#ifndef CARCHIVE_NAMES_H
#define CARCHIVE_NAMES_H

#include <stddef.h>

/// Copies the value of `key` ("path", "linkpath") from the extended headers among `count` bytes of
/// headers of a tar entry. The caller frees. NULL: there is none, or no memory.
char *names_pax(const unsigned char *headers, size_t count, const char *key);

/// Copies the name from the local header of a zip entry, which ends where the `count` bytes end, if
/// its flag says that the name is UTF-8. The caller frees. NULL: there is none, or no memory.
char *names_zip(const unsigned char *bytes, size_t count);

#endif // CARCHIVE_NAMES_H
