#include "loader/engine/second_pass.hpp"

#include <chrono>
#include <string>

#include "loader/engine/helpers.hpp"
#include "loader/engine/load.hpp"
#include "loader/engine/phases.hpp"
#include "loader/engine/reconcile.hpp"

namespace lakemover::loader {

namespace {

constexpr const char* kWaiting =
    "SELECT table_id, name, (SELECT string_agg(c, ', ') FROM pg_catalog.jsonb_array_elements_text(columns) c), "
    "key::text FROM lakemover._second_pass_tables($1)";

// Without an index over its key each chunk would scan the whole table.
bool has_key(Pg& target, const std::string& table, const std::string& key) {
    return target.scalar(
               "SELECT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = $1::pg_catalog.regclass AND "
               "i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND (SELECT "
               "pg_catalog.array_agg(a.attname::text ORDER BY a.attname::text COLLATE \"C\") FROM "
               "pg_catalog.unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) k JOIN pg_catalog.pg_attribute a ON "
               "a.attrelid = i.indrelid AND a.attnum = k) = (SELECT pg_catalog.array_agg(n ORDER BY n COLLATE \"C\") "
               "FROM pg_catalog.unnest($2::text[]) n))",
               {table, key}) == "t";
}

// Lets workers have what can be filled now; false when there is nothing.
bool begin(RunContext& run, Pg& staging) {
    const Result tables = staging.query(kWaiting, {run.id()});
    bool any = false;
    for (int i = 0; i < tables.rows(); ++i) {
        const std::int64_t table_id = tables.integer(i, 0);
        const std::string id = std::to_string(table_id);
        const std::string name = tables.text(i, 1);
        const std::string columns = tables.text(i, 2);
        bool there = false;
        with_target(run, [&](Pg& target) { there = has_key(target, name, tables.text(i, 3)); });
        if (there) {
            staging.query("SELECT lakemover._begin_second_pass($1, $2)", {run.id(), id});
            run.events.emit(Level::kInfo, "second_pass", name + ": second pass, of " + columns,
                            {{"table", name}, {"columns", columns}}, table_id);
            any = true;
            continue;
        }
        const std::string error = "not filled in the second pass: " + columns + ", because the key " +
                                  tables.text(i, 3) + ", by which rows are found, is not there";
        run.events.emit(Level::kError, "second_pass_refused", name + ": " + error, {{"table", name}}, table_id);
        staging.query(
            "UPDATE lakemover.run_table SET state = 'incomplete', error = pg_catalog.concat_ws(E'\\n', error, "
            "$3::text) WHERE run_id = $1 AND table_id = $2",
            {run.id(), id, error});
    }
    return any;
}

}  // namespace

bool has_second_pass(RunContext& run, Pg& staging) { return staging.query(kWaiting, {run.id()}).rows() > 0; }

void second_pass(RunContext& run, Pg& staging, SharedPoint& point) {
    while (begin(run, staging)) {
        Helpers helpers(run, staging);
        load_tables(run, point);
        helpers.dismiss(staging);
        if (!load_lost_chunks_again(run, staging)) return;
    }
}

void fill_rows(Pg& target, const Fill& fill, PumpResult& moved) {
    const auto begun = std::chrono::steady_clock::now();
    // Nothing is known of the temporary table's rows; whatever the planner thinks, they are few beside the table's.
    target.exec("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off");
    const std::int64_t filled = target.exec(fill.update).affected();
    if (filled != moved.rows)
        throw Error(Exit::kOther,
                    "the second pass found " + std::to_string(filled) + " rows on the target for " +
                        std::to_string(moved.rows) + " that it read",
                    "rows that the first pass loaded are gone, have another key, or are there more than once");
    moved.send_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace lakemover::loader
