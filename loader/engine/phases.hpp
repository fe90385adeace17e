// The phases of a run, in order: those of a new one, and those that a new and a resumed one share. Throws Error for
// what ends the run early.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "loader/engine/context.hpp"
#include "loader/engine/verdict.hpp"

namespace lakemover::loader {

// Which parts a run does: lakemover plans again (and keeps edits); lakemover migrate keeps the plan as it is; lakemover
// resume goes on with a run that ended early.
struct RunScope {
    bool replan = true;
    bool resume = false;
    bool consistent = false;  // resume: all tables of one point in time, whatever must be loaded again for that
    bool daemon = false;      // resume: by a daemon, of its own accord, because another one shows no heartbeat
    bool compare = false;     // load nothing: read both sides and compare them
    bool repair = false;      // compare: then make rows that differ equal

    // Of a run that was queued.
    static RunScope of(const std::string& kind);
    // As in lakemover.run.kind.
    const char* kind() const { return repair ? "repair" : compare ? "comparison" : "migration"; }
    // For people.
    const char* noun() const { return compare ? kind() : "run"; }
};

// A phase shows in run.phase, and its duration in the events.
class Phase {
public:
    Phase(RunContext& run, Pg& staging, const std::string& name);
    void end(const std::string& message = {});

private:
    RunContext& run_;
    std::string name_;
    std::chrono::steady_clock::time_point start_;
};

// Repeats f for as long as a server is away; f must be free to run again.
void over_outages(RunContext& run, const std::function<void()>& f);
// The same, with a connection to the target that is kept for the next call, unless something went wrong on it.
class TargetSession {
public:
    explicit TargetSession(RunContext& run) : run_(run) {}
    void use(const std::function<void(Pg& target)>& f);

private:
    void close();

    RunContext& run_;
    std::optional<Pg> target_;
    std::unique_ptr<Cancellable> registered_;
};
// The same once, with a connection that was opened for it: one that was idle for hours may be dead.
void with_target(RunContext& run, const std::function<void(Pg& target)>& f);

// Whether the newest inventory is still what the plan was made for; absent without a plan.
std::optional<bool> schema_fits_plan(Pg& staging, const std::string& source);

// What every run begins with: preflight and the point in time.
void begin_run(RunContext& run, Pg& staging);
// The plan, made or checked, becomes the run's own.
void freeze_plan(RunContext& run, Pg& staging, const RunScope& scope);
// Into chunks, every table that is not cut yet.
void cut_tables(RunContext& run, Pg& staging);

Verdict run_phases(RunContext& run, Pg& staging, const RunScope& scope);

// What follows the schema: load, finish, validate, judge.
Verdict load_to_verdict(RunContext& run, Pg& staging);
// The point in time goes, and the verdict is there; nothing is done to the target.
Verdict judge_at_the_end(RunContext& run, Pg& staging);
// The end of a run whose tables are validated: the verdict, and the ledger goes.
Verdict end_run(RunContext& run, Pg& staging);

}  // namespace lakemover::loader
