// Triggers: one function, or one per event where the events have different rows. Zone: pure; throws Unconvertible.
#include <algorithm>
#include <utility>

#include "tsql/emitter.hpp"
#include "tsql/walk.hpp"

namespace lakemover::tsql {

namespace {

const char* event_of(St kind) {
    return kind == St::kInsert ? "INSERT" : kind == St::kUpdate ? "UPDATE" : kind == St::kDelete ? "DELETE" : "";
}

}  // namespace

// SQL Server does not start a trigger again for what it changes itself (RECURSIVE_TRIGGERS is off unless set).
bool Emitter::fires_itself(const std::vector<StmtPtr>& list, const Stmt& trigger) const {
    const std::string table = lower_ascii(trigger.target->name.back());
    return std::any_of(list.begin(), list.end(), [&](const StmtPtr& s) {
        if (fires_itself(s->body, trigger) || fires_itself(s->otherwise, trigger)) return true;
        const std::string name = written_table(*s);
        const auto& events = trigger.columns;
        return name == table &&
               (s->kind == St::kMerge || std::find(events.begin(), events.end(), event_of(s->kind)) != events.end());
    });
}

// inserted of a DELETE and deleted of an INSERT have no rows.
std::string Emitter::missing_rows(const From& f) const {
    if (event_.empty() || f.name.size() != 1) return "";
    const std::string name = lower_ascii(f.name[0]);
    const bool missing = (name == "inserted" && event_ == "DELETE") || (name == "deleted" && event_ == "INSERT");
    return missing ? "(SELECT * FROM " + result_.relation + " WHERE false)" : "";
}

Out Emitter::trigger_function(const Expr& e, bool& found) {
    found = e.text == "UPDATE" && e.args.size() == 1 && e.args[0]->kind == Ex::kColumn && !event_.empty();
    if (!found) return {};
    const Type boolean{Family::kBit, "boolean"};
    if (event_ == "INSERT") return {"true", boolean};
    if (event_ == "DELETE") return {"false", boolean};
    const std::string column = ident(e.args[0]->name.back());
    review(e.at, "UPDATE(" + one_line(e.args[0]->name.back()) + ")",
           "T-SQL asks whether the statement names the column; here, whether its values changed",
           "check what is meant");
    return {"EXISTS (SELECT " + column + " FROM inserted EXCEPT ALL SELECT " + column + " FROM deleted)", boolean};
}

void Emitter::trigger(const Stmt& s) {
    const std::string table = object_name(resolved(s.target->name), s.target->at);
    result_.name = object_name(s.name, s.at);
    result_.kind = "trigger";
    result_.relation = table;
    result_.tables.insert(table);
    if (s.op != "AFTER")
        refuse(s.at, "INSTEAD OF trigger", "on tables PostgreSQL has none, on views they run per row",
               "write a rule or a row trigger");
    bool inserted = false;
    bool deleted = false;
    bool asks_columns = false;
    const std::span<const Token> tokens = tokens_between(lexed_, s.target->at.offset, s.end);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::string word = lower_ascii(tokens[i].value);
        inserted = inserted || word == "inserted";
        deleted = deleted || word == "deleted";
        asks_columns =
            asks_columns || (tokens[i].upper == "UPDATE" && i + 1 < tokens.size() && tokens[i + 1].upper == "(");
    }
    const auto has = [&](const char* event) {
        return std::find(s.columns.begin(), s.columns.end(), event) != s.columns.end();
    };
    const bool apart = s.columns.size() > 1 &&
                       ((deleted && has("INSERT")) || (inserted && has("DELETE")) || asks_columns || uses_rowcount_);
    const bool again = fires_itself(s.body, s);
    const std::string guard = "lakemover.trigger_" + name_digest(result_.name);
    if (again) {
        review(s.at, "trigger that changes its own table",
               "it is not started again for that, as with RECURSIVE_TRIGGERS OFF",
               "check that setting of the database");
        trigger_end_ = "PERFORM set_config('" + guard + "', '', true);\n";
    }
    const std::vector<Note> notes = result_.notes;
    const std::size_t comment = next_comment_;
    std::vector<Note> all;
    for (std::size_t i = 0; i < (apart ? s.columns.size() : 1); ++i) {
        event_ = apart || s.columns.size() == 1 ? s.columns[i] : "";
        if (i > 0) {
            next_comment_ = comment;
            declarations_.clear();
            declared_.clear();
            result_.notes = notes;
        }
        std::string before;
        if (again) {
            before = "IF current_setting('" + guard +
                     "', true) = 'on' THEN\n    RETURN NULL;\nEND IF;\nPERFORM set_config('" + guard +
                     "', 'on', true);";
        }
        const bool is_delete = event_ == "DELETE";
        if (uses_rowcount_ && !event_.empty()) {  // the rows of the statement that fired it
            before += (before.empty() ? "" : "\n") + std::string("SELECT count(*) INTO v_rowcount FROM ") +
                      (is_delete ? "deleted;" : "inserted;");
            rowcount_fresh_ = true;
        }
        Name name = s.name;
        if (apart) name.back() += "_" + lower_ascii(event_);
        const std::string function = object_name(name, s.at);
        functions_.push_back(function);
        const std::string code = body(s, before, trigger_end_ + "RETURN NULL;");
        out_ += "CREATE OR REPLACE FUNCTION " + function + "()\nRETURNS trigger\nLANGUAGE plpgsql\nAS " +
                quoted_body(code) + ";\n";
        for (const std::string& event : apart ? std::vector<std::string>{event_} : s.columns) {
            const bool both = asks_columns && event == "UPDATE";
            std::string tables;
            if ((inserted || both || uses_rowcount_) && event != "DELETE") tables += " NEW TABLE AS inserted";
            if ((deleted || both || (uses_rowcount_ && event == "DELETE")) && event != "INSERT")
                tables += " OLD TABLE AS deleted";
            const std::string trigger = ident(lower_ascii(s.name.back()) + "_" + lower_ascii(event));
            out_ += "CREATE OR REPLACE TRIGGER " + trigger + "\nAFTER " + event + " ON " + table +
                    (tables.empty() ? "" : "\nREFERENCING" + tables) + "\nFOR EACH STATEMENT EXECUTE FUNCTION " +
                    function + "();\n";
        }
        for (const Note& n : result_.notes) {
            const auto same = [&](const Note& o) { return o.line == n.line && o.construct == n.construct; };
            if (std::none_of(all.begin(), all.end(), same)) all.push_back(n);
        }
    }
    result_.notes = std::move(all);
    event_.clear();
}

}  // namespace lakemover::tsql
