// lakemover convert: T-SQL files, or the code of a planned source, through staging's converter and its check. Throws Error.
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "loader/cli/commands.hpp"
#include "loader/convert/check.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;

std::string read_script(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in.good() && !in.eof()) throw Error(Exit::kUsage, "cannot read \"" + file + "\"");
    if (text.find('\0') != std::string::npos) {
        throw Error(Exit::kUsage, "\"" + file + "\" is not UTF-8 text", {},
                    "convert it first, for example with iconv -f UTF-16 -t UTF-8");
    }
    return text;
}

// What is known of the planned source; its tables become the check's prelude.
json planned(Pg& pg, const std::string& source, Prelude& prelude) {
    const json context = json::parse(pg.scalar("SELECT lakemover._convert_context($1)", {source}).value_or("{}"));
    if (!context.contains("tables") || (context["tables"].empty() && context["scripts"].empty()))
        throw Error(Exit::kUsage, "the source \"" + source + "\" has no plan", {}, "run lakemover plan first");
    for (const char* part : {"schemas", "tables"}) {
        for (const json& sql : context[part]) prelude.push_back(sql.get<std::string>());
    }
    return context;
}

struct Counts {
    int equivalent = 0, review = 0, manual = 0, absent = 0, unverified = 0, statements = 0;
};

std::string summary(const Counts& n) {
    std::string text = fmt::format("-- {} routines: {} equivalent, {} to be reviewed, {} manual",
                                   n.equivalent + n.review + n.manual, n.equivalent, n.review, n.manual);
    if (n.absent > 0) text += fmt::format("; {} of them use a table or routine that is in no script", n.absent);
    if (n.unverified > 0) text += fmt::format("; {} not verified for another reason", n.unverified);
    if (n.statements > 0) text += fmt::format("; {} statements outside of routines, to be looked at", n.statements);
    return text + "\n";
}

}  // namespace

Exit command_convert(const Settings& settings, const std::vector<std::string>& given, bool exact_strings) {
    if (given.empty() && settings.source.name.empty()) {
        throw Error(Exit::kUsage, "there is nothing to convert", {},
                    "name files with T-SQL, or a planned source with --source-name");
    }
    std::vector<std::string> files = given;
    json input{{"exact_strings", exact_strings}, {"scripts", json::array()}};
    for (const std::string& file : files) input["scripts"].push_back(read_script(file));  // before staging is started
    const Staging staging = Staging::open(settings);
    Pg pg = staging.connect();
    Prelude prelude;
    if (!settings.source.name.empty()) {
        const json context = planned(pg, settings.source.name, prelude);
        input["names"] = context["names"];
        input["columns"] = context["columns"];
        for (const json& code : given.empty() ? context["scripts"] : json::array()) {
            files.push_back(code[0].get<std::string>());
            input["scripts"].push_back(code[1]);
        }
    }
    std::string text;
    try {
        text = input.dump();
    } catch (const json::exception&) {
        throw Error(Exit::kUsage, "a file is not UTF-8 text", {}, "convert it first, for example with iconv -t UTF-8");
    }
    const Result r = pg.query(
        "SELECT script, line, name, kind, sql, class, score, notes, details FROM lakemover._convert_scripts($1)",
        {text});
    std::vector<ConvertedObject> objects;
    for (int row = 0; row < r.rows(); ++row) {
        ConvertedObject o;
        o.script = static_cast<std::size_t>(r.integer(row, 0));
        o.name = r.text(row, 2);
        o.kind = r.text(row, 3);
        o.sql = r.text(row, 4);
        o.result = r.text(row, 5);
        o.score = r.text(row, 6);
        o.notes = json::parse(r.text(row, 7));
        o.details = json::parse(r.text(row, 8));
        o.details["line"] = r.integer(row, 1);
        objects.push_back(std::move(o));
    }
    check_converted(staging, prelude, objects);

    Counts counts;
    for (const ConvertedObject& o : objects) {
        const bool schema = o.kind == "table" || o.kind == "type";  // these come with the schema's own migration
        const bool routine = !schema && o.kind != "statement" && o.kind != "support";
        if (o.kind == "statement") ++counts.statements;
        if (routine) {
            ++(o.result == "manual" ? counts.manual : o.result == "review" ? counts.review : counts.equivalent);
            if (o.absent) ++counts.absent;
            if (!o.verified && !o.absent && o.result != "manual") ++counts.unverified;
        }
        if (settings.json) {
            json document{{"file", files.at(o.script)},
                          {"line", o.details["line"]},
                          {"kind", o.kind},
                          {"sql", o.sql},
                          {"class", o.result},
                          {"score", json::parse(o.score)},
                          {"notes", o.notes},
                          {"verified", o.verified},
                          {"absent", o.absent}};
            document["name"] = o.name.empty() ? json() : json(o.name);
            document["reason"] = o.reason.empty() ? json() : json(o.reason);
            fmt::print("{}\n", document.dump());
        } else {
            fmt::print("-- {}: {}{}{}: {}, score {}{}\n{}\n", files.at(o.script), o.kind, o.name.empty() ? "" : " ",
                       o.name, o.result, o.score, routine && !o.reason.empty() ? ", not verified: " + o.reason : "",
                       o.sql);
        }
    }
    if (!settings.json) fmt::print("{}", summary(counts));
    return Exit::kSuccess;
}

}  // namespace lakemover::loader
