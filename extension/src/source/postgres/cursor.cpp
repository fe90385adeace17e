// A server-side cursor read in batches. Pure zone. The caller has begun a transaction; the cursor
// refers to its connection and must not outlive it.
#include "source/postgres/connection.hpp"

namespace lakemover::source::postgres {

namespace {

class LibpqCursor final : public Cursor {
public:
    LibpqCursor(LibpqConnection& connection, std::string name, int fetch_size)
        : connection_(connection), name_(std::move(name)),
          fetch_sql_("FETCH " + std::to_string(fetch_size) + " FROM " + name_), fetch_size_(fetch_size) {}

    const std::vector<TextRow>& fetch() override {
        if (replay_) {
            replay_ = false;
            return rows_;
        }
        if (at_end_) {
            rows_.clear();
            ++batches_;
            return rows_;
        }
        const ResultPtr result = connection_.run(fetch_sql_, {});
        copy_rows(result.get());
        ++batches_;
        at_end_ = rows_.size() < static_cast<std::size_t>(fetch_size_);
        return rows_;
    }

    void rewind() override {
        if (batches_ == 0) {
            return;
        }
        if (batches_ == 1) {
            replay_ = true;
            return;
        }
        connection_.exec("MOVE BACKWARD ALL IN " + name_);
        batches_ = 0;
        at_end_ = false;
    }

    void close() override {
        if (!closed_) {
            closed_ = true;
            connection_.exec("CLOSE " + name_);
        }
    }

private:
    // Strings keep their capacity from batch to batch.
    void copy_rows(const PGresult* result) {
        const auto columns = static_cast<std::size_t>(PQnfields(result));
        rows_.resize(static_cast<std::size_t>(PQntuples(result)));
        for (std::size_t r = 0; r < rows_.size(); ++r) {
            TextRow& row = rows_[r];
            row.resize(columns);
            for (std::size_t c = 0; c < columns; ++c) {
                const int at = static_cast<int>(r);
                const int column = static_cast<int>(c);
                if (PQgetisnull(result, at, column) != 0) {
                    row[c].reset();
                } else {
                    if (!row[c]) {
                        row[c].emplace();
                    }
                    row[c]->assign(PQgetvalue(result, at, column),
                                   static_cast<std::size_t>(PQgetlength(result, at, column)));
                }
            }
        }
    }

    LibpqConnection& connection_;
    const std::string name_;
    const std::string fetch_sql_;
    const int fetch_size_;
    std::vector<TextRow> rows_;
    int batches_ = 0;
    bool at_end_ = false;
    bool replay_ = false;
    bool closed_ = false;
};

}  // namespace

std::unique_ptr<Cursor> LibpqConnection::open_cursor(std::string_view sql, const std::vector<TextValue>& params,
                                                     int fetch_size) {
    const std::string name = "lakemover_" + std::to_string(++cursors_);
    run("DECLARE " + name + " CURSOR FOR " + std::string(sql), params);
    return std::make_unique<LibpqCursor>(*this, name, fetch_size);
}

}  // namespace lakemover::source::postgres
