// Parquet files of embeddings: one row group for each call.

#include "boundary.hpp"

#include <limits>
#include <vector>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

struct carrow_writer {
    std::shared_ptr<arrow::Schema> schema;
    std::shared_ptr<arrow::io::FileOutputStream> sink;
    std::unique_ptr<parquet::arrow::FileWriter> file;
};

namespace {

std::shared_ptr<arrow::Schema> embedding_schema() {
    auto element = arrow::field("element", arrow::float32(), /*nullable=*/false);
    return arrow::schema({
        arrow::field("id", arrow::utf8(), /*nullable=*/false),
        arrow::field("embedding", arrow::list(element), /*nullable=*/false),
    });
}

} // namespace

carrow_status carrow_writer_open(const char *path, carrow_writer **out) {
    return carrow::guarded([&] {
        auto writer = std::make_unique<carrow_writer>();
        writer->schema = embedding_schema();
        writer->sink = carrow::take(arrow::io::FileOutputStream::Open(path));
        // Numbers of embeddings hardly repeat: a dictionary would only cost.
        auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::ZSTD)
                              ->disable_dictionary()
                              ->enable_page_checksum()
                              ->build();
        writer->file = carrow::take(parquet::arrow::FileWriter::Open(
            *writer->schema, arrow::default_memory_pool(), writer->sink, properties));
        *out = writer.release();
    });
}

carrow_status carrow_writer_append(
    carrow_writer *writer, int64_t rows, const char *id_bytes, const int32_t *id_offsets,
    const float *values, int64_t width) {
    return carrow::guarded([&] {
        if (rows <= 0 || width <= 0 || rows > std::numeric_limits<int32_t>::max() / width) {
            carrow::check(arrow::Status::Invalid(
                rows, " rows of ", width, " numbers do not make a row group"));
        }
        std::vector<int32_t> list_offsets(rows + 1);
        for (int64_t row = 0; row <= rows; ++row) {
            list_offsets[row] = static_cast<int32_t>(row * width);
        }
        auto ids = std::make_shared<arrow::StringArray>(
            rows, arrow::Buffer::Wrap(id_offsets, rows + 1),
            arrow::Buffer::Wrap(id_bytes, id_offsets[rows]));
        auto numbers = std::make_shared<arrow::FloatArray>(
            rows * width, arrow::Buffer::Wrap(values, rows * width));
        auto lists = std::make_shared<arrow::ListArray>(
            writer->schema->field(1)->type(), rows, arrow::Buffer::Wrap(list_offsets), numbers);
        auto batch = arrow::RecordBatch::Make(writer->schema, rows, {ids, lists});
        carrow::check(batch->ValidateFull());
        auto table = carrow::take(arrow::Table::FromRecordBatches({batch}));
        carrow::check(writer->file->WriteTable(*table, rows));
    });
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
