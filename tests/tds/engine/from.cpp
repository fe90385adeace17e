// See from.hpp.
#include "engine/from.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "engine/convert.hpp"
#include "engine/text.hpp"
#include "tsql/parser.hpp"

namespace tds {

using ts::Fr;

namespace {

std::string dotted(const ts::Name& name) {
    std::string whole;
    for (const std::string& part : name) {
        whole += (whole.empty() ? "" : ".") + part;
    }
    return whole;
}

Relation renamed(Relation relation, const ts::From& from) {
    for (std::size_t i = 0; i < relation.columns.size(); ++i) {
        relation.columns[i].table = from.alias;
        if (i < from.columns.size()) {
            relation.columns[i].name = from.columns[i];
        }
    }
    return relation;
}

Relation named(Context& context, const ts::From& from) {
    const std::string alias = from.alias.empty() ? from.name.back() : from.alias;
    if (from.name.size() == 1) {
        const auto found = context.common_tables.find(lower_name(from.name[0]));
        if (found != context.common_tables.end()) {
            Relation relation = found->second;
            for (ScopeColumn& column : relation.columns) {
                column.table = alias;
            }
            return relation;
        }
    }
    if (from.name.size() > 1 && same_name(from.name[from.name.size() - 2], "sys")) {
        const std::string view = lower_name(from.name.back());
        if (context.hidden) {
            context.hidden("sys." + view);
        }
        auto relation = system_view(context, view);
        if (!relation) {
            throw SqlError(208, 16, "Invalid object name '" + dotted(from.name) + "'.");
        }
        for (ScopeColumn& column : relation->columns) {
            column.table = alias;
        }
        return std::move(*relation);
    }
    const std::string schema = from.name.size() > 1 ? from.name[from.name.size() - 2] : "";
    const auto id = context.database().object_id(schema, from.name.back());
    const auto module = id ? context.database().modules.find(*id) : context.database().modules.end();
    if (module != context.database().modules.end() && module->second.type == "V ") {
        const ViewDefinition view = view_definition(module->second);
        ts::From aliased;
        aliased.alias = alias;
        return renamed(run_query(context, view.query(), view.source, nullptr, nullptr), aliased);
    }
    const std::lock_guard lock(context.database().mutex);
    return context.read(context.database().table_or_error(from.name), from.hints, alias);
}

Relation function(Context& context, const ts::From& from) {
    const std::string name = lower_name(dotted(from.name));
    if (context.hidden) {
        context.hidden(name);
    }
    if (name != "sys.dm_db_log_stats") {
        throw SqlError(208, 16, "Invalid object name '" + dotted(from.name) + "'.");
    }
    std::string lsn = std::to_string(context.database().log_end);
    lsn.insert(0, 8 - std::min<std::size_t>(lsn.size(), 8), '0');
    auto rows = std::make_shared<Rows>();
    rows->push_back({std::int64_t{5}, utf16("00000024:" + lsn + ":0001")});
    return {{{from.alias, "database_id", {Kind::kInt}}, {from.alias, "log_end_lsn", {Kind::kNvarchar, 24}}}, rows};
}

Relation values(Context& context, const ts::From& from, const std::string& source, const Scope* outer,
                const Frame* frame) {
    const Scope none{{}, outer};
    Compiler compiler(context, none, source);
    std::vector<std::vector<Compiled>> cells(from.rows.at(0).size());
    for (const auto& row : from.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            cells.at(i).push_back(compiler.expression(*row[i]));
        }
    }
    auto rows = std::make_shared<Rows>(from.rows.size());
    Relation relation;
    const Row nothing;
    for (const auto& column : cells) {
        const Type type = type_of_all(column);
        relation.columns.push_back({from.alias, "", type});
        for (std::size_t r = 0; r < column.size(); ++r) {
            (*rows)[r].push_back(Compiler::converted(column[r], type).value({&nothing, frame}));
        }
    }
    relation.rows = rows;
    return renamed(std::move(relation), from);
}

void conjuncts(const ts::Expr& e, std::vector<const ts::Expr*>& all) {
    if (e.kind == ts::Ex::kParen) {
        conjuncts(*e.args[0], all);
    } else if (e.kind == ts::Ex::kBinaryOp && e.text == "AND") {
        conjuncts(*e.args[0], all);
        conjuncts(*e.args[1], all);
    } else {
        all.push_back(&e);
    }
}

std::optional<std::size_t> column_in(const Relation& relation, const ts::Expr& e) {
    if (e.kind != ts::Ex::kColumn || e.name.size() < 2) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < relation.columns.size(); ++i) {
        if (same_name(relation.columns[i].table, e.name[e.name.size() - 2]) &&
            same_name(relation.columns[i].name, e.name.back())) {
            return i;
        }
    }
    return std::nullopt;
}

