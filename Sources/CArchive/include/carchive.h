// Archives and compressed streams spoken in C, over libarchive and zlib: tar and zip entry by
// entry, gzip, zstd, bzip2 and xz as one stream of bytes, and the content of one zip member.
//
// Every fallible function returns a status and writes its result to an out-pointer, which stays
// untouched on failure; `carchive_last_error` then tells the calling thread why. A reader may be
// used by one thread at a time; different readers by different threads at once. Nothing is ever
// written to a disk, and no other program is started.

#ifndef CARCHIVE_H
#define CARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What became of a call.
typedef enum carchive_status {
    CARCHIVE_OK = 0,
    /// There is no further entry.
    CARCHIVE_END = 1,
    /// The bytes are damaged, end too early, or are no archive.
    CARCHIVE_INVALID = 2,
    /// The system refused to open or read a file.
    CARCHIVE_IO = 3,
    CARCHIVE_OUT_OF_MEMORY = 4,
    /// The archive uses something that is not read here, such as encryption.
    CARCHIVE_UNSUPPORTED = 5,
} carchive_status;

/// What the files hold.
typedef enum carchive_content {
    /// tar (plain, gzip, zstd, bzip2, xz) or zip: any number of entries.
    CARCHIVE_ENTRIES = 0,
    /// One compressed stream (gzip, zstd, bzip2, xz): one entry without a name, none when empty.
    CARCHIVE_STREAM = 1,
} carchive_content;

typedef enum carchive_type {
    CARCHIVE_FILE = 0,
    CARCHIVE_FOLDER = 1,
    CARCHIVE_SYMBOLIC_LINK = 2,
    /// Another name of an entry that came before; it has no bytes of its own.
    CARCHIVE_HARD_LINK = 3,
    /// A device, a pipe, a socket.
    CARCHIVE_OTHER = 4,
} carchive_type;

/// What an entry's header says. Names are the bytes that are stored: they may be absolute, hold
/// ".." or not be UTF-8, and are in no particular Unicode normal form.
typedef struct carchive_entry {
    /// The path within the archive; valid until the next call for this reader, never NULL.
    const char *name;
    /// What a link points to, valid as long as `name`; NULL for other entries.
    const char *target;
    carchive_type type;
    /// Permission bits, such as 0644.
    uint32_t permissions;
    /// Bytes of the content; -1 when only reading it tells.
    int64_t size;
    /// Seconds since 1970; 0 when the archive does not say.
    int64_t modified;
    /// Where in the files, taken as one, the content lies as it is; -1 when it is compressed or
    /// in pieces. Plain tar only.
    int64_t position;
    /// Where the entry's headers begin, from where the archive begins when it is not compressed.
    int64_t header;
    /// Whether the content needs a password.
    int32_t is_encrypted;
    /// Whether the archive is a zip, whose names may be in code page 437.
    int32_t is_zip;
} carchive_entry;

/// An open archive or stream.
typedef struct carchive_reader carchive_reader;

/// The text of this thread's last failure; valid until the thread's next failure, never NULL.
const char *carchive_last_error(void);

/// The version of the libarchive that is linked, such as "libarchive 3.6.2".
const char *carchive_version(void);

/// Opens what the files at `paths` hold, their bytes taken one after the other: one file, or the
/// parts of a split archive in order. A path is opened when its bytes are needed, but its size is
/// asked for now. The caller closes the reader.
carchive_status carchive_open(
    const char *const *paths, int64_t path_count, carchive_content content, carchive_reader **out);

/// Opens a tar file that is not compressed at the headers of one of its entries, `header` bytes
/// from the start; places count from the start of the file all the same. It is made for visiting
/// headers: contents that are not read are not fetched either. The caller closes the reader.
carchive_status carchive_open_tar(const char *path, int64_t header, carchive_reader **out);

/// Goes to the next entry, leaving out what was not read of the last. `CARCHIVE_END` after the
/// last entry.
carchive_status carchive_next(carchive_reader *reader, carchive_entry *out);

/// Reads at most `capacity` bytes of the current entry; `*out_count` is 0 at its end only, and
/// the end of a damaged entry is a failure. Checksums are verified wherever the format has them.
carchive_status carchive_read(
    carchive_reader *reader, void *bytes, size_t capacity, size_t *out_count);

/// Whether a tar ended without the blocks of zeros that mark its end, as one does that was cut off
/// between two entries; known after `CARCHIVE_END`.
int32_t carchive_lacks_end(const carchive_reader *reader);

/// Bytes of the files that have been read so far, for progress.
int64_t carchive_consumed(const carchive_reader *reader);

/// Closes a reader; NULL is allowed.
void carchive_close(carchive_reader *reader);

/// Decompresses a zip member that is deflated (method 8): `count` bytes become exactly
/// `out_count`, whose CRC-32 must be `crc`.
carchive_status carchive_inflate(
    const void *bytes, size_t count, uint32_t crc, void *out, size_t out_count);

/// Checks a zip member that is stored (method 0) against its CRC-32.
carchive_status carchive_verify(const void *bytes, size_t count, uint32_t crc);

#ifdef __cplusplus
}
#endif

#endif // CARCHIVE_H
