// A run as one HTML file: the verdict and what follows from it first, then the evidence.
#include "loader/report/run_report.hpp"

#include <map>
#include <vector>

#include "loader/report/html.hpp"
#include "loader/report/run_signing.hpp"
#include "loader/report/run_tables.hpp"
#include "loader/report/time_spent.hpp"
#include "loader/util/error.hpp"
#include "loader_templates.hpp"

namespace lakemover::loader {
namespace {

using namespace report;

// 10 000 tables must stay a page that a browser opens and a person can send.
constexpr std::size_t kMaxFailed = 50;
constexpr std::size_t kMaxDifferences = 300;
constexpr std::size_t kMaxStatements = 50;
constexpr std::size_t kMaxWarnings = 100;

struct Tone {
    const char* kind;
    const char* status;
};

// What each verdict means for the reader.
Tone tone_of(const std::string& verdict) {
    if (verdict == "SUCCESS") return {"good", "Every planned table is on the target."};
    if (verdict == "REHEARSED")
        return {"warn",
                "A share of every table was loaded into scratch schemas, validated and dropped. Nothing was migrated."};
    if (verdict == "SUCCESS WITH EXCEPTIONS")
        return {"warn", "The rows are on the target, with the exceptions that are listed below."};
    if (verdict == "COMPLETED WITH ACCEPTED BLOCKERS")
        return {"warn", "The run completed, and blockers were accepted to get there."};
    if (verdict == "COMPLETED WITH REJECTED ROWS")
        return {"bad", "The target refused rows, which were set aside; all others are there and equal."};
    if (verdict == "EQUAL") return {"good", "The target holds the rows and objects of the source."};
    if (verdict == "EQUAL AFTER REPAIR")
        return {"good",
                "Rows that differed were made equal, which the warnings count; the target now holds the rows "
                "and objects of the source."};
    if (verdict.starts_with("EQUAL"))
        return {"warn", "The target holds the rows of the source, with the reservation that the verdict names."};
    if (verdict.starts_with("COMPLETED"))
        return {"warn", "The run completed, with the reservation that its verdict names."};
    if (verdict == "INTERRUPTED")
        return {"none", "The run stopped early and can be resumed. What had been committed is on the target."};
    if (verdict == "INCOMPLETE") return {"bad", "Some tables, or objects that belong to them, are not on the target."};
    if (verdict == "VALIDATION FAILED") return {"bad", "The target does not hold the same data as the source."};
    if (verdict == "FAILED") return {"bad", "The run stopped with an error."};
    if (verdict == "CANCELLED") return {"none", "The run was cancelled. What had been committed is on the target."};
    return {"none", "The run has not ended."};
}

// The error's first line is the message; the rest is the server's context.
std::string first_line(const std::string& text) { return shorten(text.substr(0, text.find('\n')), 400); }

// What a snapshot that was held to the end says of the rows.
std::string point_in_words(const json& snapshot) {
    const std::string level = text_field(snapshot, "level");
    const std::string proof = text_field(snapshot, "proof");
    const std::string how = proof.empty() ? "." : ": " + proof + ".";
    if (level == "table")
        return "Each table was read at a point in time of its own, rows of different tables need not fit together" +
               how;
    if (level == "none")
        return "The tables were not read at a point in time, changes during the run may be in a table in part" + how;
    return "All tables were read at one point in time" + how;
}

// NULL and the empty string are different values: neither may look like nothing.
std::string value_text(const json& value) {
    if (value.is_null()) return "NULL";
    const std::string text = text_of(value);
    return text.empty() ? "(empty string)" : one_line(text);
}

std::string changes_text(const json& changes) {
    if (!changes.is_object()) return {};
    const std::string verdict = text_field(changes, "verdict");
    std::string tables;
    for (const json& table : field(changes, "tables")) tables += (tables.empty() ? ": " : ", ") + text_of(table);
    return (verdict == "unchanged" ? "not changed"
            : verdict == "changed" ? "written to" + shorten(tables, 600)
                                   : "cannot be known") +
           std::string(". Compared: ") + shorten(text_field(changes, "compared"), 600) + ".";
}

class RunPage {
public:
    explicit RunPage(const json& document) : document_(document), run_(field(document, "run")) {
        if (!run_.is_object()) throw Error(Exit::kOther, "this is not a run: there is no field \"run\"");
    }

