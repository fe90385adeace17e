// Names, literals, variables and notes. Zone: pure; throws Unconvertible.
#include <algorithm>
#include <cstdio>

#include "tsql/emitter.hpp"

namespace lakemover::tsql {

namespace {

bool plain_name(std::string_view name) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    for (const char c : name) {
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
    }
    return true;
}

// PostgreSQL's reserved words, and those that cannot name a function or a type.
bool is_reserved(std::string_view name) {
    static const std::set<std::string, std::less<>> words = {"all",
                                                             "analyse",
                                                             "analyze",
                                                             "and",
                                                             "any",
                                                             "array",
                                                             "as",
                                                             "asc",
                                                             "asymmetric",
                                                             "authorization",
                                                             "between",
                                                             "bigint",
                                                             "binary",
                                                             "bit",
                                                             "boolean",
                                                             "both",
                                                             "case",
                                                             "cast",
                                                             "char",
                                                             "character",
                                                             "check",
                                                             "coalesce",
                                                             "collate",
                                                             "collation",
                                                             "column",
                                                             "concurrently",
                                                             "constraint",
                                                             "create",
                                                             "cross",
                                                             "current_catalog",
                                                             "current_date",
                                                             "current_role",
                                                             "current_schema",
                                                             "current_time",
                                                             "current_timestamp",
                                                             "current_user",
                                                             "dec",
                                                             "decimal",
                                                             "default",
                                                             "deferrable",
                                                             "desc",
                                                             "distinct",
                                                             "do",
                                                             "else",
                                                             "end",
                                                             "except",
                                                             "exists",
                                                             "extract",
                                                             "false",
                                                             "fetch",
                                                             "float",
                                                             "for",
                                                             "foreign",
                                                             "freeze",
                                                             "from",
                                                             "full",
                                                             "grant",
                                                             "greatest",
                                                             "group",
                                                             "grouping",
                                                             "having",
                                                             "ilike",
                                                             "in",
                                                             "initially",
                                                             "inner",
                                                             "inout",
                                                             "int",
                                                             "integer",
                                                             "intersect",
                                                             "interval",
                                                             "into",
                                                             "is",
                                                             "isnull",
                                                             "join",
                                                             "lateral",
                                                             "leading",
                                                             "least",
                                                             "left",
                                                             "like",
                                                             "limit",
                                                             "localtime",
                                                             "localtimestamp",
                                                             "national",
                                                             "natural",
                                                             "nchar",
                                                             "none",
                                                             "normalize",
                                                             "not",
                                                             "notnull",
                                                             "null",
                                                             "nullif",
                                                             "numeric",
                                                             "offset",
                                                             "on",
                                                             "only",
                                                             "or",
                                                             "order",
                                                             "out",
                                                             "outer",
                                                             "overlaps",
                                                             "overlay",
                                                             "placing",
                                                             "position",
                                                             "precision",
                                                             "primary",
                                                             "real",
                                                             "references",
                                                             "returning",
                                                             "right",
                                                             "row",
                                                             "select",
                                                             "session_user",
                                                             "setof",
                                                             "similar",
                                                             "smallint",
                                                             "some",
                                                             "substring",
                                                             "symmetric",
                                                             "system_user",
                                                             "table",
                                                             "tablesample",
                                                             "then",
                                                             "time",
                                                             "timestamp",
                                                             "to",
                                                             "trailing",
                                                             "treat",
                                                             "trim",
                                                             "true",
                                                             "union",
                                                             "unique",
                                                             "user",
                                                             "using",
                                                             "values",
                                                             "varchar",
                                                             "variadic",
                                                             "verbose",
                                                             "when",
                                                             "where",
                                                             "window",
                                                             "with",
                                                             "xmlattributes",
                                                             "xmlconcat",
                                                             "xmlelement",
                                                             "xmlexists",
                                                             "xmlforest",
                                                             "xmlparse",
                                                             "xmlpi",
                                                             "xmlroot",
                                                             "xmlserialize",
                                                             "begin",
                                                             "if",
                                                             "while",
                                                             "loop",
                                                             "return",
                                                             "declare",
                                                             "exception",
                                                             "raise",
                                                             "execute",
                                                             "perform",
                                                             "exit",
                                                             "continue"};
    return words.count(name) > 0;
}

std::string quote(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) text += c == '"' ? "\"\"" : std::string(1, c);
    return text + "\"";
}

}  // namespace

