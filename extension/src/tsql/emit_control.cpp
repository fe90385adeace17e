// Results, RETURN, errors and cursors. Zone: pure; throws Unconvertible.
#include <algorithm>
#include <set>

#include "tsql/emitter.hpp"
#include "tsql/walk.hpp"

namespace lakemover::tsql {

// known: the types of its columns are those of T-SQL.
void Emitter::result_set(const std::string& sql, const Position& at, bool known) {
    if (routine_->kind == St::kCreateTrigger) refuse(at, "result set of a trigger", "PostgreSQL has none", "remove it");
    if (routine_->kind == St::kCreateFunction)
        refuse(at, "result set in a function", "T-SQL forbids it", "check the statement");
    if (results_ == Results::kTable) {
        line("RETURN QUERY\n" + sql + ";");
        return;
    }
    if (loop_depth_ > 0)
        refuse(at, "result set in a loop", "each pass would need a cursor of its own", "collect the rows in a table");
    ++next_result_;
    line("OPEN result_" + std::to_string(next_result_) + " FOR\n" + sql + ";");
    if (!known)
        review(at, "result set", "the types of its columns are not known, and so whether PostgreSQL gives it the same",
               "compare its columns with those of the source");
    if (!local_tables_.empty())
        doubt(at, "cursors and temporary tables",
              "a second call in the same transaction fails as long as the cursors of the first are open",
              "close them, or commit, before the next call");
}

void Emitter::return_statement(const Stmt& s) {
    if (routine_->kind == St::kCreateTrigger) {
        line(trigger_end_ + "RETURN NULL;");
    } else if (routine_->kind == St::kCreateFunction) {
        if (s.value) {
            const Type type = type_of(routine_->returns);
            line("RETURN " + to_type(expr(*s.value), type, s.at, false).sql + ";");
        } else {
            if (!returned_table_.empty()) line("RETURN QUERY SELECT * FROM " + returned_table_ + ";");
            line("RETURN;");
        }
    } else {
        if (s.value && returns_code_ && results_ != Results::kTable) {
            line("return_code := " + text(*s.value) + ";");
        } else if (s.value && !(s.value->kind == Ex::kNumber && s.value->text == "0")) {
            review(s.at, "RETURN with a code", "a function with a result has no return code", "raise an error instead");
        }
        line("RETURN;");
    }
}

// An error undoes the call here; in T-SQL only what is rolled back.
void Emitter::undone(const Stmt& s) {
    if (atomic_ || in_catch_ || try_depth_ > 0) return;
    if (undoing_.count(&s) > 0 ? !changed_outside_transaction(s.at.offset)
                               : !changed_before(s.at.offset) && loop_depth_ == 0)
        return;
    doubt(s.at, (s.kind == St::kThrow ? "THROW" : "RAISERROR") + std::string(" behind changes"),
          "T-SQL keeps what was changed before, outside of a transaction; here it is undone",
          "check whether that is wanted");
}

void Emitter::raise(const Stmt& s) {
    if (s.kind == St::kThrow) {
        if (s.args.empty()) {
            if (!in_catch_) refuse(s.at, "THROW", "there is no error to raise again", "check the statement");
            line("RAISE;");
            return;
        }
        undone(s);
        if (s.args.size() != 3) refuse(s.at, "THROW", "it takes three arguments", "check the statement");
        line("RAISE EXCEPTION USING MESSAGE = " + text(*s.args[1]) + ", DETAIL = concat('error ', " + text(*s.args[0]) +
             ");");
        return;
    }
    if (s.args.size() < 3) refuse(s.at, "RAISERROR", "severity and state are missing", "check the statement");
    const Expr& severity = *s.args[1];
    std::string message = text(*s.args[0]);
    if (s.args[0]->kind == Ex::kNumber)
        refuse(s.at, "RAISERROR with a message number", "sys.messages has no counterpart", "write the text");
    if (s.args.size() > 3) {
        if (s.args[0]->kind != Ex::kString)
            refuse(s.at, "RAISERROR with a computed format", "its placeholders are not known", "use format()");
        std::string format = s.args[0]->text;
        for (std::size_t at = format.find('%'); at != std::string::npos; at = format.find('%', at + 1)) {
            const char c = at + 1 < format.size() ? format[at + 1] : '\0';
            if (c == 'd' || c == 'i' || c == 'u') format[at + 1] = 's';
            if (c == '%') {
                ++at;
            } else if (c != 'd' && c != 'i' && c != 'u' && c != 's') {
                refuse(s.at, "RAISERROR format", "a placeholder has no rule", "use format()");
            }
        }
        message = "format(" + literal(format) + ", " + list(s.args, 3) + ")";
    }
    if (severity.kind != Ex::kNumber && in_catch_) {
        if (!is_severe(s))
            doubt(s.at, "RAISERROR with a computed severity", "it is taken for an error",
                  "use RAISE NOTICE if it is none");
        line("RAISE EXCEPTION USING MESSAGE = " + message + ";");
        return;
    }
    if (severity.kind != Ex::kNumber)
        refuse(s.at, "RAISERROR with a computed severity", "whether it is an error is not known", "use RAISE");
    if (severity.text.size() < 2 || severity.text == "10") {
        line("RAISE NOTICE '%', " + message + ";");
        return;
    }
    if (!in_catch_ && try_depth_ == 0) {
        const Rest rest = behind(s);
        if (rest.what == Rest::kLeaves && rest.rolls_back) undoing_.insert(&s);
        if (rest.what == Rest::kLeaves)
            undone(s);
        else
            review(s.at, "RAISERROR", "outside of TRY the T-SQL routine goes on behind it; here it ends",
                   "check that it was followed by RETURN");
    }
    line("RAISE EXCEPTION USING MESSAGE = " + message + ";");
}

// Unless it is STATIC, a cursor of T-SQL may give rows as they are when they are fetched; one of PostgreSQL gives those of the
// moment when it was opened. That matters when the routine changes what the query reads.
bool Emitter::may_see_changes(const Stmt& s) const {
    if (std::any_of(s.words.begin(), s.words.end(),
                    [](const std::string& w) { return w == "STATIC" || w == "INSENSITIVE"; }))
        return false;
    std::set<std::string> words;
    bool indirect = false;  // what a view or a routine reads is not looked up
    for (const Token& t : tokens_between(lexed_, s.query->at.offset, s.query->end)) {
        const std::string word = lower_ascii(t.value);
        indirect = indirect || catalog_.indirect.count(word) > 0;
        words.insert(word);
    }
    bool changes = false;
    walk_statements(routine_->body, [&](const Stmt& of) {
        if (of.at.offset < s.at.offset) return;
        const std::string table = written_table(of);
        const bool own = table.empty() || table[0] == '@' || table[0] == '#';
        changes = changes || of.kind == St::kExec || (!table.empty() && words.count(table) > 0) || (indirect && !own);
    });
    return changes;
}

void Emitter::declare_cursor(const Stmt& s, const std::string& name) {
    feature("cursor", s.at);
    for (const std::string& w : s.words) {
        if (w == "KEYSET" || w == "DYNAMIC" || w == "SCROLL" || w == "GLOBAL" || w.rfind("FOR UPDATE", 0) == 0) {
            refuse(s.at, "cursor " + w, "PostgreSQL's cursors see one snapshot and move forward here",
                   "rewrite the loop");
        }
    }
    if (declared_.insert(name).second) declarations_.push_back(name + " refcursor;");
    if (declared_.insert("v_fetch_status").second) declarations_.emplace_back("v_fetch_status integer := -1;");
    Cursor& made = cursors_[lower_ascii(s.text)];
    made = {query(*s.query), {}, {}};
    const Columns columns = query_columns(*s.query);
    const bool known = columns != nullptr && !columns->empty() &&
                       std::all_of(columns->begin(), columns->end(),
                                   [](const ColumnInfo& c) { return c.type.known() && !c.type.pg.empty(); });
    if (!known) {
        review(s.at, "cursor",
               "at the end FETCH sets its variables to NULL here, and leaves them as they are in T-SQL; its types are "
               "not known",
               "check what reads them behind the loop");
    } else {
        // A name may be declared again for another query.
        std::string prefix = "fetched_" + lower_ascii(s.text);
        for (int n = 2; declared_.count(ident(prefix + "_1")) > 0; ++n)
            prefix = "fetched_" + lower_ascii(s.text) + std::to_string(n);
        for (const ColumnInfo& c : *columns) {
            made.types.push_back(c.type);
            made.spare.push_back(ident(prefix + "_" + std::to_string(made.types.size())));
            declared_.insert(made.spare.back());
            declarations_.push_back(made.spare.back() + " " + c.type.pg + ";");
        }
    }
    if (may_see_changes(s))
        review(
            s.at, "cursor over what the routine changes",
            "it gives the rows of the moment when it was opened; in T-SQL, unless it is STATIC, it may see the changes",
            "check that none is expected");
}

void Emitter::cursor(const Stmt& s) {
    const std::string name = ident("c_" + lower_ascii(s.text));
    if (s.kind == St::kDeclareCursor) {
        declare_cursor(s, name);
        return;
    }
    const auto known = cursors_.find(lower_ascii(s.text));
    if (known == cursors_.end())
        refuse(s.at, "cursor " + s.text, "its declaration is not converted", "convert it by hand");
    const Cursor& of = known->second;
    if (s.kind == St::kOpen) {
        line("OPEN " + name + " FOR\n" + of.query + ";");
    } else if (s.kind == St::kFetch) {
        if (!s.words.empty() && s.words[0] != "NEXT")
            refuse(s.at, "FETCH " + s.words[0], "these cursors move forward", "rewrite the loop");
        if (s.columns.empty())
            refuse(s.at, "FETCH without INTO", "it returns a row to the client", "fetch into variables");
        if (!of.spare.empty() && of.spare.size() != s.columns.size())
            refuse(s.at, "FETCH", "the cursor has another number of columns", "correct it");
        std::vector<std::string> variables;
        for (const std::string& v : s.columns) variables.push_back(variable(v, s.at).pg);
        std::string into;
        for (const std::string& v : of.spare.empty() ? variables : of.spare) into += (into.empty() ? "" : ", ") + v;
        line("FETCH NEXT FROM " + name + " INTO " + into + ";");
        line("v_fetch_status := CASE WHEN FOUND THEN 0 ELSE -1 END;");
        if (of.spare.empty()) return;
        // Behind the last row the variables stay as they are.
        line("IF FOUND THEN");
        ++indent_;
        for (std::size_t i = 0; i < variables.size(); ++i) {
            const Type& type = variable(s.columns[i], s.at).type;
            line(variables[i] + " := " + to_type({of.spare[i], of.types[i]}, type, s.at, false).sql + ";");
        }
        --indent_;
        line("END IF;");
    } else if (s.kind == St::kClose) {
        line("CLOSE " + name + ";");
    }  // DEALLOCATE: a variable goes with its routine
}

}  // namespace lakemover::tsql
