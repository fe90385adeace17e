// INSERT, UPDATE, DELETE and MERGE with OUTPUT. Zone: pure; throws ParseError.
#include "tsql/parser.hpp"

namespace lakemover::tsql {

std::unique_ptr<From> Parser::dml_target() {
    auto f = std::make_unique<From>();
    f->at = peek().at;
    if (peek().kind == Tok::kVariable) {
        f->kind = Fr::kVariable;
        f->name = {peek().text};
        ++pos_;
    } else {
        f->name = dotted_name();
        if (is("(") && f->name.size() == 1 && is_any({"OPENQUERY", "OPENROWSET", "OPENDATASOURCE"})) {
            fail("remote tables are not supported");
        }
    }
    hints(*f);
    return f;
}

std::unique_ptr<Output> Parser::output() {
    if (!take("OUTPUT")) return nullptr;
    auto o = std::make_unique<Output>();
    o->items = select_items();
    if (take("INTO")) {
        if (peek().kind == Tok::kVariable) {
            o->into = {peek().text};
            ++pos_;
        } else {
            o->into = dotted_name();
        }
        if (is("(")) o->into_columns = name_list();
    }
    return o;
}

void Parser::insert(Stmt& s) {
    s.kind = St::kInsert;
    expect("INSERT");
    s.top = top();
    take("INTO");
    s.target = dml_target();
    if (is("(") && !is_any({"SELECT", "WITH"}, 1)) s.columns = name_list();
    s.output = output();
    if (take2("DEFAULT", "VALUES")) {
        s.words.emplace_back("DEFAULT VALUES");
    } else if (take("VALUES")) {
        s.query = std::make_unique<Query>();
        s.query->at = peek().at;
        s.query->values = value_rows();
    } else if (is("EXEC") || is("EXECUTE")) {
        s.body.push_back(statement());
    } else {
        s.query = query();
    }
}

std::vector<Assignment> Parser::assignments() {
    std::vector<Assignment> list;
    do {
        Assignment a;
        if (peek().kind == Tok::kVariable) {
            a.variable = peek().text;
            ++pos_;
            if (is("=") && is_name(1) && is("=", 2)) {
                ++pos_;
                a.column = dotted_name();
            }
        } else {
            a.column = dotted_name();
        }
        if (!is_any({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="})) fail("an assignment was expected here");
        a.op = peek().upper;
        ++pos_;
        a.value = expression();
        list.push_back(std::move(a));
    } while (take(","));
    return list;
}

// [FROM ...] [WHERE ...] [OPTION (...)], which ends UPDATE and DELETE.
void Parser::rows_concerned(Stmt& s) {
    if (take("FROM")) s.from = from_list();
    if (take("WHERE")) {
        if (is("CURRENT") && is("OF", 1)) fail("WHERE CURRENT OF is not supported");
        s.condition = expression();
    }
    if (take("OPTION")) s.words.push_back(skip_parens());
}

void Parser::update(Stmt& s) {
    s.kind = St::kUpdate;
    expect("UPDATE");
    s.top = top();
    s.target = dml_target();
    expect("SET");
    s.set = assignments();
    s.output = output();
    rows_concerned(s);
}

void Parser::remove(Stmt& s) {
    s.kind = St::kDelete;
    expect("DELETE");
    s.top = top();
    take("FROM");
    s.target = dml_target();
    s.output = output();
    rows_concerned(s);
}

void Parser::merge(Stmt& s) {
    s.kind = St::kMerge;
    expect("MERGE");
    s.top = top();
    take("INTO");
    s.target = dml_target();
    take("AS");
    s.target->alias = alias();
    hints(*s.target);
    expect("USING");
    s.from = from_primary();
    expect("ON");
    s.condition = expression();
    while (take("WHEN")) {
        MergeWhen w;
        w.match = take("NOT") ? "NOT MATCHED" : "MATCHED";
        expect("MATCHED");
        if (take("BY")) {
            if (!take("TARGET")) {
                expect("SOURCE");
                w.match += " BY SOURCE";
            }
        }
        if (take("AND")) w.condition = expression();
        expect("THEN");
        if (take("UPDATE")) {
            w.action = "UPDATE";
            expect("SET");
            w.set = assignments();
        } else if (take("DELETE")) {
            w.action = "DELETE";
        } else {
            expect("INSERT");
            w.action = "INSERT";
            if (is("(")) w.columns = name_list();
            if (take2("DEFAULT", "VALUES")) fail("INSERT DEFAULT VALUES is not supported in MERGE");
            expect("VALUES");
            expect("(");
            w.values = expressions();
            expect(")");
        }
        s.whens.push_back(std::move(w));
    }
    if (s.whens.empty()) fail("WHEN was expected here");
    s.output = output();
    if (take("OPTION")) s.words.push_back(skip_parens());
}

}  // namespace lakemover::tsql