    std::string html() {
        collect();
        hero();
        criteria();
        next_steps();
        facts();
        failed();
        differences();
        add_rejects(data_, document_, tables_);
        statements();
        warnings();
        add_accepted(data_, document_);
        add_tables(data_, tables_);
        add_notes(data_, tables_);
        add_not_moved(data_, document_);
        add_timings(data_, document_, tables_);
        add_stages(data_, document_, tables_);
        about();
        add_signing(data_, document_);
        return render(templates::kRunMustache, data_,
                      (compares_ ? "Comparison report: " : "Migration report: ") + text_field(run_, "source") +
                          ", run " + text_field(run_, "run_id"));
    }

private:
    // Differences carry only the table's id.
    std::string name_by_id(const json& row) const {
        const auto found = names_.find(text_field(row, "table_id"));
        return found == names_.end() ? "table " + text_field(row, "table_id") : found->second;
    }

    void collect() {
        for (const json& table : field(document_, "tables")) {
            names_[text_field(table, "table_id")] = name_of(table);
            const std::string state = text_field(table, "state");
            if (did_not_succeed(table)) ++unsuccessful_;
            if (state == "done" && !differs(table) && rejects_of(table) == 0) ++(unproven(table) ? unproven_ : done_);
            rows_ += integer_field(table, "rows_copied").value_or(0);
            bytes_ += number_of(field(table, "bytes_copied")).value_or(0);
            if (differs(table)) ++differing_;
            tables_.push_back(&table);
        }
        for (const json& criterion : field(document_, "criteria")) {
            const json& holds = field(criterion, "holds");
            ++(!holds.is_boolean() ? criteria_open_ : holds.get<bool>() ? criteria_held_ : criteria_failed_);
        }
        const std::string kind = text_field(run_, "kind");
        compares_ = kind == "comparison" || kind == "repair";
        data_["title"] = compares_ ? "comparison report" : "migration report";
        data_["of"] = compares_ ? "Comparison" : "Run";
        data_["what"] = compares_ ? "What was compared" : "What was moved";
        verdict_ = text_field(run_, "verdict");
        if (verdict_.empty()) verdict_ = "State: " + text_field(run_, "state");
    }

    std::int64_t count_of(std::string_view key) const { return as_count(field(document_, key).size()); }

    bool blocked() const { return integer_field(field(document_, "assessment"), "blockers").value_or(1) > 0; }

    // A verdict is only as good as its criteria: the page says so when they disagree.
    std::string judgement() const {
        if (!verdict_.starts_with("SUCCESS") && !verdict_.starts_with("EQUAL")) return "";
        if (criteria_failed_ > 0) return " But a criterion below does not hold: do not rely on this verdict.";
        if (criteria_open_ > 0) return " Not every criterion could be judged: see below.";
        if (criteria_held_ > 0) return " Every criterion below holds.";
        return "";
    }

    std::string status(const Tone& tone) const {
        if (text_field(run_, "exit_code") == "3")
            return blocked() ? "The run was refused before anything was written to the target: the assessment found "
                               "blockers."
                             : "The run was stopped before anything was written to the target: its assessment has not "
                               "been accepted.";
        if (verdict_ == "VALIDATION FAILED" && differing_ == 0 && count_of("differences") == 0)
            return "Not everything could be compared, so it is not proven that the target holds the same data.";
        const std::string forecast = text_field(field(document_, "forecast"), "text");
        return tone.status + judgement() + (forecast.empty() ? "" : " Forecast: " + forecast + ".");
    }

