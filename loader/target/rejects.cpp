#include "loader/target/rejects.hpp"

#include <memory>
#include <nlohmann/json.hpp>

#include "loader/validate/value_form.hpp"

namespace lakemover::loader {

using nlohmann::json;

namespace {

constexpr const char* kAt = " WHERE run_uuid = $1 AND table_id = $2";

// One field of COPY's text format.
std::string copy_field(const std::string& text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '\\': out += "\\\\"; break;
            case '\t': out += "\\t"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            default: out += c;
        }
    }
    return out;
}

std::string copy_field(const Value& value) { return value ? copy_field(*value) : "\\N"; }

// A bytea as the server writes it.
std::string bytes_of(const char* text) {
    std::size_t size = 0;
    const std::unique_ptr<unsigned char, void (*)(void*)> bytes(
        PQunescapeBytea(reinterpret_cast<const unsigned char*>(text), &size), PQfreemem);
    if (!bytes) throw Error(Exit::kOther, "out of memory while a rejected row was read");
    return {reinterpret_cast<const char*>(bytes.get()), size};
}

// The places of rejects, for jsonb_to_recordset.
std::string places(const std::vector<RejectedRow>& rows) {
    json list = json::array();
    for (const RejectedRow& r : rows)
        list.push_back({{"c", r.chunk_no},
                        {"o", r.ordinal},
                        {"sqlstate", r.sqlstate},
                        {"reason", safe_text(r.reason)},
                        {"column_name", r.column.empty() ? json() : json(safe_text(r.column))}});
    return list.dump();
}

}  // namespace

std::string safe_text(const std::string& text) {
    auto safe = json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
    for (std::size_t at = safe.find('\0'); at != std::string::npos; at = safe.find('\0', at))
        safe.replace(at, 1, "\xef\xbf\xbd");
    return safe;
}

void RejectLedger::create(Pg& target) {
    target.exec(
        "CREATE TABLE IF NOT EXISTS lakemover_ledger.reject (run_uuid uuid NOT NULL, table_id bigint NOT NULL, "
        "chunk_no int NOT NULL, ordinal int NOT NULL, row_key text, key_values text, column_name text, sqlstate text "
        "NOT NULL, reason text NOT NULL, row_data bytea NOT NULL, lane1 numeric NOT NULL, lane2 numeric NOT NULL, "
        "rejected_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), PRIMARY KEY (run_uuid, table_id, "
        "chunk_no, ordinal))");
}

bool RejectLedger::exists(Pg& target) {
    return target.scalar("SELECT pg_catalog.to_regclass('lakemover_ledger.reject') IS NOT NULL") == "t";
}

void RejectLedger::add(Pg& target, std::int64_t table_id, const std::vector<RejectedRow>& rows) const {
    if (rows.empty()) return;
    target.copy_in_start(
        "COPY lakemover_ledger.reject (run_uuid, table_id, chunk_no, ordinal, row_key, key_values, column_name, "
        "sqlstate, reason, row_data, lane1, lane2) FROM STDIN");
    try {
        for (const RejectedRow& r : rows) {
            std::string line = run_uuid_ + '\t' + std::to_string(table_id) + '\t' + std::to_string(r.chunk_no) + '\t' +
                               std::to_string(r.ordinal) + '\t' + copy_field(safe_text(r.key)) + '\t';
            line += copy_field(r.key_values ? Value(safe_text(*r.key_values)) : Value()) + '\t';
            line += copy_field(r.column.empty() ? Value() : Value(safe_text(r.column))) + '\t' + r.sqlstate + '\t' +
                    copy_field(safe_text(r.reason)) + "\t\\\\x";
            target.copy_in_data(line);
            target.copy_in_data(to_hex(r.row));
            target.copy_in_data('\t' + r.lane1 + '\t' + r.lane2 + '\n');
        }
        target.copy_in_end();
    } catch (...) {
        target.copy_in_abort("the loader gave these rows up");
        throw;
    }
}

std::int64_t RejectLedger::count_locked(Pg& target, std::int64_t table_id) const {
    const std::vector<Value> table{run_uuid_, std::to_string(table_id)};
    target.query(std::string("SELECT FROM lakemover_ledger.object") + kAt + " AND kind = 'table' FOR NO KEY UPDATE",
                 table);
    return std::stoll(target.scalar(std::string("SELECT pg_catalog.count(*) FROM lakemover_ledger.reject") + kAt, table)
                          .value_or("0"));
}

