// lakemover rollback: drops what a run made on the target, after saying what that is.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "loader/cli/commands.hpp"
#include "loader/cli/runs.hpp"
#include "loader/cli/signals.hpp"
#include "loader/engine/rollback.hpp"
#include "loader/staging/staging.hpp"
#include "loader/target/target.hpp"

namespace lakemover::loader {

namespace {

void show(const Settings& s, const std::string& id, const std::vector<TargetObject>& objects) {
    if (s.json) {
        nlohmann::json list = nlohmann::json::array();
        for (const TargetObject& o : objects)
            list.push_back({{"kind", o.kind}, {"name", o.name}, {"kept_for", o.kept_for}});
        fmt::print("{}\n", nlohmann::json{{"run", std::stoll(id)}, {"objects", list}}.dump());
        return;
    }
    fmt::print("run {} made on the target:\n", id);
    for (const TargetObject& o : objects)
        fmt::print("  {:<6} {} {}{}\n", o.kept_for.empty() ? "drop" : "keep", o.kind, o.name,
                   o.kept_for.empty() ? "" : ": " + o.kept_for + " depends on it");
    std::fflush(stdout);
}

bool agreed(CancelToken& cancel) {
    if (isatty(STDIN_FILENO) != 1)
        throw Error(Exit::kUsage, "rollback drops objects and there is nobody to ask", {}, "say so with --yes");
    fmt::print("Drop them, with their rows? [y/N] ");
    std::fflush(stdout);
    // Ctrl-C reaches us through the token, not as an interrupted read.
    for (pollfd in{STDIN_FILENO, POLLIN, 0}; poll(&in, 1, 200) == 0;) cancel.check();
    char answer[8] = {};
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

}  // namespace

Exit command_rollback(const Settings& settings, const std::string& run, bool yes) {
    Staging staging = Staging::open(settings);
    staging.lock_for_work();
    CancelToken cancel;
    const SignalWatch signals(cancel);
    Pg pg = staging.connect();
    const std::string id = newest_migration(pg, run, "state <> 'queued' AND verdict IS DISTINCT FROM 'ROLLED BACK'");
    const Result r = pg.query(
        "SELECT run_uuid, target_identity, coalesce(verdict = 'ROLLED BACK', false) FROM lakemover.run WHERE run_id = "
        "$1",
        {id});
    if (r.boolean(0, 2)) {
        fmt::print("run {} was rolled back before\n", id);
        return Exit::kSuccess;
    }
    if (!staging.embedded()) wait_for_silence(pg, id, cancel);
    const Target target_settings(settings.target);
    Pg target = target_settings.connect();
    const Cancellable registered(cancel, target);
    target_settings.require_same(target, id, r.text(0, 1));
    std::vector<TargetObject> objects = made_by_run(pg, target, id, r.text(0, 0));
    mark_kept(target, objects);
    show(settings, id, objects);
    if (!objects.empty() && !yes && !agreed(cancel)) {
        fmt::print("nothing was dropped\n");
        return Exit::kCancelled;
    }
    const std::size_t kept = roll_back(pg, target, id, r.text(0, 0), objects);
    if (!settings.json) fmt::print("{} objects dropped, {} kept\n", objects.size() - kept, kept);
    return kept == 0 ? Exit::kSuccess : Exit::kIncomplete;
}

}  // namespace lakemover::loader