    void hero() {
        Tone tone = tone_of(verdict_);
        if (std::string_view(tone.kind) == "good" && criteria_failed_ > 0) tone.kind = "bad";
        data_["run_id"] = text_field(run_, "run_id");
        data_["ended_at"] = format_time(text_field(run_, "ended_at"));
        data_["source"] = one_line(text_field(run_, "source"));
        seconds_ = number_of(field(run_, "seconds")).value_or(-1);
        data_["duration"] = optional_text(format_seconds(seconds_));
        data_["verdict"] = verdict_;
        data_["status"] = status(tone);
        data_["error"] = optional_text(shorten(text_field(run_, "error"), 2000));
        data_["dial"] = svg_badge(tone.kind);
        data_["edge"] = tone.kind;
        Node chips = new_list();
        const auto chip = [&chips](const char* kind, const char* anchor, const std::string& text) {
            Node node;
            node["kind"] = kind;
            node["anchor"] = anchor;
            node["text"] = text;
            chips.push_back(node);
        };
        const auto total = as_count(tables_.size());
        if (total > 0)
            chip(done_ == total ? "good" : "none", "tables",
                 format_count(done_) + " of " + plural(total, "table", "tables") + " done");
        if (unsuccessful_ > 0)
            chip("bad", "failed", plural(unsuccessful_, "table did not succeed", "tables did not succeed"));
        if (unproven_ > 0) chip("warn", "policy", plural(unproven_, "table not proven", "tables not proven"));
        if (differing_ > 0) chip("bad", "tables", plural(differing_, "table differs", "tables differ"));
        if (const auto n = count_of("differences"); n > 0)
            chip("bad", "differences", plural(n, "difference", "differences"));
        if (const auto n = rejected_rows(tables_); n > 0)
            chip("bad", "rejects", plural(n, "row rejected", "rows rejected"));
        if (const auto n = count_of("statements_failed"); n > 0)
            chip("bad", "statements", plural(n, "statement failed", "statements failed"));
        if (const auto n = count_of("warnings"); n > 0) chip("warn", "warnings", plural(n, "warning", "warnings"));
        if (const auto n = count_of("not_moved"); n > 0)
            chip("warn", "not-moved", plural(n, "object not moved", "objects not moved"));
        data_["chips"] = std::move(chips);
    }

    void criteria() {
        Node list = new_list();
        for (const json& criterion : field(document_, "criteria")) {
            Node node;
            // null: it could not be judged, which is not the same as holding.
            const json& holds = field(criterion, "holds");
            const bool judged = holds.is_boolean();
            const bool held = judged && holds.get<bool>();
            node["kind"] = held ? "good" : judged ? "bad" : "none";
            node["mark"] = held ? "holds" : judged ? "does not hold" : "not judged";
            node["name"] = text_field(criterion, "name");
            node["evidence"] = optional_text(shorten(text_field(criterion, "evidence"), 600));
            list.push_back(node);
        }
        set_list(data_, "criteria", std::move(list));
    }

    void next_steps() {
        Node list = new_list();
        const auto step = [&list](const std::string& text, const std::string& command = {}) {
            Node node;
            node["text"] = text;
            node["command"] = optional_text(command);
            list.push_back(node);
        };
        const auto rejected = rejected_rows(tables_);
        const bool success =
            (verdict_.starts_with("SUCCESS") || verdict_.starts_with("COMPLETED") || verdict_.starts_with("EQUAL")) &&
            rejected == 0;
        if (rejected > 0) {
            step("Look at the " + plural(rejected, "row", "rows") +
                 " that the target refused, correct the target or the plan, and load them.");
            step("What it takes by then goes into the tables; then validate again.", "lakemover retry-rejects");
        }
        if (const auto n = count_of("differences"); n > 0)
            step(
                "Look at the " + plural(n, "difference", "differences") +
                " below: table, row and column are named, with the bytes of both sides. Find out what changed the rows "
                "before anything uses the target.");
        else if (differing_ > 0)
            step("Look at the " + plural(differing_, "table", "tables") +
                 " marked ≠ below, and find out what changed the rows before anything uses the target.");
        if (unproven_ > 0)
            step("Find out why " + plural(unproven_, "table", "tables") +
                 " could not be compared: the reasons are under \"Declared losses and what could not be compared\".");
        if (text_field(run_, "exit_code") == "3" && !blocked()) {
            step("Read assessment.html beside this page, then accept it.",
                 "lakemover accept --assessment ID --reason TEXT");
            step("Then start again.", "lakemover");
        } else if (text_field(run_, "exit_code") == "3") {
            step("Resolve the blockers: assessment.html beside this page lists them with statements that do it.",
                 "lakemover psql");
            step("Then start again.", "lakemover");
        } else if (unsuccessful_ > 0) {
            step("Correct the cause of each of the " + plural(unsuccessful_, "table", "tables") + " listed below.");
        } else if (!success && rejected == 0 && differing_ == 0 && unproven_ == 0 && count_of("differences") == 0 &&
                   !text_field(run_, "error").empty()) {
            step("Correct the cause that is named above.");
        }
        if (!success && !list.is_empty_list() && text_field(run_, "exit_code") != "3" &&
            verdict_ != "COMPLETED WITH REJECTED ROWS") {
            if (compares_)
                step("Then compare again.", "lakemover validate --two-sided");
            else
                step(
                    "Then start again. Tables that are on the target already are refused by default; --on-existing "
                    "says what to do with them.",
                    "lakemover");
        }
        if (const auto n = count_of("statements_failed"); n > 0 && success)
            step("Decide about the " + plural(n, "statement", "statements") + " that the target refused.");
        if (const auto n = count_of("not_moved"); n > 0 && !compares_)
            step("Create the " + plural(n, "object", "objects") +
                 " that did not move by themselves (views, routines, triggers): they are listed below.");
        if (success) {
            if (count_of("warnings") > 0) step("Read the warnings below.");
            step("Keep this directory: it holds the events, statements, counts and digests behind this page.");
            step("Let the applications use the target.");
        }
        if (list.is_empty_list()) step("See where the run is.", "lakemover status");
        data_["steps"] = std::move(list);
    }