std::string RejectLedger::list(Pg& target) const {
    return target
        .scalar(
            "SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('table_id', table_id, 'chunk_no', "
            "chunk_no, 'ordinal', ordinal, 'row_key', row_key, 'key_values', key_values, 'column_name', column_name, "
            "'sqlstate', sqlstate, 'reason', reason, 'row_bytes', pg_catalog.length(row_data), 'lane1', lane1::text, "
            "'lane2', lane2::text, 'rejected_at', rejected_at)), '[]')::text FROM lakemover_ledger.reject WHERE "
            "run_uuid = $1",
            {run_uuid_})
        .value_or("[]");
}

codec::Digest RejectLedger::digest(Pg& target, std::int64_t table_id) const {
    const Result r = target.query(
        std::string("SELECT pg_catalog.count(*), coalesce(sum(lane1), 0)::text, coalesce(sum(lane2), 0)::text FROM "
                    "lakemover_ledger.reject") +
            kAt,
        {run_uuid_, std::to_string(table_id)});
    return codec::Digest::from_text(static_cast<std::uint64_t>(r.integer(0, 0)), r.get(0, 1), r.get(0, 2));
}

std::vector<std::int64_t> RejectLedger::tables(Pg& target) const {
    const Result r = target.query(
        "SELECT DISTINCT table_id FROM lakemover_ledger.reject WHERE run_uuid = $1 ORDER BY 1", {run_uuid_});
    std::vector<std::int64_t> all;
    for (int i = 0; i < r.rows(); ++i) all.push_back(r.integer(i, 0));
    return all;
}

std::vector<RejectedRow> RejectLedger::next(Pg& target, std::int64_t table_id, const RejectedRow& behind,
                                            std::int64_t bytes) const {
    const Result r = target.query(
        "SELECT chunk_no, ordinal, row_key, key_values, column_name, sqlstate, reason, row_data, "
        "lane1, lane2 FROM lakemover_ledger.reject JOIN (SELECT chunk_no, ordinal FROM (SELECT chunk_no, "
        "ordinal, pg_catalog.row_number() OVER w AS n, pg_catalog.sum(pg_catalog.length(row_data)) OVER w AS bytes "
        "FROM lakemover_ledger.reject WHERE run_uuid = $1 AND table_id = $2 AND (chunk_no, ordinal) > ($3::int, "
        "$4::int) WINDOW w AS (ORDER BY chunk_no, ordinal)) q WHERE n = 1 OR bytes <= $5::bigint ORDER BY chunk_no, "
        "ordinal LIMIT 1000) p USING (chunk_no, ordinal) WHERE run_uuid = $1 AND table_id = $2 ORDER BY chunk_no, "
        "ordinal",
        {run_uuid_, std::to_string(table_id), std::to_string(behind.chunk_no), std::to_string(behind.ordinal),
         std::to_string(bytes)});
    std::vector<RejectedRow> rows;
    for (int i = 0; i < r.rows(); ++i) {
        RejectedRow row;
        row.chunk_no = static_cast<int>(r.integer(i, 0));
        row.ordinal = static_cast<int>(r.integer(i, 1));
        row.key = r.text(i, 2);
        row.key_values = r.value(i, 3);
        row.column = r.text(i, 4);
        row.sqlstate = r.text(i, 5);
        row.reason = r.text(i, 6);
        row.row = bytes_of(r.get(i, 7).data());
        row.lane1 = r.text(i, 8);
        row.lane2 = r.text(i, 9);
        rows.push_back(std::move(row));
    }
    return rows;
}

bool RejectLedger::remove(Pg& target, std::int64_t table_id, const std::vector<RejectedRow>& rows) const {
    const Result r = target.query(std::string("DELETE FROM lakemover_ledger.reject") + kAt +
                                      " AND (chunk_no, ordinal) IN (SELECT c, o FROM "
                                      "pg_catalog.jsonb_to_recordset($3::jsonb) AS x(c int, o int))",
                                  {run_uuid_, std::to_string(table_id), places(rows)});
    return r.affected() == static_cast<std::int64_t>(rows.size());
}

void RejectLedger::update_reasons(Pg& target, std::int64_t table_id, const std::vector<RejectedRow>& rows) const {
    target.query(std::string("UPDATE lakemover_ledger.reject r SET sqlstate = x.sqlstate, reason = x.reason, "
                             "column_name = x.column_name FROM pg_catalog.jsonb_to_recordset($3::jsonb) AS x(c int, o "
                             "int, sqlstate text, reason text, column_name text)") +
                     kAt + " AND chunk_no = c AND ordinal = o",
                 {run_uuid_, std::to_string(table_id), places(rows)});
}

}  // namespace lakemover::loader
