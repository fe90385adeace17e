#include "loader/convert/source_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "loader/convert/convert_scripts.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;

void note_manual(ConvertedObject& o, int line, const std::string& construct, const std::string& why,
                 const std::string& todo) {
    o.result = "manual";
    o.notes.push_back({{"line", line}, {"construct", construct}, {"why", why}, {"todo", todo}, {"severity", "manual"}});
}

ConvertedObject without_text(const json& script) {
    ConvertedObject o;
    o.name = script.at("target").get<std::string>();
    o.kind = script.at("kind").get<std::string>();
    o.score = "0";
    o.notes = json::array();
    o.details = {{"tables", json::array()}, {"routines", json::array()}, {"bodies", json::array()}, {"line", 1}};
    o.reason = "the source does not show its text";
    note_manual(o, 1, "text", "the source does not show it: it is encrypted, or the user may not see definitions",
                "grant VIEW DEFINITION, or create it by hand");
    return o;
}

bool is_routine(const ConvertedObject& o) {
    return o.kind == "view" || o.kind == "procedure" || o.kind == "function" || o.kind == "trigger";
}

// A module is one routine; whatever else its text gave is a part of it that was not understood.
ConvertedObject one_of(std::vector<ConvertedObject> made, const json& script) {
    auto routine = std::find_if(made.begin(), made.end(), is_routine);
    if (routine == made.end()) {
        ConvertedObject o = without_text(script);
        o.notes = json::array();
        o.reason = "it was not converted";
        for (const ConvertedObject& part : made) {
            o.sql += part.sql;
            for (const json& note : part.notes) o.notes.push_back(note);
        }
        if (o.notes.empty())
            note_manual(o, 1, "text", "no routine, view or trigger was found in it", "convert it by hand");
        return o;
    }
    ConvertedObject o = std::move(*routine);
    for (auto part = made.begin(); part != made.end(); ++part) {
        if (part == routine) continue;
        o.sql += part->sql;
        for (const json& note : part->notes) o.notes.push_back(note);
        note_manual(o, part->details.value("line", 1), "statement", "it stands outside of the routine as it was read",
                    "convert it by hand");
    }
    return o;
}

// After sp_rename the text still creates the old name.
void compare_names(ConvertedObject& o, const json& script) {
    const std::string target = script.at("target").get<std::string>();
    if (!o.details.value("creatable", false) || o.name == target) return;
    note_manual(o, 1, "name", "its text creates " + o.name + ", and the source calls it " + target + ": it was renamed",
                "correct the name in its text");
}

int rank_of(const SourceObject& o) { return o.made.kind == "trigger" ? 2 : o.made.kind == "procedure" ? 1 : 0; }

// Kahn's algorithm; in a cycle the first one goes first.
std::vector<std::size_t> in_order(const std::vector<SourceObject>& objects,
                                  const std::vector<std::set<std::size_t>>& needs) {
    std::vector<std::vector<std::size_t>> users(objects.size());
    std::vector<std::size_t> open(objects.size());
    using Place = std::pair<int, std::size_t>;
    std::set<Place> ready, waiting;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        for (const std::size_t n : needs[i]) users[n].push_back(i);
        open[i] = needs[i].size();
        (open[i] == 0 ? ready : waiting).insert({rank_of(objects[i]), i});
    }
    std::vector<std::size_t> order;
    while (!ready.empty() || !waiting.empty()) {
        std::set<Place>& from = ready.empty() ? waiting : ready;
        const std::size_t next = from.begin()->second;
        from.erase(from.begin());
        order.push_back(next);
        for (const std::size_t user : users[next]) {
            if (--open[user] == 0 && waiting.erase({rank_of(objects[user]), user}) > 0)
                ready.insert({rank_of(objects[user]), user});
        }
    }
    return order;
}

std::vector<SourceObject> sorted(std::vector<SourceObject> objects, const json& table_ids) {
    std::map<std::string, std::size_t> by_name;
    for (std::size_t i = 0; i < objects.size(); ++i) by_name.emplace(objects[i].made.name, i);
    std::vector<std::set<std::size_t>> needs(objects.size());
    for (std::size_t i = 0; i < objects.size(); ++i) {
        for (const char* part : {"tables", "routines"}) {
            for (const json& name : objects[i].made.details.value(part, json::array())) {
                const auto found = by_name.find(name.get<std::string>());
                if (found != by_name.end() && found->second != i) needs[i].insert(found->second);
                if (const auto table = table_ids.find(name.get<std::string>()); table != table_ids.end())
                    objects[i].tables.push_back(table->get<std::int64_t>());
            }
        }
    }
    const std::vector<std::size_t> order = in_order(objects, needs);
    std::vector<std::size_t> place(objects.size());
    for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
    std::vector<SourceObject> list;
    for (const std::size_t i : order) {
        for (const std::size_t n : needs[i]) objects[i].needs.push_back(place[n]);
        list.push_back(std::move(objects[i]));
    }
    return list;
}

}  // namespace

std::string first_note(const ConvertedObject& o) {
    for (const char* severity : {"manual", "review"}) {
        std::size_t count = 0;
        std::string first;
        for (const json& note : o.notes) {
            if (note.value("severity", "") != severity) continue;
            if (count++ == 0) first = note.value("construct", "") + ": " + note.value("why", "");
        }
        if (count > 0) return first + (count > 1 ? fmt::format(" (and {} more)", count - 1) : "");
    }
    return o.reason;
}

std::vector<SourceObject> convert_source_code(const Staging& staging, Pg& pg, const json& context, bool exact_strings) {
    json input = converter_input(context, exact_strings);
    const json scripts = context.value("scripts", json::array());
    std::vector<const json*> given;  // into scripts
    std::vector<SourceObject> objects;
    for (const json& script : scripts) {
        if (script.at("definition").is_null()) {
            objects.push_back({script, without_text(script), {}, {}});
        } else {
            input["scripts"].push_back(script["definition"]);
            given.push_back(&script);
        }
    }
    if (given.empty()) return objects;
    std::vector<std::vector<ConvertedObject>> made(given.size());
    std::vector<ConvertedObject> converted;  // behind the library that some of them may use
    for (ConvertedObject& o : convert_scripts(pg, input))
        (o.kind == "support" ? converted : made.at(o.script)).push_back(std::move(o));
    const std::size_t first = converted.size();
    for (std::size_t i = 0; i < given.size(); ++i) {
        converted.push_back(one_of(std::move(made[i]), *given[i]));
        compare_names(converted.back(), *given[i]);
    }
    Prelude prelude = prelude_of(context);
    // As on the target: every name says its schema, or is not found.
    prelude.emplace_back("SET search_path = ''");
    check_converted(staging, prelude, converted);
    for (std::size_t i = 0; i < given.size(); ++i)
        objects.push_back({*given[i], std::move(converted[first + i]), {}, {}});
    return sorted(std::move(objects), context.value("table_ids", json::object()));
}

}  // namespace lakemover::loader
