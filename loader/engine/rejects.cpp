#include "loader/engine/rejects.hpp"

#include <vector>

#include "loader/engine/row_probe.hpp"
#include "loader/target/rejects.hpp"
#include "loader/validate/table_spec.hpp"
#include "loader/validate/value_form.hpp"

namespace lakemover::loader {

namespace {

constexpr std::int64_t kBatchBytes = 4 << 20;
constexpr std::size_t kMostAudited = 1U << 20U;  // bytes of a row in rejects.jsonl; larger ones are in the ledger only

bool known(RunContext& run, Pg& target) {
    return RejectLedger::exists(target) &&
           target.query("SELECT FROM lakemover_ledger.run WHERE run_uuid = $1", {run.run_uuid}).rows() == 1;
}

struct Batch {
    std::vector<RejectedRow> taken, refused;
};

// In a transaction that is rolled back.
Batch try_rows(Pg& target, const TableSpec& spec, const std::string& copy_in, std::vector<RejectedRow> rows) {
    std::vector<std::string_view> raw;
    for (const RejectedRow& r : rows) raw.emplace_back(r.row);
    std::vector<bool> bad(rows.size(), false);
    target.exec("BEGIN");
    RowProbe(target, spec, copy_in).load(raw, [&](std::size_t i, const Refusal& why) {
        bad[i] = true;
        rows[i].sqlstate = why.sqlstate;
        rows[i].reason = why.reason;
        rows[i].column = why.column;
    });
    target.exec("ROLLBACK");
    Batch batch;
    for (std::size_t i = 0; i < rows.size(); ++i) (bad[i] ? batch.refused : batch.taken).push_back(std::move(rows[i]));
    return batch;
}

ChunkRecord record_of(Pg& target, const RunContext& run, std::int64_t table_id, const std::vector<RejectedRow>& rows) {
    ChunkRecord record;
    record.table_id = table_id;
    record.chunk_no = static_cast<int>(std::stoll(
        target
            .scalar("SELECT coalesce(pg_catalog.max(chunk_no), 0) + 1 FROM lakemover_ledger.chunk WHERE run_uuid = $1 "
                    "AND table_id = $2",
                    {run.run_uuid, std::to_string(table_id)})
            .value_or("1")));
    record.method = "rejects";
    codec::Digest digest;
    for (const RejectedRow& r : rows) {
        digest.add(codec::Digest::from_text(1, r.lane1, r.lane2));
        record.bytes += static_cast<std::int64_t>(r.row.size());
    }
    record.rows = static_cast<std::int64_t>(digest.rows);
    record.lane1 = digest.lane1_text();
    record.lane2 = digest.lane2_text();
    return record;
}

// All or nothing: the rows, their leaving of the reject ledger, and the batch's row in the ledger.
void commit_rows(RunContext& run, Pg& target, const TableSpec& spec, const std::string& copy_in, const Batch& batch) {
    const RejectLedger ledger(run.run_uuid);
    target.exec("BEGIN");
    run.ledger->fence(target);
    if (!batch.taken.empty()) {
        if (!ledger.remove(target, spec.table_id, batch.taken))
            throw Error(Exit::kOther, "rejects were taken out of the ledger by somebody else", {},
                        "run lakemover retry-rejects again");
        std::vector<std::string_view> raw;
        for (const RejectedRow& r : batch.taken) raw.emplace_back(r.row);
        const ChunkRecord record = record_of(target, run, spec.table_id, batch.taken);
        if (copy_rows(target, copy_in, spec.format, raw) != record.rows)
            throw Error(Exit::kOther, "the target counts other rows than were sent to it");
        if (!run.ledger->record(target, record))
            throw Error(Exit::kOther, "the ledger on the target changed meanwhile", {},
                        "run lakemover retry-rejects again");
    }
    ledger.update_reasons(target, spec.table_id, batch.refused);
    // It does not wait for the disk otherwise, and nobody would load these rows again.
    target.exec("SET LOCAL synchronous_commit = on");
    target.exec("COMMIT");
}

}  // namespace

void sync_rejects(RunContext& run, Pg& staging, Pg& target) {
    if (!known(run, target)) return;
    staging.query("SELECT lakemover._adopt_retried($1, $2)",
                  {run.id(), Ledger(run.run_uuid, 1).chunks_json(target, "rejects")});
    staging.query("SELECT lakemover._store_rejects($1, $2)", {run.id(), RejectLedger(run.run_uuid).list(target)});
}

void audit_rejects(RunContext& run, Pg& target, RejectPlace& place) {
    if (!known(run, target)) return;
    const RejectLedger ledger(run.run_uuid);
    for (const std::int64_t table : ledger.tables(target)) {
        if (table < place.table_id) continue;
        if (table > place.table_id) place = {table, 0, 0};
        for (;;) {
            RejectedRow behind;
            behind.chunk_no = place.chunk_no;
            behind.ordinal = place.ordinal;
            const std::vector<RejectedRow> rows = ledger.next(target, table, behind, kBatchBytes);
            if (rows.empty()) break;
            for (const RejectedRow& r : rows) {
                nlohmann::json line{{"table_id", table},  {"chunk", r.chunk_no},    {"ordinal", r.ordinal},
                                    {"key", r.key},       {"sqlstate", r.sqlstate}, {"reason", r.reason},
                                    {"column", r.column}, {"bytes", r.row.size()}};
                line["row_hex"] = r.row.size() > kMostAudited ? nlohmann::json() : nlohmann::json(to_hex(r.row));
                run.events.audit().reject(line);
                place = {table, r.chunk_no, r.ordinal};
            }
        }
    }
}

Retried retry_table(RunContext& run, Pg& staging, Pg& target, std::int64_t table_id) {
    const Result r = staging.query(
        "SELECT spec, lakemover._target_sql(run_id, table_id, 'copy_in') FROM lakemover.run_table WHERE run_id = $1 "
        "AND table_id = $2",
        {run.id(), std::to_string(table_id)});
    if (r.rows() != 1) throw Error(Exit::kOther, "staging does not know table " + std::to_string(table_id));
    const TableSpec spec = parse_table_spec(nlohmann::json::parse(r.get(0, 0)));
    const RejectLedger ledger(run.run_uuid);
    Retried result;
    RejectedRow behind;
    for (;;) {
        run.cancel.check();
        std::vector<RejectedRow> rows = ledger.next(target, table_id, behind, kBatchBytes);
        if (rows.empty()) return result;
        behind.chunk_no = rows.back().chunk_no;
        behind.ordinal = rows.back().ordinal;
        const Batch batch = try_rows(target, spec, r.text(0, 1), std::move(rows));
        commit_rows(run, target, spec, r.text(0, 1), batch);
        result.loaded += static_cast<std::int64_t>(batch.taken.size());
        result.refused += static_cast<std::int64_t>(batch.refused.size());
    }
}

}  // namespace lakemover::loader
