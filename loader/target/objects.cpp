#include "loader/target/objects.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace lakemover::loader {

namespace {

// Objects that fall with ours (indexes, constraints, row types, owned sequences ...) are ours; what depends on any of
// them is not. A relation is never taken for a part: a table that somebody attached as a partition is somebody's.
constexpr const char* kForeign =
    "WITH RECURSIVE ours AS (SELECT * FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS o(c oid, i oid)), "
    "part AS (SELECT o.c, o.i, o.c AS of_c, o.i AS of_i FROM ours o UNION "
    "SELECT d.classid, d.objid, p.of_c, p.of_i FROM part p JOIN pg_catalog.pg_depend d ON d.refclassid = p.c AND "
    "d.refobjid = p.i WHERE d.deptype IN ('a', 'i', 'P', 'S', 'e') AND NOT EXISTS (SELECT FROM pg_catalog.pg_class r "
    "WHERE "
    "d.deptype <> 'e' AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND r.oid = d.objid AND (r.relkind IN "
    "('r', 'p', 'f', 'v', "
    "'m') OR (r.relkind = 'S' AND d.deptype = 'a')) AND (d.classid, d.objid) NOT IN (SELECT c, i FROM ours))) "
    "SELECT DISTINCT p.of_c::text, p.of_i::text, pg_catalog.pg_describe_object(d.classid, d.objid, 0) "
    "FROM part p JOIN pg_catalog.pg_depend d ON d.refclassid = p.c AND d.refobjid = p.i "
    "WHERE NOT EXISTS (SELECT FROM part q WHERE q.c = d.classid AND q.i = d.objid) ORDER BY 1, 2, 3";

bool is_table(const std::string& kind) { return kind == "table" || kind == "partition" || kind == "partitioned table"; }

bool is_type(const std::string& kind) {
    return kind == "enum" || kind == "domain" || kind == "composite" || kind == "range";
}

bool is_view(const std::string& kind) { return kind == "view" || kind == "materialized view"; }

bool is_routine(const std::string& kind) {
    return kind == "function" || kind == "procedure" || kind == "trigger function" || kind == "window function" ||
           kind == "aggregate";
}

}  // namespace

bool is_tracked(const std::string& kind) {
    return is_table(kind) || is_type(kind) || is_view(kind) || is_routine(kind) || kind == "sequence" ||
           kind == "schema" || kind == "collation" || kind == "extension" || kind == "operator";
}

std::string object_place(const Pg& target, const std::string& kind, const std::string& name) {
    const auto place = [&](const char* catalog, const std::string& oid) {
        return std::string("SELECT 'pg_catalog.") + catalog + "'::pg_catalog.regclass::oid, " + oid;
    };
    const std::string literal = target.quote_literal(name);
    const auto looked_up = [&](const char* catalog, const char* function) {
        return place(catalog, std::string("pg_catalog.") + function + "(" + literal + ")::oid");
    };
    if (is_table(kind) || is_view(kind) || kind == "sequence") return looked_up("pg_class", "to_regclass");
    if (is_type(kind)) return looked_up("pg_type", "to_regtype");
    if (is_routine(kind)) return looked_up("pg_proc", "to_regprocedure");
    if (kind == "operator") return looked_up("pg_operator", "to_regoperator");
    if (kind == "schema") return looked_up("pg_namespace", "to_regnamespace");
    if (kind == "collation") return looked_up("pg_collation", "to_regcollation");
    if (kind == "extension")
        return place(
            "pg_extension",
            "(SELECT oid FROM pg_catalog.pg_extension WHERE pg_catalog.quote_ident(extname) = " + literal + ")");
    // All at once; lakemover.run_large_object says which.
    if (kind == "large objects") return place("pg_largeobject", "0::oid");
    return "SELECT NULL::oid, NULL::oid";
}

TargetObject find_object(Pg& target, const std::string& kind, const std::string& name) {
    TargetObject object{kind, name, {}, {}, {}};
    const Result r = target.exec(object_place(target, kind, name));
    if (r.is_null(0, 1)) return object;
    object.class_id = r.text(0, 0);
    object.object_id = r.text(0, 1);
    return object;
}

void mark_kept(Pg& target, std::vector<TargetObject>& objects) {
    // What stays is foreign to the rest: a table that stays keeps its type and its schema.
    for (bool changed = true; changed;) {
        changed = false;
        nlohmann::json ours = nlohmann::json::array();
        for (const TargetObject& o : objects)
            if (o.kept_for.empty()) ours.push_back({{"c", o.class_id}, {"i", o.object_id}});
        const Result foreign = target.query(kForeign, {ours.dump()});
        for (int k = 0; k < foreign.rows(); ++k)
            for (TargetObject& o : objects) {
                if (o.class_id != foreign.get(k, 0) || o.object_id != foreign.get(k, 1)) continue;
                changed = changed || o.kept_for.empty();
                if (o.kept_for.size() < 300) o.kept_for += (o.kept_for.empty() ? "" : ", ") + foreign.text(k, 2);
            }
    }
}

void drop_objects(Pg& target, const std::vector<TargetObject>& objects) {
    const auto drop = [&](const char* what, const auto& of_kind, const char* how = "CASCADE") {
        std::string names;
        for (const TargetObject& o : objects)
            if (o.kept_for.empty() && of_kind(o.kind)) names += (names.empty() ? "" : ", ") + o.name;
        if (!names.empty()) target.exec(std::string("DROP ") + what + " IF EXISTS " + names + " " + how);
    };
    const auto equals = [](const char* kind) { return [kind](const std::string& k) { return k == kind; }; };
    // CASCADE, since kinds depend on each other both ways: a function returns rows of a view, a default calls a function.
    // What somebody else has built on any of them is why mark_kept() keeps it.
    drop("MATERIALIZED VIEW", equals("materialized view"));
    drop("VIEW", equals("view"));
    drop("TABLE", is_table);
    drop("SEQUENCE", equals("sequence"));
    drop("OPERATOR", equals("operator"));
    drop("ROUTINE", is_routine);
    drop("TYPE", is_type);
    for (const TargetObject& o : objects)
        if (o.kept_for.empty() && o.kind == "collation") target.exec("DROP COLLATION IF EXISTS " + o.name);
    drop("EXTENSION", equals("extension"), "");
    drop("SCHEMA", equals("schema"), "");
}

}  // namespace lakemover::loader
