// lakemover --rehearse 5%: a run of a share of each table into scratch schemas of the target, which are dropped
// whatever becomes of it; then go or no-go, and a forecast for the whole.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "loader/audit/signing.hpp"
#include "loader/cli/commands.hpp"
#include "loader/cli/progress.hpp"
#include "loader/cli/runs.hpp"
#include "loader/cli/signals.hpp"
#include "loader/engine/assess.hpp"
#include "loader/engine/rehearsal.hpp"
#include "loader/engine/rollback.hpp"
#include "loader/engine/runner.hpp"
#include "loader/engine/watch.hpp"
#include "loader/engine/window.hpp"

namespace lakemover::loader {

using nlohmann::json;

namespace {

// Drops what a rehearsal made, there and in staging. Nothing can have been built upon it in good faith: what is in the
// way is said.
void clean_up(Pg& staging, const Target& target_settings, const std::string& id, const std::string& source) {
    const Result r = staging.query(
        "SELECT run_uuid, target_identity, coalesce(verdict = 'ROLLED BACK', false) FROM lakemover.run WHERE run_id = "
        "$1",
        {id});
    // Without a target it had not come as far as to write anything.
    if (r.rows() == 1 && !r.is_null(0, 1) && !r.boolean(0, 2)) {
        Pg target = target_settings.connect();
        target_settings.require_same(target, id, r.text(0, 1));
        std::vector<TargetObject> objects = made_by_run(staging, target, id, r.text(0, 0));
        if (roll_back(staging, target, id, r.text(0, 0), objects) > 0) {
            std::string kept;
            for (const TargetObject& o : objects)
                if (!o.kept_for.empty())
                    kept += (kept.empty() ? "" : ", ") + o.name + " (" + o.kept_for + " depends on it)";
            throw Error(Exit::kIncomplete, "not all of rehearsal " + id + " could be dropped", kept,
                        "drop what depends on it, then the schemas " + source + "_1, ...");
        }
    } else {
        staging.query("SELECT lakemover._rolled_back($1, 'nothing had been made on the target')", {id});
    }
    staging.query("SELECT lakemover._end_rehearsal($1)", {source});
}

void clean_up_earlier(const Settings& settings, Pg& pg, const Target& target) {
    const Result left = pg.exec("SELECT run_id, source FROM lakemover._rehearsals_left()");
    for (int i = 0; i < left.rows(); ++i) {
        clean_up(pg, target, left.text(i, 0), left.text(i, 1));
        if (!settings.json) fmt::print("rehearsal {} of an earlier loader was dropped\n", left.text(i, 0));
    }
}

struct Rehearsed {
    std::int64_t run_id = 0;
    RunOutcome outcome;
    std::optional<RehearsalForecast> forecast;
    int loaded = 0;
    std::string problem;  // of cleaning up
};

Exit tell(const Settings& settings, const Rehearsed& r) {
    std::optional<std::time_t> deadline;
    if (!settings.deadline.empty()) deadline = parse_deadline(settings.deadline, std::time(nullptr));
    std::string why =
        no_go(r.outcome.exit_code, r.outcome.verdict, r.outcome.error, r.forecast, deadline, std::time(nullptr));
    Exit code = r.outcome.exit_code;
    if (code == Exit::kSuccess && !why.empty()) code = Exit::kOther;
    if (!r.problem.empty()) {
        why += (why.empty() ? "" : "; ") + r.problem;
        if (code == Exit::kSuccess) code = Exit::kIncomplete;
    }
    if (settings.json) {
        fmt::print("{}\n", json{{"rehearsal",
                                 {{"run", r.run_id},
                                  {"go", why.empty()},
                                  {"why_not", why},
                                  {"verdict", r.outcome.verdict},
                                  {"exit_code", static_cast<int>(code)},
                                  {"tables", r.loaded},
                                  {"forecast", r.forecast ? r.forecast->json() : json()},
                                  {"audit_dir", r.outcome.audit_dir}}}}
                               .dump(-1, ' ', false, json::error_handler_t::replace));
        return code;
    }
    if (why.empty())
        fmt::print("\nGO: {} {} loaded, validated and dropped again; {}\n", r.loaded,
                   r.loaded == 1 ? "table was" : "tables were",
                   r.forecast ? r.forecast->text() : "they have no rows to make a forecast of");
    else
        fmt::print("\nNO-GO: {}\n", why);
    if (r.forecast) fmt::print("  basis: {}\n", r.forecast->basis);
    if (!r.outcome.audit_dir.empty()) fmt::print("  reports: {}\n", r.outcome.audit_dir);
    return code;
}

}  // namespace

Exit command_rehearse(const Settings& settings) {
    const double share = parse_share(settings.rehearse);
    Target::require_given(settings.target);
    if (settings.require_signoff)
        throw Error(Exit::kUsage, "--rehearse and --require-signoff exclude each other", {},
                    "a rehearsal has an assessment of its own; the sign-off is for the run itself");
    Staging staging = Staging::open(settings);
    staging.lock_for_work();
    CancelToken cancel;
    const SignalWatch signals(cancel);
    Pg pg = staging.connect();
    const std::string source = prepare_source(staging, pg, settings);
    if (staging.embedded()) pg.exec("SELECT lakemover._end_orphans(p_all => true)");
    SigningKey::open(settings.home, settings.signing_key);
    const Target target(settings.target);
    clean_up_earlier(settings, pg, target);
    {
        const Cancellable registered(cancel, pg);
        Pg connection = target.connect();
        store_target_facts(target, connection, pg);
        pg.query("SELECT lakemover.inventory($1)", {source});
        make_plan(pg, source, settings);
        // Of the source itself: scratch schemas hide what is wrong with the names of its own.
        assess(pg, source, settings);
    }
    if (const std::string blockers = blocker_list(pg, source); !blockers.empty() && !settings.force) {
        Rehearsed refused;
        refused.outcome = {Exit::kBlockers,
                           "the assessment found blockers",
                           blockers +
                               "\nHINT: resolve them in lakemover.plan_table and plan_column, or rehearse in "
                               "spite of them with --force",
                           {}};
        return tell(settings, refused);
    }
    const std::string loader_id = make_loader_id();
    staging.name_sessions(loader_id);
    loader_heartbeat(pg, loader_id, "cli");
    json options = run_options(settings);
    options["rehearse"] = share;
    options["on_existing"] = "refuse";
    options["keep_ledger"] = false;
    Rehearsed result;
    std::string name;
    // All or nothing: a source without its run would not be found to be cleaned up.
    pg.exec("BEGIN");
    try {
        name = pg.scalar("SELECT lakemover._begin_rehearsal($1, $2)", {source, std::to_string(share)}).value_or("");
        result.run_id =
            std::stoll(pg.scalar("SELECT lakemover.create_run($1, $2)", {name, options.dump()}).value_or("0"));
        pg.query("UPDATE lakemover.run SET loader_id = $2 WHERE run_id = $1",
                 {std::to_string(result.run_id), loader_id});
        pg.exec("COMMIT");
    } catch (const Error& e) {
        if (pg.alive()) pg.exec("ROLLBACK");
        // It says what cannot be rehearsed, and what to do instead.
        if (e.sqlstate != "0A000") throw;
        throw Error(Exit::kUsage, e.what(), e.detail, e.hint, e.sqlstate);
    }
    {
        ProgressDisplay display(settings, staging, result.run_id);
        result.outcome = execute_run(settings, staging, result.run_id, loader_id, cancel, {false}, display.listener());
    }
    const std::string id = std::to_string(result.run_id);
    try {
        // The others may have been cut.
        Pg after = staging.connect();
        const json figures =
            json::parse(after.scalar("SELECT lakemover._rehearsal_figures($1)::text", {id}).value_or("{}"));
        result.loaded = figures.value("loaded", 0);
        if (result.outcome.exit_code == Exit::kSuccess) result.forecast = forecast_whole(figures);
        clean_up(after, target, id, name);
        after.query("DELETE FROM lakemover.loader WHERE loader_id = $1", {loader_id});
    } catch (const Error& e) {
        result.problem = std::string("the scratch schemas ") + name + "_1, ... are still there: " + e.what() +
                         (e.detail.empty() ? "" : ": " + e.detail) + "; lakemover rollback " + id +
                         ", or the next rehearsal, drops them";
    }
    return tell(settings, result);
}

}  // namespace lakemover::loader
