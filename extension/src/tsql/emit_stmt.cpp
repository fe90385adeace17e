// Procedural statements. Zone: pure; a statement that throws Unconvertible becomes a FIXME.
#include <utility>

#include "tsql/emitter.hpp"

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
    for (const StmtPtr& s : list) statement(*s);
    if (out_.size() == before) line("NULL;");
    --indent_;
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
        case St::kSetOption: {
            static const std::set<std::string, std::less<>> ignored = {
                "NOCOUNT",           "XACT_ABORT",    "ANSI_NULLS", "QUOTED_IDENTIFIER",
                "ANSI_PADDING",      "ANSI_WARNINGS", "ARITHABORT", "CONCAT_NULL_YIELDS_NULL",
                "NUMERIC_ROUNDABORT"};
            const bool xact_abort_off = s.text == "XACT_ABORT" && s.words[0] == "OFF";
            if ((ignored.count(s.text) > 0 && (s.words[0] == "ON" || s.text == "NOCOUNT" || s.text == "XACT_ABORT")) &&
                !xact_abort_off)
                return;
            if (xact_abort_off) return;  // the default
            // As NOLOCK: there are no dirty reads, and no waiting for writers either.
            if (s.text == "TRANSACTION ISOLATION LEVEL" && s.words[0] == "READ") return;
            refuse(s.at, "SET " + s.text, "it changes how statements behave and has no rule",
                   "check what depends on it");
        }
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
        case St::kBlock:
            for (const StmtPtr& b : s.body) statement(*b);
            break;
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
        case St::kTruncate: line("TRUNCATE TABLE " + table_name(s.name, s.at) + ";"); break;
        default: refuse(s.at, "statement", "it is not expected in a routine", "convert it by hand");
    }
    if (s.body.empty()) comments_before(s.end);
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
    Out o = expr(value);
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
        review(s.at, "@@TRANCOUNT", "left out with what it guards: the call is one transaction here",
               "check that the caller does not rely on an earlier commit");
        return;
    }
    if (guards_errors(s)) {
        review(s.at, "@@ERROR", "left out with what it guards: an error ends the routine and undoes what it did",
               "catch it where something else is wanted");
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
        result_set(sql, s.at);
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
                refuse(i.at, "accumulation over rows in " + i.variable, "it depends on the order of the rows",
                       "use string_agg() or sum()");
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

}  // namespace lakemover::tsql
