#include "loader/engine/helping.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "loader/engine/load.hpp"
#include "loader/engine/point.hpp"
#include "loader/engine/runner.hpp"
#include "loader/engine/watch.hpp"
#include "loader/engine/workers.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

namespace {

// The others take a second to notice that the rate is shared with one more.
constexpr double kRateSettlesS = 2;
constexpr int kOutageTimeoutS = 60;

Watch::Beat helper_beat(const std::string& member, RunContext& run) {
    return [member, &run](Pg& staging) {
        const Result r = staging.query("SELECT verdict, reason, loaders FROM lakemover._helper_beat($1)", {member});
        run.gate->share_rate(run, static_cast<int>(r.integer(0, 2)));
        if (r.get(0, 0) == "stop") run.cancel.raise(r.text(0, 1), true);
        if (r.get(0, 0) == "drain") run.cancel.drain(r.text(0, 1));
    };
}

// Its name goes from the ledger before anybody else may have its batches. Where that fails, its silence tells the
// leader, who fences it off.
std::string leave(RunContext& run, const std::string& member) {
    if (run.ledger) {
        Pg target = run.target.connect();
        run.ledger->retire(target);
    }
    return run.staging.connect().scalar("SELECT lakemover._leave_run($1)", {member}).value_or("0");
}

void load_along(RunContext& run, Ledger& ledger, const std::string& member) {
    {
        Pg target = run.target.connect();
        const Cancellable registered(run.cancel, target);
        ledger.enlist(target, member);
    }
    run.ledger = &ledger;
    run.events.emit(Level::kInfo, "helper_joined",
                    "loader " + run.loader_id + " helps with " + std::to_string(run.options.jobs) +
                        (run.options.jobs == 1 ? " worker" : " workers"),
                    {{"workers", run.options.jobs}});
    if (run.options.max_rate > 0) wait_for_retry(run, kRateSettlesS);
    SharedPoint none(run);
    load_tables(run, none);
}

}  // namespace

HelpOutcome help_run(const Settings& settings, const Staging& staging, std::int64_t run_id,
                     const std::string& loader_id, CancelToken& cancel) {
    HelpOutcome outcome;
    const Target target(settings.target);
    const std::string id = std::to_string(run_id);
    Pg pg = staging.connect();
    const Cancellable registered(cancel, pg);
    const Result r = pg.query(
        "SELECT run_uuid, source, pg_catalog.encode(hash_key, 'hex'), options FROM lakemover.run WHERE run_id = $1",
        {id});
    if (r.rows() == 0) return outcome;
    Events events(staging.connect(), loader_id);
    events.set_run(run_id);
    Outages outages;
    RunContext run{settings,
                   staging,
                   target,
                   events,
                   cancel,
                   run_id,
                   r.text(0, 0),
                   r.text(0, 1),
                   loader_id,
                   codec::parse_hash_key(r.get(0, 2)),
                   options_of(settings, nlohmann::json::parse(r.get(0, 3))),
                   outages};
    run.helper = true;
    // Its leader keeps the hours, by its own clock, and warns.
    run.options.window.reset();
    run.options.deadline.reset();
    // If the target is out of reach from here only, the others must not wait for the batches that this one has.
    run.options.outage_timeout_s = std::min(run.options.outage_timeout_s, kOutageTimeoutS);
    {
        Pg probe = target.connect();
        run.options.jobs = choose_workers({run.options.jobs, sysconf(_SC_NPROCESSORS_ONLN), free_connections(probe),
                                           run.options.max_source_connections})
                               .workers;
    }
    run.gate->set_up(run);
    const Value member =
        pg.scalar("SELECT lakemover._join_run($1, $2, $3)", {id, loader_id, std::to_string(run.options.jobs)});
    if (!member) return outcome;
    outcome.joined = true;
    Ledger ledger(run.run_uuid, 0);
    {
        const Watch watch(staging, cancel, helper_beat(*member, run));
        try {
            load_along(run, ledger, *member);
            outcome.why = "the load is done";
        } catch (const std::exception& e) {
            outcome.why = e.what();
            // After it was told to leave, whatever fails does so for that reason.
            if (cancel.ends())
                outcome.why = cancel.why();
            else
                outcome.failed = true;
        }
    }
    try {
        outcome.chunks = leave(run, *member);
        events.emit(outcome.failed ? Level::kWarning : Level::kInfo, "helper_left",
                    "loader " + loader_id + " leaves after " + outcome.chunks +
                        (outcome.chunks == "1" ? " batch: " : " batches: ") + outcome.why,
                    {{"chunks", std::stoll(outcome.chunks)}});
    } catch (const std::exception& e) {
        outcome.failed = true;
        outcome.why += std::string("; ") + e.what();
    }
    return outcome;
}

}  // namespace lakemover::loader
