// Level 0: what was planned against what is there. Throws Error.
#include <chrono>
#include <map>

#include "loader/validate/validate.hpp"

namespace lakemover::loader {

Value schema_of(Pg& target, const std::string& query) {
    return target.scalar("SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(q)), '[]')::text FROM (" + query +
                         ") AS q");
}

std::vector<LevelResult> validate_schema(Pg& staging, Pg& target, const ValidateOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    const std::string run = std::to_string(options.run_id);
    const std::string query = staging.scalar("SELECT lakemover._level0_sql($1)", {run}).value_or("");
    const Value found = schema_of(target, query);
    const Result differing = staging.query(
        "SELECT coalesce(table_id, 0), kind, object, expected, found FROM lakemover._level0_compare($1, $2::jsonb)",
        {run, found});

    std::map<std::int64_t, LevelResult> by_table{{0, LevelResult{}}};
    const Result tables = staging.query("SELECT table_id, state FROM lakemover.run_table WHERE run_id = $1", {run});
    for (int i = 0; i < tables.rows(); ++i) {
        LevelResult& result = by_table[tables.integer(i, 0)];
        if (const std::string state = tables.text(i, 1); state == "failed" || state == "blocked") {
            result.detail["reason"] = "the table is " + state;
        }
    }
    for (int i = 0; i < differing.rows(); ++i) {
        LevelResult& result = by_table[differing.integer(i, 0)];
        Difference d;
        d.row_key = differing.text(i, 2);
        d.source = differing.value(i, 3);
        if (differing.get(i, 4) != "missing") d.target = differing.value(i, 4);
        d.cause = differing.text(i, 1) + (d.target ? " is different" : " is missing");
        result.differences.push_back(std::move(d));
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::vector<LevelResult> results;
    for (auto& [table_id, result] : by_table) {
        result.level = 0;
        if (!result.detail.contains("reason")) {
            result.verdict = result.differences.empty() ? "equal" : "different";
        }
        // The query covers all tables at once.
        result.seconds = seconds / static_cast<double>(by_table.size());
        record_level(staging, options.run_id, table_id, result);
        results.push_back(result);
    }
    return results;
}

}  // namespace lakemover::loader