void Emitter::refuse(const Position& at, std::string construct, std::string why, std::string todo) {
    throw Unconvertible{at, one_line(std::move(construct)), std::move(why), std::move(todo)};
}

// What goes into a comment line must not end it.
std::string Emitter::one_line(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    }
    return text;
}

void Emitter::review(const Position& at, std::string construct, std::string why, std::string todo) {
    construct = one_line(std::move(construct));
    for (const Note& n : result_.notes) {  // once per line is enough
        if (n.line == at.line && n.construct == construct) return;
    }
    pending_.push_back("-- FIXME(lakemover): line " + std::to_string(at.line) + ": " + construct + ": " + why + ": " +
                       todo);
    result_.notes.push_back({at.line, std::move(construct), std::move(why), std::move(todo), Severity::kReview});
}

void Emitter::feature(const std::string& name, const Position& at) {
    Feature& f = result_.features[name];
    if (f.count++ == 0) f.first_line = at.line;
}

std::string Emitter::slice(std::size_t from, std::size_t to) const {
    return std::string(source_.substr(from, to - from));
}

// T-SQL compares names without regard to case: all are folded to lower case, as an unquoted name is, unless the plan gives
// that name another form: everywhere the same one, also for aliases and variables, so that each still finds its own.
std::string Emitter::ident(std::string_view name) const {
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < ' ') refuse({}, "name", "it holds a control character", "rename it");
    }
    const std::string lower = lower_ascii(name);
    const auto planned = options_.identifiers.find(lower);
    const std::string& to = planned == options_.identifiers.end() ? lower : planned->second;
    return plain_name(to) && !is_reserved(to) ? to : quote(to);
}

std::string Emitter::table_name(const Name& name, const Position& at) {
    if (name.back().rfind("##", 0) == 0) {
        refuse(at, "global temporary table " + name.back(), "PostgreSQL has none", "use a table of its own");
    }
    if (name.back().rfind('#', 0) == 0) {
        if (local_tables_.count(lower_ascii(name.back())) == 0) {
            refuse(at, "temporary table " + name.back(), "this routine does not create it, its caller does",
                   "create it here, or pass its rows in another way");
        }
        return ident(temp_name(name.back()));
    }
    const std::string pg = object_name(resolved(name), at);
    const bool transition = name.size() == 1 && local_tables_.count(lower_ascii(name[0])) > 0;
    if (!transition) result_.tables.insert(pg);
    return pg;
}

// With the schema that is meant, where the scripts or the inventory tell it.
Name Emitter::resolved(const Name& name) const {
    if (name.size() != 1) return name;
    const std::string schema = schema_of(name);
    if (schema.empty() || catalog_.bare.count(schema + "." + lower_ascii(name[0])) > 0) return name;
    return {schema, name[0]};
}

// The schema that a name without one means, if that is known: the routine's own, or dbo.
std::string Emitter::schema_of(const Name& name) const {
    if (name.size() >= 2 && !name[name.size() - 2].empty()) return lower_ascii(name[name.size() - 2]);
    const std::string object = lower_ascii(name.back());
    std::string own = "dbo";
    if (routine_ != nullptr && routine_->name.size() > 1) own = lower_ascii(routine_->name[routine_->name.size() - 2]);
    for (const std::string& schema : {own, std::string("dbo")}) {
        const std::string key = schema + "." + object;
        if (catalog_.relations.count(key) > 0 || catalog_.routines.count(key) > 0) return schema;
    }
    return "";
}

