#include "loader/engine/large_objects.hpp"

#include <utility>

#include "loader/engine/phases.hpp"

namespace lakemover::loader {

namespace {

constexpr const char* kHalfGone = "large objects that go";  // in the register while they are unlinked
constexpr const char* kBatch = "1000";

// Arrays of a thousand.
std::vector<std::string> batches(Pg& pg, const std::string& objects) {
    const Result r = pg.query(
        std::string("SELECT pg_catalog.array_agg(o ORDER BY o)::text FROM pg_catalog.unnest($1::pg_catalog.oid[]) WITH "
                    "ORDINALITY AS u(o, no) GROUP BY (no - 1) / ") +
            kBatch + " ORDER BY pg_catalog.min(no)",
        {objects});
    std::vector<std::string> all;
    for (int i = 0; i < r.rows(); ++i) all.push_back(r.text(i, 0));
    return all;
}

// Moved, and not given up.
bool to_be_moved(Pg& staging, const RunContext& run) {
    return staging.scalar(
               "SELECT EXISTS (SELECT FROM lakemover.run_table WHERE run_id = $1 AND table_id = "
               "lakemover._large_objects_table() AND state NOT IN ('failed', 'blocked'))",
               {run.id()}) == "t";
}

bool registered(Pg& target, const RunContext& run, const std::string& kinds) {
    return target.scalar(
               "SELECT EXISTS (SELECT FROM lakemover_ledger.object WHERE run_uuid = $1 AND kind = ANY "
               "(pg_catalog.string_to_array($2, ',')))",
               {run.run_uuid, kinds}) == "t";
}

struct Found {
    std::string all = "{}";  // as an array
    std::string first;       // for people
    std::int64_t objects = 0;
};

Found among(Pg& pg, const std::string& sql, const std::vector<Value>& params) {
    const Result r = pg.query(
        "SELECT coalesce(pg_catalog.array_agg(o ORDER BY o)::text, '{}'), pg_catalog.array_to_string((pg_catalog."
        "array_agg(o ORDER BY o))[:10], ', '), pg_catalog.count(*) FROM (" +
            sql + ") AS f(o)",
        params);
    return {r.text(0, 0), r.text(0, 1), r.integer(0, 2)};
}

Found on_target(Pg& target, const std::string& objects) {
    return among(target, "SELECT oid FROM pg_catalog.pg_largeobject_metadata WHERE oid = ANY ($1::pg_catalog.oid[])",
                 {objects});
}

// Of earlier runs into the same target, among these.
Found made_earlier(Pg& staging, const RunContext& run, const std::string& objects) {
    return among(staging,
                 "SELECT DISTINCT l.loid FROM lakemover.run_large_object l JOIN lakemover.run r USING (run_id) JOIN "
                 "lakemover.run now ON now.run_id = $1 AND now.target_identity = r.target_identity JOIN "
                 "lakemover.run_object o ON o.run_id = l.run_id AND o.kind = $2 WHERE l.run_id <> $1 AND r.verdict IS "
                 "DISTINCT FROM 'ROLLED BACK' AND l.loid = ANY ($3::bigint[])",
                 {run.id(), kLargeObjectsKind, objects});
}

[[noreturn]] void refuse(const Found& there, bool ours) {
    throw Error(Exit::kUsage,
                "the target has " + std::to_string(there.objects) + " of the source's large objects already, by OID: " +
                    there.first + (there.objects > 10 ? ", ..." : ""),
                {},
                std::string("nothing was changed; ") +
                    (ours ? "they are an earlier run's, and --on-existing=drop removes them first; or "
                          : "unlink them there if nobody needs them, or ") +
                    "leave large objects out with --no-large-objects");
}

}  // namespace

std::int64_t large_objects_table(Pg& staging) {
    return std::stoll(staging.scalar("SELECT lakemover._large_objects_table()").value_or("0"));
}

std::string large_objects_of(Pg& staging, const std::string& run_id) {
    return staging
        .scalar(
            "SELECT coalesce(pg_catalog.array_agg(loid ORDER BY loid)::text, '{}') FROM "
            "lakemover.run_large_object WHERE run_id = $1",
            {run_id})
        .value_or("{}");
}

std::string existing_large_objects(RunContext& run, Pg& staging, Pg& target) {
    if (!to_be_moved(staging, run)) return "{}";
    if (target.scalar("SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')") != "t")
        throw Error(Exit::kUsage, "large objects need the privilege TEMPORARY on the target's database", {},
                    "GRANT TEMPORARY ON DATABASE there, or leave large objects out with --no-large-objects");
    const Found there = on_target(target, large_objects_of(staging, run.id()));
    if (there.objects == 0) return "{}";
    const Found earlier = made_earlier(staging, run, there.all);
    const bool ours = earlier.objects == there.objects;
    if (!ours || run.options.on_existing != "drop") refuse(there, ours);
    return there.all;
}

std::int64_t unlink_large_objects(Pg& target, const std::string& objects, const Ledger* fenced) {
    std::int64_t unlinked = 0;
    for (const std::string& batch : batches(target, objects)) {
        target.exec("BEGIN");
        if (fenced) fenced->fence(target);
        unlinked += std::stoll(target
                                   .scalar("SELECT pg_catalog.count(pg_catalog.lo_unlink(oid)) FROM "
                                           "pg_catalog.pg_largeobject_metadata WHERE oid = ANY ($1::pg_catalog.oid[])",
                                           {batch})
                                   .value_or("0"));
        target.exec("COMMIT");
    }
    return unlinked;
}

std::vector<std::string> create_large_objects(RunContext& run, Pg& staging, Pg& target) {
    std::vector<std::string> executed;
    if (!to_be_moved(staging, run) || registered(target, run, std::string(kLargeObjectsKind) + "," + kHalfGone))
        return executed;
    const std::string objects = large_objects_of(staging, run.id());
    for (const std::string& batch : batches(target, objects)) {
        const std::string sql =
            "SELECT pg_catalog.lo_create(o) FROM pg_catalog.unnest('" + batch + "'::pg_catalog.oid[]) AS o";
        try {
            target.exec(sql);
        } catch (const Error& e) {
            if (e.sqlstate != "23505") throw;
            throw Error(Exit::kUsage, "somebody has made a large object on the target that the run was about to make",
                        e.detail, "resume the run when it is gone, or leave large objects out with --no-large-objects",
                        e.sqlstate);
        }
        executed.push_back(sql);
    }
    run.ledger->register_object(target, kLargeObjectsKind, kLargeObjectsName, 0);
    // What earlier runs made under these OIDs is gone, or this would not have worked: rolling those back must leave ours.
    staging.query(
        "DELETE FROM lakemover.run_large_object l USING lakemover.run r, lakemover.run now WHERE r.run_id = l.run_id "
        "AND now.run_id = $1 AND r.run_id <> $1 AND r.target_identity = now.target_identity AND l.loid = ANY "
        "($2::bigint[])",
        {run.id(), objects});
    return executed;
}

void open_waiting_room(Pg& target) {
    // Nothing is gained by compressing what stays for a moment.
    target.exec(
        "CREATE TEMP TABLE lakemover_large_object (loid bigint NOT NULL, position bigint NOT NULL, data bytea NOT "
        "NULL) ON COMMIT DROP");
    target.exec("ALTER TABLE pg_temp.lakemover_large_object ALTER COLUMN data SET STORAGE EXTERNAL");
}

void write_pieces(Pg& target, std::int64_t rows) {
    const std::int64_t written = std::stoll(
        target
            .scalar("SELECT pg_catalog.count(w IS NULL) FROM (SELECT pg_catalog.lo_put(loid::pg_catalog.oid, position, "
                    "data) AS w FROM (SELECT * FROM pg_temp.lakemover_large_object ORDER BY loid, position) AS p "
                    "OFFSET 0) AS q")
            .value_or("-1"));
    if (written != rows)
        throw Error(Exit::kOther, "pieces of large objects were lost on the target",
                    std::to_string(rows) + " arrived, " + std::to_string(written) + " were written");
}

namespace {

// The first step says so in the register: whoever comes after a loader that ends here finishes it.
std::int64_t remove_large_objects(RunContext& run, Pg& staging, Pg& target) {
    target.exec("BEGIN");
    run.ledger->fence(target);
    run.ledger->forget_chunks(target, large_objects_table(staging));
    target.query("UPDATE lakemover_ledger.object SET kind = $3 WHERE run_uuid = $1 AND kind = $2",
                 {run.run_uuid, kLargeObjectsKind, kHalfGone});
    target.exec("COMMIT");
    const std::int64_t unlinked = registered(target, run, kHalfGone)
                                      ? unlink_large_objects(target, large_objects_of(staging, run.id()), run.ledger)
                                      : 0;
    target.exec("BEGIN");
    run.ledger->fence(target);
    run.ledger->forget_object(target, kHalfGone, kLargeObjectsName);
    target.exec("COMMIT");
    staging.query("DELETE FROM lakemover.run_object WHERE run_id = $1 AND kind = $2", {run.id(), kLargeObjectsKind});
    return unlinked;
}

}  // namespace

void undo_large_objects(RunContext& run, Pg& staging, Pg& target) {
    if (!registered(target, run, std::string(kLargeObjectsKind) + "," + kHalfGone) || to_be_moved(staging, run)) return;
    const std::int64_t unlinked = remove_large_objects(run, staging, target);
    run.events.emit(Level::kWarning, "table_undone", std::to_string(unlinked) + " large objects unlinked");
}

bool large_objects_are_half_gone(RunContext& run, Pg& staging, Pg& target) {
    return to_be_moved(staging, run) && registered(target, run, kHalfGone);
}

void begin_large_objects_again(RunContext& run, Pg& staging) {
    with_target(run, [&](Pg& target) { remove_large_objects(run, staging, target); });
    const std::string table = std::to_string(large_objects_table(staging));
    over_outages(run, [&] { staging.query("SELECT lakemover._list_large_objects($1)", {run.id()}); });
    staging.query("SELECT lakemover._begin_again($1, $2)", {run.id(), table});
    staging.query("SELECT lakemover._plan_large_objects($1)", {run.id()});
    with_target(run, [&](Pg& target) {
        if (const Found there = on_target(target, large_objects_of(staging, run.id()));
            there.objects > 0 && !registered(target, run, kLargeObjectsKind)) {
            staging.query("SELECT lakemover._fail_table($1, $2, $3)",
                          {run.id(), table, "the target has some of these OIDs by now: " + there.first});
            return;
        }
        target.exec("BEGIN");
        run.ledger->fence(target);
        const std::vector<std::string> made = create_large_objects(run, staging, target);
        target.exec("COMMIT");
        for (const std::string& sql : made)
            run.events.audit().ddl(sql, {DdlOutcome::State::kDone, 0, {}, "begin again", "large objects"});
    });
    run.events.emit(
        Level::kWarning, "table_begins_again",
        "large objects: their point in time is gone, they were unlinked and are loaded whole at the new one");
}

}  // namespace lakemover::loader
