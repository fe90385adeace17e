#include "loader/engine/helpers.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "loader/engine/phases.hpp"

namespace lakemover::loader {

using Clock = std::chrono::steady_clock;

namespace {
constexpr auto kPeriod = std::chrono::seconds(1);
// Helpers see within a second that the load is done; so much later they are let go, when nobody counts a table.
constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::int64_t kEventsBack = 1000;  // an event may be committed after one with a higher number
}  // namespace

Helpers::Helpers(RunContext& run, Pg& staging) : run_(run) {
    open_ = staging.scalar("SELECT lakemover._open_to_helpers($1, $2)", {run.id(), run.loader_id}) == "t";
    if (open_) thread_ = std::thread([this] { loop(); });
}

Helpers::~Helpers() {
    stop();
    if (!open_) return;
    try {
        run_.staging.connect().query("SELECT lakemover._close_to_helpers($1, $2)", {run_.id(), run_.loader_id});
    } catch (const Error&) {
        // Without staging nobody can take anything.
    }
}

void Helpers::stop() {
    {
        const std::lock_guard lock(mutex_);
        done_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Helpers::loop() {
    std::optional<Pg> staging;
    std::unique_ptr<Cancellable> registered;
    std::unique_lock lock(mutex_);
    while (!done_) {
        lock.unlock();
        try {
            if (!staging || !staging->alive()) {
                registered.reset();
                staging.emplace(run_.staging.connect());
                registered = std::make_unique<Cancellable>(run_.cancel, *staging);
            }
            tend(*staging);
        } catch (const std::exception&) {
            // Servers that are away are told by the workers; what was not done now is done when they are back.
            registered.reset();
            staging.reset();
        }
        lock.lock();
        wake_.wait_for(lock, kPeriod, [this] { return done_; });
    }
}

void Helpers::tend(Pg& staging) {
    const Result r = staging.query("SELECT member_id, loader_id, silent FROM lakemover._tend_helpers($1, $2, $3)",
                                   {run_.id(), run_.loader_id, run_.gate->window_closed() ? "t" : "f"});
    run_.gate->share_rate(run_, 1 + r.rows());
    for (int i = 0; i < r.rows(); ++i)
        if (r.boolean(i, 2) || expel_all_)
            expel(staging, r.text(i, 0),
                  "loader " + r.text(i, 1) + (r.boolean(i, 2) ? " shows no heartbeat" : " does not leave"));
    copy_events(staging, false);
}

// First on the target, then in staging: what others may take must not be committed by this one any more.
void Helpers::expel(Pg& staging, const std::string& member, const std::string& what) {
    try {
        Pg target = run_.target.connect();
        const Cancellable registered(run_.cancel, target);
        run_.ledger->expel(target, member);
    } catch (const Error& e) {
        if (!e.taken_over && stuck_.insert(member).second)
            run_.events.emit(Level::kWarning, "helper_stuck", what + ", and cannot be fenced off yet: " + e.what(),
                             {{"member", member}, {"sqlstate", e.sqlstate}});
        throw;
    }
    const std::string chunks =
        staging.scalar("SELECT lakemover._lose_helper($1, $2, $3)", {run_.id(), run_.loader_id, member}).value_or("0");
    run_.events.emit(Level::kWarning, "helper_lost",
                     what + "; it cannot write any more, and " + chunks +
                         (chunks == "1" ? " batch that it had is" : " batches that it had are") + " loaded by others",
                     {{"member", member}, {"chunks", std::stoi(chunks)}});
}

void Helpers::copy_events(Pg& staging, bool all) {
    const std::int64_t from = all || copied_.empty() ? 0 : *copied_.rbegin() - kEventsBack;
    const Result r = staging.query(
        "SELECT event_id, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('level', level, 'kind', kind, "
        "'message', message, 'data', data, 'table_id', table_id, 'emitted_at', at))::text FROM lakemover.event WHERE "
        "run_id = $1 AND event_id > $2 AND data ? 'helper' ORDER BY event_id",
        {run_.id(), std::to_string(from)});
    for (int i = 0; i < r.rows(); ++i)
        if (copied_.insert(r.integer(i, 0)).second)
            run_.events.audit().event(nlohmann::json::parse(r.get(i, 1)), AuditDir::Sync::kCommit);
}

bool Helpers::dismiss(Pg& staging) {
    if (!open_) return false;
    staging.query("SELECT lakemover._close_to_helpers($1, $2)", {run_.id(), run_.loader_id});
    // Somebody alive may be counting the last table, which takes as long as it takes.
    auto idle_since = Clock::now();
    for (;;) {
        const Result r = staging.query(
            "SELECT EXISTS (SELECT FROM lakemover.run_loader WHERE run_id = $1 AND state = 'joined'), EXISTS (SELECT "
            "FROM lakemover.run_table WHERE run_id = $1 AND state = 'loaded' AND source_rows IS NULL)",
            {run_.id()});
        if (!r.boolean(0, 0)) break;
        if (r.boolean(0, 1)) idle_since = Clock::now();
        expel_all_ = Clock::now() - idle_since > kPatience;
        wait_for_retry(run_, 0.05);
    }
    stop();
    run_.gate->share_rate(run_, 1);
    with_target(run_, [&](Pg& target) { run_.ledger->expel_all(target); });
    copy_events(staging, true);
    open_ = false;
    return true;
}

}  // namespace lakemover::loader
