// lakemover daemon: serves the runs that CALL lakemover.migrate() queues, one at a time, until it is stopped; takes over
// those of daemons that died, and helps with those of others while it has none. SIGTERM drains it: no further run is
// begun, the one that it leads ends at its next boundary and can be resumed; one that it helps with goes on without it.
// Beside that it writes the reports of assessments that SQL took.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "loader/audit/signing.hpp"
#include "loader/cli/commands.hpp"
#include "loader/cli/runs.hpp"
#include "loader/cli/signals.hpp"
#include "loader/engine/assessment_reports.hpp"
#include "loader/engine/helping.hpp"
#include "loader/engine/runner.hpp"
#include "loader/engine/watch.hpp"

namespace lakemover::loader {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(200);
constexpr auto kReconnect = std::chrono::seconds(2);
constexpr auto kHelpAgain = std::chrono::seconds(30);

// A run whose loader shows no heartbeat any more is nobody's: it ends here, and can be started again.
void end_orphans(Pg& pg) {
    pg.exec("SELECT lakemover._end_orphans()");
    pg.exec("DELETE FROM lakemover.loader WHERE heartbeat < pg_catalog.clock_timestamp() - interval '1 hour'");
}

void say(const Settings& s, const std::string& kind, const std::string& message) {
    if (s.json)
        fmt::print("{}\n", nlohmann::json{{"kind", kind}, {"message", message}}.dump());
    else
        fmt::print("{}\n", message);
    std::fflush(stdout);
}

// Until the run is over: what the daemon is told reaches it. Draining has an end.
void pass_on(const CancelToken& stop, CancelToken& run, const std::atomic<bool>& over, int drain_timeout_s) {
    std::optional<std::chrono::steady_clock::time_point> draining_since;
    while (!over) {
        const auto now = std::chrono::steady_clock::now();
        if (stop.draining()) {
            if (!draining_since) draining_since = now;
            run.drain(stop.why());
            if (now - *draining_since >= std::chrono::seconds(drain_timeout_s))
                run.raise("the daemon was told to stop, and --drain-timeout is over", true);
        }
        // Told once more, the run goes on later all the same; Ctrl-C alone cancels it.
        if (stop.raised()) run.raise("the daemon was stopped", stop.draining());
        std::this_thread::sleep_for(kPoll);
    }
}

// One daemon's life between its start and its end.
class Service {
public:
    Service(const Settings& settings, const Staging& staging, std::string loader_id, std::string target_identity,
            const CancelToken& stop)
        : settings_(settings), staging_(staging), loader_id_(std::move(loader_id)), target_(std::move(target_identity)),
          stop_(stop) {}

    void serve() {
        while (!stop_.ends()) {
            try {
                if (!pg_ || !pg_->alive()) pg_.emplace(staging_.connect());
                work(*pg_);
                std::this_thread::sleep_for(kPoll);
            } catch (const Error& e) {
                say(settings_, "staging_lost", std::string("staging: ") + e.what() + "; trying again");
                pg_.reset();
                for (auto until = Clock::now() + kReconnect; Clock::now() < until && !stop_.ends();)
                    std::this_thread::sleep_for(kPoll);
            }
        }
    }

private:
    using Clock = std::chrono::steady_clock;

    // A cancelled run must not stop the daemon: it has a token of its own, raised along with ours.
    template <class F> auto relayed(F f) {
        CancelToken cancel;
        std::atomic<bool> over{false};
        std::thread relay([&] { pass_on(stop_, cancel, over, settings_.drain_timeout_s); });
        struct Join {
            std::atomic<bool>& over;
            std::thread& relay;
            ~Join() {
                over = true;
                relay.join();
            }
        } const join{over, relay};
        return f(cancel);
    }

    // The first that there is of: a run that nobody has begun, one whose daemon died, one of another daemon.
    void work(Pg& pg) {
        if (ticks_ % 10 == 0) loader_heartbeat(pg, loader_id_, "daemon");
        if (const Value run =
                pg.scalar("SELECT lakemover._reserve_run($1, $2)", {loader_id_, options_for_all().dump()})) {
            lead(*run, queued_scope(pg, *run));
        } else if (const Value silent = pg.scalar("SELECT lakemover._run_to_take_over($1)", {target_})) {
            say(settings_, "run_taken_over", "run " + *silent + ": its loader shows no heartbeat, taking it over");
            RunScope scope{false, true};
            scope.daemon = true;
            lead(*silent, scope);
            pg.query("SELECT lakemover._took_over($1)", {silent});
        } else if (const Value other =
                       pg.scalar("SELECT lakemover._run_to_help($1, $2, $3)", {loader_id_, target_, not_now()})) {
            help(*other);
        } else if (ticks_ % 10 == 0) {
            end_orphans(pg);
        }
        ++ticks_;
    }

