// INSERT, UPDATE, DELETE and MERGE. Zone: pure; throws Unconvertible.
#include <algorithm>
#include <utility>

#include "tsql/emitter.hpp"

namespace lakemover::tsql {

namespace {

// OUTPUT names its rows inserted and deleted; RETURNING speaks of the table itself.
void check_output(const Expr& e, const char* which) {
    if ((e.kind == Ex::kColumn || e.kind == Ex::kStar) && !e.name.empty()) {
        const std::string q = lower_ascii(e.name[0]);
        const bool qualified = e.kind == Ex::kStar || e.name.size() > 1;
        if (qualified && (q == "inserted" || q == "deleted") && q != which) {
            throw Unconvertible{e.at, "OUTPUT " + q, "RETURNING has only the new row of an UPDATE",
                                "read the old row before"};
        }
    }
    for (const ExprPtr& a : e.args) {
        if (a) check_output(*a, which);
    }
}

bool is_outer(const From& f) {
    if (f.kind != Fr::kJoin) return false;
    return (f.join != "INNER" && f.join != "," && f.join != "CROSS") || is_outer(*f.left) || is_outer(*f.right);
}

// The table of the FROM clause that an UPDATE or DELETE changes: its alias, or its name.
const From* target_in(const From& f, const std::string& target) {
    if (f.kind == Fr::kJoin) {
        const From* left = target_in(*f.left, target);
        return left != nullptr ? left : target_in(*f.right, target);
    }
    if (f.kind != Fr::kTable && f.kind != Fr::kVariable) return nullptr;
    return lower_ascii(f.alias.empty() ? f.name.back() : f.alias) == target ? &f : nullptr;
}

constexpr const char* kByPlace =
    "the rows are found by their place: one that another session changes at the same moment is left out";

}  // namespace

// The common table expressions in front, which the rest of the statement has to know.
void Emitter::begin_dml(const Stmt& s) {
    for (const Cte& cte : s.ctes) {
        if (s.target->name.size() == 1 && lower_ascii(s.target->name[0]) == lower_ascii(cte.name)) {
            refuse(s.at, "change through the common table expression " + cte.name,
                   "PostgreSQL changes tables and views only", "select the keys in it, and change the table by them");
        }
    }
    if (!s.ctes.empty()) feature("common table expression", s.at);
    with_ = with_clause(s.ctes);
}

std::string Emitter::set_list(const std::vector<Assignment>& set, const std::string& table) {
    std::string sql;
    for (const Assignment& a : set) {
        if (!a.variable.empty())
            refuse(a.value->at, "SET @variable = … in UPDATE", "it has no counterpart", "use RETURNING … INTO");
        const std::string column = ident(a.column.back());
        const Type type = column_type(a.column);
        Out value = expr(*a.value);
        if (a.op != "=") {
            if (a.op == "+=" && value.type.family == Family::kString) {
                value.sql = table + "." + column + " || " + value.sql;
            } else {
                if (a.op == "+=" && !type.known() && !value.type.known()) {
                    review(a.value->at, "+=", "the types are not known", "write || if they are strings");
                }
                if (a.op.size() != 2 || a.op == "^=") refuse(a.value->at, a.op, "it has no rule", "write it out");
                value.sql = table + "." + column + " " + a.op[0] + " (" + value.sql + ")";
            }
        } else {
            value = to_type(value, type.family == Family::kBit || type.family == Family::kInt ? type : Type{},
                            a.value->at, false);
        }
        sql += (sql.empty() ? "" : ",\n    ") + column + " = " + value.sql;
    }
    return sql;
}

std::string Emitter::returning(const Output& o, const char* which) {
    std::string sql;
    const std::string target = returning_target_;
    for (const SelectItem& item : o.items) {
        check_output(*item.expr, which);
        if (item.expr->kind == Ex::kStar) {
            sql += (sql.empty() ? "" : ", ") + target + ".*";
            continue;
        }
        if (item.expr->kind == Ex::kColumn && item.expr->name[0][0] != '$') {
            const bool own = item.expr->name.size() > 1 && lower_ascii(item.expr->name[0]) == which;
            const std::string column = own ? target + "." + ident(item.expr->name.back()) : text(*item.expr);
            sql += (sql.empty() ? "" : ", ") + column;
        } else if (item.expr->kind == Ex::kVariable || item.expr->kind == Ex::kString ||
                   item.expr->kind == Ex::kNumber) {
            sql += (sql.empty() ? "" : ", ") + text(*item.expr);
        } else {
            refuse(item.at, "expression in OUTPUT", "it has no rule", "output the columns and compute behind");
        }
        if (!item.alias.empty()) sql += " AS " + ident(item.alias);
    }
    return sql;
}

// OUTPUT is a result set; OUTPUT INTO a second INSERT over the rows of the first statement.
void Emitter::finish_dml(const Stmt& s, const std::string& sql, const char* which) {
    const std::string with = std::exchange(with_, {});
    if (!s.output) {
        line(with + sql + ";");
    } else {
        feature("OUTPUT", s.at);
        const std::string rows = sql + "\nRETURNING " + returning(*s.output, which);
        if (s.output->into.empty()) {
            if (results_ == Results::kCursors)
                refuse(s.at, "OUTPUT as one of several result sets", "a cursor cannot run it", "use OUTPUT INTO");
            result_set(with + rows, s.at);
        } else {
            const Name& into = s.output->into;
            std::string target = into[0][0] == '@' ? variable(into[0], s.at).pg : table_name(into, s.at);
            std::string columns;
            for (const std::string& c : s.output->into_columns) columns += (columns.empty() ? "" : ", ") + ident(c);
            if (!columns.empty()) target += " (" + columns + ")";
            line((with.empty() ? "WITH " : with.substr(0, with.size() - 1) + ",\n") + "lm_output AS (\n    " + rows +
                 "\n)\nINSERT INTO " + target + " SELECT * FROM lm_output;");
        }
    }
    if (uses_rowcount_) line("GET DIAGNOSTICS v_rowcount = ROW_COUNT;");
    rowcount_fresh_ = true;
}

// Of the columns that an INSERT fills, as far as they are known.
std::vector<Type> Emitter::column_types(const Stmt& s) {
    std::vector<Type> types;
    const Columns all = relation(s.target->name);
    if (s.columns.empty() && all != nullptr) {
        for (const ColumnInfo& c : *all) {
            if (!c.identity) types.push_back(c.type);  // which only INSERT … with its name may fill
        }
    }
    enter_scope(s.target.get());
    for (const std::string& c : s.columns) types.push_back(column_type({c}));
    scopes_.pop_back();
    return types;
}

void Emitter::insert(const Stmt& s) {
    const std::string called = s.body.empty() ? "" : rows_of(*s.body[0]);
    if (!s.body.empty() && called.empty())
        refuse(s.at, "INSERT … EXEC", "the rows of what it calls are not known", "select from the function it became");
    if (s.top) refuse(s.at, "INSERT TOP", "it has no rule", "write LIMIT into the query");
    if (const Columns all = relation(s.target->name); made_by_query_.count(lower_ascii(s.target->name.back())) > 0 &&
                                                      (all == nullptr || s.columns.size() < all->size())) {
        doubt(s.at, "INSERT into a table of SELECT INTO",
              "such a table inherits an identity in T-SQL, and has none here",
              "check whether one of its columns is an identity");
    }
    const bool is_variable = s.target->kind == Fr::kVariable;
    const std::string target = is_variable ? variable(s.target->name[0], s.at).pg : table_name(s.target->name, s.at);
    std::string sql = "INSERT INTO " + target;
    std::string columns;
    for (const std::string& c : s.columns) columns += (columns.empty() ? "" : ", ") + ident(c);
    if (const Columns all = relation(s.target->name);
        columns.empty() && all != nullptr && (s.query != nullptr || !called.empty())) {
        const auto identity = [](const ColumnInfo& c) { return c.identity; };
        if (std::any_of(all->begin(), all->end(), identity)) {  // which T-SQL skips when no columns are named
            for (const ColumnInfo& c : *all) {
                if (!c.identity) columns += (columns.empty() ? "" : ", ") + ident(c.name);
            }
        }
    }
    if (!columns.empty()) sql += " (" + columns + ")";
    // Values take the form of the columns where those are known: bit, and numbers that are cut.
    returning_target_ = target;
    const std::vector<Type> types = column_types(s);
    if (!called.empty()) {
        sql += "\n" + called;
    } else if (s.query == nullptr) {
        sql += " DEFAULT VALUES";
    } else if (!s.query->values.empty()) {
        sql += "\nVALUES ";
        for (std::size_t r = 0; r < s.query->values.size(); ++r) {
            sql += r > 0 ? ",\n       (" : "(";
            for (std::size_t i = 0; i < s.query->values[r].size(); ++i) {
                const Expr& value = *s.query->values[r][i];
                const Type type = i < types.size() ? types[i] : Type{};
                const bool narrow = type.family == Family::kBit || type.family == Family::kInt;
                sql += (i > 0 ? ", " : "") + to_type(expr(value), narrow ? type : Type{}, value.at, false).sql;
            }
            sql += ")";
        }
    } else {
        // Where T-SQL's conversion into the column differs, it is written out.
        std::vector<Type> casts = column_types(s);
        const Columns from = query_columns(*s.query);
        for (std::size_t i = 0; i < casts.size(); ++i) {
            const bool narrow = casts[i].family == Family::kBit || casts[i].family == Family::kInt;
            const Type source = from != nullptr && i < from->size() ? (*from)[i].type : Type{};
            if (!narrow || source.family == casts[i].family) casts[i] = {};
        }
        casts_ = s.query->select ? &casts : nullptr;
        sql += "\n" + query(*s.query);
        casts_ = nullptr;
    }
    if (const std::string identity = identity_of(s); uses_identity_ && identity_known_ && !identity.empty())
        sql += "\nRETURNING " + identity + " INTO v_identity";
    finish_dml(s, sql, "inserted");
}

// The column whose new value SCOPE_IDENTITY() tells; empty when the table has none.
std::string Emitter::identity_of(const Stmt& s) const {
    const Columns columns = relation(s.target->name);
    if (columns == nullptr) return "";
    for (const ColumnInfo& c : *columns) {
        if (c.identity) return ident(c.name);
    }
    return "";
}

// Whether each INSERT of the routine can tell the value that it makes: one row into a table that is known.
void Emitter::survey_identity(const std::vector<StmtPtr>& list) {
    for (const StmtPtr& s : list) {
        if (s->kind == St::kMerge) identity_known_ = false;
        if (s->kind == St::kInsert) {
            const bool one_row = s->query != nullptr && s->query->values.size() == 1 && !s->output && s->ctes.empty();
            const bool defaults = s->query == nullptr && s->body.empty() && !s->output;
            const bool known = relation(s->target->name) != nullptr;
            if (!known || (!one_row && !defaults && !identity_of(*s).empty())) identity_known_ = false;
        }
        survey_identity(s->body);
        survey_identity(s->otherwise);
    }
}

// The tables of inner joins become a list, their conditions part of WHERE; false if another join is there.
bool Emitter::inner_tables(const From& f, const std::string& target, Split& split) {
    if (f.kind == Fr::kJoin) {
        if (f.join != "INNER" && f.join != "," && f.join != "CROSS") return false;
        if (!inner_tables(*f.left, target, split) || !inner_tables(*f.right, target, split)) return false;
        if (f.on) split.where += (split.where.empty() ? "" : " AND ") + ("(" + text(*f.on) + ")");
        return true;
    }
    const std::string name = f.name.empty() ? "" : lower_ascii(f.name.back());
    const bool is_target =
        (f.alias.empty() ? name : lower_ascii(f.alias)) == target || (name == target && split.target.empty());
    if (is_target && (f.kind == Fr::kTable || f.kind == Fr::kVariable)) {
        if (!split.target.empty()) return false;
        split.target = from(f);
        split.name = f.alias.empty() ? split.target : ident(f.alias);
    } else {
        split.others += (split.others.empty() ? "" : ", ") + from(f);
    }
    return true;
}

Emitter::Split Emitter::split_from(const Stmt& s) {
    Split split;
    const std::string target = lower_ascii(s.target->name.back());
    if (!s.from) {
        split.target = split.name = from(*s.target);
    } else if (!inner_tables(*s.from, target, split) || split.target.empty()) {
        refuse(s.at, "UPDATE or DELETE over outer joins", "PostgreSQL joins the target inwards only",
               "select the keys in a subquery");
    }
    lock_clause(s.target.get(), s.at);
    if (s.from) lock_clause(s.from.get(), s.at);
    returning_target_ = split.name;
    if (s.condition)
        split.where += (split.where.empty() ? "" : " AND ") +
                       (split.where.empty() ? text(*s.condition) : "(" + text(*s.condition) + ")");
    return split;
}

void Emitter::update(const Stmt& s) {
    enter_scope(s.from ? s.from.get() : s.target.get());
    const From* table = s.from && is_outer(*s.from) ? target_in(*s.from, lower_ascii(s.target->name.back())) : nullptr;
    if (table != nullptr && !s.output && !s.top) {
        review(s.at, "UPDATE over an outer join", kByPlace, "check whether that can happen");
        std::string values;
        std::string set;
        for (std::size_t i = 0; i < s.set.size(); ++i) {
            const Assignment& a = s.set[i];
            if (!a.variable.empty() || a.op != "=")
                refuse(a.value->at, "assignment in an UPDATE over an outer join", "this form has no rule",
                       "write column = value");
            const Type type = column_type({a.column.back()});
            const bool narrow = type.family == Family::kBit || type.family == Family::kInt;
            const std::string name = "lm_" + std::to_string(i + 1);
            values += ", " + to_type(expr(*a.value), narrow ? type : Type{}, a.value->at, false).sql + " AS " + name;
            set += (set.empty() ? "" : ",\n    ") + ident(a.column.back()) + " = lm." + name;
        }
        const std::string name = ident(table->alias.empty() ? table->name.back() : table->alias);
        const std::string real =
            table->kind == Fr::kVariable ? variable(table->name[0], s.at).pg : table_name(table->name, s.at);
        std::string rows =
            "SELECT " + (table->alias.empty() ? real : name) + ".ctid AS lm_ctid" + values + "\nFROM " + from(*s.from);
        if (s.condition) rows += "\nWHERE " + text(*s.condition);
        finish_dml(s,
                   "UPDATE " + real + " AS lm_target\nSET " + set + "\nFROM (" + rows +
                       ") AS lm\nWHERE lm_target.ctid = lm.lm_ctid",
                   "");
        scopes_.pop_back();
        return;
    }
    Split split = split_from(s);
    std::string sql = "UPDATE " + split.target + "\nSET " + set_list(s.set, returning_target_);
    if (s.top) {
        if (!split.others.empty())
            refuse(s.at, "UPDATE TOP with joins", "it has no rule", "select the keys in a subquery");
        split.where = "ctid = ANY (ARRAY(SELECT ctid FROM " + split.target +
                      (split.where.empty() ? "" : " WHERE " + split.where) + " LIMIT " + text(*s.top->count) + "))";
    }
    if (!split.others.empty()) sql += "\nFROM " + split.others;
    if (!split.where.empty()) sql += "\nWHERE " + split.where;
    finish_dml(s, sql, "inserted");
    scopes_.pop_back();
}

void Emitter::remove(const Stmt& s) {
    enter_scope(s.from ? s.from.get() : s.target.get());
    const From* table = s.from && is_outer(*s.from) ? target_in(*s.from, lower_ascii(s.target->name.back())) : nullptr;
    if (table != nullptr && !s.output && !s.top) {
        review(s.at, "DELETE over an outer join", kByPlace, "check whether that can happen");
        const std::string real =
            table->kind == Fr::kVariable ? variable(table->name[0], s.at).pg : table_name(table->name, s.at);
        std::string rows =
            "SELECT " + (table->alias.empty() ? real : ident(table->alias)) + ".ctid\nFROM " + from(*s.from);
        if (s.condition) rows += "\nWHERE " + text(*s.condition);
        finish_dml(s, "DELETE FROM " + real + " AS lm_target\nWHERE lm_target.ctid IN (" + rows + ")", "");
        scopes_.pop_back();
        return;
    }
    Split split = split_from(s);
    std::string sql = "DELETE FROM " + split.target;
    if (s.top) {
        if (s.top->percent) refuse(s.at, "DELETE TOP … PERCENT", "it has no rule", "compute the number of rows");
        const bool joined = !split.others.empty();  // then a row may occur more than once
        const std::string row = joined ? split.name + ".ctid" : "ctid";
        split.where = row + " = ANY (ARRAY(SELECT " + (joined ? "DISTINCT " : "") + row + " FROM " + split.target +
                      (joined ? ", " + split.others : "") + (split.where.empty() ? "" : " WHERE " + split.where) +
                      " LIMIT " + text(*s.top->count) + "))";
        split.others.clear();
    }
    if (!split.others.empty()) sql += "\nUSING " + split.others;
    if (!split.where.empty()) sql += "\nWHERE " + split.where;
    finish_dml(s, sql, "deleted");
    scopes_.pop_back();
}

void Emitter::merge(const Stmt& s) {
    feature("MERGE", s.at);
    if (s.output || s.top)
        refuse(s.at, s.top ? "MERGE TOP" : "MERGE … OUTPUT", "MERGE has no RETURNING before PostgreSQL 17",
               "use INSERT … ON CONFLICT … RETURNING");
    scopes_.emplace_back();
    const std::size_t scope = scopes_.size() - 1;
    collect(*s.target, scope);
    collect(*s.from, scope);
    const std::string name = s.target->alias.empty() ? ident(s.target->name.back()) : ident(s.target->alias);
    std::string sql = "MERGE INTO " + from(*s.target) + "\nUSING " + from(*s.from) + "\nON " + text(*s.condition);
    for (const std::string& h : s.target->hints) {
        if (h == "HOLDLOCK" || h == "SERIALIZABLE")
            review(s.at, "MERGE WITH (" + h + ")", "two of them at once can both insert",
                   "expect unique violations, or use ON CONFLICT");
    }
    for (const MergeWhen& w : s.whens) {
        if (w.match == "NOT MATCHED BY SOURCE")
            refuse(s.at, "WHEN " + w.match, "it needs PostgreSQL 17", "delete or update in a second statement");
        sql += "\nWHEN " + w.match + (w.condition ? " AND " + text(*w.condition) : "") + " THEN ";
        if (w.action == "UPDATE") {
            sql += "UPDATE SET " + set_list(w.set, name);
        } else if (w.action == "DELETE") {
            sql += "DELETE";
        } else {
            std::string columns;
            for (const std::string& c : w.columns) columns += (columns.empty() ? "" : ", ") + ident(c);
            sql += "INSERT " + (columns.empty() ? "" : "(" + columns + ") ") + "VALUES (" + list(w.values) + ")";
        }
    }
    scopes_.pop_back();
    finish_dml(s, sql, "");
}

}  // namespace lakemover::tsql
