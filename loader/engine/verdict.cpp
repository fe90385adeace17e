#include "loader/engine/verdict.hpp"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "loader/engine/phases.hpp"
#include "loader/engine/run_end.hpp"
#include "loader/staging/run_table.hpp"
#include "loader/validate/validate.hpp"

namespace lakemover::loader {

using nlohmann::json;

namespace {

std::int64_t count(Pg& staging, const std::string& sql, const RunContext& run) {
    return std::stoll(staging.scalar(sql, {run.id()}).value_or("0"));
}

std::string list(Pg& staging, const std::string& condition, const RunContext& run) {
    return staging
        .scalar(
            "SELECT pg_catalog.string_agg(n, ', ') FROM (SELECT pg_catalog.format('%I.%I', spec->>'target_schema', "
            "spec->>'target_table') AS n "
            "FROM lakemover.run_table t WHERE run_id = $1 AND " +
                condition + " ORDER BY 1 LIMIT 20) x",
            {run.id()})
        .value_or("");
}

ValidateOptions validate_options(RunContext& run) {
    ValidateOptions o;
    o.run_id = run.run_id;
    o.run_uuid = run.run_uuid;
    o.hash_key = run.hash_key;
    o.sample_rows = run.options.sample_rows;
    o.connect_target = [&run] { return run.target.connect(); };
    o.ledger = !run.compares;
    o.check_cancel = [&run] { run.cancel.check(); };
    return o;
}

// The tables whose rows are there, largest first.
std::vector<std::int64_t> tables_to_validate(RunContext& run, Pg& staging) {
    const Result r = staging.query(
        "SELECT table_id FROM lakemover.run_table WHERE run_id = $1 AND state IN ('loaded', 'done', 'incomplete') "
        "AND (spec->>'copies_rows')::boolean ORDER BY bytes_copied DESC NULLS LAST",
        {run.id()});
    std::vector<std::int64_t> tables;
    for (int i = 0; i < r.rows(); ++i) tables.push_back(r.integer(i, 0));
    return tables;
}

void report_levels(RunContext& run, const std::string& name, std::int64_t table_id,
                   const std::vector<LevelResult>& results) {
    for (const LevelResult& r : results) {
        run.events.audit().validation({{"table", name},
                                       {"level", r.level},
                                       {"verdict", r.verdict},
                                       {"rows", r.rows_covered.value_or("")},
                                       {"source", r.source_value.value_or("")},
                                       {"target", r.target_value.value_or("")},
                                       {"detail", r.detail},
                                       {"seconds", r.seconds}});
        if (r.verdict == "different")
            run.events.emit(Level::kError, "validation_different",
                            name + ": level " + std::to_string(r.level) + " differs",
                            {{"level", r.level},
                             {"source", r.source_value.value_or("")},
                             {"target", r.target_value.value_or("")},
                             {"detail", r.detail}},
                            table_id);
        else if (!r.holds())
            run.events.emit(Level::kWarning, "validation_not_comparable",
                            name + ": level " + std::to_string(r.level) + " " + r.verdict,
                            {{"level", r.level}, {"detail", r.detail}}, table_id);
    }
}

}  // namespace

void validate_run(RunContext& run, Pg& staging, bool source_reads, const TargetReads* reads, bool locates) {
    with_target(run, [&](Pg& target) {
        ValidateOptions options = validate_options(run);
        options.source_reads = source_reads;
        report_levels(run, "schema", 0, validate_schema(staging, target, options));
    });
    const std::vector<std::int64_t> tables = tables_to_validate(run, staging);
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::exception_ptr first;
    const auto work = [&] {
        Pg my_staging = run.staging.connect(false);
        const Cancellable registered_staging(run.cancel, my_staging);
        TargetSession session(run);
        ValidateOptions options = validate_options(run);
        options.source_reads = source_reads;
        options.target_reads = reads;
        options.locates = locates;
        for (std::size_t i = next++; i < tables.size() && !run.cancel.ends(); i = next++) {
            // A table alone at the end may use what the finished workers leave idle.
            options.jobs = i + 1 == tables.size() ? run.options.jobs : 1;
            session.use([&](Pg& my_target) {
                const auto results = validate_table(my_staging, my_target, tables[i], options);
                report_levels(run, table_name(my_staging, run.id(), tables[i], "schema"), tables[i], results);
            });
        }
    };
    std::vector<std::thread> threads;
    const int workers = std::min<int>(run.options.jobs, static_cast<int>(tables.size()));
    for (int i = 0; i < workers; ++i)
        threads.emplace_back([&] {
            try {
                work();
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!first && !run.cancel.raised()) first = std::current_exception();
            }
        });
    for (std::thread& t : threads) t.join();
    if (first) std::rethrow_exception(first);
    run.cancel.check_draining();
}

