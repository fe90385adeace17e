// Procedures, functions, views and triggers as a whole. Zone: pure; throws nothing.
#include <algorithm>
#include <utility>

#include "tsql/emitter.hpp"

namespace lakemover::tsql {

// Variables and temporary tables are known in the whole routine, so that types of results can be told
// before the body is converted; and what the body returns decides what the routine becomes.
void Emitter::survey(const std::vector<StmtPtr>& list) {
    for (const StmtPtr& p : list) {
        const Stmt& s = *p;
        const auto local = [&](const std::string& name, const TableDef& table) {
            std::vector<Column> columns;
            for (const Column& c : table.columns) {
                Column copy;
                copy.name = c.name;
                copy.type = c.type;
                columns.push_back(std::move(copy));
            }
            local_tables_[lower_ascii(name)] = std::move(columns);
        };
        if (s.kind == St::kDeclare) {
            for (const Variable& v : s.variables) {
                const std::string key = lower_ascii(v.name);
                if (v.is_table) local(v.name, v.table);
                variables_[key] = {ident((v.is_table ? "tmp_" : "v_") + key.substr(1)),
                                   v.is_table ? Type{} : map_type(v.type)};
            }
        } else if (s.kind == St::kCreateTable && s.name.back()[0] == '#') {
            local(s.name.back(), s.table);
        } else if (s.kind == St::kReturn && s.value) {
            returns_code_ = true;
        } else if (s.kind == St::kSelect) {
            const Select* first = first_select(*s.query);
            const bool quiet = first == nullptr || !first->into.empty() ||
                               (!first->items.empty() && !first->items[0].variable.empty());
            if (!quiet && ++result_sets_ == 1) only_result_ = s.query.get();
        } else if (s.output && s.output->into.empty()) {
            ++result_sets_;
            only_result_ = nullptr;
        }
        survey(s.body);
        survey(s.otherwise);
    }
}

std::string Emitter::parameters(const Stmt& s) {
    std::string sql;
    bool defaulted = false;
    for (const Variable& v : s.variables) {
        if (v.readonly)
            refuse(v.at, "table-valued parameter " + v.name, "it has no rule yet", "pass an array of a composite type");
        const std::string key = lower_ascii(v.name);
        const Type type = map_type(v.type);
        const std::string pg = ident("p_" + key.substr(1));
        sql += (sql.empty() ? "\n    " : ",\n    ") + std::string(v.output ? "INOUT " : "") + pg + " " +
               type_name(v.type, v.at);
        if (v.value) {
            // EXEC p DEFAULT-like words: @a varchar(10) = abc is the string abc
            const bool word = v.value->kind == Ex::kColumn;
            sql += " DEFAULT " +
                   (word ? literal(v.value->name[0])
                         : to_type(expr(*v.value), type.family == Family::kBit ? type : Type{}, v.at, false).sql);
            defaulted = true;
        } else if (defaulted) {
            sql += " DEFAULT NULL";
            review(v.at, "parameter " + v.name, "behind one with a default it needs one, too", "pass it in every call");
        }
        variables_[key] = {pg, type};
    }
    return sql;
}

std::string Emitter::quoted_body(const std::string& body) const {
    std::string tag = "$lakemover$";
    for (int i = 1; body.find(tag) != std::string::npos; ++i) tag = "$lakemover" + std::to_string(i) + "$";
    return tag + "\n" + body + tag;
}

// DECLARE … BEGIN … END with what the routine needs at its start and end.
std::string Emitter::body(const Stmt& s, const std::string& before, const std::string& after) {
    std::string saved = std::exchange(out_, {});
    ++indent_;
    if (!before.empty()) line(before);
    --indent_;
    if (s.body.size() == 1 && s.body[0]->kind == St::kBlock) {
        comments_before(s.body[0]->at.offset);
        statements(s.body[0]->body);
    } else {
        statements(s.body);
    }
    ++indent_;
    comments_before(s.end);
    if (!after.empty()) line(after);
    --indent_;
    const std::string code = std::exchange(out_, std::move(saved));
    std::string text = results_ == Results::kTable ? "#variable_conflict use_column\n" : "";
    if (uses_rowcount_) declarations_.insert(declarations_.begin(), "v_rowcount integer := 0;");
    if (!declarations_.empty()) text += "DECLARE\n";
    for (const std::string& d : declarations_) text += "    " + d + "\n";
    return text + "BEGIN\n" + code + "END\n";
}

void Emitter::procedure(const Stmt& s) {
    std::string args = parameters(s);
    const bool output = std::any_of(s.variables.begin(), s.variables.end(), [](const Variable& v) { return v.output; });
    if (result_sets_ == 1 && only_result_ != nullptr && !output &&
        result_columns(*only_result_, result_columns_, result_types_)) {
        results_ = Results::kTable;
    } else if (result_sets_ > 0) {
        results_ = Results::kCursors;
        if (result_sets_ > 1) feature("several result sets", s.at);
    }
    result_.name = object_name(s.name, s.at);
    result_.kind = results_ == Results::kTable ? "function" : "procedure";
    std::string head;
    if (results_ == Results::kTable) {
        std::string columns;
        for (std::size_t i = 0; i < result_columns_.size(); ++i) {
            columns += (i > 0 ? ", " : "") + result_columns_[i] + " " + result_types_[i].pg;
        }
        head = "CREATE OR REPLACE FUNCTION " + result_.name + "(" + args + ")\nRETURNS TABLE (" + columns +
               ")\nLANGUAGE plpgsql\nAS ";
    } else {
        for (int i = 1; results_ == Results::kCursors && i <= result_sets_; ++i) {
            args += (args.empty() ? "\n    " : ",\n    ") +
                    ("INOUT result_" + std::to_string(i) + " refcursor DEFAULT NULL");
        }
        if (returns_code_)
            args += (args.empty() ? "\n    " : ",\n    ") + std::string("INOUT return_code integer DEFAULT 0");
        head = "CREATE OR REPLACE PROCEDURE " + result_.name + "(" + args + ")\nLANGUAGE plpgsql\nAS ";
    }
    const std::string code = body(s, "", "");
    out_ += head + quoted_body(code) + ";\n";
}

void Emitter::function(const Stmt& s) {
    const std::string args = parameters(s);
    result_.name = object_name(s.name, s.at);
    result_.kind = "function";
    const std::string head = "CREATE OR REPLACE FUNCTION " + result_.name + "(" + args + ")\n";
    if (s.query) {  // inline
        if (!result_columns(*s.query, result_columns_, result_types_)) {
            refuse(s.at, "inline table-valued function", "the types of its columns are not known",
                   "name them in RETURNS TABLE");
        }
        comments_before(s.end);
        casts_ = &result_types_;
        const std::string code = query(*s.query) + "\n";
        casts_ = nullptr;
        std::string columns;
        for (std::size_t i = 0; i < result_columns_.size(); ++i)
            columns += (i > 0 ? ", " : "") + result_columns_[i] + " " + result_types_[i].pg;
        out_ += head + "RETURNS TABLE (" + columns + ")\nLANGUAGE sql\nAS " + quoted_body(code) + ";\n";
    } else if (!s.return_variable.empty()) {
        std::string columns;
        for (const Column& c : s.table.columns)
            columns += (columns.empty() ? "" : ", ") + ident(c.name) + " " + type_name(c.type, s.at);
        results_ = Results::kTable;
        const std::string saved = std::exchange(out_, {});
        create_temp(s.return_variable, s.table, s.at);
        std::string before = std::exchange(out_, saved);
        while (!before.empty() && before.back() == '\n') before.pop_back();
        const std::string pg = variable(s.return_variable, s.at).pg;
        returned_table_ = pg;
        const std::string code = body(s, before, "");
        out_ += head + "RETURNS TABLE (" + columns + ")\nLANGUAGE plpgsql\nAS " + quoted_body(code) + ";\n";
    } else {
        const std::string type = type_name(s.returns, s.at);
        const std::string code = body(s, "", "");
        out_ += head + "RETURNS " + type + "\nLANGUAGE plpgsql\nAS " + quoted_body(code) + ";\n";
    }
}

void Emitter::view(const Stmt& s) {
    result_.name = object_name(s.name, s.at);
    result_.kind = "view";
    std::string columns;
    for (const std::string& c : s.columns) columns += (columns.empty() ? "" : ", ") + ident(c);
    comments_before(s.end);
    const std::string code = query(*s.query);
    out_ += "CREATE OR REPLACE VIEW " + result_.name + (columns.empty() ? "" : " (" + columns + ")") + " AS\n" + code;
    const bool check = std::find(s.words.begin(), s.words.end(), "CHECK OPTION") != s.words.end();
    out_ += check ? "\nWITH CHECK OPTION;\n" : ";\n";
}

void Emitter::trigger(const Stmt& s) {
    const std::string table = object_name(s.target->name, s.target->at);
    const std::string function = object_name(s.name, s.at);
    result_.name = function;
    result_.kind = "trigger";
    if (s.op != "AFTER")
        refuse(s.at, "INSTEAD OF trigger", "on tables PostgreSQL has none, on views they run per row",
               "write a rule or a row trigger");
    bool inserted = false;
    bool deleted = false;
    for (const Token& t : lexed_.tokens) {
        if (t.at.offset < s.target->at.offset || t.at.offset >= s.end) continue;
        const std::string word = lower_ascii(t.value);
        inserted = inserted || word == "inserted";
        deleted = deleted || word == "deleted";
    }
    for (const std::string& event : s.columns) {
        if ((deleted && event == "INSERT") || (inserted && event == "DELETE")) {
            refuse(s.at, "trigger over " + event + " that reads both tables",
                   "each event has only its own transition tables", "write one trigger per event");
        }
    }
    if (const auto known = tables_.find(lower_ascii(s.target->name.back())); known != tables_.end()) {
        for (const char* name : {"inserted", "deleted"}) {
            for (const Column& c : *known->second) {
                Column copy;
                copy.name = c.name;
                copy.type = c.type;
                local_tables_[name].push_back(std::move(copy));
            }
        }
    }
    const std::string code = body(s, "", "RETURN NULL;");
    out_ += "CREATE OR REPLACE FUNCTION " + function + "()\nRETURNS trigger\nLANGUAGE plpgsql\nAS " +
            quoted_body(code) + ";\n";
    for (const std::string& event : s.columns) {
        std::string tables;
        if (inserted && event != "DELETE") tables += " NEW TABLE AS inserted";
        if (deleted && event != "INSERT") tables += " OLD TABLE AS deleted";
        const std::string name = ident(lower_ascii(s.name.back()) + "_" + lower_ascii(event));
        out_ += "CREATE OR REPLACE TRIGGER " + name + "\nAFTER " + event + " ON " + table +
                (tables.empty() ? "" : "\nREFERENCING" + tables) + "\nFOR EACH STATEMENT EXECUTE FUNCTION " + function +
                "();\n";
    }
}

void Emitter::finish(const Stmt& s) {
    std::sort(result_.notes.begin(), result_.notes.end(), [](const Note& a, const Note& b) { return a.line < b.line; });
    double score = static_cast<double>(s.end - s.at.offset) / 400;
    for (const Note& n : result_.notes) {
        const bool manual = n.severity == Severity::kManual;
        Feature& f = result_.features[manual ? "not converted" : "to be reviewed"];
        if (f.count++ == 0) f.first_line = n.line;
        result_.result = std::max(result_.result, manual ? Class::kManual : Class::kReview);
    }
    for (const Weight& w : weights()) {
        const auto f = result_.features.find(std::string(w.feature));
        if (f != result_.features.end()) score += w.weight * (f->second.count + 1);
    }
    result_.score = score;
    result_.sql = std::move(out_);
}

Converted Emitter::routine(const Stmt& s) {
    routine_ = &s;
    while (next_comment_ < lexed_.comments.size() && lexed_.comments[next_comment_].at.offset < first_comment_)
        ++next_comment_;
    comments_before(s.at.offset);
    for (const Token& t : lexed_.tokens) {
        if (t.kind == Tok::kGlobal && t.at.offset >= s.at.offset && t.at.offset < s.end) {
            uses_rowcount_ = uses_rowcount_ || upper_ascii(t.text) == "@@ROWCOUNT";
        }
    }
    const std::size_t comment = next_comment_;
    const std::string head = out_;
    try {
        survey(s.body);
        for (const std::string& w : s.words) {
            if (w.rfind("EXECUTE AS", 0) == 0 && w != "EXECUTE AS CALLER")
                review(s.at, w, "it is left out", "use SECURITY DEFINER and an owner");
            if (w.rfind("RETURNS NULL", 0) == 0) review(s.at, w, "it is left out", "declare the function STRICT");
        }
        switch (s.kind) {
            case St::kCreateProcedure: procedure(s); break;
            case St::kCreateFunction: function(s); break;
            case St::kCreateView: view(s); break;
            default: trigger(s); break;
        }
        std::string lines;
        for (const std::string& p : pending_) lines += p + "\n";
        out_ = lines + out_;
    } catch (const Unconvertible& u) {  // nothing of it can be created
        out_ = head;
        indent_ = 0;
        next_comment_ = comment;
        result_.notes.clear();
        routine_ = nullptr;
        std::string name;
        for (const std::string& part : s.name) name += (name.empty() ? "" : ".") + lower_ascii(part);
        result_.name = name;
        static const std::map<St, std::string> kinds = {
            {St::kCreateProcedure, "procedure"}, {St::kCreateFunction, "function"}, {St::kCreateView, "view"}};
        const auto kind = kinds.find(s.kind);
        result_.kind = kind == kinds.end() ? "trigger" : kind->second;
        fixme(u, s);
    }
    finish(s);
    return std::move(result_);
}

Converted Emitter::left_over(const Stmt& s) {
    while (next_comment_ < lexed_.comments.size() && lexed_.comments[next_comment_].at.offset < first_comment_)
        ++next_comment_;
    comments_before(s.at.offset);
    result_.kind = "statement";
    if (s.kind == St::kUnknown) {
        fixme({s.error_at, "statement", one_line(s.text), "convert it by hand"}, s);
    } else {
        fixme({s.at, "statement outside of a routine", "only routines, views and triggers are converted",
               "run its counterpart by hand"},
              s);
    }
    finish(s);
    return std::move(result_);
}

}  // namespace lakemover::tsql
