// What a Parquet file and an Arrow file have in common: blocks of rows, read by column name.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "boundary.hpp"

/// An open file of either format.
struct carrow_reader {
    std::shared_ptr<arrow::Schema> schema;
    /// Rows of each block.
    std::vector<int64_t> block_rows;

    virtual ~carrow_reader() = default;

    /// About the bytes of memory of one block with the columns of these names; -1 if unknown.
    virtual int64_t byte_count(int64_t, const std::vector<std::string> &) const { return -1; }

    /// The batches of one block, with the columns of these names.
    virtual std::shared_ptr<arrow::RecordBatchReader> scan(
        int64_t block, const std::vector<std::string> &columns, int64_t batch_rows) = 0;
};

namespace carrow {

/// Opens a Parquet file; reading holds no more than a block's wanted columns.
std::unique_ptr<carrow_reader> open_parquet(const std::string &path);

/// Opens an Arrow IPC file or stream, mapped into memory.
std::unique_ptr<carrow_reader> open_ipc(const std::string &path);


} // namespace carrow
