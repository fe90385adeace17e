#include "loader/staging/run_table.hpp"

namespace lakemover::loader {

std::string table_name(Pg& staging, const std::string& run_id, std::int64_t table_id, const std::string& otherwise) {
    const Result r = staging.query(
        "SELECT pg_catalog.format('%I.%I', spec->>'target_schema', spec->>'target_table') FROM lakemover.run_table "
        "WHERE run_id = $1 AND table_id = $2",
        {run_id, std::to_string(table_id)});
    return r.rows() == 1 && !r.is_null(0, 0) ? r.text(0, 0) : otherwise;
}

}  // namespace lakemover::loader
