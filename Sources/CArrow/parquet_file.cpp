// Parquet files, one row group at a time.

#include "reader.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

namespace carrow {

namespace {

/// Keeps the file open for as long as its batches are read.
class OwningBatches : public arrow::RecordBatchReader {
  public:
    OwningBatches(
        std::shared_ptr<parquet::arrow::FileReader> file,
        std::unique_ptr<arrow::RecordBatchReader> batches)
        : file_(std::move(file)), batches_(std::move(batches)) {}

    std::shared_ptr<arrow::Schema> schema() const override { return batches_->schema(); }

    arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch> *batch) override {
        return batches_->ReadNext(batch);
    }

  private:
    std::shared_ptr<parquet::arrow::FileReader> file_;
    std::unique_ptr<arrow::RecordBatchReader> batches_;
};

class ParquetFile : public carrow_reader {
  public:
    explicit ParquetFile(const std::string &path) {
        parquet::ReaderProperties properties;
        // Pages are read as they are needed, not a whole column of the row group at once.
        properties.enable_buffered_stream();
        properties.set_buffer_size(1 << 18);
        properties.set_page_checksum_verification(true);
        parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
        arrow_properties.set_pre_buffer(false);

        parquet::arrow::FileReaderBuilder builder;
        auto source = take(arrow::io::ReadableFile::Open(path));
        check(builder.Open(std::move(source), properties));
        builder.properties(arrow_properties);
        file_ = take(builder.Build());
        check(file_->GetSchema(&schema));

        const auto metadata = file_->parquet_reader()->metadata();
        for (int group = 0; group < metadata->num_row_groups(); ++group) {
            const int64_t rows = metadata->RowGroup(group)->num_rows();
            if (rows < 0) check(arrow::Status::Invalid("row group ", group, " has ", rows, " rows"));
            block_rows.push_back(rows);
        }
    }

    int64_t byte_count(
        int64_t block, const std::vector<std::string> &columns) const override {
        const auto group =
            file_->parquet_reader()->metadata()->RowGroup(static_cast<int>(block));
        int64_t sum = 0;
        for (const int leaf : leaves_of(columns)) {
            // A damaged file may say anything.
            const int64_t bytes = group->ColumnChunk(leaf)->total_uncompressed_size();
            sum += std::clamp<int64_t>(bytes, 0, int64_t{1} << 50);
        }
        return sum;
    }

    std::shared_ptr<arrow::RecordBatchReader> scan(
        int64_t block, const std::vector<std::string> &columns, int64_t batch_rows) override {
        file_->set_batch_size(batch_rows);
        auto batches = take(
            file_->GetRecordBatchReader({static_cast<int>(block)}, leaves_of(columns)));
        return std::make_shared<OwningBatches>(file_, std::move(batches));
    }

  private:
    /// Parquet counts leaves, so that a list or struct column is each of its leaves.
    std::vector<int> leaves_of(const std::vector<std::string> &columns) const {
        const std::unordered_set<std::string> wanted(columns.begin(), columns.end());
        const auto *parquet_schema = file_->parquet_reader()->metadata()->schema();
        std::vector<int> leaves;
        for (int leaf = 0; leaf < parquet_schema->num_columns(); ++leaf) {
            if (wanted.contains(parquet_schema->GetColumnRoot(leaf)->name())) {
                leaves.push_back(leaf);
            }
        }
        return leaves;
    }

    std::shared_ptr<parquet::arrow::FileReader> file_;
};

} // namespace

std::unique_ptr<carrow_reader> open_parquet(const std::string &path) {
    return std::make_unique<ParquetFile>(path);
}

} // namespace carrow
