#include "loader/cli/pause.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "loader/cli/commands.hpp"
#include "loader/cli/runs.hpp"
#include "loader/cli/signals.hpp"

namespace lakemover::loader {

namespace {

void say(const Settings& settings, const std::string& id, const std::string& state, const std::string& text) {
    if (settings.json)
        fmt::print("{}\n", nlohmann::json{{"run", std::stoll(id)}, {"state", state}, {"message", text}}.dump());
    else
        fmt::print("run {}: {}\n", id, text);
}

}  // namespace

Exit command_pause(const Settings& settings, const std::string& run) {
    const Staging staging = Staging::open(settings);
    Pg pg = staging.connect();
    const std::string id = newest_run(pg, run, "state IN ('queued', 'running', 'paused')");
    const std::string state = pg.scalar("SELECT lakemover.request_pause($1)", {id}).value_or("?");
    if (state != "pausing")
        throw Error(Exit::kUsage, "run " + id + " is not active, it is " + state, {},
                    "lakemover status shows the runs");
    say(settings, id, state, "pauses when its batches under way are done; lakemover resume " + id + " goes on");
    return Exit::kSuccess;
}

bool lift_pause(const Settings& settings, Staging& staging, const std::string& run) {
    Pg pg = staging.connect();
    const Result r = pg.query(
        "SELECT run_id, state = 'queued' FROM lakemover.run WHERE pause_requested IS NOT NULL AND state IN ('queued', "
        "'running', 'paused') AND ($1 = '' OR run_id::text = $1) ORDER BY run_id DESC LIMIT 1",
        {run});
    if (r.rows() == 0) return false;
    const std::string id = r.text(0, 0);
    if (staging.embedded()) {
        const bool nobody_works = staging.try_lock_for_work();
        staging.unlock_for_work();
        if (nobody_works) return false;
    } else if (!r.boolean(0, 1)) {
        CancelToken cancel;
        const SignalWatch signals(cancel);
        if (!loader_lives(pg, id, cancel)) return false;
    }
    pg.query("SELECT lakemover.request_resume($1)", {id});
    say(settings, id, "running", "goes on");
    return true;
}

}  // namespace lakemover::loader
