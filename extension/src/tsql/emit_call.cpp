// EXEC, and the arguments of what the user has written. Zone: pure; throws Unconvertible.
#include "tsql/emitter.hpp"

namespace lakemover::tsql {

namespace {

// EXEC p word: the string "word".
bool is_word(const Expr& e) { return e.kind == Ex::kColumn && e.name.size() == 1; }

}  // namespace

const Signature* Emitter::signature(const Name& name) const {
    const std::string schema = schema_of(name);
    const auto known = catalog_.routines.find((schema.empty() ? "dbo" : schema) + "." + lower_ascii(name.back()));
    return known == catalog_.routines.end() || known->second.pg.empty() ? nullptr : &known->second;
}

// A variable that takes what nobody asked for: PostgreSQL wants one for each INOUT parameter.
std::string Emitter::spare_variable(const Type& type, const std::string& value) {
    const std::string name = "v_unused_" + std::to_string(++spare_variables_);
    if (declared_.insert(name).second) declarations_.push_back(name + " " + type.pg + ";");
    line(name + " := " + (value.empty() ? "NULL" : value) + ";");
    return name;
}

Out Emitter::argument(const Expr& e, const Type& type) {
    if (is_word(e)) return to_type({literal(e.name[0]), {Family::kString, "text"}}, type, e.at, false);
    const Out value = expr(e);
    date_as_text(e, value.type, type);
    return to_type(value, type, e.at, false);
}

// The arguments of a routine whose parameters are known, by name.
std::string Emitter::call_arguments(const Stmt& s, const Signature& callee) {
    std::map<std::string, const ExecArgument*> given;
    after_call_.clear();
    for (std::size_t i = 0; i < s.exec.size(); ++i) {
        if (s.exec[i].name.empty() && i >= callee.parameters.size())
            refuse(s.at, "EXEC", "it has more arguments than the routine has parameters", "check the call");
        const std::string name = s.exec[i].name.empty() ? callee.parameters[i].name : lower_ascii(s.exec[i].name);
        given[name] = &s.exec[i];
    }
    std::string sql;
    std::size_t used = 0;
    for (const ParameterInfo& p : callee.parameters) {
        const auto found = given.find(p.name);
        const ExecArgument* a = found == given.end() ? nullptr : found->second;
        if (a != nullptr) ++used;
        const bool takes_default = a == nullptr || a->value->kind == Ex::kDefault;
        if (takes_default && !p.defaulted && !p.output)
            refuse(s.at, "EXEC", "an argument is missing", "check the call");
        if (takes_default && !p.output) continue;
        std::string value;
        if (!p.table_type.empty()) {
            value = table_argument(*a->value, p);
        } else if (!p.output) {
            value = argument(*a->value, p.type).sql;
        } else if (!takes_default && a->output && a->value->kind == Ex::kVariable) {
            const Var v = variable(a->value->text, s.at);
            value = v.pg;
            if (v.type.pg != p.type.pg) {  // T-SQL converts on the way in and out
                value = spare_variable(p.type, to_type({v.pg, v.type}, p.type, s.at, false).sql);
                after_call_.push_back(v.pg + " := " + to_type({value, p.type}, v.type, s.at, false).sql + ";");
            }
        } else {
            value = spare_variable(p.type, takes_default ? p.default_sql : argument(*a->value, p.type).sql);
        }
        sql += (sql.empty() ? "" : ", ") + ident("p_" + p.name.substr(1)) + " => " + value;
    }
    if (used != given.size()) refuse(s.at, "EXEC", "an argument names no parameter of the routine", "check the call");
    return sql;
}

// The query over a procedure that became a function; empty when it is none.
std::string Emitter::rows_of(const Stmt& s) {
    const Signature* callee = s.name.empty() ? nullptr : signature(s.name);
    if (callee == nullptr || callee->kind != Signature::Kind::kTable) return "";
    const std::string name = object_name(resolved(s.name), s.at);
    refuse_recursion(name, s.at);
    result_.routines.insert(name);
    return "SELECT * FROM " + name + "(" + call_arguments(s, *callee) + ")";
}

void Emitter::exec(const Stmt& s) {
    if (s.value || (!s.name.empty() && lower_ascii(s.name.back()) == "sp_executesql")) {
        feature("dynamic SQL", s.at);
        refuse(s.at, "dynamic SQL", "the text it runs is T-SQL",
               "build PostgreSQL's text with format() and run it with EXECUTE … USING");
    }
    const std::string last = lower_ascii(s.name.back());
    if (last.rfind("sp_", 0) == 0 || last.rfind("xp_", 0) == 0) {
        if (signature(s.name) == nullptr)
            refuse(s.at, "EXEC " + s.name.back(), "system procedures have no counterpart", "rewrite it");
    }
    const Signature* callee = signature(s.name);
    if (callee == nullptr) {
        exec_unknown(s);
        return;
    }
    const std::string name = object_name(resolved(s.name), s.at);
    refuse_recursion(name, s.at);
    result_.routines.insert(name);
    if (callee->kind == Signature::Kind::kScalar) {
        const std::string call = name + "(" + call_arguments(s, *callee) + ")";
        if (s.text.empty()) {
            line("PERFORM " + call + ";");
        } else {
            const Var v = variable(s.text, s.at);
            line(v.pg + " := " + to_type({call, callee->returns}, v.type, s.at, false).sql + ";");
        }
        return;
    }
    if (callee->kind == Signature::Kind::kTable) {
        if (!s.text.empty())
            refuse(s.at, "return code of " + s.name.back(), "it returns rows here", "raise an error in it");
        result_set(rows_of(s), s.at);
        return;
    }
    std::string args = call_arguments(s, *callee);
    if (callee->cursors > 0) {  // they are handed on
        if (results_ != Results::kCursors || loop_depth_ > 0)
            refuse(s.at, "EXEC " + s.name.back(), "its result sets are cursors, which have no way out of here",
                   "call it from the client, or collect its rows in a table");
        for (int i = 1; i <= callee->cursors; ++i) {
            args += (args.empty() ? "" : ", ") +
                    ("result_" + std::to_string(i) + " => result_" + std::to_string(++next_result_));
        }
    }
    if (callee->returns_code) {
        const Type integer{Family::kInt, "integer"};
        std::string code;
        if (!s.text.empty()) {
            const Var v = variable(s.text, s.at);
            if (v.type.pg != integer.pg) review(s.at, "return code", "the variable is no integer", "make it one");
            line(v.pg + " := 0;");
            code = v.pg;
        } else {
            code = spare_variable(integer, "0");
        }
        args += (args.empty() ? "" : ", ") + ("return_code => " + code);
    }
    line("CALL " + name + "(" + args + ");");
    for (const std::string& after : after_call_) line(after);
    if (!callee->returns_code && !s.text.empty()) line(variable(s.text, s.at).pg + " := 0;");
}

void Emitter::exec_unknown(const Stmt& s) {
    std::string args;
    for (const ExecArgument& a : s.exec) {
        if (a.value->kind == Ex::kDefault)
            refuse(s.at, "DEFAULT as argument", "PostgreSQL takes it by leaving it out", "name the arguments");
        const std::string value = is_word(*a.value) ? literal(a.value->name[0]) : text(*a.value);
        args += (args.empty() ? "" : ", ") + (a.name.empty() ? "" : ident("p_" + a.name.substr(1)) + " => ") + value;
    }
    if (!s.text.empty()) args += (args.empty() ? "" : ", ") + ("return_code => " + variable(s.text, s.at).pg);
    review(s.at, "EXEC",
           "the routine is in no script: it is a CALL here, which one that became a function does not take",
           "convert it together with this one");
    const std::string callee = object_name(resolved(s.name), s.at);
    refuse_recursion(callee, s.at);
    result_.routines.insert(callee);
    line("CALL " + callee + "(" + args + ");");
}

// A function of the user in an expression.
Out Emitter::user_function(const Expr& e) {
    if (e.distinct || e.over)
        refuse(e.at, e.name.back() + "()", "CLR aggregates have no counterpart", "write an aggregate");
    const std::string pg = object_name(e.name, e.at);
    refuse_recursion(pg, e.at);
    result_.routines.insert(pg);
    const Signature* known = signature(e.name);
    std::size_t count = e.args.size();
    while (count > 0 && e.args[count - 1]->kind == Ex::kDefault) --count;  // left out, and so the default
    std::string args;
    for (std::size_t i = 0; i < count; ++i) {
        if (e.args[i]->kind == Ex::kDefault)
            refuse(e.at, "DEFAULT as argument", "PostgreSQL takes it by leaving it out", "name the arguments");
        const bool has = known != nullptr && i < known->parameters.size();
        if (has && !known->parameters[i].table_type.empty()) {
            args += (i > 0 ? ", " : "") + table_argument(*e.args[i], known->parameters[i]);
            continue;
        }
        const Type type = has ? known->parameters[i].type : Type{};
        const Out value = expr(*e.args[i]);
        date_as_text(*e.args[i], value.type, type);
        args += (i > 0 ? ", " : "") + to_type(value, type, e.args[i]->at, false).sql;
    }
    return {pg + "(" + args + ")", known == nullptr ? Type{} : known->returns};
}

}  // namespace lakemover::tsql
