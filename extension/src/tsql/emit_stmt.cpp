// Procedural statements. Zone: pure; a statement that throws Unconvertible becomes a FIXME.
#include <algorithm>
#include <utility>

#include "tsql/emitter.hpp"
#include "tsql/walk.hpp"

namespace lakemover::tsql {

namespace {

const Expr& bare(const Expr& e) { return e.kind == Ex::kParen ? bare(*e.args[0]) : e; }

bool mentions(const Expr& e, const std::string& variable) {
    if (e.kind == Ex::kVariable && lower_ascii(e.text) == variable) return true;
    for (const ExprPtr& a : e.args) {
        if (a && mentions(*a, variable)) return true;
    }
    return false;
}
std::string label_name(const std::string& label) {
    std::string name = "l_";
    for (const char c : label) name += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
    return name;
}
bool jumps_to(const Stmt& s, const std::string& label) {
    if (s.kind == St::kGoto && s.text == label) return true;
    const auto any = [&](const std::vector<StmtPtr>& list) {
        return std::any_of(list.begin(), list.end(), [&](const StmtPtr& b) { return jumps_to(*b, label); });
    };
    return any(s.body) || any(s.otherwise);
}
// The label stands in the list behind the statement of the list that jumps to it.
bool jumps_forward(const std::vector<StmtPtr>& list, const Stmt& jump) {
    bool inside = false;
    for (const StmtPtr& s : list) {
        if (inside && s->kind == St::kLabel && s->text == jump.text) return true;
        if (s->at.offset <= jump.at.offset && jump.at.offset < s->end) {
            inside = true;
            if (jumps_forward(s->body, jump) || jumps_forward(s->otherwise, jump)) return true;
        }
    }
    return false;
}
bool all_known(const Columns& columns) {
    return columns != nullptr && std::all_of(columns->begin(), columns->end(),
                                             [](const ColumnInfo& c) { return c.type.known() && !c.type.pg.empty(); });
}
bool is_aggregate(const Expr& e) {
    static const std::set<std::string, std::less<>> names = {"COUNT", "COUNT_BIG", "SUM",       "AVG",
                                                             "MIN",   "MAX",       "STRING_AGG"};
    if (e.kind == Ex::kCall && !e.over && names.count(e.text) > 0) return true;
    for (const ExprPtr& a : e.args) {
        if (a && is_aggregate(*a)) return true;
    }
    return false;
}

}  // namespace

void Emitter::line(const std::string& text) {
    std::size_t from = 0;
    const std::string margin(static_cast<std::size_t>(indent_) * 4, ' ');
    const std::string mark =
        line_of_source_ > 0 ? kLineMark + std::to_string(line_of_source_) + kLineMark : std::string();
    while (from <= text.size()) {
        const std::size_t to = std::min(text.find('\n', from), text.size());
        if (to > from) out_ += mark + margin + text.substr(from, to - from);
        out_ += '\n';
        from = to + 1;
    }
}

void Emitter::comments_before(std::size_t offset) {
    for (; next_comment_ < lexed_.comments.size() && lexed_.comments[next_comment_].at.offset < offset;
         ++next_comment_) {
        std::string text = lexed_.comments[next_comment_].text;
        std::erase_if(text, [](char c) { return c == '\r' || c == kLineMark; });
        line(text);
    }
}

// The original stays as a comment; the code fails when it gets there, instead of doing less than before.
void Emitter::fixme(const Unconvertible& u, const Stmt& s) {
    const int at = u.at.offset == 0 && u.at.line == 1 ? s.at.line : u.at.line;
    result_.notes.push_back({at, u.construct, u.why, u.todo, Severity::kManual});
    line("-- FIXME(lakemover): line " + std::to_string(at) + ": " + u.construct + ": " + u.why + ": " + u.todo);
    std::string text = slice(s.at.offset, s.end);
    std::erase_if(text, [](char c) { return c == '\r' || c == kLineMark; });
    std::size_t from = 0;
    while (from < text.size()) {
        const std::size_t to = std::min(text.find('\n', from), text.size());
        line("--   " + text.substr(from, to - from));
        from = to + 1;
    }
    skip_comments(s.end);
    if (routine_ != nullptr) {
        line("RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = " +
             literal("line " + std::to_string(at) + " was not converted: " + u.construct) + ";");
    }
}

void Emitter::statements(const std::vector<StmtPtr>& list) {
    ++indent_;
    const std::size_t before = out_.size();
    sequence(list);
    if (out_.size() == before) line("NULL;");
    --indent_;
}

void Emitter::sequence(const std::vector<StmtPtr>& list) {
    const std::map<std::size_t, std::size_t> blocks = labelled_blocks(list);
    for (std::size_t i = 0; i < list.size(); ++i) {
        for (auto b = blocks.rbegin(); b != blocks.rend(); ++b) {  // the block of the last label is the outermost
            if (b->second != i) continue;
            line("<<" + label_name(list[b->first]->text) + ">>\nBEGIN");
            ++indent_;
        }
        if (blocks.count(i) > 0) {
            comments_before(list[i]->at.offset);
            --indent_;
            line("END " + label_name(list[i]->text) + ";");
            continue;
        }
        if (i > 0 && list[i]->kind == St::kReturn && is_severe(*list[i - 1])) {
            comments_before(list[i]->end);
            line("RETURN;");  // not reached: the error has ended the call
            continue;
        }
        statement(*list[i]);
    }
}

// Labels of the list that GOTO jumps forward to, by their index, and where the block begins that ends there. All blocks
// begin at the same statement, so that they lie within each other.
std::map<std::size_t, std::size_t> Emitter::labelled_blocks(const std::vector<StmtPtr>& list) const {
    std::map<std::size_t, std::size_t> blocks;
    std::size_t first = list.size();
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i]->kind != St::kLabel) continue;
        for (std::size_t j = 0; j < i; ++j) {
            if (!jumps_to(*list[j], list[i]->text)) continue;
            blocks[i] = j;
            first = std::min(first, j);
            break;
        }
    }
    for (auto& [label, begin] : blocks) begin = first;
    return blocks;
}