Verdict judge(RunContext& run, Pg& staging) {
    Verdict v;
    const auto criterion = [&](const char* name, bool holds, const std::string& evidence) {
        v.criteria.push_back({{"name", name}, {"holds", holds}, {"evidence", evidence}});
        return holds;
    };
    const bool compares =
        staging.scalar("SELECT kind <> 'migration' FROM lakemover.run WHERE run_id = $1", {run.id()}) == "t";
    const auto tables = count(staging, "SELECT count(*) FROM lakemover.run_table WHERE run_id = $1", run);
    const auto blockers = count(
        staging,
        "SELECT coalesce(max(a.blockers), 0) FROM lakemover.run r JOIN lakemover.assessment a USING (assessment_id) "
        "WHERE r.run_id = $1",
        run);
    const auto bad_tables = count(
        staging, "SELECT count(*) FROM lakemover.run_table WHERE run_id = $1 AND state NOT IN ('loaded', 'done')", run);
    const auto bad_statements =
        count(staging,
              "SELECT count(*) FROM lakemover.run_statement WHERE run_id = $1 AND state IN ('failed', 'pending')", run);
    const auto missing = count(staging,
                               "SELECT count(*) FROM lakemover.validation WHERE run_id = $1 AND level = 0 AND verdict "
                               "NOT IN ('equal', 'equal under policy')",
                               run);
    // The rest of their tables may be equal: a run that lacks rows is no success, and no failed validation either.
    const auto rejects = count(staging, "SELECT count(*) FROM lakemover.run_reject WHERE run_id = $1", run);
    const auto counts = count(
        staging,
        "SELECT count(*) FROM lakemover.run_table t WHERE run_id = $1 AND state IN ('loaded', 'done') AND NOT EXISTS ("
        "SELECT FROM lakemover.validation v WHERE v.run_id = t.run_id AND v.table_id = t.table_id AND v.level = 1 "
        "AND v.verdict IN ('equal', 'equal except rejects')) AND (spec->>'copies_rows')::boolean",
        run);
    // Without level 3 a table may be accepted as it is; one that differs may not.
    const std::string no_checksums =
        "SELECT count(*) FROM lakemover.run_table t WHERE run_id = $1 AND state IN ('loaded', 'done') AND "
        "(SELECT count(*) FROM lakemover.validation v WHERE v.run_id = t.run_id AND v.table_id = t.table_id "
        "AND v.level IN (2, 3) AND v.verdict IN ('equal', 'equal under policy', 'equal except rejects')) < 2 AND "
        "(spec->>'copies_rows')::boolean";
    const auto accepted =
        count(staging,
              no_checksums +
                  " AND EXISTS (SELECT FROM lakemover.acceptance c WHERE c.run_id = t.run_id AND c.table_id = "
                  "t.table_id) AND EXISTS (SELECT FROM lakemover.validation v WHERE v.run_id = t.run_id AND v.table_id "
                  "= t.table_id AND v.level = 2 AND v.verdict IN ('equal', 'equal under policy', 'equal except "
                  "rejects')) AND NOT EXISTS "
                  "(SELECT FROM lakemover.validation v WHERE v.run_id = t.run_id AND v.table_id = t.table_id AND "
                  "v.level = 3 AND v.verdict = 'different')",
              run);
    const auto checksums = count(staging, no_checksums, run) - accepted;
    const auto fields = count(
        staging,
        "SELECT count(*) FROM lakemover.run_table t WHERE run_id = $1 AND state IN ('loaded', 'done') AND NOT EXISTS ("
        "SELECT FROM lakemover.validation v WHERE v.run_id = t.run_id AND v.table_id = t.table_id AND v.level = 4 "
        "AND v.verdict IN ('equal', 'equal under policy', 'equal except rejects')) AND (spec->>'copies_rows')::boolean",
        run);
    const std::string bad_names = list(staging, "state NOT IN ('loaded', 'done')", run);

    // Nobody assesses what is loaded already.
    if (!compares)
        criterion("No blocker is open", blockers == 0,
                  blockers == 0 ? "the assessment found none" : std::to_string(blockers) + " accepted with --force");
    const bool complete = criterion("Every table and its keys, indexes, constraints and sequence values are there",
                                    bad_tables == 0 && bad_statements == 0 && missing == 0,
                                    bad_tables + bad_statements + missing == 0
                                        ? std::to_string(tables) + " tables, level 0 equal"
                                        : std::to_string(bad_tables) + " tables not complete" +
                                              (bad_names.empty() ? "" : " (" + bad_names + ")") + ", " +
                                              std::to_string(bad_statements) + " statements failed, " +
                                              std::to_string(missing) + " tables with missing or different objects");
    const bool same_counts = counts == 0;
    criterion("Counts match exactly", same_counts && rejects == 0,
              !same_counts   ? std::to_string(counts) + " tables differ"
              : rejects == 0 ? "exact count on both sides, every table"
                             : std::to_string(rejects) + (rejects == 1 ? " row was" : " rows were") +
                                   " refused by the target and set aside; without them the counts match");
    const bool same_sums = criterion(
        "Checksums are identical", checksums == 0,
        checksums > 0 ? std::to_string(checksums) + " tables differ or could not be compared"
        : accepted == 0
            ? "digest of every row (level 2) and " +
                  std::string(run.options.checksum_hash == "sha256" ? "SHA-256" : "MD5") +
                  (run.options.checksum == "full" ? " of every row" : " of a sample") +
                  " on both sides (level 3), every table"
            : "digest of every row (level 2), every table; " + std::to_string(accepted) + " without level 3, accepted");
    const bool same_fields =
        criterion("The field diff has no mismatch", fields == 0,
                  fields == 0 ? "first 100 rows of every table" : std::to_string(fields) + " tables differ");
    // Only a run that was resumed after its snapshot was lost has several.
    const auto points = count(staging,
                              "SELECT count(DISTINCT t.snapshot_at) FROM lakemover.run_table t JOIN lakemover.snapshot "
                              "s USING (run_id) WHERE t.run_id = $1 AND s.level = 'same' AND t.state IN ('loaded', "
                              "'done') AND (spec->>'copies_rows')::boolean",
                              run);
    if (points > 1)
        criterion("All tables are of one point in time", false,
                  std::to_string(points) +
                      " points: the source's snapshot was lost in between; each table is whole and "
                      "equal at its own");
    // Before it is done, since the report that says so is among what is signed; a seal that fails takes it back.
    v.criteria.push_back(signed_criterion(run.signer));
    const bool will_be_signed = !run.signer.empty();
    const std::string differing_tables =
        "EXISTS (SELECT FROM lakemover.validation v WHERE v.run_id = t.run_id AND v.table_id = t.table_id AND "
        "v.verdict NOT IN ('equal', 'equal under policy', 'equal except rejects'))";

    if (compares) {
        const bool equal = complete && same_counts && same_sums && same_fields;
        const bool unread = bad_tables > 0;
        const bool repaired = staging.scalar(
                                  "SELECT EXISTS (SELECT FROM lakemover.event WHERE run_id = $1 AND kind IN "
                                  "('table_repaired', 'sequence_advanced'))",
                                  {run.id()}) == "t";
        v.exit_code = unread ? Exit::kIncomplete : equal ? Exit::kSuccess : Exit::kValidation;
        const bool no_point =
            staging.scalar("SELECT level = 'none' FROM lakemover.snapshot WHERE run_id = $1", {run.id()}) == "t";
        v.text = unread            ? "INCOMPLETE"
                 : !equal          ? "VALIDATION FAILED"
                 : no_point        ? "EQUAL WITHOUT A POINT IN TIME"
                 : !will_be_signed ? "EQUAL WITHOUT A SIGNATURE"
                 : accepted > 0    ? "EQUAL WITH EXCEPTIONS"
                 : repaired        ? "EQUAL AFTER REPAIR"
                                   : "EQUAL";
        if (unread)
            v.error = "some tables could not be read from the source: " + bad_names;
        else if (!equal)
            v.error = "the target differs from the source: " + list(staging, differing_tables, run) +
                      (missing > 0 ? " (" + std::to_string(missing) + " with missing or different objects)" : "");
    } else if (!complete) {
        v.exit_code = Exit::kIncomplete;
        v.text = "INCOMPLETE";
        v.error = "some tables or objects did not arrive" + (bad_names.empty() ? "" : ": " + bad_names);
        if (rejects > 0) v.error += "; " + std::to_string(rejects) + " rows were refused by the target and set aside";
        if (run.options.rehearse == 0)
            v.error += "; after the cause is gone lakemover resume " + run.id() + " tries them again";
    } else if (!same_counts || !same_sums || !same_fields) {
        v.exit_code = Exit::kValidation;
        v.text = "VALIDATION FAILED";
        v.error = "validation found differences: " + list(staging, differing_tables, run);
    } else if (rejects > 0) {
        v.exit_code = Exit::kIncomplete;
        v.text = "COMPLETED WITH REJECTED ROWS";
        v.error = std::to_string(rejects) + (rejects == 1 ? " row was" : " rows were") +
                  " refused by the target and set aside: " +
                  list(staging,
                       "EXISTS (SELECT FROM lakemover.run_reject x WHERE x.run_id = t.run_id AND x.table_id = "
                       "t.table_id)",
                       run) +
                  "; lakemover retry-rejects loads them after the cause is gone";
    } else {
        v.exit_code = Exit::kSuccess;
        const bool no_point =
            staging.scalar("SELECT level = 'none' FROM lakemover.snapshot WHERE run_id = $1", {run.id()}) == "t";
        v.text = run.options.rehearse > 0 ? "REHEARSED"
                 : no_point               ? "COMPLETED WITHOUT A POINT IN TIME"
                 : points > 1             ? "COMPLETED AT SEVERAL POINTS IN TIME"
                 : blockers > 0           ? "COMPLETED WITH ACCEPTED BLOCKERS"
                 : !will_be_signed        ? "COMPLETED WITHOUT A SIGNATURE"
                 : accepted > 0           ? "SUCCESS WITH EXCEPTIONS"
                                          : "SUCCESS";
    }
    return v;
}

}  // namespace lakemover::loader
