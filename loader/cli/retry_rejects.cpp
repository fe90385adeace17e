// lakemover retry-rejects: the rows that a run set aside, once more, after what refused them was changed.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "loader/audit/signing.hpp"
#include "loader/cli/commands.hpp"
#include "loader/cli/runs.hpp"
#include "loader/cli/signals.hpp"
#include "loader/engine/rejects.hpp"
#include "loader/engine/watch.hpp"
#include "loader/staging/run_table.hpp"
#include "loader/target/rejects.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

using nlohmann::json;

namespace {

constexpr std::size_t kMostShown = 5;  // of a table

// What is still refused, from staging's copy of the ledger.
json still_refused(Pg& staging, const std::string& run) {
    const Result r = staging.query(
        "SELECT pg_catalog.format('%I.%I', t.spec->>'target_schema', t.spec->>'target_table'), x.row_key, "
        "x.column_name, x.sqlstate, x.reason FROM lakemover.run_reject x JOIN lakemover.run_table t USING (run_id, "
        "table_id) WHERE x.run_id = $1 ORDER BY 1, x.chunk_no, x.ordinal",
        {run});
    json list = json::array();
    for (int i = 0; i < r.rows(); ++i)
        list.push_back({{"table", r.text(i, 0)},
                        {"key", r.text(i, 1)},
                        {"column", r.text(i, 2)},
                        {"sqlstate", r.text(i, 3)},
                        {"reason", r.text(i, 4)}});
    return list;
}

// incomplete: something else failed in the run, too, perhaps because of these rows.
void show(const Settings& s, const std::string& id, const json& tables, const json& refused, bool incomplete) {
    if (s.json) {
        fmt::print("{}\n", json{{"run", std::stoll(id)}, {"tables", tables}, {"still_refused", refused}}.dump());
        return;
    }
    for (const json& t : tables)
        fmt::print("{}: {} rows loaded, {} still refused\n", t["table"].get<std::string>(),
                   t["loaded"].get<std::int64_t>(), t["refused"].get<std::int64_t>());
    std::map<std::string, std::size_t> seen;
    std::size_t hidden = 0;
    for (const json& r : refused) {
        const std::string table = r["table"].get<std::string>();
        if (++seen[table] > kMostShown) {
            ++hidden;
            continue;
        }
        const std::string column = r["column"].get<std::string>();
        fmt::print("  {} {}{}: {} ({})\n", table, r["key"].get<std::string>(),
                   column.empty() ? "" : ", column " + column, r["reason"].get<std::string>(),
                   r["sqlstate"].get<std::string>());
    }
    if (hidden > 0) fmt::print("  and {} more, in lakemover.run_reject\n", hidden);
    if (tables.empty() && refused.empty())
        fmt::print("run {} has no rejected rows\n", id);
    else
        fmt::print("{}: lakemover {} {}\n", incomplete ? "make what could not be made without them" : "validate again",
                   incomplete ? "resume" : "validate", id);
}

}  // namespace

Exit command_retry_rejects(const Settings& settings, const std::string& given) {
    Target::require_given(settings.target);
    Staging staging = Staging::open(settings);
    staging.lock_for_work();
    CancelToken cancel;
    const SignalWatch signals(cancel);
    Pg pg = staging.connect();
    const Cancellable registered(cancel, pg);
    const std::string id = newest_migration(pg, given, "state IN ('done', 'incomplete')");
    const Result r = pg.query(
        "SELECT run_uuid, source, pg_catalog.encode(hash_key, 'hex'), state, target_identity FROM lakemover.run WHERE "
        "run_id = $1",
        {id});
    if (r.get(0, 3) != "done" && r.get(0, 3) != "incomplete")
        throw Error(Exit::kUsage, "run " + id + " has not come to its end: it is " + r.text(0, 3), {},
                    "go on with it first: lakemover resume " + id);
    const Target target_settings(settings.target);
    Pg target = target_settings.connect();
    const Cancellable target_registered(cancel, target);
    target_settings.require_same(target, id, r.text(0, 4));
    const SigningKey key = SigningKey::open(settings.home, settings.signing_key);
    AuditDir audit = AuditDir::create(settings.audit_dir, "retry-rejects-" + id, settings.home + "/audit-beside");
    Events events(staging.connect(), audit);
    events.set_run(std::stoll(id));
    Outages outages;
    RunContext run{settings,
                   staging,
                   target_settings,
                   events,
                   cancel,
                   std::stoll(id),
                   r.text(0, 0),
                   r.text(0, 1),
                   make_loader_id(),
                   codec::parse_hash_key(r.get(0, 2)),
                   {},
                   outages};
    Ledger ledger(run.run_uuid, 1);
    run.ledger = &ledger;
    json tables = json::array();
    if (ledger.take_over(target) && RejectLedger::exists(target)) {
        ledger.name_session(target);
        // What an earlier call committed and could not tell.
        sync_rejects(run, pg, target);
        for (const std::int64_t table : RejectLedger(run.run_uuid).tables(target)) {
            const Retried retried = retry_table(run, pg, target, table);
            const std::string name = table_name(pg, id, table, "table " + std::to_string(table));
            tables.push_back({{"table", name}, {"loaded", retried.loaded}, {"refused", retried.refused}});
            events.emit(Level::kInfo, "rejects_retried",
                        name + ": " + std::to_string(retried.loaded) + " rows loaded, " +
                            std::to_string(retried.refused) + " still refused",
                        {{"loaded", retried.loaded}, {"refused", retried.refused}}, table);
        }
        sync_rejects(run, pg, target);
    }
    const json refused = still_refused(pg, id);
    audit.seal(
        key, {{"kind", "retry-rejects"}, {"run", {{"id", id}}}, {"loaded", tables}, {"still_refused", refused.size()}});
    show(settings, id, tables, refused, pg.scalar("SELECT lakemover._ended_incomplete($1)", {id}) == "t");
    return refused.empty() ? Exit::kSuccess : Exit::kIncomplete;
}

}  // namespace lakemover::loader
