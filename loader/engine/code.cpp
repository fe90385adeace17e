#include "loader/engine/code.hpp"

#include <fmt/format.h>

#include <vector>

#include "loader/convert/convert_scripts.hpp"
#include "loader/convert/pieces.hpp"
#include "loader/convert/source_code.hpp"
#include "loader/engine/phases.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;

// Why an object is not created, whatever becomes of what it needs; empty: it may be.
std::string left_out(const SourceObject& o, const std::string& apply_routines, bool has_pieces) {
    const ConvertedObject& made = o.made;
    if (o.script.value("skip", false)) return "excluded in the plan";
    if (made.absent) return made.reason;
    if (made.result == "manual") return "it must be converted by hand: " + first_note(made);
    if (apply_routines == "none") return "converted as " + made.result + "; --apply-routines creates it, and is none";
    if (made.result == "review" && apply_routines != "review")
        return "it is to be reviewed, and --apply-routines is " + apply_routines + ": " + first_note(made);
    if (!made.created)
        return "it was not created in a scratch database first: " + (made.reason.empty() ? "unknown" : made.reason);
    if (!made.details.value("support", json::array()).empty())
        return "it uses functions of lakemover_tsql, which a run does not create: lakemover convert --source-name "
               "writes "
               "both";
    if (!has_pieces) return "its statements are not told apart";
    return {};
}

// What needs something that is left out is left out; again and again, for needs that go round.
void take_along(const std::vector<SourceObject>& objects, std::vector<std::string>& why) {
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t i = 0; i < objects.size(); ++i) {
            for (const std::size_t need : objects[i].needs) {
                if (!why[i].empty() || why[need].empty()) continue;
                const json& script = objects[need].script;
                why[i] = fmt::format("it needs {} {}, which is not created", script.value("kind", ""),
                                     script.value("source_name", ""));
                changed = true;
            }
        }
    }
}

struct Kept {
    json code = json::array();
    std::size_t equivalent = 0, review = 0, manual = 0, created = 0;
};

Kept choose(const std::vector<SourceObject>& objects, const std::string& apply_routines) {
    Kept kept;
    std::vector<std::string> why(objects.size());
    std::vector<std::vector<Piece>> pieces(objects.size());
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (objects[i].made.created) pieces[i] = pieces_of(objects[i].made, objects[i].script.value("disabled", false));
        why[i] = left_out(objects[i], apply_routines, !pieces[i].empty());
    }
    take_along(objects, why);
    for (std::size_t i = 0; i < objects.size(); ++i) {
        const SourceObject& o = objects[i];
        json list = json::array();
        if (why[i].empty()) {
            for (const Piece& p : pieces[i]) list.push_back({{"kind", p.kind}, {"object", p.object}, {"sql", p.sql}});
            ++kept.created;
        }
        ++(o.made.result == "manual" ? kept.manual : o.made.result == "review" ? kept.review : kept.equivalent);
        std::vector<std::size_t> needs;
        for (const std::size_t need : o.needs) needs.push_back(need + 1);
        kept.code.push_back({{"no", i + 1},
                             {"kind", o.script["kind"]},
                             {"object_id", o.script["object_id"]},
                             {"source_name", o.script["source_name"]},
                             {"target_name", o.script["target"]},
                             {"schema", o.script["schema"]},
                             {"class", o.made.result},
                             {"score", json::parse(o.made.score)},
                             {"verified", o.made.verified},
                             {"absent", o.made.absent},
                             {"reason", o.made.reason},
                             {"notes", o.made.notes},
                             {"source_sql", o.script["definition"]},
                             {"sql", o.made.sql},
                             {"needs", needs},
                             {"table_ids", o.tables},
                             {"left_out", why[i]},
                             {"pieces", std::move(list)}});
    }
    return kept;
}

}  // namespace

void convert_run_code(RunContext& run, Pg& staging) {
    if (run.options.rehearse > 0) return;
    // As the run was queued: whoever resumes it later does not decide anew.
    const Result queued = staging.query(
        "SELECT coalesce(options->>'apply_routines', 'none'), coalesce((options->>'exact_strings')::boolean, false) "
        "FROM lakemover.run WHERE run_id = $1",
        {run.id()});
    const std::string apply_routines = queued.text(0, 0);
    const json context = convert_context(staging, run.source);
    if (context.value("scripts", json::array()).empty()) return;
    Phase phase(run, staging, "code");
    Kept kept;
    try {
        kept = choose(convert_source_code(run.staging, staging, context, queued.boolean(0, 1)), apply_routines);
    } catch (const Error& e) {
        if (e.connection_lost) throw;
        run.cancel.check();
        run.events.emit(Level::kWarning, "code_not_converted",
                        std::string("the source's code was not converted, and is not created: ") + e.what(),
                        {{"detail", e.detail}});
        phase.end();
        return;
    }
    staging.query("SELECT lakemover._keep_run_code($1, $2)", {run.id(), kept.code.dump()});
    write_code_files(run.events.audit(), staging, run.id());
    phase.end(fmt::format("{} equivalent, {} to be reviewed, {} manual; {} to be created (--apply-routines={})",
                          kept.equivalent, kept.review, kept.manual, kept.created, apply_routines));
}

}  // namespace lakemover::loader
