#include "loader/cli/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "loader/cli/pause.hpp"
#include "loader/cli/progress.hpp"
#include "loader/cli/runs.hpp"
#include "loader/cli/signals.hpp"
#include "loader/engine/run_end.hpp"
#include "loader/engine/runner.hpp"
#include "loader/engine/verdict.hpp"
#include "loader/engine/watch.hpp"
#include "loader/engine/window.hpp"

namespace lakemover::loader {

using nlohmann::json;

namespace {

void print_outcome(const Settings& s, std::int64_t run_id, const RunOutcome& outcome, const json& progress,
                   bool compared = false) {
    if (s.json) {
        fmt::print("{}\n", json{{"run", run_id},
                                {"verdict", outcome.verdict},
                                {"exit_code", static_cast<int>(outcome.exit_code)},
                                {"error", outcome.error},
                                {"audit_dir", outcome.audit_dir},
                                {"progress", progress}}
                               .dump());
        return;
    }
    fmt::print("\n{} {}: {}\n", compared ? "comparison" : "run", run_id, outcome.verdict);
    if (progress.is_object())
        fmt::print("  {} of {} tables, {} rows, {} in {:.1f} s\n", progress.value("tables_loaded", 0),
                   progress.value("tables", 0), human_count(progress.value("rows_copied", std::int64_t{0})),
                   human_bytes(progress.value("bytes_copied", 0.0)),
                   progress["seconds"].is_number() ? progress["seconds"].get<double>() : 0.0);
    if (!outcome.audit_dir.empty()) fmt::print("  reports: {}\n", outcome.audit_dir);
    std::fflush(stdout);
    if (!outcome.error.empty()) fmt::print(stderr, "lakemover: {}\n", outcome.error);
}

// What validation did not find equal, and the rows behind it.
void print_differences(Pg& pg, const std::string& id) {
    const Result r = pg.query(
        "SELECT CASE WHEN t.table_id IS NULL THEN 'schema' ELSE pg_catalog.format('%I.%I', t.spec->>'target_schema', "
        "t.spec->>'target_table') END, "
        "v.level, v.verdict, "
        "coalesce(v.source_value, ''), coalesce(v.target_value, '') FROM lakemover.validation v LEFT JOIN "
        "lakemover.run_table t "
        "USING (run_id, table_id) WHERE v.run_id = $1 AND v.verdict NOT IN ('equal', 'equal under policy', 'equal "
        "except rejects') ORDER "
        "BY 1, 2 LIMIT 50",
        {id});
    for (int i = 0; i < r.rows(); ++i)
        fmt::print("{}: level {} {}: source {}, target {}\n", r.get(i, 0), r.get(i, 1), r.get(i, 2), r.get(i, 3),
                   r.get(i, 4));
    // Levels 2 to 4 may each have met it.
    const Result d = pg.query(
        "SELECT DISTINCT CASE WHEN t.table_id IS NULL THEN 'schema' ELSE pg_catalog.format('%I.%I', "
        "t.spec->>'target_schema', t.spec->>'target_table') END, "
        "d.row_key, d.column_name, "
        "d.source_value, d.target_value, d.cause FROM lakemover.difference d LEFT JOIN lakemover.run_table t USING "
        "(run_id, table_id) "
        "WHERE d.run_id = $1 ORDER BY 1, 2, 3 LIMIT 50",
        {id});
    for (int i = 0; i < d.rows(); ++i)
        fmt::print("{} key {} column {}: source {}, target {}: {}\n", d.get(i, 0), d.get(i, 1), d.get(i, 2),
                   d.is_null(i, 3) ? "NULL" : d.get(i, 3), d.is_null(i, 4) ? "NULL" : d.get(i, 4), d.get(i, 5));
}

// Executes a run, shows its progress and its outcome.
Exit run_to_its_end(const Settings& settings, const Staging& staging, Pg& pg, std::int64_t run_id,
                    const std::string& loader_id, CancelToken& cancel, const RunScope& scope) {
    RunOutcome outcome;
    {
        ProgressDisplay display(settings, staging, run_id);
        outcome = execute_run(settings, staging, run_id, loader_id, cancel, scope, display.listener());
    }
    Value progress;
    try {
        pg.query("DELETE FROM lakemover.loader WHERE loader_id = $1", {loader_id});
        progress = pg.scalar("SELECT pg_catalog.to_jsonb(p)::text FROM lakemover.progress p WHERE run_id = $1",
                             {std::to_string(run_id)});
    } catch (const Error&) {
        // Staging is gone; the outcome says so.
    }
    print_outcome(settings, run_id, outcome, progress ? json::parse(*progress) : json(), scope.compare);
    return outcome.exit_code;
}

}  // namespace

Exit command_assess(const Settings& settings) {
    Staging staging = Staging::open(settings);
    staging.lock_for_work();
    CancelToken cancel;
    const SignalWatch signals(cancel);
    Pg pg = staging.connect();
    const std::string source = prepare_source(staging, pg, settings);
    const AssessOutcome outcome = execute_assessment(settings, staging, source, cancel);
    if (settings.json)
        fmt::print("{}\n", outcome.json);
    else
        fmt::print("{}\nreport: {}/assessment.html\nid for its acceptance: {}\n", outcome.text, outcome.audit_dir,
                   outcome.signoff);
    return outcome.exit_code;
}

namespace {

// staging: locked for work.
Exit run_new(const Settings& settings, Staging& staging, const RunScope& scope) {
    CancelToken cancel;
    const SignalWatch signals(cancel);
    Pg pg = staging.connect();
    const std::string source = prepare_source(staging, pg, settings);
    // A run of this home whose loader is gone can never end by itself: the work lock says that nobody has it.
    if (staging.embedded()) pg.exec("SELECT lakemover._end_orphans(p_all => true)");
    SigningKey::open(settings.home, settings.signing_key);  // refused before there is a run
    const std::string loader_id = make_loader_id();
    staging.name_sessions(loader_id);
    loader_heartbeat(pg, loader_id, "cli");
    // Its loader is named before anybody else sees the run: a daemon at the same staging must not take it.
    pg.exec("BEGIN");
    const std::int64_t run_id = std::stoll(
        pg.scalar("SELECT lakemover.create_run($1, $2, $3)", {source, run_options(settings).dump(), scope.kind()})
            .value_or("0"));
    pg.query("UPDATE lakemover.run SET loader_id = $2 WHERE run_id = $1", {std::to_string(run_id), loader_id});
    pg.exec("COMMIT");
    const Exit code = run_to_its_end(settings, staging, pg, run_id, loader_id, cancel, scope);
    if (scope.compare && !settings.json) print_differences(pg, std::to_string(run_id));
    return code;
}

}  // namespace

Exit command_run(const Settings& settings, bool replan) {
    Target::require_given(settings.target,
                          "set LAKEBASE_HOST, LAKEBASE_USERNAME and LAKEBASE_PASSWORD, or use --assess-only");
    Staging staging = Staging::open(settings);
    staging.lock_for_work();
    RunScope scope;
    scope.replan = replan;
    return run_new(settings, staging, scope);
}

namespace {

// Ended for good: nothing to resume, and that is no failure of resuming.
Exit say_ended(const Settings& s, const std::string& id, const Result& run) {
    const auto code = static_cast<Exit>(run.integer(0, 2));
    const std::string text = "run " + id + " has ended: " + run.text(0, 1) + "; there is nothing to resume" +
                             (run.boolean(0, 4) ? "; lakemover retry-rejects loads the rows that were set aside" : "");
    if (s.json)
        fmt::print("{}\n", json{{"run", std::stoll(id)},
                                {"verdict", run.text(0, 1)},
                                {"exit_code", run.integer(0, 2)},
                                {"message", text}}
                               .dump());
    else
        fmt::print("{}\n", text);
    return code;
}

}  // namespace

Exit command_resume(const Settings& settings, const std::string& run, bool consistent) {
    Staging staging = Staging::open(settings);
    if (lift_pause(settings, staging, run)) return Exit::kSuccess;
    Target::require_given(settings.target);
    staging.lock_for_work();
    CancelToken cancel;
    const SignalWatch signals(cancel);
    Pg pg = staging.connect();
    // A run that was refused since is not what somebody wants to resume.
    const std::string id = newest_migration(
        pg, run,
        "run_id = (SELECT run_id FROM lakemover.run WHERE kind = 'migration' AND state <> 'queued' ORDER BY state IN "
        "('interrupted', 'running', 'paused') DESC, lakemover._ended_incomplete(run_id) AND "
        "run_id > ALL (SELECT run_id FROM lakemover.run WHERE kind = 'migration' AND state = 'done') DESC, run_id DESC "
        "LIMIT 1)");
    if (!staging.embedded()) wait_for_silence(pg, id, cancel);
    const Result r = pg.query(
        "SELECT source, verdict, exit_code, (state IN ('done', 'incomplete') OR coalesce(verdict, '') = 'ROLLED BACK') "
        "AND NOT lakemover._ended_incomplete(run_id), verdict = 'COMPLETED WITH REJECTED ROWS', "
        "lakemover._ended_incomplete(run_id) FROM lakemover.run WHERE run_id = $1",
        {id});
    if (r.boolean(0, 3)) return say_ended(settings, id, r);
    if (consistent && r.boolean(0, 5))
        throw Error(Exit::kUsage, "run " + id + " has come to its end, without some tables or objects", {},
                    "resume it without --consistent to try those again; for one point in time of all tables start a "
                    "new run with --on-existing=drop");
    Settings named = settings;
    if (named.source.name.empty()) named.source.name = r.text(0, 0);
    prepare_source(staging, pg, named);
    SigningKey::open(settings.home, settings.signing_key);
    const std::string loader_id = make_loader_id();
    staging.name_sessions(loader_id);
    loader_heartbeat(pg, loader_id, "cli");
    return run_to_its_end(settings, staging, pg, std::stoll(id), loader_id, cancel, {false, true, consistent});
}

namespace {

bool no_finished_run(const Staging& staging) {
    Pg pg = staging.connect();
    return pg.scalar(
               "SELECT NOT EXISTS (SELECT FROM lakemover.run WHERE kind = 'migration' AND state IN ('done', "
               "'incomplete') AND NOT options ? 'rehearse')") == "t";
}

}  // namespace

Exit command_validate(const Settings& settings, const std::string& run, bool two_sided, bool repair) {
    if ((two_sided || repair) && !run.empty())
        throw Error(Exit::kUsage,
                    std::string(repair ? "--repair" : "--two-sided") +
                        " compares with the source as it is now: it takes no run",
                    {}, "without it lakemover validate " + run + " compares with what that run loaded");
    Target::require_given(settings.target);
    Staging staging = Staging::open(settings);
    staging.lock_for_work();
    two_sided = two_sided || repair;
    if (!two_sided && run.empty() && settings.source.given() && no_finished_run(staging)) {
        if (!settings.json) fmt::print("there is no finished run: comparing the target with the source as it is now\n");
        two_sided = true;
    }
    if (two_sided) {
        RunScope scope;
        scope.compare = true;
        scope.repair = repair;
        return run_new(settings, staging, scope);
    }
    CancelToken cancel;
    const SignalWatch signals(cancel);
    Pg pg = staging.connect();
    const std::string id = newest_migration(pg, run, "state IN ('done', 'incomplete')");
    const RunOutcome outcome = execute_validation(settings, staging, id, cancel);
    if (!settings.json) print_differences(pg, id);
    print_outcome(settings, std::stoll(id), outcome, json());
    return outcome.exit_code;
}

Exit command_refresh(const Settings& settings) {
    Target::require_given(settings.target);
    Staging staging = Staging::open(settings);
    staging.lock_for_work();
    RunScope scope;
    scope.replan = false;
    scope.compare = true;
    scope.repair = true;
    return run_new(settings, staging, scope);
}

Exit command_cancel(const Settings& settings, const std::string& run) {
    const Staging staging = Staging::open(settings);
    Pg pg = staging.connect();
    const std::string id = newest_run(pg, run, "state IN ('queued', 'running', 'paused')");
    fmt::print("run {}: {}\n", id, pg.scalar("SELECT lakemover.request_cancel($1)", {id}).value_or("?"));
    return Exit::kSuccess;
}

Exit command_psql(const Settings& settings, const std::vector<std::string>& arguments) {
    Staging staging = Staging::open(settings);
    // SELECT lakemover.assess() is to work in there: the source with its secret, as for any other command. Not while
    // another lakemover works here: source, secret and scope are then its own, and a run reads by them to its end.
    if (settings.source.given() && staging.embedded() && staging.try_lock_for_work()) {
        Pg pg = staging.connect();
        prepare_source(staging, pg, settings);
        staging.unlock_for_work();
    }
    std::string conninfo;
    for (const auto& [key, value] : staging.conninfo()) {
        std::string quoted;
        for (const char c : value) quoted += (c == '\'' || c == '\\') ? std::string("\\") + c : std::string(1, c);
        // A password must not become an argument: psql gets it from its environment.
        if (key == "password")
            setenv("PGPASSWORD", value.c_str(), 1);
        else
            conninfo += key + "='" + quoted + "' ";
    }
    std::vector<std::string> argv{"psql", "-X", "-d", conninfo};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    // A child rather than exec: the embedded server must be stopped after.
    std::signal(SIGINT, SIG_IGN);
    const pid_t pid = fork();
    if (pid == 0) {
        std::signal(SIGINT, SIG_DFL);
        std::vector<char*> raw;
        for (std::string& a : argv) raw.push_back(a.data());
        raw.push_back(nullptr);
        execv((settings.pg_bindir + "/psql").c_str(), raw.data());
        execvp("psql", raw.data());
        _exit(127);
    }
    const int status = wait_for_child(pid);
    return status == 0 ? Exit::kSuccess : Exit::kOther;
}

}  // namespace lakemover::loader
