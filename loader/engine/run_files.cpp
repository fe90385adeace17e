#include "loader/engine/run_files.hpp"

#include <nlohmann/json.hpp>

#include "loader/audit/chained_log.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kPage = 5000;

const char* how_given(const Secret& secret) {
    if (!secret.value.empty()) return "by value";
    if (!secret.file.empty()) return "by file";
    return secret.command.empty() ? "not given" : "by command";
}

// Of a connection string only what says where; it may hold a password.
json staging_place(const std::string& conninfo) {
    if (conninfo.empty()) return "embedded";
    json place = json::object();
    if (PQconninfoOption* options = PQconninfoParse(conninfo.c_str(), nullptr)) {
        for (const PQconninfoOption* o = options; o->keyword; ++o)
            for (const char* shown : {"host", "port", "dbname", "user"})
                if (o->val && std::string(o->keyword) == shown) place[shown] = o->val;
        PQconninfoFree(options);
    }
    return place;
}

ordered_json names_of(const json& specs) {
    ordered_json names = ordered_json::array();
    for (const json& spec : specs) {
        ordered_json table;
        table["source"] = {spec.value("source_schema", json()), spec.value("source_table", json())};
        table["target"] = {spec.value("target_schema", json()), spec.value("target_table", json())};
        ordered_json columns = ordered_json::object();
        for (const json& column : spec.value("columns", json::array()))
            columns[column.value("name", "")] = column.value("target_name", json());
        table["columns"] = std::move(columns);
        names.push_back(std::move(table));
    }
    return names;
}

}  // namespace

void write_plan_files(AuditDir& audit, Pg& staging, const std::string& run_id) {
    const Result r = staging.query(
        "SELECT plan_hash, lakemover._run_plan_text(run_id) FROM lakemover.run WHERE run_id = $1 AND "
        "plan_hash IS NOT NULL",
        {run_id});
    if (r.rows() == 0) return;
    const std::string text = r.text(0, 1);
    if (sha256_hex(text) != r.get(0, 0))
        throw Error(Exit::kUsage, "the plan was changed while run " + run_id + " made it final", {}, "start again");
    const json specs = json::parse(staging
                                       .scalar("SELECT coalesce(pg_catalog.jsonb_agg(spec ORDER BY load_rank, "
                                               "table_id), '[]')::text FROM lakemover.run_table WHERE run_id = $1",
                                               {run_id})
                                       .value_or("[]"));
    audit.write("plan.txt", text);
    audit.write("plan.json", specs.dump(2));
    audit.write("names.json", names_of(specs).dump(2));
}

