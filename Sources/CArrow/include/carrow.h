// Parquet and Arrow files spoken in C: blocks of columns come out as the Arrow C data interface.
//
// Every fallible function returns a status and writes its result to an out-pointer, which stays
// untouched on failure; `carrow_last_error` then tells the calling thread why. A reader and its
// scans may be used by one thread at a time; what a scan hands out is free of both.

#ifndef CARROW_H
#define CARROW_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The memory layout of https://arrow.apache.org/docs/format/CDataInterface.html, under the guard
// that the specification names, so that any number of headers may declare it.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif // ARROW_C_DATA_INTERFACE

/// What became of a call.
typedef enum carrow_status {
    CARROW_OK = 0,
    /// The bytes of the file are not what its format says.
    CARROW_INVALID = 1,
    /// The system refused to read or write.
    CARROW_IO = 2,
    CARROW_OUT_OF_MEMORY = 3,
    /// The file uses something that is not read here.
    CARROW_UNSUPPORTED = 4,
    CARROW_INTERNAL = 5,
} carrow_status;

/// The kinds of file that are read.
typedef enum carrow_format {
    CARROW_PARQUET = 0,
    /// Arrow IPC: the file and the stream layout are told apart by their first bytes.
    CARROW_IPC = 1,
} carrow_format;

/// An open file.
typedef struct carrow_reader carrow_reader;

/// A walk over the batches of one block.
typedef struct carrow_scan carrow_scan;

/// A Parquet file that is being written.
typedef struct carrow_writer carrow_writer;

/// A column of texts, or of lists of texts.
typedef struct carrow_text_column {
    const char *name;
    int32_t is_list;
} carrow_text_column;

/// The values of a column of texts: text i is `bytes[offsets[i]]` up to `offsets[i + 1]`.
typedef struct carrow_texts {
    const char *bytes;
    const int32_t *offsets;
    /// Of a list column: list i has the texts `list_offsets[i]` up to `list_offsets[i + 1]`; else
    /// NULL.
    const int32_t *list_offsets;
} carrow_texts;

/// The text of this thread's last failure; valid until the thread's next failure, never NULL.
const char *carrow_last_error(void);

/// The version of the Arrow library that is linked, such as "26.0.0".
const char *carrow_version(void);

/// Bytes that Arrow holds in its memory pool now.
int64_t carrow_allocated_bytes(void);

/// Opens the file at `path`. The caller closes the reader.
carrow_status carrow_reader_open(const char *path, carrow_format format, carrow_reader **out);

/// Closes a reader; NULL is allowed. Its scans stay valid.
void carrow_reader_close(carrow_reader *reader);

/// The number of blocks: row groups of a Parquet file, record batches of an Arrow file.
int64_t carrow_reader_block_count(const carrow_reader *reader);

/// The number of rows of one block.
carrow_status carrow_reader_block_rows(
    const carrow_reader *reader, int64_t block, int64_t *out);

/// About the number of bytes that `columns` of one block take in memory; -1 where the file does not
/// say. Unlike scans, this may be asked by several threads at once.
carrow_status carrow_reader_block_byte_count(
    const carrow_reader *reader, int64_t block, const char *const *columns, int64_t column_count,
    int64_t *out);

/// The columns of the file, as a struct type. The caller releases the schema.
carrow_status carrow_reader_schema(const carrow_reader *reader, struct ArrowSchema *out);

/// Starts to read `columns` (names of top-level columns, each present) of one block, at most
/// `batch_rows` rows at a time. The caller closes the scan.
carrow_status carrow_scan_open(
    carrow_reader *reader, int64_t block, const char *const *columns, int64_t column_count,
    int64_t batch_rows, carrow_scan **out);

/// The next batch, as a struct array whose buffers have been checked against their lengths. At
/// the end `out_array->release` is NULL. The caller releases both.
carrow_status carrow_scan_next(
    carrow_scan *scan, struct ArrowArray *out_array, struct ArrowSchema *out_schema);

/// Ends a scan; NULL is allowed.
void carrow_scan_close(carrow_scan *scan);

/// Creates a Parquet file of the columns `id` (string) and `embedding` (list of float). The
/// caller closes the writer.
carrow_status carrow_writer_open(const char *path, carrow_writer **out);

/// Appends one row group: `rows` ids, the bytes of id i being `id_bytes[id_offsets[i]]` up to
/// `id_offsets[i + 1]`, and `rows * width` numbers. Nothing is kept of the arguments.
carrow_status carrow_writer_append(
    carrow_writer *writer, int64_t rows, const char *id_bytes, const int32_t *id_offsets,
    const float *values, int64_t width);

/// Creates a Parquet file of texts. The caller closes the writer.
carrow_status carrow_text_writer_open(
    const char *path, const carrow_text_column *columns, int64_t column_count,
    carrow_writer **out);

/// Appends one row group to a file of texts, with one entry of `columns` for each column that it
/// was opened with. Nothing is kept of the arguments.
carrow_status carrow_text_writer_append(
    carrow_writer *writer, int64_t rows, const carrow_texts *columns);

/// Writes the footer: without it the file cannot be read. Nothing may be appended after it.
carrow_status carrow_writer_finish(carrow_writer *writer);

/// Frees a writer; NULL is allowed.
void carrow_writer_close(carrow_writer *writer);

#ifdef __cplusplus
}
#endif

#endif // CARROW_H
