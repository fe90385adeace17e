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

void Emitter::collect(const From& f, Scope& scope) {
    if (f.kind == Fr::kJoin) {
        collect(*f.left, scope);
        collect(*f.right, scope);
        return;
    }
    if (f.kind == Fr::kPivot) return;
    const std::string name = f.name.empty() ? "" : lower_ascii(f.name.back());
    scope.tables[lower_ascii(f.alias.empty() ? name : f.alias)] =
        f.kind == Fr::kTable || f.kind == Fr::kVariable ? name : "";
}

void Emitter::enter_scope(const From* f) {
    scopes_.emplace_back();
    if (f != nullptr) collect(*f, scopes_.back());
}

std::string Emitter::with_clause(const std::vector<Cte>& ctes) {
    if (ctes.empty()) return "";
    std::string sql;
    for (const Cte& cte : ctes) {
        ctes_.insert(lower_ascii(cte.name));
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
    std::string sql = with_clause(q.ctes);
    if (!q.ctes.empty()) feature("common table expression", q.at);
    const Select* top_of = nullptr;
    if (!q.values.empty()) {
        sql += values(q.values);
    } else if (q.select) {
        top_of = q.select.get();
        enter_scope(top_of->from.get());
        try {
            sql += select(*q.select, names, types);
            if (!q.order.empty()) sql += "\nORDER BY " + order_by(q.order);
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
            const std::string text_of = query(o, names, out);
            const Select* s = o.select.get();
            return !o.order.empty() || !o.set_op.empty() || (s != nullptr && s->top) ? "(" + text_of + ")" : text_of;
        };
        sql += operand(*q.left, types) + "\n" + q.set_op + "\n" + operand(*q.right, nullptr);
        if (!q.order.empty()) sql += "\nORDER BY " + order_by(q.order);
        if (q.offset) sql += "\nOFFSET " + text(*q.offset);
        if (q.fetch) sql += "\nLIMIT " + text(*q.fetch);
    }
    return sql;
}

std::string Emitter::select(const Select& s, const std::vector<std::string>& names, std::vector<Type>* types) {
    const std::vector<Type>* casts = std::exchange(casts_, nullptr);
    std::string sql = std::string("SELECT ") + (s.distinct ? "DISTINCT " : "");
    for (std::size_t i = 0; i < s.items.size(); ++i) {
        const SelectItem& item = s.items[i];
        Out o = expr(*item.expr);
        if (types != nullptr) types->push_back(o.type);
        if (casts != nullptr && i < casts->size() && o.sql != "NULL") o.sql = "(" + o.sql + ")::" + (*casts)[i].pg;
        if (casts != nullptr && i < casts->size() && o.sql == "NULL") o.sql = "NULL::" + (*casts)[i].pg;
        sql += (i > 0 ? ", " : "") + o.sql;
        if (i < names.size()) {
            sql += " AS " + names[i];
        } else if (!item.alias.empty()) {
            sql += " AS " + ident(item.alias);
        } else if (casts != nullptr && item.expr->kind == Ex::kColumn) {
            sql += " AS " + ident(item.expr->name.back());
        }
    }
    if (s.from) sql += "\nFROM " + from(*s.from);
    if (s.where) sql += "\nWHERE " + text(*s.where);
    if (!s.group_by.empty()) {
        if (s.grouping_with)
            refuse(s.group_by[0]->at, "GROUP BY … WITH ROLLUP or CUBE", "the old form has no rule",
                   "write GROUP BY ROLLUP (…)");
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
            if (f.name.size() == 1 && ctes_.count(lower_ascii(f.name[0])) > 0) {
                sql = ident(f.name[0]);
            } else {
                sql = table_name(f.name, f.at);
            }
            break;
        case Fr::kVariable: sql = variable(f.name[0], f.at).pg; break;
        case Fr::kDerived: sql = "(" + query(*f.query) + ")"; break;
        case Fr::kValues: sql = "(" + values(f.rows) + ")"; break;
        case Fr::kFunction:
            if (f.name.size() == 1) {
                const std::string name = upper_ascii(f.name[0]);
                if (name != "STRING_SPLIT" || f.function->args.size() != 2)
                    refuse(f.at, name + "()", "this rowset function has no rule", "rewrite it");
                sql = "(SELECT value FROM unnest(string_to_array(" + list(f.function->args) + ")) AS s (value))";
                if (f.alias.empty()) sql += " AS string_split";
            } else {
                sql = text(*f.function);
            }
            break;
        case Fr::kPivot:
            feature("PIVOT", f.at);
            refuse(f.at, f.join, "it has no rule yet", "use aggregates with FILTER, or LATERAL (VALUES …)");
    }
    if (!f.alias.empty()) {
        sql += " AS " + ident(f.alias);
        std::string columns;
        for (const std::string& c : f.columns) columns += (columns.empty() ? "" : ", ") + ident(c);
        if (!columns.empty()) sql += " (" + columns + ")";
    }
    return sql;
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
    const Select* s = first_select(q);
    if (s == nullptr || !q.ctes.empty()) return false;
    std::vector<std::string> saved = pending_;
    std::vector<Note> notes = result_.notes;
    std::map<std::string, Feature> features = result_.features;
    bool all = true;
    enter_scope(s->from.get());
    try {
        for (const SelectItem& item : s->items) {
            const Type type = expr(*item.expr).type;
            std::string name = item.alias;
            if (name.empty() && item.expr->kind == Ex::kColumn) name = item.expr->name.back();
            all = all && !name.empty() && type.known() && !type.pg.empty() && item.expr->kind != Ex::kStar;
            if (all) {
                columns.push_back(ident(name));
                types.push_back(type);
            }
        }
    } catch (const Unconvertible&) {  // told when the statement itself is converted
        all = false;
    }
    scopes_.pop_back();
    pending_ = std::move(saved);
    result_.notes = std::move(notes);
    result_.features = std::move(features);
    return all && std::set<std::string>(columns.begin(), columns.end()).size() == columns.size();
}

}  // namespace lakemover::tsql