// Pairs of integer columns that an inner or left join equates: the catalog's joins, by hash.
std::optional<std::pair<std::size_t, std::size_t>> equated(const Relation& left, const Relation& right,
                                                           const ts::From& from) {
    if (!from.on) {
        return std::nullopt;
    }
    std::vector<const ts::Expr*> all;
    conjuncts(*from.on, all);
    for (const ts::Expr* e : all) {
        if (e->kind != ts::Ex::kBinaryOp || e->text != "=") {
            continue;
        }
        for (const bool turned : {false, true}) {
            const auto x = column_in(left, *e->args[turned ? 1 : 0]);
            const auto y = column_in(right, *e->args[turned ? 0 : 1]);
            if (x && y && left.columns[*x].type.is_integer() && right.columns[*y].type.is_integer()) {
                return std::make_pair(*x, *y);
            }
        }
    }
    return std::nullopt;
}

Relation joined(Context& context, const ts::From& from, const std::string& source, const Scope* outer,
                const Frame* frame) {
    const Relation left = from_relation(context, *from.left, source, outer, frame);
    const Relation right = from_relation(context, *from.right, source, outer, frame);
    const bool keep_left = from.join == "LEFT";
    if (!keep_left && from.join != "INNER" && from.join != "CROSS" && from.join != ",") {
        throw SqlError(102, 15, from.join + " JOIN is not known to the test server");
    }
    Relation result;
    result.columns = left.columns;
    result.columns.insert(result.columns.end(), right.columns.begin(), right.columns.end());
    for (std::size_t i = left.columns.size(); i < result.columns.size(); ++i) {
        result.columns[i].nullable = result.columns[i].nullable || keep_left;
    }
    const Scope scope{result.columns, outer};
    const Test on = from.on ? Compiler(context, scope, source).condition(*from.on) : Test();
    auto rows = std::make_shared<Rows>();
    std::unordered_multimap<std::int64_t, const Row*> by_key;
    const auto keys = equated(left, right, from);
    if (keys) {
        for (const Row& row : *right.rows) {
            if (!is_null(row[keys->second])) {
                by_key.emplace(std::get<std::int64_t>(row[keys->second]), &row);
            }
        }
    }
    for (const Row& l : *left.rows) {
        bool matched = false;
        const auto add = [&](const Row& r) {
            Row both = l;
            both.insert(both.end(), r.begin(), r.end());
            if (!on || on({&both, frame}) == 1) {
                matched = true;
                rows->push_back(std::move(both));
            }
        };
        if (keys) {
            if (!is_null(l[keys->first])) {
                const auto [from_it, to_it] = by_key.equal_range(std::get<std::int64_t>(l[keys->first]));
                for (auto it = from_it; it != to_it; ++it) {
                    add(*it->second);
                }
            }
        } else {
            for (const Row& r : *right.rows) {
                add(r);
            }
        }
        if (keep_left && !matched) {
            Row both = l;
            both.resize(result.columns.size());
            rows->push_back(std::move(both));
        }
    }
    result.rows = rows;
    return result;
}

}  // namespace

ViewDefinition view_definition(const StoredModule& view) {
    ViewDefinition definition{view.definition, {}};
    const std::vector<ts::Token> tokens = ts::lex(definition.source).tokens;
    definition.script = ts::Parser(tokens, definition.source).script();
    if (definition.script.statements.size() != 1 || definition.script.statements[0]->kind != ts::St::kCreateView) {
        throw SqlError(102, 15, "the test server does not understand the view " + view.name);
    }
    return definition;
}

Relation from_relation(Context& context, const ts::From& from, const std::string& source, const Scope* outer,
                       const Frame* frame) {
    switch (from.kind) {
        case Fr::kTable: return named(context, from);
        case Fr::kDerived: return renamed(run_query(context, *from.query, source, outer, frame), from);
        case Fr::kValues: return values(context, from, source, outer, frame);
        case Fr::kFunction: return function(context, from);
        case Fr::kJoin: return joined(context, from, source, outer, frame);
        default: throw SqlError(102, 15, "this FROM is not known to the test server");
    }
}

}  // namespace tds
