#include "loader/engine/count_tables.hpp"

#include <string>

#include "loader/engine/numbered.hpp"
#include "loader/engine/phases.hpp"
#include "loader/validate/validate.hpp"

namespace lakemover::loader {

void count_loaded_table(RunContext& run, Pg& staging, std::int64_t table_id, bool numbered) {
    if (staging.in_transaction()) staging.exec("ROLLBACK");
    if (numbered && !numbered_alike(run, staging, table_id)) return;
    const Result r = staging.query("SELECT source_rows, name FROM lakemover._count_table($1, $2, $3, $4)",
                                   {run.id(), std::to_string(table_id), std::to_string(run.options.sample_rows),
                                    std::to_string(ValidateOptions().diff_rows)});
    const std::string name = r.text(0, 1);
    run.events.emit(Level::kInfo, run.compares ? "table_read" : "table_loaded", name + ": " + r.text(0, 0) + " rows",
                    {{"table", name}}, table_id);
}

void count_loaded_tables(RunContext& run, Pg& staging) {
    const Result r = staging.query(
        "SELECT table_id FROM lakemover.run_table WHERE run_id = $1 AND (spec->>'copies_rows')::boolean AND state IN "
        "('loaded', 'done', 'incomplete') AND source_rows IS NULL",
        {run.id()});
    for (int i = 0; i < r.rows(); ++i) over_outages(run, [&] { count_loaded_table(run, staging, r.integer(i, 0)); });
}

}  // namespace lakemover::loader
