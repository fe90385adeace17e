// What the audit directory keeps of a run's code.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "loader/audit/audit_dir.hpp"
#include "loader/audit/ddl_script.hpp"
#include "loader/engine/code.hpp"
#include "loader/report/code_page.hpp"
#include "loader/report/html.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;
using report::text_field;

constexpr std::size_t kMaxName = 120;  // bytes of a file's name that come from the source

// On every file system, whatever the source calls it; the index has the name.
std::string file_name(const std::string& name, std::set<std::string>& taken) {
    std::string stem = "code-";
    for (const char c : name.substr(0, kMaxName)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                           c == '_' || c == '-';
        if (c != '"' && c != '(' && c != ')') stem += plain ? c : '_';
    }
    for (int n = 1;; ++n) {
        const std::string candidate = stem + (n > 1 ? "-" + std::to_string(n) : "");
        std::string key = candidate;
        std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return std::tolower(c); });
        if (taken.insert(key).second) return candidate + ".sql";
    }
}

std::string file_text(const json& object) {
    std::string head =
        fmt::format("lakemover: {} {} as {}\nclass {}, score {}{}", text_field(object, "kind"),
                    text_field(object, "source_name"), text_field(object, "target_name"), text_field(object, "class"),
                    text_field(object, "score"), object.value("verified", false) ? ", verified" : "");
    if (const std::string why = text_field(object, "left_out"); !why.empty()) head += "\nnot created: " + why;
    if (const std::string reason = text_field(object, "reason"); !reason.empty()) head += "\nnot verified: " + reason;
    for (const json& note : report::field(object, "notes")) {
        const std::string line = text_field(note, "line");
        head +=
            fmt::format("\n{}{}: {}: {} ({})", line.empty() ? "" : "line " + line + ": ", text_field(note, "construct"),
                        text_field(note, "why"), text_field(note, "todo"), text_field(note, "severity"));
    }
    const std::string sql = text_field(object, "sql");
    return sql_comment(head) + "\n" + (sql.empty() ? "-- there is no text\n" : sql);
}

}  // namespace

void write_code_files(AuditDir& audit, Pg& staging, const std::string& run_id) {
    const Result r = staging.query(
        "SELECT (pg_catalog.to_jsonb(c) || pg_catalog.to_jsonb(o))::text FROM lakemover.run_code c JOIN "
        "lakemover._run_code($1) o USING (no) WHERE c.run_id = $1 ORDER BY no",
        {run_id});
    if (r.rows() == 0) return;
    std::set<std::string> taken{"code-index"};
    json index = json::array();
    json page{
        {"of", staging
                   .scalar("SELECT 'run ' || run_id || ' of source ' || source FROM lakemover.run WHERE run_id = $1",
                           {run_id})
                   .value_or("")},
        {"objects", json::array()}};
    for (int i = 0; i < r.rows(); ++i) {
        json object = json::parse(r.get(i, 0));
        const std::string file = file_name(text_field(object, "source_name"), taken);
        // The outcome is in the index; the files stay as they were when the plan was made.
        if (!audit.has(file)) audit.write(file, file_text(object));
        json entry{{"file", file}};
        for (const char* key : {"kind", "source_name", "target_name", "class", "score", "verified", "absent", "reason",
                                "notes", "outcome", "why"})
            entry[key] = object[key];
        index.push_back(std::move(entry));
        page["objects"].push_back(std::move(object));
    }
    audit.write("code-index.json", index.dump(2, ' ', false, json::error_handler_t::replace));
    audit.write("code.html", render_code_html(page));
}

}  // namespace lakemover::loader
