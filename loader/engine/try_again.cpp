#include "loader/engine/try_again.hpp"

#include <fmt/format.h>

#include <vector>

#include "loader/engine/large_objects.hpp"
#include "loader/engine/phases.hpp"
#include "loader/staging/run_table.hpp"
#include "loader/target/objects.hpp"

namespace lakemover::loader {

namespace {

std::string counted(std::size_t n, const char* what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); }

// Whether the plan still fits the source: what is loaded now must be what was planned.
bool source_fits(RunContext& run, Pg& staging) {
    over_outages(run, [&] { staging.query("SELECT lakemover.inventory($1)", {run.source}); });
    return schema_fits_plan(staging, run.source).value_or(false);
}

// Where the ledger has nothing of it, nothing of it was kept: loading it would add to them.
bool has_rows_of_others(RunContext& run, Pg& target, std::int64_t table, const std::string& name) {
    return !run.ledger->has_chunks(target, table) &&
           target.scalar("SELECT EXISTS (SELECT FROM ONLY " + name + ")") == "t";
}

// Failed tables as the target has them now.
struct FailedTables {
    std::vector<std::int64_t> gone;   // undone, or never made
    std::vector<std::int64_t> there;  // the run's own, emptied or kept
};

FailedTables look_at_failed(RunContext& run, Pg& staging, Pg& target) {
    const Result r = staging.query(
        "SELECT t.table_id, s.kind, s.object, o.class_id::text, o.object_id::text FROM lakemover.run_table t JOIN "
        "lakemover.run_statement s ON s.run_id = t.run_id AND s.table_id = t.table_id AND s.stage = 'table' AND s.kind "
        "<> 'attach partition' LEFT JOIN lakemover.run_object o ON o.run_id = t.run_id AND o.kind = s.kind AND o.name "
        "= s.object WHERE t.run_id = $1 AND t.state IN ('failed', 'blocked') ORDER BY t.load_rank, t.table_id",
        {run.id()});
    FailedTables found;
    if (r.rows() == 0) return found;
    if (!source_fits(run, staging)) {
        run.events.emit(Level::kWarning, "tables_stay_out",
                        "the source's schema has changed since the plan was made: " +
                            counted(static_cast<std::size_t>(r.rows()), "table") +
                            " that failed will not be tried again; plan again and start a new run for them");
        return found;
    }
    target.exec("BEGIN");
    run.ledger->fence(target);
    for (int i = 0; i < r.rows(); ++i) {
        const std::int64_t table = r.integer(i, 0);
        const TargetObject now = find_object(target, r.text(i, 1), r.text(i, 2));
        if (now.object_id.empty()) {
            found.gone.push_back(table);
        } else if (now.class_id != r.get(i, 3) || now.object_id != r.get(i, 4)) {
            leave_out(run, staging, table, "the target has " + r.text(i, 2) + " by now, which this run did not make");
        } else if (has_rows_of_others(run, target, table, r.text(i, 2))) {
            leave_out(run, staging, table, r.text(i, 2) + " has rows by now that this run did not load");
        } else {
            // Undoing it had to leave it there, and forgot it.
            run.ledger->register_object(target, r.text(i, 1), r.text(i, 2), table);
            found.there.push_back(table);
        }
    }
    target.exec("COMMIT");
    return found;
}

}  // namespace

void leave_out(RunContext& run, Pg& staging, std::int64_t table_id, const std::string& why) {
    staging.query("UPDATE lakemover.run_table SET state = 'pending' WHERE run_id = $1 AND table_id = $2",
                  {run.id(), std::to_string(table_id)});
    staging.query("SELECT lakemover._fail_table($1, $2, $3)",
                  {run.id(), std::to_string(table_id), "not tried again: " + why});
    run.events.emit(Level::kError, "table_stays_out", table_name(staging, run.id(), table_id) + ": " + why, {},
                    table_id);
}

void try_again(RunContext& run, Pg& staging, Pg& target) {
    FailedTables tables = look_at_failed(run, staging, target);
    if (staging.scalar("SELECT EXISTS (SELECT FROM lakemover.run_table WHERE run_id = $1 AND table_id = $2 AND state = "
                       "'failed')",
                       {run.id(), std::to_string(large_objects_table(staging))}) == "t")
        tables.there.push_back(large_objects_table(staging));
    const auto list = [](const std::vector<std::int64_t>& ids) { return fmt::format("{{{}}}", fmt::join(ids, ",")); };
    run.untouched = false;
    const auto statements = static_cast<std::size_t>(std::stoll(
        staging.scalar("SELECT lakemover._try_again($1, $2, $3)", {run.id(), list(tables.gone), list(tables.there)})
            .value_or("0")));
    const std::size_t n = tables.gone.size() + tables.there.size();
    run.events.emit(Level::kInfo, "tries_again",
                    counted(n, "table") + " and " + counted(statements, "statement") +
                        " of the run that had failed are tried again",
                    {{"tables", n}, {"statements", statements}});
}

void restore_register(RunContext& run, Pg& staging, Pg& target) {
    const Result r = staging.query(
        "SELECT kind, name, coalesce(table_id, 0), class_id::text, object_id::text FROM lakemover.run_object WHERE "
        "run_id = $1",
        {run.id()});
    target.exec("BEGIN");
    run.ledger->fence(target);
    for (int i = 0; i < r.rows(); ++i) {
        const TargetObject now = find_object(target, r.text(i, 0), r.text(i, 1));
        if (!now.object_id.empty() && now.class_id == r.get(i, 3) && now.object_id == r.get(i, 4))
            run.ledger->register_object(target, r.text(i, 0), r.text(i, 1), r.integer(i, 2));
    }
    target.exec("COMMIT");
}

}  // namespace lakemover::loader
