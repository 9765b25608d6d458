// What is the same for all Parquet files that are written: one row group for each call.

#include "writer.hpp"

#include <utility>

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

carrow_writer *carrow::open_writer(
    const char *path, std::shared_ptr<arrow::Schema> schema,
    std::shared_ptr<parquet::WriterProperties> properties) {
    auto writer = std::make_unique<carrow_writer>();
    writer->schema = std::move(schema);
    writer->sink = carrow::take(arrow::io::FileOutputStream::Open(path));
    writer->file = carrow::take(parquet::arrow::FileWriter::Open(
        *writer->schema, arrow::default_memory_pool(), writer->sink, std::move(properties)));
    return writer.release();
}

void carrow::append(
    carrow_writer *writer, int64_t rows, std::vector<std::shared_ptr<arrow::Array>> columns) {
    auto batch = arrow::RecordBatch::Make(writer->schema, rows, std::move(columns));
    carrow::check(batch->ValidateFull());
    auto table = carrow::take(arrow::Table::FromRecordBatches({batch}));
    carrow::check(writer->file->WriteTable(*table, rows));
}

carrow_status carrow_writer_finish(carrow_writer *writer) {
    return carrow::guarded([&] {
        carrow::check(writer->file->Close());
        carrow::check(writer->sink->Close());
    });
}

void carrow_writer_close(carrow_writer *writer) {
    // A destructor that tries to write a footer to a full disk may fail: nobody is left to tell.
    (void)carrow::guarded([&] { delete writer; });
}