void Emitter::statement(const Stmt& s) {
    comments_before(s.at.offset);
    const int outer_line = std::exchange(line_of_source_, s.at.line);
    work_ = 0;
    const std::size_t mark = out_.size();
    const std::size_t scopes = scopes_.size();
    const int indent = indent_;
    const std::map<std::string, Columns> ctes = ctes_;
    const auto notes = result_.notes.size();
    const std::size_t comment = next_comment_;
    const int result = next_result_;
    const bool fresh = rowcount_fresh_;
    std::vector<std::string> outer = std::exchange(pending_, {});
    try {
        convert_statement(s);
        rowcount_fresh_ = rowcount_fresh_ && (s.kind == St::kInsert || s.kind == St::kUpdate || s.kind == St::kDelete ||
                                              s.kind == St::kMerge || s.kind == St::kSelect || s.kind == St::kFetch);
        if (!pending_.empty()) {
            const std::string code = out_.substr(mark);
            out_.resize(mark);
            for (const std::string& p : pending_) line(p);
            out_ += code;
        }
    } catch (const Unconvertible& u) {
        out_.resize(mark);
        indent_ = indent;
        scopes_.resize(scopes);
        result_.notes.resize(notes);
        next_comment_ = comment;
        next_result_ = result;
        rowcount_fresh_ = fresh;
        casts_ = nullptr;
        typing_ = false;
        fixme(u, s);
    }
    line_of_source_ = outer_line;
    pending_ = std::move(outer);
    ctes_ = ctes;
}

