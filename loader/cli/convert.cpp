// lakemover convert: T-SQL files, or the code of a planned source, through staging's converter and its check. Throws Error.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

#include <nlohmann/json.hpp>

#include "loader/cli/commands.hpp"
#include "loader/convert/convert_scripts.hpp"
#include "loader/convert/source_code.hpp"
#include "loader/report/code_page.hpp"

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

std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

// An object's part of its script: up to where the next one begins.
std::string own_lines(const std::string& script, const std::vector<ConvertedObject>& objects,
                      const ConvertedObject& object) {
    const auto first_of = [](const ConvertedObject& o) { return o.details.at("line").get<std::int64_t>(); };
    std::int64_t end = std::numeric_limits<std::int64_t>::max();
    for (const ConvertedObject& other : objects)
        if (other.script == object.script && first_of(other) > first_of(object)) end = std::min(end, first_of(other));
    std::string text;
    std::istringstream lines(script);
    std::string line;
    for (std::int64_t number = 1; number < end && std::getline(lines, line); ++number)
        if (number >= first_of(object)) text += line + "\n";
    return text;
}

void write_page(const std::string& file, const json& page) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << render_code_html(page);
    out.close();
    if (!out) throw Error(Exit::kUsage, "cannot write \"" + file + "\"");
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

Exit command_convert(const Settings& settings, const std::vector<std::string>& given, const std::string& html) {
    if (given.empty() && settings.source.name.empty()) {
        throw Error(Exit::kUsage, "there is nothing to convert", {},
                    "name files with T-SQL, or a planned source with --source-name");
    }
    std::vector<std::string> files = given;
    std::vector<std::string> scripts;
    for (const std::string& file : files) scripts.push_back(read_script(file));  // before staging is started
    const Staging staging = Staging::open(settings);
    Pg pg = staging.connect();
    json context = json::object();
    if (!settings.source.name.empty()) {
        context = convert_context(pg, settings.source.name);
        if (context.value("tables", json::array()).empty() && context.value("scripts", json::array()).empty())
            throw Error(Exit::kUsage, "the source \"" + settings.source.name + "\" has no plan", {},
                        "run lakemover plan first");
    }
    std::vector<ConvertedObject> objects;
    if (given.empty()) {
        for (SourceObject& o : convert_source_code(staging, pg, context, settings.exact_strings)) {
            o.made.script = files.size();
            files.push_back(o.script.at("name").get<std::string>());
            scripts.push_back(text_of(o.script.at("definition")));
            objects.push_back(std::move(o.made));
        }
    } else {
        json input = converter_input(context, settings.exact_strings);
        input["scripts"] = scripts;
        objects = convert_scripts(pg, input);
        check_converted(staging, prelude_of(context), objects);
    }

    Counts counts;
    json page{{"of", given.empty() ? "source " + settings.source.name : fmt::format("{}", fmt::join(given, ", "))},
              {"objects", json::array()}};
    for (const ConvertedObject& o : objects) {
        const bool schema = o.kind == "table" || o.kind == "type";  // these come with the schema's own migration
        const bool routine = !schema && o.kind != "statement" && o.kind != "support";
        if (o.kind == "statement") ++counts.statements;
        if (routine) {
            ++(o.result == "manual" ? counts.manual : o.result == "review" ? counts.review : counts.equivalent);
            if (o.absent) ++counts.absent;
            if (!o.verified && !o.absent && o.result != "manual") ++counts.unverified;
        }
        if (!html.empty() && !schema)
            page["objects"].push_back({{"kind", o.kind},
                                       {"source_name", o.name.empty() ? "in " + files.at(o.script) : o.name},
                                       {"class", o.result},
                                       {"score", o.score},
                                       {"verified", o.verified},
                                       {"reason", o.reason},
                                       {"notes", o.notes},
                                       {"first_line", o.details["line"]},
                                       {"source_sql", own_lines(scripts.at(o.script), objects, o)},
                                       {"sql", o.sql}});
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
    if (!html.empty()) write_page(html, page);
    if (!settings.json) fmt::print("{}", summary(counts));
    return Exit::kSuccess;
}

}  // namespace lakemover::loader
