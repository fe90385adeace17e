// lakemover daemon: serves the runs that CALL lakemover.migrate() queues, one at a time, until it is stopped.
// SIGTERM drains it: no further run is begun, the one that runs ends at its next boundary and can be resumed.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "loader/audit/signing.hpp"
#include "loader/cli/commands.hpp"
#include "loader/cli/signals.hpp"
#include "loader/engine/runner.hpp"
#include "loader/engine/watch.hpp"

namespace lakemover::loader {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(200);
constexpr auto kReconnect = std::chrono::seconds(2);

// A run whose loader shows no heartbeat any more is nobody's: it ends here, and can be started again.
void end_orphans(Pg& pg) {
    pg.exec("SELECT lakemover._end_orphans()");
    pg.exec("DELETE FROM lakemover.loader WHERE heartbeat < pg_catalog.clock_timestamp() - interval '1 hour'");
}

std::optional<std::int64_t> next_run(Pg& pg) {
    const Result r = pg.exec(
        "SELECT run_id FROM lakemover.run WHERE state = 'queued' AND loader_id IS NULL ORDER BY run_id LIMIT 1");
    if (r.rows() == 0) return std::nullopt;
    return r.integer(0, 0);
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
    {
        const Target target(settings.target);
        Pg probe = target.connect();
        target.preflight(probe);
    }
    say(settings, "daemon_ready", "lakemover daemon " + loader_id + " is ready");
    std::optional<Pg> pg;
    int ticks = 0;
    while (!stop.ends()) {
        try {
            if (!pg || !pg->alive()) pg.emplace(staging.connect());
            if (ticks++ % 10 == 0) {
                loader_heartbeat(*pg, loader_id, "daemon");
                end_orphans(*pg);
            }
            if (const auto run_id = next_run(*pg)) {
                say(settings, "run_started", fmt::format("run {} started", *run_id));
                // A cancelled run must not stop the daemon: it has a token of its own, raised along with ours.
                CancelToken cancel;
                std::atomic<bool> over{false};
                std::thread relay([&] { pass_on(stop, cancel, over, settings.drain_timeout_s); });
                const RunOutcome outcome = execute_run(settings, staging, *run_id, loader_id, cancel, {false}, nullptr);
                over = true;
                relay.join();
                say(settings, "run_ended",
                    fmt::format("run {}: {}{}", *run_id, outcome.verdict,
                                outcome.error.empty() ? "" : ": " + outcome.error));
            }
            std::this_thread::sleep_for(kPoll);
        } catch (const Error& e) {
            say(settings, "staging_lost", std::string("staging: ") + e.what() + "; trying again");
            pg.reset();
            for (auto until = std::chrono::steady_clock::now() + kReconnect;
                 std::chrono::steady_clock::now() < until && !stop.ends();)
                std::this_thread::sleep_for(kPoll);
        }
    }
    try {
        staging.connect().query("DELETE FROM lakemover.loader WHERE loader_id = $1", {loader_id});
    } catch (const Error&) {
        // Its heartbeat runs out.
    }
    say(settings, "daemon_stopped", "lakemover daemon stopped");
    return Exit::kSuccess;
}

}  // namespace lakemover::loader