    void facts() {
        Node list = new_list();
        if (!tables_.empty())
            add_fact(list, "Tables done", format_count(done_) + " / " + format_count(as_count(tables_.size())));
        add_fact(list, compares_ ? "Rows read from the source" : "Rows copied", format_count(rows_));
        add_fact(list, compares_ ? "Bytes read from the source" : "Bytes copied", format_bytes(bytes_));
        if (seconds_ >= 0) add_fact(list, "Time", format_seconds(seconds_));
        if (seconds_ > 0 && bytes_ > 0) add_fact(list, "Overall rate", format_bytes(bytes_ / seconds_) + "/s");
        add_fact(list, "Type profile", text_field(run_, "profile"));
        add_fact(list, "Exit code", text_field(run_, "exit_code"));
        data_["facts"] = std::move(list);
    }

    void failed() {
        Node list = new_list();
        std::size_t total = 0;
        for (const json* table : tables_) {
            const std::string state = text_field(*table, "state");
            if (!did_not_succeed(*table)) continue;
            if (++total > kMaxFailed) continue;
            Node node;
            node["state"] = state;
            node["name"] = name_of(*table);
            node["error"] = optional_text(shorten(text_field(*table, "error"), 1000));
            list.push_back(node);
        }
        set_list(data_, "failed", std::move(list));
        set_more(data_, "failed_more", as_count(total), kMaxFailed);
    }

    void differences() {
        Node list = new_list();
        const json& all = field(document_, "differences");
        std::size_t shown = 0;
        for (const json& row : all) {
            if (shown++ == kMaxDifferences) break;
            Node node;
            node["table"] = name_by_id(row);
            node["row"] = one_line(text_field(row, "row_key"));
            node["column"] = one_line(text_field(row, "column_name"));
            node["source"] = value_text(field(row, "source_value"));
            node["target"] = value_text(field(row, "target_value"));
            node["source_hex"] = optional_text(shorten(text_field(row, "source_hex"), 96));
            node["target_hex"] = optional_text(shorten(text_field(row, "target_hex"), 96));
            node["cause"] = shorten(text_field(row, "cause"), 300);
            list.push_back(node);
        }
        set_list(data_, "differences", std::move(list));
        set_more(data_, "differences_more", as_count(all.size()), kMaxDifferences);
    }

    void statements() {
        Node list = new_list();
        const json& all = field(document_, "statements_failed");
        std::size_t shown = 0;
        for (const json& row : all) {
            if (shown++ == kMaxStatements) break;
            Node node;
            node["stage"] = text_field(row, "stage");
            node["object"] = one_line(text_field(row, "object"));
            node["error"] = first_line(text_field(row, "error"));
            node["sql"] = shorten(text_field(row, "sql"), 4000);
            const std::string error = text_field(row, "error");
            node["details"] = optional_text(error == first_line(error) ? "" : shorten(error, 2000));
            node["open"] = shown <= 3;
            list.push_back(node);
        }
        set_list(data_, "statements", std::move(list));
        set_more(data_, "statements_more", as_count(all.size()), kMaxStatements);
    }

    void warnings() {
        Node list = new_list();
        const json& all = field(document_, "warnings");
        std::size_t shown = 0;
        for (const json& row : all) {
            if (shown++ == kMaxWarnings) break;
            Node node;
            node["text"] = shorten(row.is_object() ? text_field(row, "message") : text_of(row), 1000);
            node["at"] = optional_text(format_time(text_field(row, "at")));
            list.push_back(node);
        }
        set_list(data_, "warnings", std::move(list));
        set_more(data_, "warnings_more", as_count(all.size()), kMaxWarnings);
    }