    void lead(const std::string& run, const RunScope& scope) {
        say(settings_, "run_started", "run " + run + " started");
        const RunOutcome outcome = relayed([&](CancelToken& cancel) {
            return execute_run(settings_, staging_, std::stoll(run), loader_id_, cancel, scope, nullptr);
        });
        say(settings_, "run_ended",
            "run " + run + ": " + outcome.verdict + (outcome.error.empty() ? "" : ": " + outcome.error));
    }

    // A migration carries out the plan as it is; a comparison plans anew, and keeps edits.
    static RunScope queued_scope(Pg& pg, const std::string& run) {
        RunScope scope =
            RunScope::of(pg.scalar("SELECT kind FROM lakemover.run WHERE run_id = $1", {run}).value_or(""));
        scope.replan = scope.compare;
        return scope;
    }

    void help(const std::string& run) {
        const HelpOutcome outcome = relayed(
            [&](CancelToken& cancel) { return help_run(settings_, staging_, std::stoll(run), loader_id_, cancel); });
        if (outcome.failed) later_[run] = Clock::now() + kHelpAgain;
        if (outcome.joined)
            say(settings_, "run_helped",
                "run " + run + ": helped with " + outcome.chunks + (outcome.chunks == "1" ? " batch: " : " batches: ") +
                    outcome.why);
    }

    // What a run was queued without is as this daemon says, for all loaders that the run will have; but for what is a
    // matter of each machine, and what is said of a source and not of a daemon.
    nlohmann::json options_for_all() const {
        nlohmann::json options = run_options(settings_);
        for (const char* own : {"jobs", "memory_mb", "source_quiesced", "accept_inconsistent"}) options.erase(own);
        return options;
    }

    // Runs that it could not help with just now, as an array of PostgreSQL.
    std::string not_now() {
        std::erase_if(later_, [](const auto& entry) { return entry.second < Clock::now(); });
        std::string list;
        for (const auto& [run, until] : later_) list += (list.empty() ? "" : ",") + run;
        return "{" + list + "}";
    }

    const Settings& settings_;
    const Staging& staging_;
    const std::string loader_id_;
    const std::string target_;
    const CancelToken& stop_;
    std::optional<Pg> pg_;
    int ticks_ = 0;
    std::map<std::string, Clock::time_point> later_;
};

}  // namespace

Exit command_daemon(const Settings& settings) {
    Target::require_given(settings.target,
                          "the daemon needs to know its target: LAKEBASE_HOST, LAKEBASE_USERNAME, LAKEBASE_PASSWORD");
    Staging staging = Staging::open(settings);
    staging.lock_for_work();
    CancelToken stop;
    const SignalWatch signals(stop, true);
    const std::string loader_id = make_loader_id();
    staging.name_sessions(loader_id);
    {
        Pg pg = staging.connect();
        if (settings.source.given()) staging.ensure_source(pg, settings);
        loader_heartbeat(pg, loader_id, "daemon");
    }
    SigningKey::open(settings.home, settings.signing_key);
    // A target that cannot be reached is found out now, not when somebody queues a run at night.
    std::string target_identity;
    {
        const Target target(settings.target);
        Pg probe = target.connect();
        target.preflight(probe);
        target_identity = target.identity(probe);
    }
    say(settings, "daemon_ready", "lakemover daemon " + loader_id + " is ready");
    const AssessmentReports reports(
        settings, staging, [&](const std::string& kind, const std::string& message) { say(settings, kind, message); });
    Service(settings, staging, loader_id, target_identity, stop).serve();
    try {
        staging.connect().query("DELETE FROM lakemover.loader WHERE loader_id = $1", {loader_id});
    } catch (const Error&) {
        // Its heartbeat runs out.
    }
    say(settings, "daemon_stopped", "lakemover daemon stopped");
    return Exit::kSuccess;
}

}  // namespace lakemover::loader
