// A result's rows as text that PostgreSQL's input functions read: what the driver gives as a struct or a number
// is formatted here, never by the driver, whose text forms follow locales. Runs on a lane's thread. Pure zone.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "source/driver.hpp"
#include "source/odbc/lane.hpp"

namespace lakemover::source::odbc {

// An executed statement and the buffers of its result. Made, used and destroyed on the lane's thread.
class TextRows {
public:
    // Executes sql, with params as nvarchar parameters for its ? markers. batch: rows fetched at a time, at most.
    TextRows(LaneContext& lane, const std::string& sql, const std::vector<TextValue>& params, int batch);
    TextRows(const TextRows&) = delete;
    TextRows& operator=(const TextRows&) = delete;
    ~TextRows();

    const std::vector<std::string>& names() const { return names_; }
    // Up to batch rows more; empty at the end, which is checked to be one.
    std::vector<TextRow> next(LaneContext& lane);

private:
    struct Column;
    void describe();
    void bind();
    void read_row(std::size_t index, TextRow& row);
    TextValue read_long(std::size_t column);

    Statement statement_;
    std::vector<std::string> names_;
    std::vector<Column> columns_;
    std::size_t batch_;
    bool row_by_row_ = false;  // a column without a bound: SQLGetData, which works on single rows only
    bool done_ = false;
    SQLULEN fetched_ = 0;
    std::int64_t fetched_before_ = 0;
};

// Runs sql and throws its result away; all results are read, so that an error in a later one is seen.
void run_to_end(LaneContext& lane, const std::string& sql);

}  // namespace lakemover::source::odbc
