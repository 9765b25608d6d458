// A Parquet file that is being written, whatever its columns.

#pragma once

#include <memory>

#include <arrow/io/file.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "boundary.hpp"

struct carrow_writer {
    std::shared_ptr<arrow::Schema> schema;
    std::shared_ptr<arrow::io::FileOutputStream> sink;
    std::unique_ptr<parquet::arrow::FileWriter> file;
};

namespace carrow {

/// Creates the file at `path`.
carrow_writer *open_writer(
    const char *path, std::shared_ptr<arrow::Schema> schema,
    std::shared_ptr<parquet::WriterProperties> properties);

/// Writes the columns as one row group.
void append(
    carrow_writer *writer, int64_t rows, std::vector<std::shared_ptr<arrow::Array>> columns);

} // namespace carrow