void Emitter::convert_statement(const Stmt& s) {
    switch (s.kind) {
        case St::kUnknown: throw Unconvertible{s.error_at, "statement", one_line(s.text), "convert it by hand"};
        case St::kDeclare: declare(s); break;
        case St::kSet: assign(s.text, s.op, *s.value, s.at); break;
        case St::kSetOption: set_option(s); break;
        case St::kSelect: select_statement(s); break;
        case St::kInsert:
            begin_dml(s);
            insert(s);
            break;
        case St::kUpdate:
            begin_dml(s);
            update(s);
            break;
        case St::kDelete:
            begin_dml(s);
            remove(s);
            break;
        case St::kMerge:
            begin_dml(s);
            merge(s);
            break;
        case St::kIf: if_statement(s); break;
        case St::kWhile:
            line("WHILE " + text(*s.condition) + " LOOP");
            ++loop_depth_;
            statements(s.body);
            --loop_depth_;
            line("END LOOP;");
            break;
        case St::kBlock: sequence(s.body); break;
        case St::kTry: try_catch(s); break;
        case St::kReturn: return_statement(s); break;
        case St::kBreak: line("EXIT;"); break;
        case St::kContinue: line("CONTINUE;"); break;
        case St::kPrint: line("RAISE NOTICE '%', " + text(*s.value) + ";"); break;
        case St::kRaiserror:
        case St::kThrow: raise(s); break;
        case St::kExec: exec(s); break;
        case St::kBeginTran:
        case St::kCommit:
        case St::kRollback:
        case St::kSaveTran: transaction(s); break;
        case St::kDeclareCursor:
        case St::kOpen:
        case St::kFetch:
        case St::kClose:
        case St::kDeallocate: cursor(s); break;
        case St::kCreateTable:
            if (s.name.back().rfind('#', 0) != 0)
                refuse(s.at, "CREATE TABLE in a routine", "it has no rule", "create it with the schema");
            create_temp(s.name.back(), s.table, s.at);
            break;
        case St::kDropTable: drop_table(s, false); break;
        case St::kCreateIndex: create_index(s); break;
        case St::kGoto:
            if (!jumps_forward(routine_->body, s))
                refuse(s.at, "GOTO " + s.text, "it jumps back, or into a block", "write a loop");
            line("EXIT " + label_name(s.text) + ";");
            break;
        case St::kLabel: break;  // one that nothing jumps to
        case St::kTruncate: line("TRUNCATE TABLE " + table_name(s.name, s.at) + ";"); break;
        default: refuse(s.at, "statement", "it is not expected in a routine", "convert it by hand");
    }
    if (s.body.empty()) comments_before(s.end);
}

void Emitter::set_option(const Stmt& s) {
    if (s.text == "IDENTITY_INSERT" && s.name.back()[0] != '#') {
        const Columns columns = relation(s.name);
        const std::string table = table_name(s.name, s.at);
        std::string identity;
        for (const ColumnInfo& c : columns == nullptr ? std::vector<ColumnInfo>() : *columns) {
            if (c.identity) identity = c.name;
        }
        if (identity.empty())
            refuse(s.at, "SET IDENTITY_INSERT", "which column it is about is not known",
                   "give the table's CREATE TABLE");
        // Identities are GENERATED BY DEFAULT here and take any value; what T-SQL does behind them is left to do.
        if (s.words[0] == "OFF")
            line("PERFORM lakemover_tsql.reseed(" + literal(table) + ", " + literal(lower_ascii(identity)) + ");");
        return;
    }
    static const std::set<std::string, std::less<>> ignored = {
        "NOCOUNT",       "XACT_ABORT", "ANSI_NULLS",        "QUOTED_IDENTIFIER",       "ANSI_PADDING",
        "ANSI_WARNINGS", "ARITHABORT", "ANSI_NULL_DFLT_ON", "CONCAT_NULL_YIELDS_NULL", "DEADLOCK_PRIORITY"};
    static const std::set<std::string, std::less<>> either = {"NOCOUNT", "XACT_ABORT", "NUMERIC_ROUNDABORT",
                                                              "DEADLOCK_PRIORITY"};
    // As NOLOCK: there are no dirty reads, and no waiting for writers either.
    if (s.text == "TRANSACTION ISOLATION LEVEL" && s.words[0] == "READ") return;
    for (std::size_t from = 0; from <= s.text.size();) {  // SET XACT_ABORT, NOCOUNT ON
        const std::size_t to = std::min(s.text.find(',', from), s.text.size());
        const std::string option = s.text.substr(from, to - from);
        from = to + 1;
        const bool known = (ignored.count(option) > 0 && s.words[0] == "ON") ||
                           (either.count(option) > 0 && (s.words[0] == "OFF" || ignored.count(option) > 0));
        if (!known)
            refuse(s.at, "SET " + s.text, "it changes how statements behave and has no rule",
                   "check what depends on it");
    }
}

void Emitter::declare(const Stmt& s) {
    for (const Variable& v : s.variables) {
        const std::string key = lower_ascii(v.name);
        const TableDef* rows = v.is_table ? &v.table : table_type(v.type);
        if (rows != nullptr) {
            create_temp(v.name, *rows, v.at);
            continue;
        }
        const std::string type = type_name(v.type, v.at);
        const std::string pg = ident("v_" + key.substr(1));
        if (declared_.insert(key).second) declarations_.push_back(pg + " " + type + ";");
        variables_[key] = {pg, type_of(v.type)};
        // In a loop T-SQL runs only the initialiser again, as here.
        if (v.value) assign(v.name, "=", *v.value, v.at);
    }
}