    static std::string host_of(const json& end) {
        const std::string port = text_field(end, "port");
        const std::string database = text_field(end, "database");
        return text_field(end, "host") + (port.empty() ? "" : ":" + port) +
               (database.empty() ? "" : ", database " + database);
    }

    static std::string consistency(const json& snapshot) {
        const std::string level = text_field(snapshot, "level");
        const std::string proof = text_field(snapshot, "proof");
        const std::string text = level == "same"    ? "one point in time for all tables"
                                 : level == "table" ? "a point in time for each table"
                                 : level == "none"  ? "no point in time"
                                                    : level;
        return text.empty() || proof.empty() ? text : text + ": " + proof;
    }

    void about() {
        const json& snapshot = field(document_, "snapshot");
        std::string point = "No point in time was recorded.";
        if (snapshot.is_object()) {
            const std::string state = text_field(snapshot, "state");
            if (integer_field(document_, "points").value_or(1) > 1)
                point =
                    "The tables are of several points in time: the source's snapshot was lost and the run was resumed "
                    "at "
                    "a new one. Each table is whole at its own point, which stands beside it; rows of tables of "
                    "different "
                    "points need not fit together.";
            else if (state == "held" || state == "released")
                point = point_in_words(snapshot);
            else if (state == "lost")
                point = "The snapshot of the source was lost during the run.";
            else
                point = "The snapshot of the source was not taken (" + state + ").";
        }
        if (compares_)
            point +=
                " Each table of the target was read at a moment of its own while that was done. Nothing keeps "
                "others from writing to either side: what they wrote in between shows as a difference.";
        data_["point"] = point;
        Node list = new_list();
        add_fact(list, "Consistency", consistency(snapshot));
        add_fact(list, "Snapshot", text_field(snapshot, "snapshot_id"));
        add_fact(list, "Source WAL position", text_field(snapshot, "source_lsn"));
        add_fact(list, "Snapshot taken", format_time(text_field(snapshot, "taken_at")));
        add_fact(list, "Snapshot released", format_time(text_field(snapshot, "released_at")));
        add_fact(list, "Source since the snapshot", changes_text(field(snapshot, "changes")));
        add_fact(list, "Snapshot error", shorten(text_field(snapshot, "error"), 500));
        const json& ends = field(document_, "identities");
        add_fact(list, "Source host", host_of(field(ends, "source")));
        add_fact(list, "Source identity", text_field(run_, "source_identity"));
        add_fact(list, "Source version", text_field(field(document_, "source"), "version"));
        add_fact(list, "Target host", host_of(field(ends, "target")));
        add_fact(list, "Target identity", text_field(run_, "target_identity"));
        add_fact(list, "Target version", text_field(field(document_, "target"), "server_version"));
        add_fact(list, "Run", text_field(run_, "run_uuid"));
        add_fact(list, "Plan (SHA-256)", text_field(run_, "plan_hash"));
        add_fact(list, "Requested by", text_field(run_, "requested_by"));
        const json& who = field(document_, "performed_by");
        if (who.is_object()) add_fact(list, "Performed by", text_field(who, "user") + " on " + text_field(who, "host"));
        add_fact(list, "Started", format_time(text_field(run_, "started_at")));
        add_fact(list, "Ended", format_time(text_field(run_, "ended_at")));
        data_["about"] = std::move(list);
        const json& options = field(run_, "options");
        data_["options"] = options.is_object() && !options.empty()
                               ? Node(options.dump(2, ' ', false, json::error_handler_t::replace))
                               : Node(false);
    }

    const json& document_;
    const json& run_;
    Node data_;
    std::string verdict_;
    bool compares_ = false;
    std::vector<const json*> tables_;
    std::map<std::string, std::string> names_;
    std::int64_t done_ = 0;
    std::int64_t unsuccessful_ = 0;
    std::int64_t unproven_ = 0;
    std::int64_t rows_ = 0;
    std::int64_t differing_ = 0;
    std::int64_t criteria_held_ = 0, criteria_failed_ = 0, criteria_open_ = 0;
    double bytes_ = 0;
    double seconds_ = -1;
};

}  // namespace

std::string render_run_html(const nlohmann::json& run) { return RunPage(run).html(); }

}  // namespace lakemover::loader
