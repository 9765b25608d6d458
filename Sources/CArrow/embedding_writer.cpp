// Parquet files of embeddings.

#include "writer.hpp"

#include <limits>
#include <vector>

#include <arrow/array.h>
#include <arrow/buffer.h>

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
        // Numbers of embeddings hardly repeat: a dictionary would only cost.
        auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::ZSTD)
                              ->disable_dictionary()
                              ->enable_page_checksum()
                              ->build();
        *out = carrow::open_writer(path, embedding_schema(), properties);
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
        carrow::append(writer, rows, {ids, lists});
    });
}