void Emitter::assign(const std::string& name, const std::string& op, const Expr& value, const Position& at) {
    const Var v = variable(name, at);
    harmless_ = value.kind == Ex::kCall && value.text.rfind("ERROR_", 0) == 0 && only_raised(name);
    Out o = expr(value);
    harmless_ = false;
    if (op != "=") {
        if (op == "^=") refuse(at, op, "it has no rule", "use #");
        const bool join = op == "+=" && v.type.family == Family::kString;
        if (!join && op == "+=" && o.type.family == Family::kString)
            refuse(at, op, "the types have no rule", "write it out");
        o = {v.pg + " " + (join ? "||" : op.substr(0, 1)) + " (" + o.sql + ")",
             join ? Type{Family::kString, "text"} : o.type};
    }
    line(v.pg + " := " + to_type(o, v.type, at, false).sql + ";");
}

void Emitter::if_statement(const Stmt& s) {
    if (is_transaction_guard(s)) {
        statement(*s.body[0]);
        return;
    }
    if (guards_transactions(s)) {
        feature("transaction", s.at);
        if (settles(s) && s.otherwise.empty()) return;
        review(s.at, "@@TRANCOUNT", "left out with what it guards: the call is one transaction here",
               "check that the caller does not rely on an earlier commit");
        return;
    }
    if (guards_errors(s)) {
        if (!only_leaves(s.body))
            review(s.at, "@@ERROR", "left out with what it guards: an error ends the routine and undoes what it did",
                   "catch it where something else is wanted");
        else
            line("-- " + one_line(slice(s.at.offset, s.body.front()->at.offset)) +
                 "…: left out, an error ends the routine and undoes what it did");
        skip_comments(s.end);
        return;
    }
    // IF OBJECT_ID('tempdb..#t') IS NOT NULL DROP TABLE #t
    const Expr& c = bare(*s.condition);
    if (c.kind == Ex::kIsNull && c.negated && c.args[0]->kind == Ex::kCall && c.args[0]->text == "OBJECT_ID" &&
        s.otherwise.empty() && s.body.size() == 1) {
        const Stmt& b = s.body[0]->kind == St::kBlock && s.body[0]->body.size() == 1 ? *s.body[0]->body[0] : *s.body[0];
        if (b.kind == St::kDropTable && b.name.back()[0] == '#') {
            drop_table(b, true);
            return;
        }
    }
    line("IF " + text(*s.condition) + " THEN");
    statements(s.body);
    const Stmt* rest = &s;
    while (rest->otherwise.size() == 1 && rest->otherwise[0]->kind == St::kIf &&
           !is_transaction_guard(*rest->otherwise[0])) {
        rest = rest->otherwise[0].get();
        comments_before(rest->at.offset);
        line("ELSIF " + text(*rest->condition) + " THEN");
        statements(rest->body);
    }
    if (!rest->otherwise.empty()) {
        line("ELSE");
        statements(rest->otherwise);
    }
    line("END IF;");
}

void Emitter::select_statement(const Stmt& s) {
    const Select* first = first_select(*s.query);
    if (first == nullptr) refuse(s.at, "SELECT", "its form has no rule", "convert it by hand");
    bool assigns = false;
    for (const SelectItem& i : first->items) assigns = assigns || !i.variable.empty();
    if (assigns) {
        select_assign(s, *first);
    } else if (!first->into.empty()) {
        select_into(s, *first);
    } else {
        if (results_ == Results::kTable) casts_ = &result_types_;
        const std::string sql = query(*s.query);
        casts_ = nullptr;
        result_set(sql, s.at, all_known(query_columns(*s.query)));
        if (uses_rowcount_ && results_ == Results::kTable) {
            line("GET DIAGNOSTICS v_rowcount = ROW_COUNT;");
            rowcount_fresh_ = true;
            return;
        }
    }
    rowcount_fresh_ = assigns || !first->into.empty();
}

