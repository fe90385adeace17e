#include "loader/engine/numbered.hpp"

#include <atomic>

#include "loader/engine/phases.hpp"
#include "loader/engine/pump.hpp"
#include "loader/target/rejects.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

bool numbered_alike(RunContext& run, Pg& staging, std::int64_t table_id) {
    const std::string id = std::to_string(table_id);
    const Result r = staging.query(
        "SELECT t.spec, sum(c.rows_copied), sum(c.digest[1])::text, sum(c.digest[2])::text, "
        "pg_catalog.format('%I.%I', t.spec->>'source_schema', t.spec->>'source_table'), sum(c.rows_rejected) > 0 FROM "
        "lakemover.run_table t "
        "JOIN lakemover.run_chunk c USING (run_id, table_id) WHERE t.run_id = $1 AND t.table_id = $2 GROUP BY "
        "t.run_id, "
        "t.table_id HAVING pg_catalog.bool_or(c.method = 'row_number')",
        {run.id(), id});
    if (r.rows() == 0) return true;
    const TableSpec spec = parse_table_spec(nlohmann::json::parse(r.get(0, 0)));
    codec::StreamDigester digester(row_hasher_config(spec, run.hash_key), spec.format);
    // Ends with its connection when the run is cancelled.
    static const std::atomic<bool> never{false};
    const codec::Digest once = digest_table(staging, run.run_id, table_id, digester, run.gate->after_read(run, never));
    const std::string name = r.text(0, 4);
    codec::Digest batches =
        codec::Digest::from_text(static_cast<std::uint64_t>(r.integer(0, 1)), r.get(0, 2), r.get(0, 3));
    // Rows that were set aside were read as well.
    if (r.boolean(0, 5))
        with_target(run, [&](Pg& target) { batches.add(RejectLedger(run.run_uuid).digest(target, table_id)); });
    if (once == batches) {
        run.events.emit(Level::kInfo, "numbered_alike",
                        name + ": read by row numbers, and once more in one pass: the same rows", {{"table", name}},
                        table_id);
        return true;
    }
    const std::string error = name + ": the source numbered its rows differently from batch to batch: one pass has " +
                              std::to_string(once.rows) + " rows, the batches had " + std::to_string(batches.rows) +
                              ", and they are not the same; load it with chunking = 'single'";
    staging.query("SELECT lakemover._fail_table($1, $2, $3)", {run.id(), id, error});
    run.events.emit(Level::kError, "numbered_differently", error, {{"table", name}}, table_id);
    return false;
}

}  // namespace lakemover::loader
