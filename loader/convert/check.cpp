#include "loader/convert/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "loader/convert/scratch.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;

constexpr const char* kPrepare = R"(
SET client_min_messages = error;
SET statement_timeout = '60s';
SET check_function_bodies = on;
CREATE SCHEMA IF NOT EXISTS dbo;
SET search_path = dbo, public;
-- One statement; what went wrong comes back instead of ending the transaction.
CREATE FUNCTION pg_temp.attempt(p_sql text, OUT message text, OUT context text) LANGUAGE plpgsql AS $f$
BEGIN
    EXECUTE p_sql;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, context = PG_EXCEPTION_CONTEXT;
END $f$;
-- The schema in front of a name, unless there is none.
CREATE FUNCTION pg_temp.make_schema(p_name text) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
    IF cardinality(parse_ident(p_name)) > 1 THEN
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', (parse_ident(p_name))[1]);
    END IF;
END $f$)";

// A trigger's function once per table and pair of transition tables; triggers that differ in them are checked apart.
constexpr const char* kCheck = R"(
SELECT c.lineno, c.level, c.message, coalesce(c.hint, '')
  FROM (SELECT DISTINCT coalesce(t.tgrelid, 0)::regclass AS relation, t.tgnewtable, t.tgoldtable
          FROM (SELECT to_regproc($1)::oid AS oid) p LEFT JOIN pg_trigger t ON t.tgfoid = p.oid) r
 CROSS JOIN LATERAL lakemover_check.plpgsql_check_function_tb(to_regproc($1), r.relation, fatal_errors => false,
       other_warnings => true, extra_warnings => true, performance_warnings => false, security_warnings => true,
       newtable => r.tgnewtable, oldtable => r.tgoldtable) c)";

// What plpgsql_check says of style, and T-SQL's routines had as well.
bool harmless(const std::string& message) {
    for (const char* start : {"unused variable", "never read variable", "unused parameter", "parameter \"",
                              "unmodified OUT variable", "unreachable code", "auto varible", "auto variable",
                              // it stands in quotes
                              "name of parameter \""}) {
        if (message.rfind(start, 0) == 0) return true;
    }
    return false;
}

std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, ' ');
    return text;
}

class Checker {
public:
    Checker(ScratchDatabase& scratch, std::vector<ConvertedObject>& objects) : pg_(scratch.pg()), objects_(objects) {}

    void run(const Prelude& prelude) {
        pg_.exec(kPrepare);
        for (const std::string& sql : prelude) pg_.query("SELECT FROM pg_temp.attempt($1)", {sql});
        load_extension();
        schemas();
        create_all();
        for (ConvertedObject& o : objects_) {
            if (o.kind == "statement" || missing(o)) continue;
            if (failed_.contains(&o)) {
                refused(o);
            } else if (o.details.at("creatable").get<bool>()) {
                check(o);
            } else if (o.kind == "type" && o.result == "equivalent") {
                o.verified = true;  // the name of a type: nothing to create
            } else {
                o.reason = "it was not converted";
            }
        }
    }

private:
    struct Finding {
        int line = 0;  // of the object's text, from 1; 0: none
        std::string message, todo;
        bool manual = false;
    };

    void load_extension() {
        try {
            pg_.exec("CREATE SCHEMA lakemover_check; CREATE EXTENSION plpgsql_check SCHEMA lakemover_check");
        } catch (const Error& e) {
            if (e.connection_lost) throw;
            no_extension_ =
                e.sqlstate == "42501"
                    ? std::string("the role may not create the extension plpgsql_check")
                    : fmt::format("install plpgsql_check in the staging server (postgresql-{}-plpgsql-check)",
                                  pg_.server_version() / 10000);
        }
    }

    void schemas() {
        std::set<std::string> names;
        for (const ConvertedObject& o : objects_) {
            if (o.details.at("creatable").get<bool>()) names.insert(o.name);
        }
        for (const std::string& name : names) pg_.query("SELECT pg_temp.make_schema($1)", {name});
    }