// SELECT @x = c FROM t keeps the old value when there is no row and takes the last row: not SELECT INTO.
void Emitter::select_assign(const Stmt& s, const Select& select) {
    if (!s.query->set_op.empty())
        refuse(s.at, "SELECT @x = … with a set operation", "it has no rule", "write SELECT … INTO");
    bool aggregates = select.group_by.empty() && !select.having;
    for (const SelectItem& i : select.items) {
        if (i.variable.empty()) refuse(i.at, "SELECT that assigns and returns", "T-SQL forbids it", "split it");
        aggregates = aggregates && is_aggregate(*i.expr);
    }
    if (!select.from && !select.where && s.query->ctes.empty()) {
        for (const SelectItem& i : select.items) assign(i.variable, i.op, *i.expr, i.at);
        if (uses_rowcount_) line("v_rowcount := 1;");
        return;
    }
    for (const SelectItem& i : select.items) {
        const std::string name = lower_ascii(i.variable);
        for (const SelectItem& other : select.items) {
            if (i.op != "=" || (mentions(*other.expr, name) && !aggregates)) {
                select_accumulate(s, select);
                return;
            }
        }
    }
    std::vector<std::string> names;
    std::vector<Type> types;
    for (std::size_t i = 0; i < select.items.size(); ++i) names.push_back("c" + std::to_string(i + 1));
    const std::string sql = query(*s.query, names, &types);
    if (declared_.insert("v_row").second) declarations_.emplace_back("v_row record;");
    if (uses_rowcount_) line("v_rowcount := 0;");
    line("FOR v_row IN\n    " + sql + "\nLOOP");
    ++indent_;
    for (std::size_t i = 0; i < select.items.size(); ++i) {
        const Var v = variable(select.items[i].variable, s.at);
        line(v.pg + " := " + to_type({"v_row." + names[i], types[i]}, v.type, s.at, false).sql + ";");
    }
    if (uses_rowcount_) line("v_rowcount := v_rowcount + 1;");
    --indent_;
    line("END LOOP;");
}

// SELECT @x = @x + c FROM t: the assignment is run for each row, in the order of the query, as T-SQL does where it says
// an order at all.
void Emitter::select_accumulate(const Stmt& s, const Select& select) {
    const auto unknown = [&](const Position& at, const char* why) {
        refuse(at, "accumulation over rows", why, "use string_agg() or sum()");
    };
    if (!select.group_by.empty() || select.having || select.distinct || select.top || s.query->offset)
        unknown(s.at, "the rows are grouped or counted");
    std::map<const Expr*, Out> row;
    std::vector<std::string> columns;
    std::string list;
    enter_scope(select.from.get());
    for (const SelectItem& i : select.items) {
        if (is_aggregate(*i.expr)) unknown(i.at, "an aggregate is among them");
        walk(*i.expr, [&](const Expr& e) {
            if (e.query || e.over) unknown(e.at, "a subquery or a window is in it");
            if (e.kind != Ex::kColumn) return;
            if (e.name.size() == 1 && date_part_name(e.name[0])) return;
            const Out o = expr(e);
            std::size_t at = 0;
            while (at < columns.size() && columns[at] != o.sql) ++at;
            const std::string name = "c" + std::to_string(at + 1);
            if (at == columns.size()) {
                columns.push_back(o.sql);
                list += (list.empty() ? "" : ", ") + o.sql + " AS " + name;
            }
            row[&e] = {"v_row." + name, o.type};
        });
    }
    const std::string with = with_clause(s.query->ctes);
    std::string sql = with + "SELECT " + (list.empty() ? "1 AS c1" : list);
    if (select.from) sql += "\nFROM " + from(*select.from);
    if (select.where) sql += "\nWHERE " + text(*select.where);
    if (!s.query->order.empty()) sql += "\nORDER BY " + order_by(s.query->order);
    scopes_.pop_back();
    if (declared_.insert("v_row").second) declarations_.emplace_back("v_row record;");
    if (uses_rowcount_) line("v_rowcount := 0;");
    line("FOR v_row IN\n    " + sql + "\nLOOP");
    ++indent_;
    row_columns_ = &row;
    try {
        for (const SelectItem& i : select.items) assign(i.variable, i.op, *i.expr, i.at);
    } catch (...) {
        row_columns_ = nullptr;
        throw;
    }
    row_columns_ = nullptr;
    if (uses_rowcount_) line("v_rowcount := v_rowcount + 1;");
    --indent_;
    line("END LOOP;");
}

}  // namespace lakemover::tsql
