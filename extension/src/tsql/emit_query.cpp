// SELECT: clauses, joins and set operations. Zone: pure; throws Unconvertible.
#include <utility>

#include "tsql/emitter.hpp"

namespace lakemover::tsql {

namespace {

bool ignored_hint(const std::string& h) {  // of effect on plans only, or not needed with snapshots
    static const std::set<std::string, std::less<>> hints = {
        "NOLOCK",   "READUNCOMMITTED",   "READCOMMITTED", "ROWLOCK",   "PAGLOCK",    "FORCESEEK",  "FORCESCAN",
        "NOEXPAND", "READCOMMITTEDLOCK", "LOOP JOIN",     "HASH JOIN", "MERGE JOIN", "REMOTE JOIN"};
    return hints.count(h) > 0;
}

}  // namespace

const Select* Emitter::first_select(const Query& q) {
    return q.select ? q.select.get() : q.left ? first_select(*q.left) : nullptr;
}

// The scope is named by its place: finding the columns of a derived table opens scopes of its own.
void Emitter::collect(const From& f, std::size_t scope) {
    if (f.kind == Fr::kJoin) {
        collect(*f.left, scope);
        collect(*f.right, scope);
        return;
    }
    const std::string name = f.name.empty() ? "" : lower_ascii(f.name.back());
    Columns columns;
    switch (f.kind) {
        case Fr::kTable:
        case Fr::kVariable: columns = relation(f.name); break;
        case Fr::kDerived: columns = renamed(query_columns(*f.query), f.columns); break;
        case Fr::kFunction: {
            const auto known = catalog_.routines.find(schema_of(f.name) + "." + name);
            if (known != catalog_.routines.end()) columns = known->second.columns;
            if (f.name.size() == 1 && name == "string_split") {
                columns = std::make_shared<std::vector<ColumnInfo>>(
                    std::vector<ColumnInfo>{{"value", {Family::kString, "text"}}});
            }
            if (f.name.size() == 1 && name == "openjson") columns = open_json_columns(f);
            columns = renamed(columns, f.columns);
            break;
        }
        case Fr::kValues: {
            auto made = std::make_shared<std::vector<ColumnInfo>>();
            for (std::size_t i = 0; i < f.columns.size() && !f.rows.empty() && i < f.rows[0].size(); ++i) {
                Type type = expr(*f.rows[0][i]).type;
                for (const std::vector<ExprPtr>& row : f.rows) {
                    if (i < row.size() && expr(*row[i]).type.pg != type.pg) type = {};
                }
                made->push_back({f.columns[i], type});
            }
            columns = made;
            break;
        }
        default: break;
    }
    names_clash(columns, f.at);
    scopes_[scope].tables.emplace_back(lower_ascii(f.alias.empty() ? name : f.alias), std::move(columns));
}

void Emitter::enter_scope(const From* f) {
    scopes_.emplace_back();
    if (f != nullptr) collect(*f, scopes_.size() - 1);
}

Columns Emitter::renamed(const Columns& columns, const std::vector<std::string>& names) const {
    if (columns == nullptr || names.empty()) return columns;
    if (columns->size() != names.size()) return nullptr;
    auto copy = std::make_shared<std::vector<ColumnInfo>>(*columns);
    for (std::size_t i = 0; i < names.size(); ++i) (*copy)[i].name = names[i];
    return copy;
}

// The columns of UNION and its like: a type that both sides have, or none that is certain.
Columns Emitter::merged(const Columns& a, const Columns& b) const {
    if (a == nullptr || b == nullptr || a->size() != b->size()) return nullptr;
    auto all = std::make_shared<std::vector<ColumnInfo>>(*a);
    for (std::size_t i = 0; i < all->size(); ++i) {
        Type& type = (*all)[i].type;
        const Type& other = (*b)[i].type;
        if (type.pg == other.pg) continue;
        // PostgreSQL has no UNION of a boolean and a number
        type = (type.family == Family::kBit) == (other.family == Family::kBit) ? common_type(type, other) : Type{};
    }
    return all;
}

// The columns that a star stands for, in their order; false when one of its tables is not known.
bool Emitter::append_star(const Expr& star, std::vector<ColumnInfo>& columns, std::vector<std::string>* tables) const {
    const std::string qualifier = star.name.empty() ? "" : lower_ascii(star.name.back());
    bool any = false;
    for (const auto& [alias, of] : scopes_.back().tables) {
        if (!qualifier.empty() && alias != qualifier) continue;
        if (of == nullptr) return false;
        any = true;
        for (const ColumnInfo& c : *of) {
            columns.push_back(c);
            if (tables != nullptr) tables->push_back(alias);
        }
    }
    return any;
}

// Names and types of a query's result, as far as they are known; null when not even their number is.
Columns Emitter::query_columns(const Query& q) {
    if (const auto known = query_columns_.find(&q); known != query_columns_.end()) return known->second;
    query_columns_[&q] = nullptr;
    const std::vector<std::string> pending = pending_;
    const std::vector<Note> notes = result_.notes;
    const std::map<std::string, Feature> features = result_.features;
    const std::map<std::string, Columns> ctes = ctes_;
    const std::size_t scopes = scopes_.size();
    const bool typing = std::exchange(typing_, true);
    Columns found;
    try {
        for (const Cte& cte : q.ctes) ctes_[lower_ascii(cte.name)] = renamed(query_columns(*cte.query), cte.columns);
        if (q.select) {
            enter_scope(q.select->from.get());
            auto columns = std::make_shared<std::vector<ColumnInfo>>();
            bool all = true;
            for (const SelectItem& item : q.select->items) {
                if (item.expr->kind == Ex::kStar) {
                    all = all && append_star(*item.expr, *columns, nullptr);
                    continue;
                }
                std::string name = item.alias;
                if (name.empty() && item.expr->kind == Ex::kColumn) name = item.expr->name.back();
                Type type;
                try {
                    type = expr(*item.expr).type;
                } catch (const Unconvertible&) {  // told when the statement itself is converted
                }
                columns->push_back({std::move(name), std::move(type)});
            }
            if (all) found = columns;
        } else if (q.left && q.right) {
            // the first side decides the names; a recursive common table expression knows them before the second
            found = query_columns(*q.left);
            found = merged(found, query_columns(*q.right));
        }
    } catch (const Unconvertible&) {}
    scopes_.resize(scopes);
    typing_ = typing;
    pending_ = pending;
    result_.notes = notes;
    result_.features = features;
    ctes_ = ctes;
    query_columns_[&q] = found;
    return found;
}

std::string Emitter::with_clause(const std::vector<Cte>& ctes) {
    if (ctes.empty()) return "";
    std::string sql;
    for (const Cte& cte : ctes) {
        // Of a recursive one the part before UNION has the types.
        const Query& first = cte.query->left && cte.query->set_op == "UNION ALL" ? *cte.query->left : *cte.query;
        ctes_[lower_ascii(cte.name)] = renamed(query_columns(first), cte.columns);
        ctes_[lower_ascii(cte.name)] = renamed(query_columns(*cte.query), cte.columns);
        sql += (sql.empty() ? "WITH RECURSIVE " : ",\n") + ident(cte.name);
        std::string columns;
        for (const std::string& c : cte.columns) columns += (columns.empty() ? "" : ", ") + ident(c);
        if (!columns.empty()) sql += " (" + columns + ")";
        sql += " AS (\n    " + query(*cte.query) + "\n)";
    }
    return sql + "\n";
}

std::string Emitter::query(const Query& q, const std::vector<std::string>& names, std::vector<Type>* types) {
    if (!q.for_clause.empty()) feature("XML or JSON", q.at);
    if (!q.for_clause.empty())
        refuse(q.at, q.for_clause, "XML and JSON results have no rule yet", "use json_agg() or string_agg()");
    const std::vector<Type>* casts = std::exchange(casts_, nullptr);  // of the rows, not of what is in front of them
    std::string sql = with_clause(q.ctes);
    if (!q.ctes.empty()) feature("common table expression", q.at);
    const Select* top_of = nullptr;
    if (!q.values.empty()) {
        sql += values(q.values);
    } else if (q.select) {
        top_of = q.select.get();
        enter_scope(top_of->from.get());
        try {
            casts_ = casts;
            sql += select(*q.select, names, types);
            if (!q.order.empty()) sql += "\nORDER BY " + order_by(q.order, query_columns(q));
            if (top_of->top) {
                const Top& t = *top_of->top;
                const bool all = t.percent && t.count->kind == Ex::kNumber && t.count->text == "100";
                if (t.percent && !all)
                    refuse(q.at, "TOP … PERCENT", "LIMIT counts rows only", "compute the number of rows");
                const std::string n = text(*t.count);
                if (all) {
                    // TOP 100 PERCENT lets a view have an ORDER BY
                } else if (t.ties) {
                    sql += "\nFETCH FIRST (" + n + ") ROWS WITH TIES";
                } else {
                    sql += "\nLIMIT " + n;
                }
            }
            if (q.offset) sql += "\nOFFSET " + text(*q.offset);
            if (q.fetch) sql += "\nLIMIT " + text(*q.fetch);
            sql += lock_clause(top_of->from.get(), q.at);
        } catch (...) {
            scopes_.pop_back();
            throw;
        }
        scopes_.pop_back();
    } else {
        // INTERSECT binds tighter in both; an operand with clauses of its own needs parentheses.
        const auto operand = [&](const Query& o, std::vector<Type>* out) {
            casts_ = casts;
            const std::string text_of = query(o, names, out);
            const Select* s = o.select.get();
            return !o.order.empty() || !o.set_op.empty() || (s != nullptr && s->top) ? "(" + text_of + ")" : text_of;
        };
        if (q.set_op != "UNION ALL") {
            const Columns c = query_columns(*q.left);
            if (c == nullptr) strings_compared(q.at, {}, {});
            for (std::size_t i = 0; c != nullptr && i < c->size(); ++i) {
                const Type& type = (*c)[i].type;
                if (!type.known() || type.family == Family::kString) strings_compared(q.at, type, type);
            }
        }
        sql += operand(*q.left, types) + "\n" + q.set_op + "\n" + operand(*q.right, nullptr);
        if (!q.order.empty()) sql += "\nORDER BY " + order_by(q.order, query_columns(q));
        if (q.offset) sql += "\nOFFSET " + text(*q.offset);
        if (q.fetch) sql += "\nLIMIT " + text(*q.fetch);
    }
    return sql;
}

// How a table of the scope is called in front of its columns.
std::string Emitter::star_table(const std::string& alias, const Position& at) {
    if (alias[0] == '#') return table_name({alias}, at);
    return alias[0] == '@' ? variable(alias, at).pg : ident(alias);
}

std::string Emitter::select(const Select& s, const std::vector<std::string>& names, std::vector<Type>* types) {
    const std::vector<Type>* casts = std::exchange(casts_, nullptr);
    std::string sql = std::string("SELECT ") + (s.distinct ? "DISTINCT " : "");
    std::size_t column = 0;  // of the result: a star stands for several
    const auto add = [&](Out o, const std::string& name) {
        if (types != nullptr) types->push_back(o.type);
        if (casts != nullptr && column < casts->size()) {
            const std::string& pg = (*casts)[column].pg;
            if (o.sql == "NULL" && !pg.empty())
                o.sql = "NULL::" + pg;
            else if (!pg.empty())
                o = to_type(o, (*casts)[column], s.items[0].at, true);
        }
        sql += (column > 0 ? ", " : "") + o.sql;
        if (column < names.size()) {
            sql += " AS " + names[column];
        } else if (!name.empty()) {
            sql += " AS " + name;
        }
        ++column;
    };
    for (const SelectItem& item : s.items) {
        std::vector<ColumnInfo> columns;
        std::vector<std::string> tables;
        if (item.expr->kind == Ex::kStar && casts != nullptr && append_star(*item.expr, columns, &tables)) {
            for (std::size_t i = 0; i < columns.size(); ++i) {
                add({star_table(tables[i], item.at) + "." + ident(columns[i].name), columns[i].type},
                    ident(columns[i].name));
            }
            continue;
        }
        const bool cast = casts != nullptr && column < casts->size() && !(*casts)[column].pg.empty();
        const bool own_name = cast && item.expr->kind == Ex::kColumn;
        const Out value = expr(*item.expr);
        if (s.distinct && item.expr->kind != Ex::kStar) string_sorted(*item.expr);
        add(value, !item.alias.empty() ? ident(item.alias) : own_name ? ident(item.expr->name.back()) : std::string());
    }
    if (s.from) sql += "\nFROM " + from(*s.from);
    if (s.where) sql += "\nWHERE " + text(*s.where);
    if (!s.group_by.empty()) {
        if (s.grouping_with)
            refuse(s.group_by[0]->at, "GROUP BY … WITH ROLLUP or CUBE", "the old form has no rule",
                   "write GROUP BY ROLLUP (…)");
        for (const ExprPtr& g : s.group_by) string_sorted(*g);
        sql += "\nGROUP BY " + list(s.group_by);
    }
    if (s.having) sql += "\nHAVING " + text(*s.having);
    return sql;
}

std::string Emitter::from(const From& f) {
    std::string sql;
    switch (f.kind) {
        case Fr::kJoin: {
            if (f.join == ",") return from(*f.left) + ", " + from(*f.right);
            const bool nested = f.right->kind == Fr::kJoin;
            const std::string left = from(*f.left);
            std::string right = from(*f.right);
            if (nested) right = "(" + right + ")";
            if (f.join.find("APPLY") != std::string::npos) {
                feature("APPLY", f.right->at);
                const bool outer = f.join[0] == 'O';
                return left + (outer ? "\nLEFT JOIN LATERAL " : "\nCROSS JOIN LATERAL ") + right +
                       (outer ? " ON true" : "");
            }
            if (f.join == "CROSS") return left + "\nCROSS JOIN " + right;
            return left + "\n" + (f.join == "INNER" ? "JOIN " : f.join + " JOIN ") + right + " ON " + text(*f.on);
        }
        case Fr::kTable:
            if (sql = missing_rows(f); !sql.empty()) {
                if (f.alias.empty()) sql += " AS " + ident(f.name[0]);
                break;
            }
            if (f.name.size() == 1 && ctes_.count(lower_ascii(f.name[0])) > 0) {
                sql = ident(f.name[0]);
            } else {
                sql = table_name(f.name, f.at);
            }
            break;
        case Fr::kVariable:
            sql = variable(f.name[0], f.at).pg;
            if (table_parameters_.count(lower_ascii(f.name[0])) == 0) break;
            if (f.alias.empty())
                sql = "unnest(" + sql + ") AS " + sql;
            else
                sql = "unnest(" + sql + ")";
            break;
        case Fr::kDerived:
            if (f.pivot) feature("PIVOT", f.at);
            sql = "(" + query(*f.query) + ")";
            break;
        case Fr::kValues: sql = "(" + values(f.rows) + ")"; break;
        case Fr::kFunction:
            if (f.name.size() == 1) {
                const std::string name = upper_ascii(f.name[0]);
                if (name == "OPENJSON" && library()) {
                    sql = open_json(f);
                    if (f.alias.empty()) sql += " AS openjson";
                    break;
                }
                if (name != "STRING_SPLIT" || f.function->args.size() != 2)
                    refuse(f.at, name + "()", "this rowset function has no rule", "rewrite it");
                const std::string text_of = text(*f.function->args[0]);  // an empty one is one empty value in T-SQL
                sql = "(SELECT value FROM unnest(CASE WHEN " + text_of +
                      " = '' THEN ARRAY['']::text[] ELSE string_to_array(" + list(f.function->args) +
                      ") END) AS s (value))";
                if (f.alias.empty()) sql += " AS string_split";
            } else {
                sql = text(*f.function);
            }
            break;
        case Fr::kPivot:
            feature("PIVOT", f.at);
            refuse(f.at, f.join,
                   f.join == "PIVOT"
                       ? "its rule needs a derived table that names its columns, one of SUM, COUNT, MIN, MAX and "
                         "AVG of one of them, and a column besides to group by"
                       : "it has no rule",
                   "use aggregates with FILTER, or LATERAL (VALUES …)");
    }
    if (!f.alias.empty()) {
        sql += " AS " + ident(f.alias);
        std::string columns;
        for (const std::string& c : f.columns) columns += (columns.empty() ? "" : ", ") + ident(c);
        if (!columns.empty()) sql += " (" + columns + ")";
    }
    return sql;
}

// STUFF((SELECT ',' + x FROM … FOR XML PATH('')), 1, 1, ''): the rows of a column in one string.
Out Emitter::joined_rows(const Expr& e) {
    const Expr& rows = *e.args[0];
    const bool typed = rows.kind == Ex::kMethod && rows.text == "value";  // … TYPE).value('.', …): nothing is escaped
    const Expr& sub = typed ? *rows.args[0] : rows;
    if (sub.kind != Ex::kSubquery || !sub.query->select || !sub.query->ctes.empty()) return {};
    const Query& q = *sub.query;
    const Select& s = *q.select;
    std::string clause = upper_ascii(q.for_clause);
    std::erase(clause, ' ');
    if (clause != (typed ? "FORXMLPATH(''),TYPE" : "FORXMLPATH('')") || s.items.size() != 1 || s.top || s.distinct ||
        !s.group_by.empty() || s.having || q.offset || !s.into.empty() || !s.items[0].alias.empty())
        return {};
    const Expr* first = s.items[0].expr.get();
    while (first->kind == Ex::kBinaryOp && first->text == "+") first = first->args[0].get();
    const auto number = [](const Expr& n, const std::string& value) {
        return n.kind == Ex::kNumber && n.text == value;
    };
    if (first->kind != Ex::kString || first == s.items[0].expr.get() || !number(*e.args[1], "1") ||
        !number(*e.args[2], std::to_string(first->text.size())) || e.args[3]->kind != Ex::kString ||
        !e.args[3]->text.empty())
        return {};
    feature("XML or JSON", e.at);
    if (!typed)
        review(e.at, "FOR XML PATH", "it writes &amp;, &lt; and &gt; for three characters; here they stay as they are",
               "check that this is what is wanted");
    enter_scope(s.from.get());
    const Out value = expr(*s.items[0].expr);
    std::string order = q.order.empty() ? "" : " ORDER BY " + order_by(q.order);
    // The separator comes with each value: the first one is cut off, as STUFF does.
    std::string sql = "(SELECT substr(string_agg(" + value.sql + ", ''" + order + "), " +
                      std::to_string(first->text.size() + 1) + ")";
    if (s.from) sql += "\nFROM " + from(*s.from);
    if (s.where) sql += "\nWHERE " + text(*s.where);
    scopes_.pop_back();
    return {sql + ")", {Family::kString, "text"}};
}

// UPDLOCK and READPAST are locks of rows; the others are hints.
std::string Emitter::lock_clause(const From* f, const Position& at) {
    bool update = false;
    bool skip = false;
    const std::function<void(const From&)> visit = [&](const From& t) {
        if (t.left) visit(*t.left);
        if (t.right) visit(*t.right);
        for (const std::string& h : t.hints) {
            if (h == "UPDLOCK" || h == "XLOCK") {
                update = true;
            } else if (h == "READPAST") {
                skip = true;
            } else if (ignored_hint(h)) {
                feature("table hint", t.at);
            } else {
                review(t.at, "hint " + h, "it is left out", "check whether the routine depends on it");
            }
        }
    };
    if (f != nullptr) visit(*f);
    if (!update && skip)
        review(at, "READPAST", "without UPDLOCK it has no counterpart: readers do not wait", "check what was meant");
    return update ? std::string("\nFOR UPDATE") + (skip ? " SKIP LOCKED" : "") : "";
}

std::string Emitter::values(const std::vector<std::vector<ExprPtr>>& rows) {
    std::string sql = "VALUES ";
    for (std::size_t i = 0; i < rows.size(); ++i) sql += (i > 0 ? ",\n       (" : "(") + list(rows[i]) + ")";
    return sql;
}

// Names and types of a result, if each column has both.
bool Emitter::result_columns(const Query& q, std::vector<std::string>& columns, std::vector<Type>& types) {
    const Columns known = query_columns(q);
    if (known == nullptr) return false;
    for (const ColumnInfo& c : *known) {
        if (c.name.empty() || !c.type.known() || c.type.pg.empty()) return false;
        columns.push_back(ident(c.name));
        types.push_back(c.type);
    }
    return std::set<std::string>(columns.begin(), columns.end()).size() == columns.size();
}

}  // namespace lakemover::tsql
