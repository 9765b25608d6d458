// Columns whose layout the Arrow C data reader does not know, in one that it knows.

#pragma once

#include <memory>

#include <arrow/record_batch.h>

namespace carrow {

/// The batch with views (`string_view`, `binary_view`, `list_view`) as plain columns of the same
/// values, at any depth. A batch without any is returned as it is.
std::shared_ptr<arrow::RecordBatch> with_plain_columns(
    const std::shared_ptr<arrow::RecordBatch> &batch);

} // namespace carrow
