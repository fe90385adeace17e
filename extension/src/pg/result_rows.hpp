// The rows of a set-returning function that hands over all of them at once. Zone: pg. Throws PgError.
#pragma once
#include "pg/bridge.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/tuplestore.h"
}

namespace lakemover::pg {

// Values are text and go through the input functions of the result's column types. The executor
// keeps what is added, in a temporary file when it is much.
class ResultRows {
public:
    // from_caller: the columns are the caller's definition list, or the function returns a set of one type.
    ResultRows(FunctionCallInfo fcinfo, bool from_caller);
    std::size_t columns() const { return columns_; }
    // Rows must have columns() values each.
    void add(const std::vector<source::TextRow>& rows);

private:
    Tuplestorestate* store_;
    AttInMetadata* meta_;
    std::size_t columns_;
    MemoryContext scratch_;  // of the query; emptied after each batch
};

}  // namespace lakemover::pg
