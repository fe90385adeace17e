#include "loader/engine/resume.hpp"

#include <vector>

#include "loader/engine/count_tables.hpp"
#include "loader/engine/existing.hpp"
#include "loader/engine/large_objects.hpp"
#include "loader/engine/load.hpp"
#include "loader/engine/reconcile.hpp"
#include "loader/engine/runner.hpp"
#include "loader/engine/statement_runner.hpp"
#include "loader/engine/statements.hpp"
#include "loader/engine/try_again.hpp"
#include "loader/staging/run_table.hpp"

namespace lakemover::loader {

namespace {

[[noreturn]] void refuse(const RunContext& run, const std::string& why, const std::string& detail,
                         const std::string& hint) {
    Error e(Exit::kUsage, "run " + run.id() + " cannot be resumed: " + why, detail, hint);
    e.resumable = true;
    throw e;
}

void refuse_change(const RunContext& run, const std::string& what, const std::string& then, const std::string& now,
                   const std::string& hint) {
    if (then != now) refuse(run, what, "then: " + then + ", now: " + now, hint);
}

bool is_true(Pg& staging, const std::string& sql, const RunContext& run) {
    return staging.scalar("SELECT " + sql, {run.id()}) == "t";
}

// Plan, source and target must be those that the run began with.
void check_unchanged(RunContext& run, Pg& staging, Pg& target) {
    const Result r = staging.query(
        "SELECT r.plan_hash, r.source_identity, r.target_identity, lakemover.plan_hash(r.source) FROM lakemover.run r "
        "WHERE r.run_id = $1",
        {run.id()});
    if (r.is_null(0, 0) || !is_true(staging, "EXISTS (SELECT FROM lakemover.run_table WHERE run_id = $1)", run)) {
        throw Error(Exit::kUsage, "run " + run.id() + " cannot be resumed: it ended before its plan was made final", {},
                    "nothing was written to the target: start again with lakemover");
    }
    refuse_change(run, "the target is another one", r.text(0, 2), run.target.identity(target),
                  "set LAKEBASE_* to the target of that run");
    const Value source = staging.scalar("SELECT identity FROM lakemover.source_identity($1)", {run.source});
    refuse_change(run, "the source is another one", r.text(0, 1), source.value_or("?"),
                  "set SOURCE_* to the source of that run, or start a new run");
    refuse_change(run, "the plan has changed since (SHA-256)", r.text(0, 0), r.text(0, 3),
                  "undo the change of the plan, or start a new run with --on-existing=drop");
}

// The schema's transaction may have been committed without staging knowing.
void reconcile_schema(RunContext& run, Pg& staging, Pg& target) {
    const Value made = target.scalar(
        "SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('kind', kind, 'name', name))::text FROM "
        "lakemover_ledger.object WHERE run_uuid = $1",
        {run.run_uuid});
    if (!made) {
        if (is_true(staging,
                    "EXISTS (SELECT FROM lakemover.run_statement WHERE run_id = $1 AND stage = 'table' AND state = "
                    "'done')",
                    run))
            return;  // every table was undone
        handle_existing_objects(run, staging, target);
    } else {
        staging.query(
            "UPDATE lakemover.run_statement s SET state = 'done' FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS "
            "o(kind text, name text) WHERE s.run_id = $1 AND s.state = 'pending' AND s.stage IN ('schema', 'type', "
            "'sequence', 'table') AND s.kind = o.kind AND s.object = o.name",
            {run.id(), made});
    }
    create_schema(run, staging, target);
}

// Keys and indexes that were made of it behind its load, indexes first: rows come faster without. In a transaction;
// returns what was executed.
std::vector<std::string> drop_keys(Pg& target, const std::string& table, const Result& made) {
    std::vector<std::string> dropped;
    for (int i = 0; i < made.rows(); ++i) {
        const std::string object = made.text(i, 1);
        const std::string sql =
            made.get(i, 0) == "index"
                ? "DROP INDEX IF EXISTS " + object
                : "ALTER TABLE ONLY " + table + " DROP CONSTRAINT IF EXISTS " + object.substr(table.size() + 1);
        target.exec("SAVEPOINT keys");
        try {
            target.exec(sql);
            dropped.push_back(sql);
        } catch (const Error& e) {
            // Somebody else's key refers to it. It stays then, and making it again finds it there.
            if (e.connection_lost) throw;
            target.exec("ROLLBACK TO SAVEPOINT keys");
        }
    }
    return dropped;
}

// Rows and ledger rows go in one transaction, which a loader that was taken over cannot commit.
void empty_table(RunContext& run, Pg& staging, std::int64_t table_id) {
    if (table_id == large_objects_table(staging)) return begin_large_objects_again(run, staging);
    const std::string name = table_name(staging, run.id(), table_id);
    // Before they go: one that is to be made and is there is as good as made.
    const Result made = staging.query(
        "WITH again AS (UPDATE lakemover.run_statement SET state = 'pending', seconds = NULL WHERE run_id = $1 AND "
        "table_id = $2 AND stage IN ('key', 'index') AND state = 'done' RETURNING stage, object) SELECT stage, object "
        "FROM again ORDER BY stage",
        {run.id(), std::to_string(table_id)});
    bool rows = false;
    std::vector<std::string> dropped;
    with_target(run, [&](Pg& target) {
        target.exec("BEGIN");
        run.ledger->fence(target);
        rows = rows || run.ledger->has_chunks(target, table_id);
        if (rows) {
            target.exec("SAVEPOINT emptying");
            try {
                target.exec("TRUNCATE ONLY " + name);
            } catch (const Error& e) {
                // A key of somebody else's table forbids TRUNCATE.
                if (e.connection_lost) throw;
                target.exec("ROLLBACK TO SAVEPOINT emptying");
                target.exec("DELETE FROM ONLY " + name);
            }
            run.ledger->forget_chunks(target, table_id);
        }
        dropped = drop_keys(target, name, made);
        target.exec("COMMIT");
    });
    staging.query("SELECT lakemover._begin_again($1, $2)", {run.id(), std::to_string(table_id)});
    for (const std::string& sql : dropped)
        run.events.audit().ddl(sql, {DdlOutcome::State::kDone, 0, {}, "begin again", name});
    if (rows)
        run.events.emit(Level::kWarning, "table_begins_again",
                        name + ": its point in time is gone, it was emptied and is loaded whole at the new one", {},
                        table_id);
}

std::vector<std::int64_t> table_list(Pg& staging, const RunContext& run, const std::string& sql) {
    const Result r = staging.query(sql, {run.id()});
    std::vector<std::int64_t> all;
    for (int i = 0; i < r.rows(); ++i) all.push_back(r.integer(i, 0));
    return all;
}

// Tables that have rows of another point than that of the run's present or latest snapshot.
constexpr const char* kElsewhere =
    "SELECT t.table_id FROM lakemover.run_table t JOIN lakemover.snapshot s USING (run_id) WHERE t.run_id = $1 AND "
    "(t.spec->>'copies_rows')::boolean AND t.state NOT IN ('failed', 'blocked') AND t.snapshot_at <> s.taken_at ORDER "
    "BY 1";

void check_schema_drift(RunContext& run, Pg& staging) {
    over_outages(run, [&] { staging.query("SELECT lakemover.inventory($1)", {run.source}); });
    if (!schema_fits_plan(staging, run.source).value_or(false))
        refuse(run, "the source's schema has changed since", {},
               "plan again (lakemover plan) and start a new run with --on-existing=drop");
}

// What was read at the old point is as good at the new one, when nobody wrote between them.
bool source_is_frozen(RunContext& run, Pg& staging, const Result& before) {
    const Result now =
        staging.query("SELECT snapshot_id, source_lsn, proof FROM lakemover.snapshot WHERE run_id = $1", {run.id()});
    // Declared now: what was declared when the run began may not hold any more.
    const bool declared = run.settings.source.quiesced;
    const bool proven = before.rows() == 1 && before.get(0, 0) == "frozen" && now.get(0, 0) == "frozen" &&
                        before.get(0, 1) == now.get(0, 1) && !now.is_null(0, 1);
    if (!declared && !proven) return false;
    run.events.emit(Level::kWarning, "source_frozen",
                    declared
                        ? "the operator declared that nobody writes to the source (--source-quiesced): rows of the "
                          "earlier point stay"
                        : "the source has not changed (" + now.text(0, 2) + "): rows of the earlier point stay",
                    {{"declared", declared}});
    staging.query(
        "UPDATE lakemover.run_table t SET snapshot_id = s.snapshot_id, source_lsn = s.source_lsn, snapshot_at = "
        "s.taken_at FROM lakemover.snapshot s WHERE t.run_id = $1 AND s.run_id = t.run_id AND t.snapshot_at IS NOT "
        "NULL",
        {run.id()});
    return true;
}

// The point in time to go on at; tables that cannot go on there begin again.
void settle_point(RunContext& run, Pg& staging, const RunScope& scope) {
    const std::string all =
        "SELECT table_id FROM lakemover.run_table WHERE run_id = $1 AND (spec->>'copies_rows')::boolean "
        "AND state NOT IN ('failed', 'blocked') ORDER BY 1";
    // Sessions that shared a point went with their loader; nobody can join it.
    const bool sessions = is_true(
        staging, "coalesce((SELECT snapshot_id = 'sessions' FROM lakemover.snapshot WHERE run_id = $1), false)", run);
    if (sessions) staging.query("SELECT lakemover.keeper_stop($1)", {run.id()});
    const bool held = point_is_held(run, staging);
    const bool some_loaded =
        is_true(staging, "EXISTS (SELECT FROM lakemover.run_table WHERE run_id = $1 AND snapshot_at IS NOT NULL)", run);
    const std::vector<std::int64_t> unfinished =
        table_list(staging, run, "SELECT * FROM lakemover._unfinished_tables($1)");
    const std::vector<std::int64_t> elsewhere = table_list(staging, run, kElsewhere);
    // One point for all of them: the held one, or a new one when the rest needs a new one anyway.
    const bool several = is_true(
        staging,
        "count(DISTINCT snapshot_at) > 1 FROM lakemover.run_table WHERE run_id = $1 AND snapshot_at IS NOT NULL", run);
    const bool reload_all =
        scope.consistent && some_loaded && (held ? !elsewhere.empty() : several || !unfinished.empty());
    if (scope.consistent &&
        (sessions || is_true(staging, "level <> 'same' FROM lakemover.snapshot WHERE run_id = $1", run)))
        refuse(run, "this source has no point in time for all tables", {}, "resume without --consistent");
    if (reload_all &&
        is_true(staging,
                "EXISTS (SELECT FROM lakemover.run_statement WHERE run_id = $1 AND state = 'done' AND "
                "stage NOT IN ('schema', 'type', 'sequence', 'table', 'setting', 'code', 'key', 'index'))",
                run))
        refuse(run, "--consistent would load tables again that have their checks and foreign keys already", {},
               "without --consistent it goes on; for one point start a new run with --on-existing=drop");
    // Nothing is left to read: what validation needs of the source was kept.
    if (!held && unfinished.empty() && !reload_all) return;
    if (held && !reload_all) {
        // A source with a point per table showed it in the transaction that read the rows, and to nobody else.
        for (const std::int64_t table : table_list(
                 staging, run,
                 "SELECT t.table_id FROM lakemover.run_table t JOIN lakemover.snapshot s USING (run_id) WHERE t.run_id "
                 "= $1 AND s.level <> 'same' AND t.source_rows IS NULL AND t.table_id IN (SELECT "
                 "lakemover._unfinished_tables($1)) ORDER BY 1"))
            empty_table(run, staging, table);
        return;
    }

    run.gate->wait(run, staging, Gate::Heed::kPauseAndWindow);
    check_schema_drift(run, staging);
    const Result before =
        staging.query("SELECT snapshot_id, source_lsn FROM lakemover.snapshot WHERE run_id = $1", {run.id()});
    if (!held)
        over_outages(run, [&] {
            staging.query("SELECT lakemover._note_activity($1, 'snapshot')", {run.id()});
            staging.query("SELECT lakemover.keeper_start($1)", {run.id()});
        });
    if (!held && some_loaded && source_is_frozen(run, staging, before)) return;
    if (some_loaded)
        run.events.emit(
            Level::kWarning, "point_lost",
            run.tries_again ? "the source's snapshot of the run went with its end: tables that failed are loaded at a "
                              "new point, complete ones keep theirs"
            : reload_all    ? "tables are loaded again so that all are of one point of the source"
                            : "the source's snapshot of the earlier loader is gone: unfinished tables are loaded "
                              "again at a new point, complete ones keep theirs");
    for (const std::int64_t table : !reload_all ? unfinished : held ? elsewhere : table_list(staging, run, all)) {
        try {
            empty_table(run, staging, table);
        } catch (const Error& e) {
            // Others may refer to the rows that were kept of it by now: then it stays as it is, and the others go on.
            if (!run.tries_again || e.peer != "target" || e.connection_lost || e.taken_over) throw;
            leave_out(run, staging, table, "its rows cannot be removed to load it again: " + describe_failure(e));
        }
    }
}

void reconcile(RunContext& run, Pg& staging) {
    Reconciled result;
    with_target(run, [&](Pg& target) { result = reconcile_chunks(run, staging, target); });
    if (result.found > 0 || result.lost > 0)
        run.events.emit(result.lost > 0 ? Level::kWarning : Level::kInfo, "reconciled",
                        "by the ledger on the target " + std::to_string(result.found) +
                            " batches were committed that staging did not know of, and " + std::to_string(result.lost) +
                            " are not there that it knew",
                        {{"found", result.found}, {"lost", result.lost}});
}

}  // namespace

Verdict resume_phases(RunContext& run, Pg& staging, const RunScope& scope) {
    run.resumed = true;
    Ledger ledger(run.run_uuid, 1);
    run.ledger = &ledger;
    const std::string phase_then =
        staging.scalar("SELECT phase FROM lakemover.run WHERE run_id = $1", {run.id()}).value_or("");
    Phase phase(run, staging, "resume");
    bool at_its_end = false;
    {
        Pg target = run.target.connect();
        const Cancellable registered(run.cancel, target);
        run.target.preflight(target);
        check_unchanged(run, staging, target);
        settle_workers(run, staging, target);
        // The epoch first: whoever had the run before cannot commit any more from here on.
        const bool known = ledger.take_over(target);
        at_its_end = phase_then == "ending";
        if (!known && !at_its_end) {
            // The ledger goes with the last table that was undone.
            if (is_true(staging,
                        "EXISTS (SELECT FROM lakemover.run_statement s LEFT JOIN lakemover.run_table t USING (run_id, "
                        "table_id) WHERE s.run_id = $1 AND s.stage = 'table' AND s.state = 'done' AND (" +
                            std::string(run.tries_again ? "t.state IS NULL OR t.state NOT IN ('failed', 'blocked')"
                                                        : "true") +
                            "))",
                        run))
                throw Error(Exit::kUsage,
                            "run " + run.id() + " cannot be resumed: the target does not know it any more", {},
                            "another run has replaced its tables, or it was rolled back; start a new run");
            if (!run.tries_again) handle_existing_objects(run, staging, target);
            ledger.open(target,
                        staging.scalar("SELECT source_identity FROM lakemover.run WHERE run_id = $1", {run.id()})
                            .value_or("?"));
            if (run.tries_again) restore_register(run, staging, target);
        }
        if (run.tries_again) try_again(run, staging, target);
        if (!at_its_end) reconcile_schema(run, staging, target);
    }
    if (!at_its_end) {
        reconcile(run, staging);
        settle_point(run, staging, scope);
        bool half_gone = false;
        with_target(run, [&](Pg& target) { half_gone = large_objects_are_half_gone(run, staging, target); });
        if (half_gone) begin_large_objects_again(run, staging);
        count_loaded_tables(run, staging);
    }
    phase.end();
    return at_its_end ? end_run(run, staging) : load_to_verdict(run, staging);
}

}  // namespace lakemover::loader
