// Procedures, functions, views and triggers as a whole. Zone: pure; throws nothing.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tsql/emitter.hpp"

namespace lakemover::tsql {

// Variables and temporary tables are known in the whole routine, so that types of results can be told
// before the body is converted; and what the body returns decides what the routine becomes.
void Emitter::survey(const std::vector<StmtPtr>& list) {
    for (const StmtPtr& p : list) {
        const Stmt& s = *p;
        if (s.kind == St::kDeclare) {
            for (const Variable& v : s.variables) {
                const std::string key = lower_ascii(v.name);
                const TableDef* rows = v.is_table ? &v.table : table_type(v.type);
                if (rows != nullptr) local_tables_[key] = columns_of(*rows);
                variables_[key] = {ident(rows != nullptr ? temp_name(key) : "v_" + key.substr(1)),
                                   rows != nullptr ? Type{} : type_of(v.type)};
            }
        } else if (s.kind == St::kCreateTable && s.name.back()[0] == '#') {
            local_tables_[lower_ascii(s.name.back())] = columns_of(s.table);
        } else if (s.kind == St::kReturn && s.value) {
            returns_code_ = true;
        } else if (s.kind == St::kSelect) {
            const Select* first = first_select(*s.query);
            if (first != nullptr && !first->into.empty() && first->into.back()[0] == '#')
                local_tables_[lower_ascii(first->into.back())] = query_columns(*s.query);
            if (first != nullptr && !first->into.empty()) made_by_query_.insert(lower_ascii(first->into.back()));
        }
        survey(s.body);
        survey(s.otherwise);
    }
}

std::string Emitter::parameters(const Stmt& s) {
    std::string sql;
    bool defaulted = false;
    for (const Variable& v : s.variables) {
        const std::string key = lower_ascii(v.name);
        if (v.readonly) {
            const auto known = table_parameters_.find(key);
            if (known == table_parameters_.end())
                refuse(v.at, "table-valued parameter " + v.name, "its type is in no script",
                       "give its CREATE TYPE as well");
            const std::string pg = ident("p_" + key.substr(1));
            const std::string rows = table_type_name(v.type, v.at);
            sql += (sql.empty() ? "\n    " : ",\n    ") + pg + " " + rows + "[]";
            sql += " DEFAULT NULL";  // T-SQL takes an empty table for one that is not passed
            defaulted = true;
            made_routine_.parameters.push_back({key, {}, false, true, rows, ""});
            continue;
        }
        const Type type = type_of(v.type);
        const std::string pg = ident("p_" + key.substr(1));
        sql += (sql.empty() ? "\n    " : ",\n    ") + std::string(v.output ? "INOUT " : "") + pg + " " +
               type_name(v.type, v.at);
        std::string default_sql;
        if (v.value) {
            // EXEC p DEFAULT-like words: @a varchar(10) = abc is the string abc
            const bool word = v.value->kind == Ex::kColumn;
            default_sql = word ? literal(v.value->name[0])
                               : to_type(expr(*v.value), type.family == Family::kBit ? type : Type{}, v.at, false).sql;
            sql += " DEFAULT " + default_sql;
            defaulted = true;
        } else if (defaulted) {
            sql += " DEFAULT NULL";  // PostgreSQL wants one behind another; who calls it has to pass it in any case
        }
        variables_[key] = {pg, type};
        made_routine_.parameters.push_back({key, type, v.output, v.value != nullptr, "", default_sql});
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
    if (uses_identity_ && identity_known_) declarations_.insert(declarations_.begin(), "v_identity bigint;");
    if (uses_error_detail_) declarations_.insert(declarations_.begin(), "v_error_detail text;");
    if (!declarations_.empty()) text += "DECLARE\n";
    for (const std::string& d : declarations_) text += "    " + d + "\n";
    return text + "BEGIN\n" + code + "END\n";
}

void Emitter::procedure(const Stmt& s) {
    std::string args = parameters(s);
    decide_results(s);
    result_.name = object_name(s.name, s.at);
    result_.kind = results_ == Results::kTable ? "function" : "procedure";
    made_routine_.pg = result_.name;
    made_routine_.returns_code = returns_code_ && results_ != Results::kTable;
    if (results_ == Results::kCursors) made_routine_.cursors = result_sets_;
    if (results_ == Results::kTable) {
        made_routine_.kind = Signature::Kind::kTable;
        made_routine_.columns = result_rows_;
    }
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
    made_routine_.pg = result_.name;
    made_routine_.kind = s.query || !s.return_variable.empty() ? Signature::Kind::kTable : Signature::Kind::kScalar;
    const std::string head = "CREATE OR REPLACE FUNCTION " + result_.name + "(" + args + ")\n";
    if (s.query) {  // inline
        if (!result_columns(*s.query, result_columns_, result_types_)) {
            refuse(s.at, "inline table-valued function", "the types of its columns are not known",
                   "name them in RETURNS TABLE");
        }
        made_routine_.columns = query_columns(*s.query);
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
        made_routine_.columns = columns_of(s.table);
        const std::string code = body(s, before, "");
        out_ += head + "RETURNS TABLE (" + columns + ")\nLANGUAGE plpgsql\nAS " + quoted_body(code) + ";\n";
    } else {
        const std::string type = type_name(s.returns, s.at);
        made_routine_.returns = type_of(s.returns);
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
    made_relation_ = renamed(query_columns(*s.query), s.columns);
    out_ += "CREATE OR REPLACE VIEW " + result_.name + (columns.empty() ? "" : " (" + columns + ")") + " AS\n" + code;
    const bool check = std::find(s.words.begin(), s.words.end(), "CHECK OPTION") != s.words.end();
    out_ += check ? "\nWITH CHECK OPTION;\n" : ";\n";
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
    // The marks of the lines become a list beside the text.
    int source_line = 0;
    result_.sql.reserve(out_.size());
    for (std::size_t i = 0; i < out_.size(); ++i) {
        if (out_[i] == kLineMark) {
            const std::size_t end = out_.find(kLineMark, i + 1);
            source_line = std::atoi(out_.substr(i + 1, end - i - 1).c_str());
            i = end;
            continue;
        }
        result_.sql += out_[i];
        if (out_[i] == '\n') result_.lines.push_back(std::exchange(source_line, 0));
    }
    static const std::string kLibrary = "lakemover_tsql.";
    for (std::size_t at = result_.sql.find(kLibrary); at != std::string::npos; at = result_.sql.find(kLibrary, at)) {
        at += kLibrary.size();
        const std::size_t end = result_.sql.find('(', at);
        if (end != std::string::npos && result_.sql.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at) == end)
            result_.support.insert(result_.sql.substr(at, end - at));
    }
    // Each body of PL/pgSQL: where it begins, and whose it is.
    std::size_t function = 0;
    int number = 1;
    for (std::size_t from = 0, before = 0; from < result_.sql.size(); ++number) {
        const std::size_t to = std::min(result_.sql.find('\n', from), result_.sql.size());
        const std::string_view head = std::string_view(result_.sql).substr(from, to - from);
        const std::string_view language = std::string_view(result_.sql).substr(before, from - before);
        if (head.rfind("AS $lakemover", 0) == 0 && language == "LANGUAGE plpgsql\n") {
            const std::string name = function < functions_.size() ? functions_[function++] : result_.name;
            result_.bodies.emplace_back(name, number);
        }
        before = from;
        from = to + 1;
    }
}

// What the whole routine sees from its first line on.
void Emitter::prepare(const Stmt& s) {
    std::string name;
    for (const std::string& part : s.name) {
        const std::string lower = lower_ascii(part);
        if (&part != &s.name.back() && (lower.empty() || lower == "dbo" || s.name.size() > 2)) continue;
        name += (name.empty() ? "" : "_") + lower;
    }
    routine_key_ = name;
    for (const Variable& v : s.variables) {
        const std::string key = lower_ascii(v.name);
        variables_[key] = {ident("p_" + key.substr(1)), type_of(v.type)};
        const TableDef* rows = v.readonly ? table_type(v.type) : nullptr;
        if (rows == nullptr) continue;
        table_parameters_[key] = rows;
        local_tables_[key] = columns_of(*rows);
    }
    if (!s.return_variable.empty()) {
        local_tables_[lower_ascii(s.return_variable)] = columns_of(s.table);
        variables_[lower_ascii(s.return_variable)] = {ident(temp_name(s.return_variable)), {}};
    }
    if (s.kind == St::kCreateTrigger) {
        for (const char* rows : {"inserted", "deleted"}) local_tables_[rows] = relation(s.target->name);
    }
}

// The comments in front of the statement, without those of the statement before.
void Emitter::own_comments(const Stmt& s) {
    skip_comments(first_comment_);
    comments_before(s.at.offset);
}

void Emitter::skip_comments(std::size_t offset) {
    const auto begin = lexed_.comments.begin() + static_cast<std::ptrdiff_t>(next_comment_);
    const auto next =
        std::partition_point(begin, lexed_.comments.end(), [offset](const Comment& c) { return c.at.offset < offset; });
    next_comment_ = static_cast<std::size_t>(next - lexed_.comments.begin());
}

// The result of a statement whose own comments are left out.
Converted Emitter::whole(const Stmt& s) {
    skip_comments(s.end);
    finish(s);
    return std::move(result_);
}

Converted Emitter::routine(const Stmt& s) {
    routine_ = &s;
    result_.line = s.at.line;
    own_comments(s);
    for (const Token& t : tokens_between(lexed_, s.at.offset, s.end)) {
        if (t.kind == Tok::kGlobal) {
            uses_rowcount_ = uses_rowcount_ || upper_ascii(t.text) == "@@ROWCOUNT";
        }
        if (t.kind == Tok::kWord) {
            uses_identity_ = uses_identity_ || t.upper == "SCOPE_IDENTITY";
            uses_error_detail_ = uses_error_detail_ || t.upper == "ERROR_NUMBER";
        }
    }
    const std::size_t comment = next_comment_;
    const std::string head = out_;
    try {
        prepare(s);
        survey(s.body);
        survey_identity(s.body);
        settle_tries(s.body, false);
        settle_pair();
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
        result_.creatable = false;
        indent_ = 0;
        next_comment_ = comment;
        result_.notes.clear();
        routine_ = nullptr;
        made_routine_ = {};
        made_relation_ = nullptr;
        typing_ = false;
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

// What has no body: all of it, or a comment.
Converted Emitter::without_body(const Stmt& s, const char* kind, const std::function<void()>& write) {
    result_.line = s.at.line;
    result_.kind = kind;
    own_comments(s);
    const std::string head = out_;
    try {
        result_.name = object_name(s.name, s.at);
        write();
    } catch (const Unconvertible& u) {
        out_ = head;
        result_.creatable = false;
        fixme(u, s);
    }
    return whole(s);
}

// Tables come with the schema; here they are made so that routines can be checked beside them.
Converted Emitter::table(const Stmt& s) {
    return without_body(s, "table", [&] {
        if (!s.table.unsupported.empty())
            review(s.at, "table", "left out: " + one_line(s.table.unsupported), "create it with the schema");
        std::string text;
        if (s.kind == St::kAlterTable) {  // one at a time: scripts of several versions add the same column
            for (const Column& c : s.table.columns)
                text +=
                    "ALTER TABLE " + result_.name + " ADD COLUMN IF NOT EXISTS" + column_sql(s.table, c, s.at) + ";\n";
        } else {
            text = "CREATE TABLE " + result_.name + " (" + table_columns(s.table, s.at) + "\n);\n";
        }
        for (const std::string& p : pending_) out_ += p + "\n";
        out_ += text;
        auto columns = std::make_shared<std::vector<ColumnInfo>>(*columns_of(s.table));
        for (std::size_t i = 0; i < columns->size(); ++i) {
            const Column& c = s.table.columns[i];
            if (c.computed) (*columns)[i].type = computed_type(s.table, c);
        }
        made_relation_ = columns;
    });
}

Converted Emitter::type(const Stmt& s) {
    return without_body(s, "type", [&] {
        std::string columns;
        for (const Column& c : s.table.columns) {
            if (c.computed)
                refuse(s.at, "computed column " + c.name, "it has no rule in a type", "compute it in the query");
            columns += (columns.empty() ? "\n    " : ",\n    ") + ident(c.name) + " " + type_name(c.type, s.at);
        }
        if (columns.empty()) {
            result_.creatable = false;
            out_ += "-- " + result_.name + " is " + type_name(s.returns, s.at) + " wherever it is used\n";
        } else {
            out_ += "CREATE TYPE " + result_.name + " AS (" + columns + "\n);\n";
        }
    });
}

Converted Emitter::left_over(const Stmt& s) {
    result_.line = s.at.line;
    result_.creatable = false;
    own_comments(s);
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
