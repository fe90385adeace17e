// lakemover rollback: drops what a run made on the target, after saying what that is.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "loader/cli/commands.hpp"
#include "loader/cli/runs.hpp"
#include "loader/cli/signals.hpp"
#include "loader/staging/staging.hpp"
#include "loader/target/ledger.hpp"
#include "loader/target/objects.hpp"
#include "loader/target/target.hpp"

namespace lakemover::loader {

namespace {

// By the register: of the ledger while the target has it, else the copy in staging. Name and place must both be those
// of the object that the run made.
std::vector<TargetObject> made_by_run(Pg& staging, Pg& target, const std::string& id, const std::string& uuid) {
    const char* columns = "SELECT kind, name, class_id::text, object_id::text FROM ";
    Result r = Ledger::exists(target)
                   ? target.query(std::string(columns) + "lakemover_ledger.object WHERE run_uuid = $1", {uuid})
                   : target.exec("SELECT WHERE false");
    if (r.rows() == 0) r = staging.query(std::string(columns) + "lakemover.run_object WHERE run_id = $1", {id});
    std::vector<TargetObject> objects;
    for (int i = 0; i < r.rows(); ++i) {
        TargetObject found = find_object(target, r.text(i, 0), r.text(i, 1));
        if (found.object_id.empty() || found.class_id != r.get(i, 2) || found.object_id != r.get(i, 3)) continue;
        objects.push_back(std::move(found));
    }
    std::sort(objects.begin(), objects.end(), [](const TargetObject& a, const TargetObject& b) {
        return std::tie(a.kind, a.name) < std::tie(b.kind, b.name);
    });
    return objects;
}

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

void drop_all(Pg& target, Ledger& ledger, bool known, std::vector<TargetObject>& objects) {
    target.exec("BEGIN");
    try {
        if (known) ledger.fence(target);
        // Looked at again: somebody may have built upon it since.
        for (TargetObject& o : objects) o.kept_for.clear();
        mark_kept(target, objects);
        drop_objects(target, objects);
        if (known)
            for (const TargetObject& o : objects)
                if (o.kept_for.empty()) ledger.forget_object(target, o.kind, o.name);
        target.exec("COMMIT");
    } catch (const Error& e) {
        if (target.alive()) target.exec("ROLLBACK");
        throw Error(Exit::kOther, "the run cannot be rolled back: " + std::string(e.what()), e.detail,
                    "nothing was dropped", e.sqlstate);
    }
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
    Ledger ledger(r.text(0, 0), 1);
    // A loader thought dead must not load into what is dropped, nor make it again.
    const bool known = ledger.take_over(target);
    drop_all(target, ledger, known, objects);
    const auto kept = std::count_if(objects.begin(), objects.end(), [](const auto& o) { return !o.kept_for.empty(); });
    pg.query("SELECT lakemover._rolled_back($1, $2)",
             {id, std::to_string(objects.size() - static_cast<std::size_t>(kept)) + " objects dropped, " +
                      std::to_string(kept) + " kept"});
    pg.query("SELECT lakemover.keeper_stop($1)", {id});
    if (known && kept == 0) ledger.drop(target);
    if (!settings.json)
        fmt::print("{} objects dropped, {} kept\n", objects.size() - static_cast<std::size_t>(kept), kept);
    return kept == 0 ? Exit::kSuccess : Exit::kIncomplete;
}

}  // namespace lakemover::loader