std::string Emitter::object_name(const Name& name, const Position& at) {
    if (name.size() > 3) refuse(at, "linked server " + name[0], "it has no counterpart", "use a foreign table");
    if (name.size() == 3 && !name[0].empty()) {
        feature("cross-database name", at);
        refuse(at, "name in another database: " + name[0] + "." + name[1] + "." + name[2],
               "PostgreSQL cannot reach across databases", "move it to a schema, or use a foreign table");
    }
    const std::string schema = name.size() >= 2 ? lower_ascii(name[name.size() - 2]) : "";
    const std::string object = lower_ascii(name.back());
    if (schema == "sys" || schema == "information_schema") {
        refuse(at, "system catalog " + schema + "." + object, "its columns differ from PostgreSQL's",
               "rewrite it over pg_catalog");
    }
    const auto part = [](std::string_view p) { return plain_name(p) && !is_reserved(p) ? std::string(p) : quote(p); };
    auto mapped = names_.find((schema.empty() ? "dbo" : schema) + "." + object);  // the whole name goes first
    if (mapped == names_.end()) mapped = names_.find(object);
    if (mapped != names_.end()) {
        const std::string& to = mapped->second;
        const std::size_t dot = to.find('.');
        return dot == std::string::npos ? part(to) : part(to.substr(0, dot)) + "." + part(to.substr(dot + 1));
    }
    if (const auto whole = names_.find(schema); !schema.empty() && whole != names_.end())
        return part(whole->second) + "." + ident(object);
    return (schema.empty() ? "" : ident(schema) + ".") + ident(object);
}

// Control characters are escaped, so that every line of the output is a line of code and can be indented.
std::string Emitter::literal(std::string_view value) const {
    const auto control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
    const bool escaped = std::any_of(value.begin(), value.end(), control);
    std::string text;
    for (const char c : value) {
        switch (c) {
            case '\'': text += "''"; break;
            case '\\': text += escaped ? "\\\\" : "\\"; break;
            case '\n': text += "\\n"; break;
            case '\r': text += "\\r"; break;
            case '\t': text += "\\t"; break;
            default:
                if (control(c)) {
                    char code[8];
                    std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
                    text += code;
                } else {
                    text += c;
                }
        }
    }
    return (escaped ? "E'" : "'") + text + "'";
}

const Emitter::Var& Emitter::variable(const std::string& name, const Position& at) const {
    const auto found = variables_.find(lower_ascii(name));
    if (found == variables_.end()) refuse(at, name, "it is not declared in this routine", "declare it");
    return found->second;
}

Type Emitter::type_of(const TypeName& type, bool in_cast) const {
    const bool dotted = type.name.find('.') != std::string::npos;
    const auto alias = catalog_.alias_types.find((dotted ? "" : "dbo.") + lower_ascii(type.name));
    return map_type(alias == catalog_.alias_types.end() ? type : alias->second, in_cast);
}

std::string Emitter::type_name(const TypeName& type, const Position& at, bool in_cast) const {
    Type t = type_of(type, in_cast);
    if (t.pg.empty()) refuse(at, "type " + type.name, "it has no counterpart in the type table", "choose a type");
    return t.pg;
}

Columns Emitter::columns_of(const TableDef& table) const {
    auto columns = std::make_shared<std::vector<ColumnInfo>>();
    for (const Column& c : table.columns)
        columns->push_back({c.name, c.computed ? Type{} : type_of(c.type), c.identity});
    return columns;
}

// The columns of a table, view or common table expression; null when they are not known.
Columns Emitter::relation(const Name& name) const {
    const std::string object = lower_ascii(name.back());
    if (name.size() == 1 || object[0] == '#') {
        if (const auto cte = ctes_.find(object); cte != ctes_.end()) return cte->second;
        if (const auto local = local_tables_.find(object); local != local_tables_.end()) return local->second;
    }
    const auto known = catalog_.relations.find(schema_of(name) + "." + object);
    return known == catalog_.relations.end() ? nullptr : known->second;
}

// The declared type of a column that one of the tables in scope has, when that is certain.
Type Emitter::column_type(const Name& name) const {
    const std::string column = lower_ascii(name.back());
    const std::string qualifier = name.size() > 1 ? lower_ascii(name[name.size() - 2]) : "";
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
        Type found;
        int hits = 0;
        for (const auto& [alias, columns] : scope->tables) {
            if (!qualifier.empty() && alias != qualifier) continue;
            if (columns == nullptr) return {};  // the column may be this table's
            for (const ColumnInfo& c : *columns) {
                if (lower_ascii(c.name) == column) {
                    found = c.type;
                    ++hits;
                }
            }
        }
        if (hits == 1) return found;
        if (hits > 1) return {};
    }
    return {};
}

}  // namespace lakemover::tsql
