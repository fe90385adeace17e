#include "loader/target/ledger.hpp"

#include "loader/target/objects.hpp"
#include "loader/target/rejects.hpp"

namespace lakemover::loader {

void Ledger::open(Pg& target, const std::string& source_identity) {
    target.exec("BEGIN");
    // IF NOT EXISTS is not free of races; a lock on our own schema row would need it to exist first.
    target.exec("CREATE SCHEMA IF NOT EXISTS lakemover_ledger");
    target.exec(
        "CREATE TABLE IF NOT EXISTS lakemover_ledger.run (run_uuid uuid PRIMARY KEY, epoch int NOT NULL, "
        "source_identity text NOT NULL, "
        "started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp())");
    target.exec(
        "CREATE TABLE IF NOT EXISTS lakemover_ledger.chunk (run_uuid uuid NOT NULL, table_id bigint NOT NULL, chunk_no "
        "int NOT NULL, "
        "method text NOT NULL, lower_bound text, upper_bound text, rows_copied bigint NOT NULL, bytes_copied bigint "
        "NOT NULL, "
        "lane1 numeric NOT NULL, lane2 numeric NOT NULL, rows_rejected bigint NOT NULL DEFAULT 0, xid xid8 NOT NULL "
        "DEFAULT pg_catalog.pg_current_xact_id(), "
        "committed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), PRIMARY KEY (run_uuid, table_id, "
        "chunk_no))");
    target.exec(
        "CREATE TABLE IF NOT EXISTS lakemover_ledger.object (run_uuid uuid NOT NULL, kind text NOT NULL, name text NOT "
        "NULL, "
        "table_id bigint, class_id oid, object_id oid, created_at timestamptz NOT NULL DEFAULT "
        "pg_catalog.clock_timestamp(), PRIMARY KEY (run_uuid, "
        "kind, name))");
    target.exec(
        "CREATE TABLE IF NOT EXISTS lakemover_ledger.loader (run_uuid uuid NOT NULL, loader text NOT NULL, joined_at "
        "timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), PRIMARY KEY (run_uuid, loader))");
    RejectLedger::create(target);
    const Result r = target.query(
        "INSERT INTO lakemover_ledger.run AS r (run_uuid, epoch, source_identity) VALUES ($1, $2, $3) "
        "ON CONFLICT (run_uuid) DO UPDATE SET epoch = r.epoch + 1 RETURNING epoch",
        {run_uuid_, std::to_string(epoch_), source_identity});
    epoch_ = static_cast<int>(r.integer(0, 0));
    target.exec("COMMIT");
}

bool Ledger::exists(Pg& target) {
    return target.scalar("SELECT pg_catalog.to_regclass('lakemover_ledger.run') IS NOT NULL") == "t";
}

void Ledger::name_session(Pg& target) const {
    target.scalar("SELECT pg_catalog.set_config('application_name', $1, false)",
                  {"lakemover " + run_uuid_ + (member_.empty() ? "" : " " + member_)});
}

namespace {

// Ends the sessions of our role by what they are called; a pattern for LIKE.
void end_sessions(Pg& target, const std::string& named) {
    target.query(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE application_name LIKE "
        "'lakemover ' || $1 AND usename = current_user AND datname = pg_catalog.current_database() AND pid <> "
        "pg_catalog.pg_backend_pid()",
        {named});
}

}  // namespace

bool Ledger::take_over(Pg& target) {
    if (!exists(target)) return false;
    // What an earlier loader of this run left in the middle of a batch, stopped or cut off, must not commit any more.
    end_sessions(target, run_uuid_ + "%");
    target.exec("BEGIN");
    target.exec("SET LOCAL lock_timeout = '60s'");
    // FOR UPDATE, which waits for the FOR KEY SHARE of batches under way: raising the number alone would not.
    const Result there =
        target.query("SELECT epoch FROM lakemover_ledger.run WHERE run_uuid = $1 FOR UPDATE", {run_uuid_});
    if (there.rows() == 0) {
        target.exec("ROLLBACK");
        return false;
    }
    const Result r = target.query(
        "UPDATE lakemover_ledger.run SET epoch = epoch + 1 WHERE run_uuid = $1 RETURNING epoch", {run_uuid_});
    epoch_ = static_cast<int>(r.integer(0, 0));
    target.query("DELETE FROM lakemover_ledger.loader WHERE run_uuid = $1", {run_uuid_});
    target.exec("COMMIT");
    return true;
}

void Ledger::enlist(Pg& target, const std::string& member) {
    target.exec("BEGIN");
    const Result r =
        target.query("SELECT epoch FROM lakemover_ledger.run WHERE run_uuid = $1 FOR KEY SHARE", {run_uuid_});
    if (r.rows() == 0) throw Error(Exit::kOther, "the ledger on the target does not know run " + run_uuid_);
    target.query("INSERT INTO lakemover_ledger.loader (run_uuid, loader) VALUES ($1, $2)", {run_uuid_, member});
    target.exec("COMMIT");
    epoch_ = static_cast<int>(r.integer(0, 0));
    member_ = member;
}

void Ledger::retire(Pg& target) const {
    if (member_.empty() || !exists(target)) return;
    target.exec("BEGIN");
    target.exec("SET LOCAL lock_timeout = '10s'");
    target.query("DELETE FROM lakemover_ledger.loader WHERE run_uuid = $1 AND loader = $2", {run_uuid_, member_});
    target.exec("COMMIT");
}

void Ledger::expel(Pg& target, const std::string& member) const {
    target.exec("BEGIN");
    target.exec("SET LOCAL lock_timeout = '10s'");
    fence(target);
    end_sessions(target, run_uuid_ + " " + member);
    // Waits for the FOR KEY SHARE of a batch under way.
    target.query("DELETE FROM lakemover_ledger.loader WHERE run_uuid = $1 AND loader = $2", {run_uuid_, member});
    target.exec("COMMIT");
}

void Ledger::expel_all(Pg& target) const {
    target.exec("BEGIN");
    target.exec("SET LOCAL lock_timeout = '60s'");
    fence(target);
    target.query("DELETE FROM lakemover_ledger.loader WHERE run_uuid = $1", {run_uuid_});
    target.exec("COMMIT");
}

std::string Ledger::fence_sql(Pg& target) const {
    const std::string run = target.quote_literal(run_uuid_);
    return member_.empty()
               ? "SELECT epoch, pg_catalog.pg_current_xact_id() FROM lakemover_ledger.run WHERE run_uuid = " + run +
                     " FOR KEY SHARE"
               : "SELECT r.epoch, pg_catalog.pg_current_xact_id() FROM lakemover_ledger.run r JOIN "
                 "lakemover_ledger.loader l USING (run_uuid) WHERE run_uuid = " +
                     run + " AND l.loader = " + target.quote_literal(member_) + " FOR KEY SHARE";
}

void Ledger::fence(Pg& target) const { fenced(target, fence_sql(target)); }

std::string Ledger::begin(Pg& target) const { return fenced(target, "BEGIN; " + fence_sql(target)); }

// The answer to fence_sql() is ours, or this loader is not the run's any more. Returns the transaction's id.
std::string Ledger::fenced(Pg& target, const std::string& sql) const {
    bool ours = false;
    std::string xid;
    try {
        const Result r = target.exec(sql);
        ours = r.rows() == 1 && r.integer(0, 0) == epoch_;
        if (ours) xid = r.text(0, 1);
    } catch (const Error& e) {
        // The whole ledger is gone: the run was rolled back, or replaced by one that has ended.
        if (e.sqlstate != "42P01" && e.sqlstate != "3F000") throw;
    }
    if (ours) return xid;
    Error e(Exit::kOther, "another loader has taken over this run or its tables", {},
            "this one stops; nothing was written by it", "55P03");
    e.taken_over = true;
    throw e;
}

namespace {

constexpr const char* kChunkColumns =
    "table_id, chunk_no, method, lower_bound, upper_bound, rows_copied, bytes_copied, lane1, lane2, rows_rejected";

ChunkRecord chunk_from(const Result& r, int row) {
    ChunkRecord c;
    c.table_id = r.integer(row, 0);
    c.chunk_no = static_cast<int>(r.integer(row, 1));
    c.method = r.text(row, 2);
    c.lower = r.value(row, 3);
    c.upper = r.value(row, 4);
    c.rows = r.integer(row, 5);
    c.bytes = r.integer(row, 6);
    c.lane1 = r.text(row, 7);
    c.lane2 = r.text(row, 8);
    c.rejected = r.integer(row, 9);
    return c;
}

}  // namespace

std::optional<ChunkRecord> Ledger::find(Pg& target, std::int64_t table_id, int chunk_no) const {
    const Result r =
        target.query(std::string("SELECT ") + kChunkColumns +
                         " FROM lakemover_ledger.chunk WHERE run_uuid = $1 AND table_id = $2 AND chunk_no = $3",
                     {run_uuid_, std::to_string(table_id), std::to_string(chunk_no)});
    if (r.rows() == 0) return std::nullopt;
    return chunk_from(r, 0);
}

namespace {

bool same(const ChunkRecord& a, const ChunkRecord& b) {
    return a.rows == b.rows && a.bytes == b.bytes && a.lane1 == b.lane1 && a.lane2 == b.lane2 &&
           a.rejected == b.rejected;
}

}  // namespace

std::optional<ChunkRecord> Ledger::settle(Pg& target, const ChunkRecord& c) const {
    // A backend whose client is gone may still be at its COMMIT: the same key waits for it, whichever way it ends.
    target.exec("BEGIN");
    record(target, c);
    target.exec("ROLLBACK");
    std::optional<ChunkRecord> there = find(target, c.table_id, c.chunk_no);
    if (there && !same(*there, c))
        throw Error(Exit::kIncomplete, "the ledger on the target holds another content for a chunk than was sent",
                    "table " + std::to_string(c.table_id) + " chunk " + std::to_string(c.chunk_no) + ": rows " +
                        std::to_string(there->rows) + ", sent " + std::to_string(c.rows));
    return there;
}

namespace {

constexpr const char* kInsertChunk =
    "INSERT INTO lakemover_ledger.chunk (run_uuid, table_id, chunk_no, method, lower_bound, upper_bound, rows_copied, "
    "bytes_copied, lane1, lane2, rows_rejected) VALUES (";

}  // namespace

std::vector<Value> Ledger::values_of(const ChunkRecord& c) const {
    return {run_uuid_,
            std::to_string(c.table_id),
            std::to_string(c.chunk_no),
            c.method,
            c.lower,
            c.upper,
            std::to_string(c.rows),
            std::to_string(c.bytes),
            c.lane1,
            c.lane2,
            std::to_string(c.rejected)};
}

void Ledger::commit(Pg& target, const ChunkRecord& c) const {
    const auto text = [&](const Value& v) { return v ? target.quote_literal(*v) : std::string("NULL"); };
    std::string values;
    for (const Value& v : values_of(c)) values += (values.empty() ? "" : ", ") + text(v);
    target.exec(std::string(kInsertChunk) + values + "); COMMIT");
}

std::optional<std::string> Ledger::record(Pg& target, const ChunkRecord& c) const {
    const Result r =
        target.query(std::string(kInsertChunk) +
                         "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING xid::text",
                     values_of(c));
    if (r.rows() == 0) return std::nullopt;
    return r.text(0, 0);
}

std::string Ledger::register_sql(const Pg& target, const std::string& kind, const std::string& name,
                                 std::int64_t table_id) const {
    return "INSERT INTO lakemover_ledger.object (run_uuid, kind, name, table_id, class_id, object_id) SELECT " +
           target.quote_literal(run_uuid_) + "::uuid, " + target.quote_literal(kind) + ", " +
           target.quote_literal(name) + ", nullif(" + std::to_string(table_id) +
           "::bigint, 0), CASE WHEN p.i IS NOT NULL THEN p.c END, p.i FROM (" + object_place(target, kind, name) +
           ") AS p(c, i) ON CONFLICT DO NOTHING";
}

void Ledger::register_object(Pg& target, const std::string& kind, const std::string& name,
                             std::int64_t table_id) const {
    target.exec(register_sql(target, kind, name, table_id));
}

void Ledger::forget_object(Pg& target, const std::string& kind, const std::string& name) const {
    target.query("DELETE FROM lakemover_ledger.object WHERE run_uuid = $1 AND kind = $2 AND name = $3",
                 {run_uuid_, kind, name});
}

bool Ledger::has_chunks(Pg& target, std::int64_t table_id) const {
    return target
               .query("SELECT FROM lakemover_ledger.chunk WHERE run_uuid = $1 AND table_id = $2 LIMIT 1",
                      {run_uuid_, std::to_string(table_id)})
               .rows() > 0;
}

void Ledger::forget_chunks(Pg& target, std::int64_t table_id) const {
    for (const char* table : {"chunk", "reject"})
        target.query(std::string("DELETE FROM lakemover_ledger.") + table + " WHERE run_uuid = $1 AND table_id = $2",
                     {run_uuid_, std::to_string(table_id)});
}

void Ledger::forget_table(Pg& target, std::int64_t table_id) const {
    forget_chunks(target, table_id);
    // A sequence stays until it is rolled back: it was made before the table, which does not own it yet.
    target.query("DELETE FROM lakemover_ledger.object WHERE run_uuid = $1 AND table_id = $2 AND kind <> 'sequence'",
                 {run_uuid_, std::to_string(table_id)});
}

std::string Ledger::supersede(Pg& target, const std::string& names) {
    if (!target.scalar("SELECT pg_catalog.to_regclass('lakemover_ledger.object')")) return {};
    // Its run row gone, a loader of such a run that still lives fails at its next chunk. Waits for the chunk it is in.
    const Result old = target.query(
        "DELETE FROM lakemover_ledger.run WHERE run_uuid IN (SELECT o.run_uuid FROM lakemover_ledger.object o WHERE "
        "o.kind = 'table' AND "
        "pg_catalog.to_regclass(o.name) = ANY (SELECT pg_catalog.to_regclass(n) FROM "
        "pg_catalog.jsonb_array_elements_text($1::jsonb) AS n)) "
        "RETURNING run_uuid",
        {names});
    std::string runs;
    for (int i = 0; i < old.rows(); ++i) {
        for (const char* table : {"chunk", "reject", "object", "loader"})
            target.query(std::string("DELETE FROM lakemover_ledger.") + table + " WHERE run_uuid = $1",
                         {old.text(i, 0)});
        if (i > 0) runs += ", ";
        runs += old.get(i, 0);
    }
    return runs;
}

std::string Ledger::chunks_json(Pg& target, const Value& method) const {
    return target
        .scalar(
            "SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('table_id', table_id, 'chunk_no', "
            "chunk_no, 'method', method, 'lower', lower_bound, 'upper', upper_bound, 'rows', rows_copied, 'bytes', "
            "bytes_copied, 'lane1', lane1::text, 'lane2', lane2::text, 'xid', xid::text, 'rejected', rows_rejected)), "
            "'[]')::text FROM lakemover_ledger.chunk WHERE run_uuid = $1 AND ($2::text IS NULL OR method = $2)",
            {run_uuid_, method})
        .value_or("[]");
}

std::vector<ChunkRecord> Ledger::chunks(Pg& target) const {
    const Result r = target.query(std::string("SELECT ") + kChunkColumns +
                                      " FROM lakemover_ledger.chunk WHERE run_uuid = $1 ORDER BY table_id, chunk_no",
                                  {run_uuid_});
    std::vector<ChunkRecord> all;
    for (int i = 0; i < r.rows(); ++i) all.push_back(chunk_from(r, i));
    return all;
}

void Ledger::drop(Pg& target) const {
    if (!exists(target)) return;
    target.exec("BEGIN");
    target.exec("LOCK TABLE lakemover_ledger.run IN ACCESS EXCLUSIVE MODE");
    if (target.query("SELECT FROM lakemover_ledger.run WHERE run_uuid = $1", {run_uuid_}).rows() == 0) {
        target.exec("ROLLBACK");
        return;
    }
    // A loader that was taken over leaves it to the one that has the run.
    fence(target);
    for (const char* table : {"chunk", "reject", "object", "loader", "run"})
        target.query(std::string("DELETE FROM lakemover_ledger.") + table + " WHERE run_uuid = $1", {run_uuid_});
    const bool last = target.scalar("SELECT NOT EXISTS (SELECT FROM lakemover_ledger.run)") == "t";
    if (last) {
        target.exec(
            "DROP TABLE lakemover_ledger.chunk, lakemover_ledger.reject, lakemover_ledger.object, "
            "lakemover_ledger.loader, lakemover_ledger.run");
        target.exec("DROP SCHEMA lakemover_ledger");
    }
    target.exec("COMMIT");
}

}  // namespace lakemover::loader