void write_settings_file(AuditDir& audit, const Settings& s, const RunOptions& o) {
    ordered_json file;
    file["source"] = {{"type", s.source.type},
                      {"name", s.source.name},
                      {"host", s.source.host},
                      {"port", s.source.port},
                      {"database", s.source.database},
                      {"username", s.source.username},
                      {"password", how_given(s.source.password)},
                      {"driver", s.source.driver},
                      {"encrypt", s.source.encrypt},
                      {"trust_server_certificate", s.source.trust_server_certificate},
                      {"sslmode", s.source.sslmode},
                      {"sslrootcert", s.source.sslrootcert},
                      {"schemas", s.source.schemas},
                      {"quiesced", s.source.quiesced},
                      {"accept_inconsistent", s.source.accept_inconsistent}};
    file["target"] = {{"host", s.target.host},
                      {"port", s.target.port},
                      {"database", s.target.database},
                      {"username", s.target.username},
                      {"sslmode", s.target.sslmode},
                      {"sslrootcert", s.target.sslrootcert},
                      {"password", how_given(s.target.password)}};
    file["places"] = {{"home", s.home}, {"staging", staging_place(s.staging)}, {"audit_dir", s.audit_dir}};
    file["planning"] = {{"profile", s.profile}, {"naming", s.naming}, {"privileges", s.privileges}};
    for (const auto& [flag, value] : sqlserver_planning(s)) file["planning"][flag] = value;
    file["run"] = {{"jobs", o.jobs},
                   {"memory_mb", o.memory_mb},
                   {"max_batch_rows", o.max_batch_rows},
                   {"attempts", o.attempts},
                   {"sample_rows", o.sample_rows},
                   {"checksum", o.checksum},
                   {"checksum_hash", o.checksum_hash},
                   {"outage_timeout", o.outage_timeout_s},
                   {"on_existing", o.on_existing},
                   {"on_table_failure", o.on_table_failure},
                   {"on_bad_row", o.reject_bad_rows ? "reject" : "fail"},
                   {"max_bad_rows", o.max_bad_rows},
                   {"force", o.force},
                   {"keep_ledger", o.keep_ledger},
                   {"require_signoff", o.require_signoff},
                   {"max_rate", o.max_rate},
                   {"max_source_connections", o.max_source_connections},
                   {"slowdown_factor", o.slowdown_factor},
                   {"window", o.window ? json(o.window->text()) : json()},
                   {"deadline", o.deadline ? json(utc_time_text(*o.deadline)) : json()}};
    audit.write("settings.json", file.dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

void write_result_files(AuditDir& audit, Pg& staging, const std::string& run_id) {
    // In pages: a large database has a million batches.
    std::string last_table = "-9223372036854775808";
    std::string last_chunk = "0";
    audit.write("ledger.jsonl", [&](std::string& piece) {
        const Result r = staging.query(
            "SELECT pg_catalog.jsonb_build_object('table_id', c.table_id, 'table', pg_catalog.format('%I.%I', "
            "t.spec->>'target_schema', t.spec->>'target_table'), 'chunk', c.chunk_no, 'pass', c.pass, 'method', "
            "c.method, 'lower', "
            "c.lower_bound, 'upper', c.upper_bound, 'rows', c.rows_copied, 'bytes', c.bytes_copied, 'lane1', "
            "c.digest[1]::text, 'lane2', c.digest[2]::text, 'xid', c.stats->>'xid'), c.table_id, c.chunk_no FROM "
            "lakemover.run_chunk c JOIN lakemover.run_table t USING (run_id, table_id) WHERE c.run_id = $1 AND "
            "c.state = 'done' AND (c.table_id, c.chunk_no) > ($2::bigint, $3::int) ORDER BY c.table_id, c.chunk_no "
            "LIMIT $4",
            {run_id, last_table, last_chunk, std::to_string(kPage)});
        piece.clear();
        for (int i = 0; i < r.rows(); ++i) piece.append(r.get(i, 0)).append("\n");
        if (r.rows() == 0) return false;
        last_table = r.text(r.rows() - 1, 1);
        last_chunk = r.text(r.rows() - 1, 2);
        return true;
    });
    audit.write("validation.json",
                staging
                    .scalar("SELECT pg_catalog.jsonb_pretty(coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(v) - "
                            "'run_id' || pg_catalog.jsonb_build_object('table', CASE WHEN t.table_id IS NULL THEN "
                            "'schema' ELSE pg_catalog.format('%I.%I', t.spec->>'target_schema', "
                            "t.spec->>'target_table') END) ORDER BY v.table_id, v.level), '[]')) FROM "
                            "lakemover.validation v LEFT JOIN lakemover.run_table t USING (run_id, table_id) WHERE "
                            "v.run_id = $1",
                            {run_id})
                    .value_or("[]"));
}

void note_validations(AuditDir& audit, Pg& staging, const std::string& run_id) {
    const Result r = staging.query(
        "SELECT pg_catalog.jsonb_build_object('table', pg_catalog.format('%I.%I', t.spec->>'target_schema', "
        "t.spec->>'target_table'), 'level', v.level, 'verdict', v.verdict, 'rows', coalesce(v.rows_covered::text, ''), "
        "'source', coalesce(v.source_value, ''), 'target', coalesce(v.target_value, ''), 'detail', v.detail, "
        "'seconds', v.seconds)::text FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id) "
        "WHERE v.run_id = $1 AND v.level > 0 ORDER BY v.table_id, v.level",
        {run_id});
    for (int i = 0; i < r.rows(); ++i) audit.validation(json::parse(r.get(i, 0)));
}

}  // namespace lakemover::loader
