// Names, literals, variables and notes. Zone: pure; throws Unconvertible.
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

// T-SQL compares names without regard to case: all are folded to lower case, as an unquoted name is.
std::string Emitter::ident(std::string_view name) const {
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < ' ') refuse({}, "name", "it holds a control character", "rename it");
    }
    const std::string lower = lower_ascii(name);
    return plain_name(lower) && !is_reserved(lower) ? lower : quote(lower);
}

std::string Emitter::table_name(const Name& name, const Position& at) {
    if (name.back().rfind("##", 0) == 0) {
        refuse(at, "global temporary table " + name.back(), "PostgreSQL has none", "use a table of its own");
    }
    if (name.back().rfind('#', 0) == 0) return ident("tmp_" + name.back().substr(1));
    return object_name(name, at);
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
    for (const auto& [from, to] : names_) {
        const std::string key = lower_ascii(from);
        const bool whole = key == (schema.empty() ? "dbo." + object : schema + "." + object) || key == object;
        if (!whole && (schema.empty() || key != schema)) continue;
        const auto part = [](std::string_view p) {
            return plain_name(p) && !is_reserved(p) ? std::string(p) : quote(p);
        };
        if (!whole) {
            if (names_.count(schema + "." + object) > 0) continue;  // the whole name goes first
            return part(to) + "." + ident(object);
        }
        const std::size_t dot = to.find('.');
        return dot == std::string::npos ? part(to) : part(to.substr(0, dot)) + "." + part(to.substr(dot + 1));
    }
    return (schema.empty() ? "" : ident(schema) + ".") + ident(object);
}

// Control characters are escaped, so that every line of the output is a line of code and can be indented.
std::string Emitter::literal(std::string_view value) const {
    const bool escaped = value.find_first_of("\n\r\t") != std::string_view::npos;
    std::string text;
    for (const char c : value) {
        switch (c) {
            case '\'': text += "''"; break;
            case '\\': text += escaped ? "\\\\" : "\\"; break;
            case '\n': text += "\\n"; break;
            case '\r': text += "\\r"; break;
            case '\t': text += "\\t"; break;
            default: text += c;
        }
    }
    return (escaped ? "E'" : "'") + text + "'";
}

const Emitter::Var& Emitter::variable(const std::string& name, const Position& at) const {
    const auto found = variables_.find(lower_ascii(name));
    if (found == variables_.end()) refuse(at, name, "it is not declared in this routine", "declare it");
    return found->second;
}

std::string Emitter::type_name(const TypeName& type, const Position& at, bool in_cast) const {
    Type t = map_type(type, in_cast);
    if (t.pg.empty()) refuse(at, "type " + type.name, "it has no counterpart in the type table", "choose a type");
    return t.pg;
}

// The declared type of a column that one of the tables in scope has, when that is certain.
Type Emitter::column_type(const Name& name) const {
    const std::string column = lower_ascii(name.back());
    const std::string qualifier = name.size() > 1 ? lower_ascii(name[name.size() - 2]) : "";
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
        Type found;
        int hits = 0;
        for (const auto& [alias, table] : scope->tables) {
            if (!qualifier.empty() && alias != qualifier) continue;
            const std::vector<Column>* columns = nullptr;
            if (const auto local = local_tables_.find(table); local != local_tables_.end()) columns = &local->second;
            if (const auto known = tables_.find(table); columns == nullptr && known != tables_.end())
                columns = known->second;
            if (columns == nullptr) {
                if (qualifier.empty()) return {};  // the column may be this table's
                continue;
            }
            for (const Column& c : *columns) {
                if (lower_ascii(c.name) == column) {
                    found = map_type(c.type);
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
