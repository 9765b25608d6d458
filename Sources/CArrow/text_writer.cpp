// Parquet files of texts and lists of texts.

#include "writer.hpp"

#include <vector>

#include <arrow/array.h>
#include <arrow/buffer.h>

namespace {

std::shared_ptr<arrow::DataType> list_of_texts() {
    return arrow::list(arrow::field("element", arrow::utf8(), /*nullable=*/false));
}

std::shared_ptr<arrow::Array> texts(const carrow_texts &column, int64_t count) {
    return std::make_shared<arrow::StringArray>(
        count, arrow::Buffer::Wrap(column.offsets, count + 1),
        arrow::Buffer::Wrap(column.bytes, column.offsets[count]));
}

std::shared_ptr<arrow::Array> column_of(
    const carrow_texts &column, int64_t rows, const std::shared_ptr<arrow::DataType> &type) {
    if (column.list_offsets == nullptr) return texts(column, rows);
    return std::make_shared<arrow::ListArray>(
        type, rows, arrow::Buffer::Wrap(column.list_offsets, rows + 1),
        texts(column, column.list_offsets[rows]));
}

} // namespace

carrow_status carrow_text_writer_open(
    const char *path, const carrow_text_column *columns, int64_t column_count,
    carrow_writer **out) {
    return carrow::guarded([&] {
        std::vector<std::shared_ptr<arrow::Field>> fields;
        for (int64_t index = 0; index < column_count; ++index) {
            auto type = columns[index].is_list != 0 ? list_of_texts() : arrow::utf8();
            fields.push_back(arrow::field(columns[index].name, type, /*nullable=*/false));
        }
        auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::ZSTD)
                              ->enable_page_checksum()
                              ->build();
        *out = carrow::open_writer(path, arrow::schema(fields), properties);
    });
}

carrow_status carrow_text_writer_append(
    carrow_writer *writer, int64_t rows, const carrow_texts *columns) {
    return carrow::guarded([&] {
        std::vector<std::shared_ptr<arrow::Array>> arrays;
        for (int index = 0; index < writer->schema->num_fields(); ++index) {
            arrays.push_back(
                column_of(columns[index], rows, writer->schema->field(index)->type()));
        }
        carrow::append(writer, rows, arrays);
    });
}