    // Again and again, as long as something more can be made: views stand on views, in whatever order they came.
    void create_all() {
        std::vector<ConvertedObject*> pending;
        for (ConvertedObject& o : objects_) {
            if (o.details.at("creatable").get<bool>()) pending.push_back(&o);
        }
        const auto rank = [](const ConvertedObject* o) {
            return o->kind == "support" ? 0 : o->kind == "type" ? 1 : o->kind == "table" ? 2 : 3;
        };
        std::stable_sort(pending.begin(), pending.end(),
                         [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
        for (std::size_t before = pending.size() + 1; !pending.empty() && pending.size() < before;) {
            before = pending.size();
            std::vector<ConvertedObject*> rest;
            for (ConvertedObject* o : pending) {
                const Result r = pg_.query("SELECT message, context FROM pg_temp.attempt($1)", {o->sql});
                if (r.is_null(0, 0)) {
                    failed_.erase(o);
                    o->created = true;
                    find_functions(*o);
                } else {
                    failed_[o] = {r.text(0, 0), r.text(0, 1)};
                    rest.push_back(o);
                }
            }
            pending = std::move(rest);
        }
    }

    // Which functions it made: a routine of its name, or those of a trigger.
    void find_functions(ConvertedObject& o) {
        std::vector<std::string> names;
        if (o.kind == "trigger") {
            for (const json& body : o.details.at("bodies")) names.push_back(body[0].get<std::string>());
        } else if (o.kind == "procedure" || o.kind == "function") {
            names.push_back(o.name);
        }
        for (const std::string& name : names) {
            if (const Value found =
                    pg_.scalar("SELECT pg_catalog.to_regproc($1)::pg_catalog.regprocedure::text", {name}))
                o.signatures.push_back(*found);
        }
    }

    // What it uses and is in no script.
    bool missing(ConvertedObject& o) {
        const Result r = pg_.query(
            "SELECT 'table', t FROM pg_catalog.jsonb_array_elements_text($1::jsonb->'tables') t "
            "WHERE pg_catalog.to_regclass(t) IS NULL UNION ALL "
            "SELECT 'routine', f FROM pg_catalog.jsonb_array_elements_text($1::jsonb->'routines') f "
            "WHERE pg_catalog.to_regproc(f) IS NULL LIMIT 1",
            {o.details.dump()});
        if (r.rows() == 0) return false;
        const std::string name = r.text(0, 1);
        const auto made =
            std::find_if(objects_.begin(), objects_.end(), [&](const auto& other) { return other.name == name; });
        o.absent = made == objects_.end();
        o.reason =
            fmt::format("its {} {} {}", r.text(0, 0), name, o.absent ? "is in no script" : "could not be created");
        return true;
    }

    static int first_body(const ConvertedObject& o) {
        const json& bodies = o.details.at("bodies");
        return bodies.empty() ? 1 : bodies[0][1].get<int>();
    }

    void refused(ConvertedObject& o) {
        const auto& [message, context] = failed_.at(&o);
        int line = 0;
        // compilation of PL/pgSQL function "f" near line 3
        if (const std::size_t at = context.find(" near line "); at != std::string::npos)
            line = first_body(o) + std::atoi(context.c_str() + at + 11) - 1;
        report(o, {{line, message, "correct it; PostgreSQL does not create it like this", true}});
    }

    void check(ConvertedObject& o) {
        std::vector<Finding> findings;
        const json& bodies = o.details.at("bodies");
        if (!bodies.empty() && !no_extension_.empty()) {
            o.reason = no_extension_;
            return;
        }
        if (const std::string temp = o.details.at("unknown_temp").get<std::string>(); !temp.empty()) {
            o.reason = "the columns of " + temp + " are not known";
            return;
        }
        for (const json& table : o.details.at("temp_tables"))  // of one name in two branches: the first counts
            pg_.query("SELECT FROM pg_temp.attempt($1)",
                      {"CREATE TEMPORARY TABLE IF NOT EXISTS " + table.get<std::string>()});
        for (const json& body : bodies) {
            const int start = body[1].get<int>();
            if (!pg_.query("SELECT pg_catalog.to_regproc($1) IS NOT NULL", {body[0].get<std::string>()})
                     .boolean(0, 0)) {
                o.reason = "another routine has the same name";  // two versions of it are among the scripts
                return;
            }
            const Result r = pg_.query(kCheck, {body[0].get<std::string>()});
            for (int i = 0; i < r.rows(); ++i) {
                const std::string message = r.text(i, 2);
                const std::string level = r.text(i, 1);
                const bool error = level == "error";
                if (!error && (harmless(message) || level == "performance")) continue;
                findings.push_back({r.is_null(i, 0) ? 0 : start + static_cast<int>(r.integer(i, 0)) - 1, message,
                                    r.text(i, 3).empty() ? "look at the statement" : r.text(i, 3), error});
            }
        }
        report(o, std::move(findings));
    }

    // Each finding becomes a note with the line of T-SQL it belongs to, and a FIXME above the line of the result.
    static void report(ConvertedObject& o, std::vector<Finding> findings) {
        o.verified = true;
        const std::vector<int> lines = o.details.at("lines").get<std::vector<int>>();
        std::stable_sort(findings.begin(), findings.end(),
                         [](const Finding& a, const Finding& b) { return a.line < b.line; });
        std::vector<std::string> text;
        for (std::size_t from = 0; from < o.sql.size();) {
            const std::size_t to = std::min(o.sql.find('\n', from), o.sql.size());
            text.push_back(o.sql.substr(from, to - from));
            from = to + 1;
        }
        std::map<std::size_t, std::vector<std::string>> above;
        for (const Finding& f : findings) {
            const auto index = static_cast<std::size_t>(std::max(f.line, 1) - 1);
            const int own = o.details.value("line", 1);
            const int source = index < lines.size() && lines[index] > 0 ? lines[index] : own;
            o.notes.push_back({{"line", source},
                               {"construct", "check"},
                               {"why", one_line(f.message)},
                               {"todo", one_line(f.todo)},
                               {"severity", f.manual ? "manual" : "review"}});
            if (f.manual) o.result = "manual";
            if (!f.manual && o.result == "equivalent") o.result = "review";
            const std::size_t at = std::min(index, text.size());
            const std::size_t margin = at < text.size() ? text[at].find_first_not_of(' ') : 0;
            above[at].push_back(std::string(margin == std::string::npos ? 0 : margin, ' ') +
                                fmt::format("-- FIXME(lakemover): line {}: check: {}: {}", source, one_line(f.message),
                                            one_line(f.todo)));
        }
        if (findings.empty()) return;
        o.sql.clear();
        for (std::size_t i = 0; i < text.size(); ++i) {
            for (const std::string& fixme : above[i]) o.sql += fixme + "\n";
            o.sql += text[i] + "\n";
        }
    }

    Pg& pg_;
    std::vector<ConvertedObject>& objects_;
    std::map<const ConvertedObject*, std::pair<std::string, std::string>> failed_;
    std::string no_extension_;
};

}  // namespace

void check_converted(const Staging& staging, const Prelude& prelude, std::vector<ConvertedObject>& objects) {
    std::string reason;
    std::optional<ScratchDatabase> scratch = ScratchDatabase::create(staging, reason);
    if (scratch) {
        Checker(*scratch, objects).run(prelude);
    } else {
        for (ConvertedObject& o : objects) o.reason = reason;
    }
    for (ConvertedObject& o : objects) {
        if (o.verified || o.result != "equivalent") continue;
        o.result = "review";
        o.notes.push_back({{"construct", "verification"},
                           {"severity", "review"},
                           {"why", "not verified: " + o.reason},
                           {"todo", "check it beside its tables"}});
    }
}

}  // namespace lakemover::loader
