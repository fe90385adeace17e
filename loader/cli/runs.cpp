#include "loader/cli/runs.hpp"

#include <chrono>
#include <thread>

#include "loader/config/byte_rate.hpp"
#include "loader/engine/window.hpp"

namespace lakemover::loader {

using nlohmann::json;

json run_options(const Settings& s) {
    json o{{"on_existing", s.on_existing},
           {"on_table_failure", s.on_table_failure},
           {"on_bad_row", s.on_bad_row},
           {"max_bad_rows", s.max_bad_rows},
           {"apply_routines", s.apply_routines},
           {"force", s.force},
           {"memory_mb", s.memory_target_mb},
           {"max_batch_rows", s.max_batch_rows},
           {"snapshot_hold", s.snapshot_hold_s},
           {"keep_ledger", s.keep_ledger},
           {"sample_rows", s.sample_rows},
           {"checksum", s.checksum},
           {"checksum_hash", s.checksum_hash},
           {"outage_timeout", s.outage_timeout_s},
           {"attempts", s.attempts}};
    if (s.jobs > 0) o["jobs"] = s.jobs;
    o["max_source_connections"] = s.max_source_connections;
    o["slowdown_factor"] = s.slowdown_factor;
    if (!s.max_rate.empty()) o["max_rate"] = parse_byte_rate("--max-rate", s.max_rate);
    if (!s.window.empty()) o["window"] = s.window;
    // Which day is meant is settled now, also for a resume tomorrow.
    if (!s.deadline.empty()) o["deadline"] = utc_time_text(parse_deadline(s.deadline, std::time(nullptr)));
    if (s.exact_strings) o["exact_strings"] = true;
    if (s.source.quiesced) o["source_quiesced"] = true;
    if (s.require_signoff) o["require_signoff"] = true;
    if (s.source.accept_inconsistent) o["accept_inconsistent"] = true;
    return o;
}

namespace {

void set_scope(Pg& pg, const std::string& source, const Settings& settings) {
    if (settings.source.schemas.empty() && !settings.source.given()) return;
    pg.query("DELETE FROM lakemover.source_scope WHERE source = $1", {source});
    pg.query(
        "INSERT INTO lakemover.source_scope (source, schema_name) SELECT $1, pg_catalog.btrim(s) FROM "
        "pg_catalog.unnest(pg_catalog.string_to_array($2, ',')) AS s WHERE pg_catalog.btrim(s) <> '' ON CONFLICT DO "
        "NOTHING",
        {source, settings.source.schemas});
}

}  // namespace

std::string prepare_source(Staging& staging, Pg& pg, const Settings& settings) {
    std::string source = staging.ensure_source(pg, settings);
    set_scope(pg, source, settings);
    return source;
}

std::string newest_run(Pg& pg, const std::string& given, const std::string& condition) {
    if (!given.empty()) {
        const Result r = pg.query("SELECT run_id FROM lakemover.run WHERE run_id::text = $1", {given});
        if (r.rows() == 0)
            throw Error(Exit::kUsage, "run " + given + " does not exist", {}, "lakemover status shows the newest run");
        return given;
    }
    const Result r = pg.exec("SELECT run_id FROM lakemover.run WHERE " + condition + " ORDER BY run_id DESC LIMIT 1");
    if (r.rows() == 0) throw Error(Exit::kUsage, "there is no such run");
    return r.text(0, 0);
}

std::string newest_migration(Pg& pg, const std::string& given, const std::string& condition) {
    const std::string id = newest_run(pg, given, "kind = 'migration' AND (" + condition + ")");
    if (pg.scalar("SELECT kind FROM lakemover.run WHERE run_id = $1", {id}) != "migration")
        throw Error(Exit::kUsage, "run " + id + " is a comparison: it loaded nothing", {},
                    "compare again with lakemover validate --two-sided; lakemover report " + id + " writes its report");
    return id;
}

// A loader that was killed cannot say so; its heartbeat does, after 15 seconds.
bool loader_lives(Pg& pg, const std::string& id, CancelToken& cancel) {
    std::string seen;
    for (;;) {
        const Result r = pg.query(
            "SELECT state IN ('running', 'paused') AND heartbeat > pg_catalog.clock_timestamp() - interval '15 "
            "seconds', heartbeat FROM lakemover.run WHERE run_id = $1",
            {id});
        if (!r.boolean(0, 0)) return false;
        if (!seen.empty() && seen != r.get(0, 1)) return true;
        seen = r.text(0, 1);
        for (int i = 0; i < 30; ++i) {
            cancel.check();
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    }
}

void wait_for_silence(Pg& pg, const std::string& id, CancelToken& cancel) {
    if (!loader_lives(pg, id, cancel)) return;
    const Value loader = pg.scalar("SELECT loader_id FROM lakemover.run WHERE run_id = $1", {id});
    throw Error(Exit::kUsage, "run " + id + " is active: its loader " + loader.value_or("?") + " is alive", {},
                "watch it with lakemover status, or stop it with lakemover cancel " + id);
}

}  // namespace lakemover::loader
